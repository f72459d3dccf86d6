"""Declared aggregates of one stream lowered to a sweep program: which columns to read, and the plan of the walk.

Aggregates that look at the same events share one operation: a count, a sum and a largest over the same filters are
read from the same counters, and every window of them too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np

from features.declarations import Aggregate, Aggregation, Where, feature_name
from features.streams import STREAMS, Stream
from features.sweep_plan import CELL_ROWS, FOREVER, Form, Kind, Plan
from schemas.errors import SchemaError

Thing = TypeVar("Thing")
MOST_CONDITIONS = 64
NO_LIMIT = 2**40
COUNTED = None
"""Of how many an output is, where that is how many events take part."""
MADE: Mapping[Aggregation, tuple[Form, Kind, int, int | None]] = {
    Aggregation.COUNT: (Form.WHOLE, Kind.TALLY, 0, 0),
    Aggregation.RECENCY: (Form.POSSIBLE, Kind.FIRST, 0, 0),
    Aggregation.LAST: (Form.LAST, Kind.FIRST, 1, 0),
    Aggregation.OLDEST: (Form.POSSIBLE, Kind.FIRST, 2, 0),
    Aggregation.SUM: (Form.WHOLE, Kind.TOTAL, 0, 0),
    Aggregation.MEAN: (Form.RATIO, Kind.TOTAL, 0, COUNTED),
    Aggregation.SHARE: (Form.RATIO, Kind.TOTAL, 0, COUNTED),
    Aggregation.MIN: (Form.WHERE_ANY, Kind.EXTREMES, 0, COUNTED),
    Aggregation.MAX: (Form.WHERE_ANY, Kind.EXTREMES, 1, COUNTED),
    Aggregation.STD: (Form.STD, Kind.SQUARES, 0, COUNTED),
    Aggregation.STREAK: (Form.WHERE_ANY, Kind.RUN, 0, COUNTED),
    Aggregation.LONGEST: (Form.WHERE_ANY, Kind.RUN, 1, COUNTED),
    Aggregation.DISTINCT: (Form.WHOLE, Kind.VARIETY, 0, 0),
    Aggregation.TOP_SHARE: (Form.RATIO, Kind.TOP, 0, 1),
    Aggregation.ENTROPY: (Form.REAL, Kind.ENTROPY, 0, 0),
}
"""Of each aggregation: form, operation, the row of the operation's cells that it reads, and the row of how many."""
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


class Chosen(NamedTuple):
    """Which events take part: filters and what must be known, as bits; how many of the latest."""

    needs: int
    limit: int


class Operation(NamedTuple):
    """One shared accumulation over the events that take part: rows of measure and code, -1 for none."""

    kind: Kind
    measure: int = -1
    by: int = -1


COUNT = Operation(Kind.TALLY)


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
    operations: dict[Chosen, dict[Operation, int]] = field(default_factory=dict)
    rows: int = 0
    outputs: list[tuple[int, int, int, int]] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)

    def add(self, aggregate: Aggregate) -> None:
        """Add an output, and the operations that it is made of where no other has them yet."""
        form, kind, row, other = MADE[aggregate.aggregation]
        chosen = self._chosen(aggregate)
        if aggregate.aggregation is Aggregation.SHARE and not aggregate.last_count:
            is_set = Chosen(chosen.needs | self._bit(Condition(aggregate.measure)), chosen.limit)
            first, second = self._row(is_set, COUNT), self._row(chosen, COUNT)
        else:
            start = self._row(chosen, self._operation(kind, aggregate))
            first, second = start + row, self._row(chosen, COUNT) if other is COUNTED else start + other
        self.outputs.append((form, first, second, self.windows.index(aggregate.window_days)))
        has_unit = aggregate.measure and aggregate.aggregation in IN_UNITS
        self.scales.append(float(self.stream.column(aggregate.measure).scale) if has_unit else 1.0)

    def _chosen(self, aggregate: Aggregate) -> Chosen:
        """Say who takes part: what meets the filters, its measure and its code known."""
        needs = self._needs(aggregate.where)
        for column in filter(None, (aggregate.measure, aggregate.by)):
            needs |= self._bit(Condition(column, is_known=True))
        return Chosen(needs, aggregate.last_count or NO_LIMIT)

    def _operation(self, kind: Kind, aggregate: Aggregate) -> Operation:
        if kind is Kind.TALLY:
            return COUNT
        measure = _place(self.measures, aggregate.measure) if aggregate.measure else -1
        return Operation(kind, measure, _place(self.codes, aggregate.by) if aggregate.by else -1)

    def _row(self, chosen: Chosen, operation: Operation) -> int:
        """Give the first row of an operation's cells."""
        found = self.operations.setdefault(chosen, {})
        if operation not in found:
            found[operation] = self.rows
            self.rows += CELL_ROWS[operation.kind]
        return found[operation]

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
        ops = [(*each, row) for found in self.operations.values() for each, row in found.items()]
        plan = Plan(
            needs=np.array([each.needs for each in self.operations], np.uint64),
            limits=np.array([each.limit for each in self.operations], np.int64),
            first=np.cumsum([0, *(len(found) for found in self.operations.values())], dtype=np.int64),
            ops=np.array(ops, np.int64).reshape(-1, 4),
            rows=self.rows,
            windows=np.array([FOREVER if days is None else days for days in self.windows], np.int64),
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
