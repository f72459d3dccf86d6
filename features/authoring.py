"""Short forms in which the families of the catalogue are written; each gives plain `Feature`s."""

from dataclasses import replace

from features.declarations import Aggregate, Aggregation, Definition, Direction, Feature, Term, Where

ZERO = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.DISTINCT})
EVER: tuple[int | None, ...] = (None,)

NULL_MEANS = {
    Aggregation.MEAN: "no such event in the window",
    Aggregation.MAX: "no such event in the window",
    Aggregation.MIN: "no such event in the window",
    Aggregation.STD: "no such event in the window",
    Aggregation.SHARE: "no event in the window of which it is known",
    Aggregation.LAST: "no such event is known",
    Aggregation.RECENCY: "no such event is known",
    Aggregation.TOP_SHARE: "nothing to share out in the window",
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
    null_means = NULL_MEANS.get(aggregate.aggregation, "")
    if aggregate.entity != "borrower_id":
        nothing = f"the receivable has no {aggregate.entity.rpartition('_')[0]}"
        null_means = f"{null_means}, or {nothing}" if null_means else nothing
        null_means = "" if aggregate.entity == "receivable_id" and aggregate.aggregation in ZERO else null_means
    return tuple(
        Feature(family, f"{sentence} {span(days)}.", unit, direction, replace(aggregate, window_days=days), null_means)
        for days in windows
    )


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
