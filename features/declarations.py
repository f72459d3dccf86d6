"""How a feature is said: frozen data that any compiler can lower, with one function that makes names.

A `Feature` is a sentence for people around a `Definition` for compilers. Definitions are aggregates over a stream of
events, terms of a row-level frame, and arithmetic on these. Streams and frames are in `features.streams`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

PLATFORM = "platform"
"""The entity of an aggregate over all rows together."""


Direction = Literal[-1, 0, 1]
"""+1 where more is riskier by the domain's judgement, -1 where less is, 0 where it does not say."""


class Aggregation(StrEnum):
    """How the rows of a window become one number. Rows whose measure is null do not take part."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    STD = "std"
    SHARE = "share"
    LAST = "last"
    RECENCY = "recency"
    DISTINCT = "distinct"
    TOP_SHARE = "top_share"
    STREAK = "streak"
    LONGEST = "longest"
    ENTROPY = "entropy"
    OLDEST = "oldest"


ZERO_WHEN_EMPTY = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.DISTINCT})
"""Of no events, how many and how much are 0; every other aggregation says nothing: null."""

GROUPED = frozenset({Aggregation.DISTINCT, Aggregation.TOP_SHARE, Aggregation.ENTROPY})
"""Aggregations that look at groups of events, and so need `by`."""

ORDERED = frozenset({Aggregation.LAST, Aggregation.STREAK, Aggregation.LONGEST})
"""Aggregations that look at which event came after which, and so need an ordered stream."""


@dataclass(frozen=True, slots=True)
class Where:
    """A filter on a stream's rows: a column has one of some values, or a flag column is set.

    Args:
        column: Code or flag column of the stream.
        values: Allowed codes; empty means that the flag must be 1. A null never passes.
    """

    column: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One number per entity from the events of a stream within a window.

    Args:
        stream: Name of the stream.
        aggregation: How rows become a number. STD is the population's. STREAK counts the latest events without a break
            whose measure is not 0, LONGEST the longest run of such; ENTROPY, in natural logarithms, says how evenly the
            sum of the measure, or without one the number of events, spreads over groups; OLDEST is the largest age.
        subject: Word that stands in the name for what is measured or filtered.
        measure: Measure column of the stream; empty for COUNT, RECENCY, OLDEST and DISTINCT.
        where: Filters, all of which must hold.
        window_days: The whole local days before the as-of day; None is all that was ever known.
        last_count: Only so many of the latest events that take part, in the order of an ordered stream; None is all.
        by: Code column whose values are the groups of DISTINCT, TOP_SHARE and ENTROPY; rows without one are left out.
        entity: Column of the stream whose values get a number each; `platform` takes all rows together.
    """

    stream: str
    aggregation: Aggregation
    subject: str
    measure: str = ""
    where: tuple[Where, ...] = ()
    window_days: int | None = None
    last_count: int | None = None
    by: str = ""
    entity: str = "borrower_id"


@dataclass(frozen=True, slots=True)
class Term:
    """A column of a row-level frame: what is known of the receivable, its borrower or its merchant as they are."""

    frame: str
    column: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """One definition over another; null where either is null or the divisor is not above zero."""

    subject: str
    numerator: "Definition"
    denominator: "Definition"


@dataclass(frozen=True, slots=True)
class Difference:
    """One definition less another; null where either is null."""

    subject: str
    minuend: "Definition"
    subtrahend: "Definition"


@dataclass(frozen=True, slots=True)
class Trend:
    """The daily pace in a short window over that in a long one; null where nothing happened in the long one."""

    recent: Aggregate
    longer: Aggregate


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A group's rate drawn towards the platform's: (cases + weight * platform rate) / (rows + weight).

    `cases` and `rows` count the same stream for one entity. A group without rows gets the platform's rate; null where
    the platform has no rows, or the receivable has no such group.

    Args:
        subject: Word that stands in the name for what is rated.
        cases: How many of the rows are cases.
        rows: How many rows there are.
        weight: So many rows at the platform's rate stand beside the group's own.
        is_relative: Whether to give it as a multiple of the platform's rate of the same day, (cases / platform rate +
            weight) / (rows + weight): exactly 1 for a group without rows, null also where the platform has no case. A
            rate over all that was ever known grows with the platform's age, so that by itself it tells the calendar.
    """

    subject: str
    cases: Aggregate
    rows: Aggregate
    weight: int = 50
    is_relative: bool = False


Definition = Aggregate | Term | Ratio | Difference | Trend | Smoothed


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of the feature table, told to people and to compilers.

    Args:
        family: Which of the catalogue's families it belongs to.
        sentence: What it says of the borrower or receivable, in one sentence.
        unit: What one is one of.
        direction: +1 where more is riskier by the domain's judgement, -1 where less is, 0 where it does not say.
        definition: What to compute.
        null_means: What a null says; empty where there never is one.
    """

    family: str
    sentence: str
    unit: str
    direction: Direction
    definition: Definition
    null_means: str = ""

    @property
    def name(self) -> str:
        """Give the column name."""
        return feature_name(self.definition)


def feature_name(definition: Definition) -> str:
    """Make the name of a feature from its definition: entity and stream, what is done, to what, over which window.

    >>> feature_name(Aggregate("repayment", Aggregation.SUM, "paid_amount", "paid_amount", window_days=30))
    'repayment__sum_paid_amount_30d'
    >>> feature_name(Aggregate("instalment", Aggregation.MAX, "days_late", "days_late", last_count=5))
    'instalment__max_days_late_last5'
    """
    match definition:
        case Aggregate():
            return f"{_prefix(definition)}__{definition.aggregation}_{definition.subject}{_window(definition)}"
        case Term():
            return f"{definition.frame}__{definition.column}"
        case Ratio():
            return f"{_prefix(definition.numerator)}__ratio_{definition.subject}{_window(definition.numerator)}"
        case Difference():
            return f"{_prefix(definition.minuend)}__difference_{definition.subject}{_window(definition.minuend)}"
        case Trend():
            recent = definition.recent
            spans = f"{recent.window_days}d_{definition.longer.window_days}d"
            return f"{_prefix(recent)}__trend_{recent.aggregation}_{recent.subject}_{spans}"
        case Smoothed():
            return f"{_prefix(definition.cases)}__smoothed_{definition.subject}{_window(definition.cases)}"


def _prefix(definition: Definition) -> str:
    if isinstance(definition, Aggregate):
        entity = definition.entity.removesuffix("_id").removesuffix("_code")
        return definition.stream if entity == "borrower" else f"{entity}_{definition.stream}"
    if isinstance(definition, Term):
        return definition.frame
    return feature_name(definition).partition("__")[0]


def _window(definition: Definition) -> str:
    if not isinstance(definition, Aggregate):
        return ""
    days = "" if definition.window_days is None else f"_{definition.window_days}d"
    last = "" if definition.last_count is None else f"_last{definition.last_count}"
    return f"{days}{last}" or "_ever"


def leaves(definition: Definition) -> Iterator[Aggregate | Term]:
    """Give the aggregates and terms that a definition is made of; a smoothed rate also needs the platform's own."""
    match definition:
        case Aggregate() | Term():
            yield definition
        case Ratio(numerator=left, denominator=right) | Difference(minuend=left, subtrahend=right):
            yield from (*leaves(left), *leaves(right))
        case Trend(recent=recent, longer=longer):
            yield from (recent, longer)
        case Smoothed(cases=cases, rows=rows):
            yield from (cases, rows, of_platform(cases), of_platform(rows))


def of_platform(aggregate: Aggregate) -> Aggregate:
    """Give the same aggregate over all entities together."""
    return replace(aggregate, entity=PLATFORM)
