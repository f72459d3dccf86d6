"""What the study of the label tells: the effect of each choice, and vintage curves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.labels import LabelDefinition
from features.study import NEVER, Book, Counting, Days, Spells, StudyParameters, days_past_due, first_bad, spells
from features.study_rolls import rolls

Flags = NDArray[np.bool_]

MONTH_DAYS = 30
OWN = "the label's own"


class Choice(NamedTuple):
    """One way to say what is bad."""

    counting: Counting
    bad_days: int
    horizon_days: int
    indeterminate_from_days: int | None


@dataclass(frozen=True, slots=True)
class Study:
    """The whole study; rows are plain values by name, shares null where nothing stands behind them.

    Args:
        receivables: How many were looked at.
        choices: A row a choice; the label's own first.
        curve: Share bad by months on book, all vintages together.
        vintages: Share bad by vintage and months on book, as far as the whole vintage has come.
        rolls: A row a bucket: where its receivables stood a month later.
    """

    receivables: int
    choices: list[dict[str, Any]]
    curve: list[dict[str, Any]]
    vintages: list[dict[str, Any]]
    rolls: list[dict[str, Any]]


def study(book: Book, definition: LabelDefinition, parameters: StudyParameters) -> Study:
    """Try every choice on a book."""
    own = Counting(name=OWN, grace_days=definition.convention.grace_days)
    late = {counting: spells(book, counting) for counting in (own, *parameters.countings)}
    choices = [effect(book, late[one.counting], one, parameters) for one in _choices(own, definition, parameters)]
    bad = first_bad(book, late[own], definition.default_days_past_due)
    return Study(
        receivables=len(book.loans),
        choices=choices,
        curve=incidence(book, bad, parameters),
        vintages=vintages(book, bad, parameters),
        rolls=rolls(book, late[own], parameters),
    )


def _choices(own: Counting, definition: LabelDefinition, parameters: StudyParameters) -> Iterator[Choice]:
    """Name the label's own choice, every pair of bad definition and horizon, then what else changes one thing."""
    bad, horizon, band = (
        definition.default_days_past_due,
        definition.horizon_days,
        definition.indeterminate_from_days,
    )
    first = Choice(own, bad, horizon, band)
    pairs = [Choice(own, days, length, None) for days in parameters.bad_days for length in parameters.horizon_days]
    bands = [Choice(own, bad, horizon, start) for start in parameters.indeterminate_from_days if start < bad]
    others = [Choice(counting, bad, horizon, band) for counting in parameters.countings]
    yield from dict.fromkeys([first, *pairs, *bands, *others])


def effect(book: Book, late: Spells, choice: Choice, parameters: StudyParameters) -> dict[str, Any]:
    """Say what a choice makes of the receivables whose window from disbursement is over.

    Of the bad: how many were written off, and how many owe nothing overdue as of the book's day (cured). Of the
    indeterminate (null without a band) and of the good: how many became bad later, which a good choice keeps few.
    Curves are flat from the first month at which `flat_share` of the last level is reached; null where only the last
    point reaches it.
    """
    lent, bad = book.loans["lent_on"].to_numpy(), first_bad(book, late, choice.bad_days)
    ends = lent + choice.horizon_days
    is_over = ends <= book.as_of
    is_bad = is_over & (bad < ends)
    start = choice.indeterminate_from_days
    is_between = np.zeros_like(is_bad) if start is None else is_over & ~is_bad & (first_bad(book, late, start) < ends)
    lost = book.loans["written_off_on"].to_numpy() < book.as_of
    cured = ~lost & (days_past_due(book, late, book.as_of) == 0)
    later = (bad < NEVER) & ~is_bad
    return {
        "counting": choice.counting.name,
        "bad_days": choice.bad_days,
        "horizon_days": choice.horizon_days,
        "indeterminate_from_days": start,
        "receivable_count": int(is_over.sum()),
        "bad_share": _share(is_bad, is_over),
        "indeterminate_share": None if start is None else _share(is_between, is_over),
        "bad_cured_share": _share(is_bad & cured, is_bad),
        "bad_written_off_share": _share(is_bad & lost, is_bad),
        "indeterminate_bad_later_share": _share(is_between & later, is_between),
        "good_bad_later_share": _share(is_over & ~is_bad & ~is_between & later, is_over & ~is_bad & ~is_between),
        "flat_after_months": flat_after(incidence(book, bad, parameters), parameters.flat_share),
    }


def _share(part: Flags, whole: Flags) -> float | None:
    count = int(whole.sum())
    return float(part.sum()) / count if count else None


def incidence(book: Book, bad: Days, parameters: StudyParameters) -> list[dict[str, Any]]:
    """Give the share bad by months on book, from all vintages as far as each has come (Kaplan and Meier 1958).

    A receivable is looked at in the months that were over before the book's day; one that is paid off stays, good.
    """
    lent = book.loans["lent_on"].to_numpy()
    seen, month = (book.as_of - lent) // MONTH_DAYS, _month(lent, bad)
    found, good = [], 1.0
    for at in range(1, int(seen.max(initial=0)) + 1):
        is_at_risk = (seen >= at) & (month >= at)
        count, bads = int(is_at_risk.sum()), int((is_at_risk & (month == at)).sum())
        if (seen >= at).sum() < parameters.least_receivables:
            break
        good *= 1 - bads / count if count else 1.0
        found.append({"month": at, "at_risk": count, "bad_count": bads, "bad_share": 1 - good})
    return found


def _month(lent: Days, bad: Days) -> Days:
    """Give the month on book of the bad day, the first being 1; `NEVER` for none."""
    return np.where(bad < NEVER, np.maximum(bad - lent, 0) // MONTH_DAYS + 1, NEVER)


def flat_after(curve: list[dict[str, Any]], share: float) -> int | None:
    """Give the first month at which a curve has reached this share of its last level; None if only the last one has."""
    if not curve or curve[-1]["bad_share"] == 0:
        return None
    reached = next(one["month"] for one in curve if one["bad_share"] >= share * curve[-1]["bad_share"])
    return None if reached == curve[-1]["month"] else int(reached)


def vintages(book: Book, bad: Days, parameters: StudyParameters) -> list[dict[str, Any]]:
    """Give the share bad by quarter of disbursement and months on book; a point once its whole vintage is so old."""
    lent = book.loans["lent_on"].to_numpy()
    month = _month(lent, bad)
    quarter = pd.Series(pd.to_datetime(lent, unit="D")).dt.to_period("Q").astype(str).str.replace("Q", " Q").to_numpy()
    found = []
    for name in sorted(set(quarter)):
        inside = quarter == name
        count = int(inside.sum())
        if count < parameters.least_receivables:
            continue
        for at in range(1, int((book.as_of - lent[inside].max()) // MONTH_DAYS) + 1):
            share = float((month[inside] <= at).mean())
            found.append({"vintage": name, "month": at, "receivable_count": count, "bad_share": share})
    return found
