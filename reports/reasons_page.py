"""The page of reasons: what moves a model's scores at all, and why one receivable scores as it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reports import words
from reports.pages import page
from reports.rows import Tile

Row = Mapping[str, Any]
THEMES, GIVEN, STEPS = 15, 20, 12
"""Rows shown of each table; what is left of the steps is added up in one row."""


@dataclass(frozen=True, slots=True)
class Receivable:
    """A receivable with its score, in log-odds before calibration.

    Args:
        name: Its id.
        probability: Its default probability.
        upper: The 95 % upper bound.
        grade: Its grade.
        base: Score of the average training row.
        score: Its own: the base and what all parts add.
        reasons: code, en, zh, value, typical, contribution; largest first.
        parts: en, zh, contribution of every theme; those that move the score most first.
    """

    name: str
    probability: float
    upper: float
    grade: str
    base: float
    score: float
    reasons: Sequence[Row]
    parts: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the page tells.

    Args:
        as_of: The day.
        version: The model.
        rows: Receivables that the overview looked at.
        moved: en, zh, moved (mean absolute contribution in log-odds), share of all; largest first.
        given: code, en, zh, count and share of the receivables that have the reason; most frequent first.
        receivable: The one to explain; None for none.
    """

    as_of: date
    version: str
    rows: int
    moved: Sequence[Row]
    given: Sequence[Row]
    receivable: Receivable | None


def render(told: Reasons) -> str:
    """Lay out reasons as one HTML text in English and Chinese that loads nothing, works offline and prints on A4."""
    one = told.receivable
    return page(
        "reasons.html.j2",
        told=told,
        one=one,
        tiles=_tiles(one) if one else (),
        steps=_steps(one) if one else [],
        titles=_titles(told),
        moved=told.moved[:THEMES],
        given=told.given[:GIVEN],
    )


def _tiles(one: Receivable) -> tuple[Tile, ...]:
    return (
        Tile("Default probability 违约概率", words.percent(one.probability, 2), "within the horizon 观察期内"),
        Tile("Upper bound 上限", words.percent(one.upper, 2), "95 %, one-sided 单侧95%"),
        Tile("Grade 等级", one.grade, "master scale 主标尺"),
        Tile("Score 评分", words.figure(one.score, 2), f"average 平均 {words.figure(one.base, 2)}"),
    )


def _steps(one: Receivable) -> list[dict[str, Any]]:
    """Go from the average to the score, step by step; bars share one scale, the largest step being all of it."""
    first, rest = one.parts[:STEPS], one.parts[STEPS:]
    steps = [dict(each) for each in first]
    if rest:
        left = sum(each["contribution"] for each in rest)
        steps.append({"en": f"{len(rest)} other themes", "zh": f"其余{len(rest)}项", "contribution": left})
    most = max((abs(each["contribution"]) for each in steps), default=0.0) or 1.0
    score = one.base
    for each in steps:
        score += each["contribution"]
        each |= {"after": score, "width": abs(each["contribution"]) / most}
    return steps


def _titles(told: Reasons) -> dict[str, str]:
    found = {
        "moved": f"{told.moved[0]['en']}: {words.percent(told.moved[0]['share'], 0)} of what moves scores"
        if told.moved
        else "Nothing moves scores",
        "given": f"The most frequent reason, {told.given[0]['en'][0].lower()}{told.given[0]['en'][1:]}, is given of "
        f"{words.percent(told.given[0]['share'], 0)} of the receivables"
        if told.given
        else "No receivable has a reason",
    }
    one = told.receivable
    if one:
        way = "above" if one.score > one.base else "below"
        apart = words.figure(abs(one.score - one.base), 2)
        found["one"] = f"{apart} {way} the average training row, {words.many(len(one.reasons), 'reason')} against it"
    return found
