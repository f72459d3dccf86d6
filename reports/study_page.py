"""The page of a label study: one self-contained HTML page by which a person chooses what counts as default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Any

from reports import charts, words
from reports.pages import page
from reports.rows import Tile

Row = Mapping[str, Any]
MONTHS = (3, 6, 9, 12, 18)
LEANS_TO_WORSE = 0.5
"""Share of a bucket that gets worse from which bad is the rule: illustrative, as rating practice has it."""


@dataclass(frozen=True, slots=True)
class LabelStudy:
    """A study, told to whoever defines default; rows as `features.study_tables.Study` lays them out.

    Args:
        as_of: The day up to which things were known.
        receivables: How many were looked at.
        choices: The label's own first.
        curve: Share bad by months on book, all vintages together.
        vintages: The same by quarter of disbursement.
        rolls: A row a bucket.
        bad_days: The label's own days past due.
        flat_share: Share of its last level at which a curve counts as flat.
        follow_days: Days within which the roll to worse is looked for.
    """

    as_of: date
    receivables: int
    choices: Sequence[Row]
    curve: Sequence[Row]
    vintages: Sequence[Row]
    rolls: Sequence[Row]
    bad_days: int
    flat_share: float
    follow_days: int


def render(told: LabelStudy) -> str:
    """Lay out a study as one HTML text that loads nothing, works offline and prints on A4."""
    return page(
        "study.html.j2",
        told=told,
        own=told.choices[0],
        tiles=_tiles(told),
        titles=_titles(told),
        months=MONTHS,
        vintages=_vintages(told),
        curves=curves_picture(told),
        ends=list(told.rolls[0]["to"]) if told.rolls else [],
        leans=LEANS_TO_WORSE,
    )


def _tiles(told: LabelStudy) -> tuple[Tile, ...]:
    own = told.choices[0]
    flat = own["flat_after_months"]
    return (
        Tile(
            "Receivables", words.count(told.receivables), f"{words.count(own['receivable_count'])} with the window over"
        ),
        Tile("Bad", words.percent(own["bad_share"], 2), f"{own['bad_days']} days within {own['horizon_days']}"),
        Tile("Indeterminate", words.percent(own["indeterminate_share"], 2), "neither good nor bad"),
        Tile("Bad, cured", words.percent(own["bad_cured_share"], 0), "owe nothing overdue now"),
        Tile("Bad, written off", words.percent(own["bad_written_off_share"], 0), "by now"),
        Tile("Curve flat after", words.NOTHING if flat is None else words.many(flat, "month"), "on book"),
    )


def _titles(told: LabelStudy) -> dict[str, str]:
    own, flat = told.choices[0], told.choices[0]["flat_after_months"]
    missed = words.percent(own["good_bad_later_share"], 2)
    leaning = next((one["bucket"] for one in told.rolls if (one["worse_share"] or 0) > LEANS_TO_WORSE), None)
    return {
        "choices": f"Of the good ones of the label as it is, {missed} became bad after its window",
        "curves": "No curve has turned flat yet: a longer history will show the horizon"
        if flat is None
        else f"The curve turns flat after {words.many(flat, 'month')} on book",
        "rolls": f"No bucket gets worse more often than not within {told.follow_days} days"
        if leaning is None
        else f"From {leaning} days past due on, most get worse within {told.follow_days} days",
    }


def _vintages(told: LabelStudy) -> list[dict[str, Any]]:
    found = []
    for name, rows in _by_vintage(told):
        at = {one["month"]: one["bad_share"] for one in rows}
        shares = [at.get(month) for month in MONTHS]
        found.append({"vintage": name, "receivable_count": rows[0]["receivable_count"], "shares": shares})
    return found


def _by_vintage(told: LabelStudy) -> list[tuple[str, list[Row]]]:
    return [(name, list(rows)) for name, rows in groupby(told.vintages, key=lambda one: str(one["vintage"]))]


def curves_picture(told: LabelStudy) -> charts.Picture:
    """Draw the share bad by months on book: a line a vintage, and all of them together."""
    lines = [[(0, 0.0), *((one["month"], one["bad_share"]) for one in rows)] for _, rows in _by_vintage(told)]
    whole = [(0, 0.0), *((one["month"], one["bad_share"]) for one in told.curve)]
    last = max(month for line in (*lines, whole) for month, _ in line)
    frame = charts.frame_for(max(last, 1), max(share for line in (*lines, whole) for _, share in line))
    marks = [
        *charts.key_marks((("dot", "a quarter's disbursements; dashed: all together"),)),
        *charts.grid_marks(frame),
    ]
    for line in lines:
        marks += [_stroke(frame, "whisker", *both) for both in pairwise(line)]
        marks.append(charts.mark("circle", "dot", cx=frame.x(line[-1][0]), cy=frame.y(line[-1][1]), r=3))
    marks += [_stroke(frame, "mean batch-line", *both) for both in pairwise(whole)]
    step = max(1, -(-last // 12))
    marks += [charts.tick_mark(frame, month, str(month)) for month in range(0, last + 1, step)]
    title = f"Share {told.bad_days} days past due or written off, by months on book"
    said = f"{title}: a line for each quarter of disbursement and a dashed one for all."
    return charts.Picture(title, said, (*marks, charts.caption_mark("months on book")))


def _stroke(frame: charts.Frame, kind: str, before: tuple[int, float], after: tuple[int, float]) -> charts.Mark:
    (x1, y1), (x2, y2) = before, after
    return charts.mark("line", kind, x1=frame.x(x1), x2=frame.x(x2), y1=frame.y(y1), y2=frame.y(y2))
