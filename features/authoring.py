"""Short forms in which the families of the catalogue are written; each gives plain `Feature`s."""

from dataclasses import replace

from features.declarations import (
    Aggregate,
    Aggregation,
    Definition,
    Direction,
    Feature,
    Term,
    Trend,
    Where,
)

CURRENCY = "currency units"
EVER: tuple[int | None, ...] = (None,)

NULL_MEANS = {
    Aggregation.MEAN: "no such event in the window",
    Aggregation.MAX: "no such event in the window",
    Aggregation.MIN: "no such event in the window",
    Aggregation.STD: "no such event in the window",
    Aggregation.SHARE: "no event in the window that says it",
    Aggregation.LAST: "no such event is known",
    Aggregation.RECENCY: "no such event is known",
    Aggregation.TOP_SHARE: "nothing to share out in the window",
    Aggregation.ENTROPY: "nothing to share out in the window",
    Aggregation.STREAK: "no such event is known",
    Aggregation.LONGEST: "no such event is known",
    Aggregation.OLDEST: "no such event is known",
}


def span(window_days: int | None) -> str:
    """Say a window in words."""
    return "so far" if window_days is None else f"in the last {window_days} days"


def windowed(
    family: str,
    aggregate: Aggregate,
    windows: tuple[int | None, ...],
    sentence: str,
    unit: str,
    direction: Direction = 0,
) -> tuple[Feature, ...]:
    """Declare one aggregate over several windows; the sentence gets the window's words at its end."""
    null_means = _null_means(aggregate)
    return tuple(
        Feature(family, f"{sentence} {span(days)}.", unit, direction, replace(aggregate, window_days=days), null_means)
        for days in windows
    )


def latest(
    family: str,
    aggregate: Aggregate,
    counts: tuple[int, ...],
    sentence: str,
    unit: str,
    direction: Direction = 0,
) -> tuple[Feature, ...]:
    """Declare one aggregate over several numbers of latest events; the sentence gets the number at its end."""
    null_means = _null_means(aggregate).replace("in the window", "is known", 1)
    return tuple(
        Feature(family, f"{sentence}, over the latest {count}.", unit, direction, last_of(aggregate, count), null_means)
        for count in counts
    )


def _null_means(aggregate: Aggregate) -> str:
    return _with_entity(aggregate, NULL_MEANS.get(aggregate.aggregation, ""))


def _with_entity(aggregate: Aggregate, null_means: str) -> str:
    if aggregate.entity in {"borrower_id", "receivable_id"}:
        return null_means
    nothing = f"the receivable has no {aggregate.entity.rpartition('_')[0]}"
    return f"{null_means}, or {nothing}" if null_means else nothing


def over_days(aggregate: Aggregate, window_days: int) -> Aggregate:
    """Give an aggregate over another window."""
    return replace(aggregate, window_days=window_days)


def last_of(aggregate: Aggregate, count: int) -> Aggregate:
    """Give an aggregate over the latest events."""
    return replace(aggregate, last_count=count)


def paced(
    family: str, aggregate: Aggregate, short: int, long: int, words: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    """Declare how the daily pace changed."""
    trend = Trend(over_days(aggregate, short), over_days(aggregate, long))
    sentence = f"Daily pace of {words} in the last {short} days over that of the last {long}"
    return combined(family, trend, sentence, "ratio", direction, _with_entity(aggregate, "nothing in the long window"))


def combined(
    family: str, definition: Definition, sentence: str, unit: str, direction: Direction, null_means: str
) -> tuple[Feature, ...]:
    """Declare arithmetic on other definitions."""
    return (Feature(family, f"{sentence}.", unit, direction, definition, null_means),)


def term(
    family: str, frame: str, column: str, sentence: str, unit: str, direction: Direction = 0, null_means: str = ""
) -> Feature:
    """Declare a column of a row-level frame."""
    return Feature(family, f"{sentence}.", unit, direction, Term(frame, column), null_means)


def is_set(*columns: str) -> tuple[Where, ...]:
    """Ask for rows with these flags set."""
    return tuple(Where(column) for column in columns)


def one_of(column: str, *values: str) -> tuple[Where, ...]:
    """Ask for rows with one of these codes."""
    return (Where(column, values),)
