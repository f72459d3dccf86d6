"""Declared aggregates of one stream lowered to a sweep program: which columns to read, and the plan of the walk.

Aggregates that look at the same events share one operation: a count, a sum and a largest over the same filters are
read from the same counters, and every window of them too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from features.declarations import Aggregate, Aggregation, Where, feature_name
from features.streams import STREAMS, Stream
from features.sweep_plan import CELL_ROWS, U8, Form, Kind, Plan
from schemas.errors import SchemaError

Thing = TypeVar("Thing")
MOST_CONDITIONS = 64
KINDS = {
    Aggregation.COUNT: Kind.TALLY,
    Aggregation.RECENCY: Kind.FIRST,
    Aggregation.LAST: Kind.FIRST,
    Aggregation.OLDEST: Kind.FIRST,
    Aggregation.SUM: Kind.AMOUNT,
    Aggregation.MEAN: Kind.AMOUNT,
    Aggregation.SHARE: Kind.AMOUNT,
    Aggregation.MAX: Kind.AMOUNT,
    Aggregation.MIN: Kind.AMOUNT,
    Aggregation.STD: Kind.SQUARES,
    Aggregation.STREAK: Kind.RUN,
    Aggregation.LONGEST: Kind.RUN,
    Aggregation.DISTINCT: Kind.VARIETY,
    Aggregation.TOP_SHARE: Kind.TOP,
    Aggregation.ENTROPY: Kind.ENTROPY,
}
FORMS = {
    Aggregation.COUNT: (Form.WHOLE, 0, 0),
    Aggregation.RECENCY: (Form.POSSIBLE, 0, 0),
    Aggregation.LAST: (Form.LAST, 1, 0),
    Aggregation.OLDEST: (Form.POSSIBLE, 2, 0),
    Aggregation.SUM: (Form.WHOLE, 1, 0),
    Aggregation.MEAN: (Form.RATIO, 1, 0),
    Aggregation.SHARE: (Form.RATIO, 1, 0),
    Aggregation.MIN: (Form.WHERE_ANY, 2, 0),
    Aggregation.MAX: (Form.WHERE_ANY, 3, 0),
    Aggregation.STD: (Form.STD, 0, 0),
    Aggregation.STREAK: (Form.WHERE_ANY, 1, 0),
    Aggregation.LONGEST: (Form.WHERE_ANY, 2, 0),
    Aggregation.DISTINCT: (Form.WHOLE, 0, 0),
    Aggregation.TOP_SHARE: (Form.RATIO, 0, 1),
    Aggregation.ENTROPY: (Form.REAL, 0, 0),
}
"""Of each aggregation: its form, the row of its operation's cells that it reads, and the row that says of how many."""
IN_UNITS = {Aggregation.SUM, Aggregation.MEAN, Aggregation.SHARE, Aggregation.MAX, Aggregation.MIN} | {
    Aggregation.STD,
    Aggregation.LAST,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What one bit of an event says: a column is set, has one of some codes, or is known at all."""

    column: str
    values: tuple[str, ...] = ()
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One shared accumulation: filters as bits, the positions of measure and code, the latest events that count."""

    kind: Kind
    needs: int
    measure: int = -1
    by: int = -1
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Program:
    """A plan with the columns that it works on.

    Args:
        stream: Name of the stream.
        entity: Column whose values get a row each.
        conditions: What each bit says, in order.
        measures: Measure columns, in order.
        codes: Code columns, in order.
        names: Names of the outputs, in order.
        plan: The walk.
    """

    stream: str
    entity: str
    conditions: tuple[Condition, ...]
    measures: tuple[str, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    plan: Plan

    @property
    def columns(self) -> tuple[str, ...]:
        """Give the names of the stream's columns that it reads, beside the entity and the days."""
        named = (*(each.column for each in self.conditions), *self.measures, *self.codes)
        return tuple(dict.fromkeys(named))


def lower(aggregates: Sequence[Aggregate], streams: Iterable[Stream] = tuple(STREAMS.values())) -> Program:
    """Lower aggregates of one stream for one entity.

    Raises:
        SchemaError: They need more conditions than an event has bits.
    """
    stream = {each.name: each for each in streams}[aggregates[0].stream]
    draft = _Draft(stream, _windows(aggregates))
    for aggregate in aggregates:
        draft.add(aggregate)
    return draft.finish(aggregates)


def _windows(aggregates: Iterable[Aggregate]) -> Sequence[int | None]:
    """List the windows, the shortest first; None, that of all time, last."""
    found = {each.window_days for each in aggregates}
    bounded = sorted(days for days in found if days is not None)
    return [*bounded, None] if None in found else bounded


@dataclass(slots=True)
class _Draft:
    stream: Stream
    windows: Sequence[int | None]
    conditions: list[Condition] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    outputs: list[tuple[int, int, int, int]] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)

    def add(self, aggregate: Aggregate) -> None:
        """Add an output, and the operations that it is made of where no other has them yet."""
        form, row, other = FORMS[aggregate.aggregation]
        if aggregate.aggregation is Aggregation.SHARE and not aggregate.last_count:
            row, other = self._counts(aggregate)
        else:
            first = self._row(self._operation(aggregate))
            row, other = first + row, first + other
        self.outputs.append((form, row, other, self.windows.index(aggregate.window_days)))
        has_unit = aggregate.measure and aggregate.aggregation in IN_UNITS
        self.scales.append(float(self.stream.column(aggregate.measure).scale) if has_unit else 1.0)

    def _counts(self, aggregate: Aggregate) -> tuple[int, int]:
        """Make the share of a flag of two counts, so that it needs no measure."""
        known = self._needs(aggregate.where) | self._bit(Condition(aggregate.measure, is_known=True))
        both = known | self._bit(Condition(aggregate.measure))
        return self._row(Operation(Kind.TALLY, both)), self._row(Operation(Kind.TALLY, known))

    def _operation(self, aggregate: Aggregate) -> Operation:
        measure = _place(self.measures, aggregate.measure) if aggregate.measure else -1
        by = _place(self.codes, aggregate.by) if aggregate.by else -1
        needs, limit = self._needs(aggregate.where), aggregate.last_count or 0
        return Operation(KINDS[aggregate.aggregation], needs, measure, by, limit)

    def _row(self, operation: Operation) -> int:
        """Give the first row of an operation's cells."""
        return sum(CELL_ROWS[each.kind] for each in self.operations[: _place(self.operations, operation)])

    def _needs(self, where: Iterable[Where]) -> int:
        bits = 0
        for each in where:
            bits |= self._bit(Condition(each.column, each.values))
        return bits

    def _bit(self, condition: Condition) -> int:
        return 1 << _place(self.conditions, condition)

    def finish(self, aggregates: Sequence[Aggregate]) -> Program:
        if len(self.conditions) > MOST_CONDITIONS:
            raise SchemaError(
                f"{len(self.conditions)} conditions on stream {self.stream.name}",
                f"at most {MOST_CONDITIONS}, one for each bit of an event",
                "lower the aggregates in two programs",
            )
        rows = [self._row(each) for each in self.operations]
        ops = [
            (*(each.kind, each.measure, each.by, each.limit), row)
            for each, row in zip(self.operations, rows, strict=True)
        ]
        plan = Plan(
            needs=np.array([each.needs for each in self.operations], np.uint64),
            ops=np.array(ops, np.int64).reshape(-1, 5),
            rows=sum(CELL_ROWS[each.kind] for each in self.operations),
            slots=_slots(self.windows),
            reach=-1 if self.windows[-1] is None else self.windows[-1],
            windows=len(self.windows),
            outputs=np.array(self.outputs, np.int32).reshape(-1, 4),
            scales=np.array(self.scales),
        )
        first = aggregates[0]
        names = tuple(feature_name(each) for each in aggregates)
        columns = tuple(self.conditions), tuple(self.measures), tuple(self.codes)
        return Program(first.stream, first.entity, *columns, names, plan)


def _place(found: list[Thing], wanted: Thing) -> int:
    """Give the position of a thing in a list, at its end if it is new."""
    if wanted not in found:
        found.append(wanted)
    return found.index(wanted)


def _slots(windows: Sequence[int | None]) -> U8:
    """Give for each age in days the shortest window that reaches it."""
    bounded = [days for days in windows if days is not None]
    ages = np.arange((bounded[-1] if bounded else 0) + 1)
    return np.searchsorted(np.array(bounded, np.int64), ages).astype(np.uint8)
