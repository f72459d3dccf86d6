"""How receivables roll: from one bucket of days past due to another, month by month, and into a worse one later."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from features.study import Book, Days, Spells, StudyParameters, days_past_due
from schemas.moments import month_starts

BUCKETS = ("current", "1-30", "31-60", "61-90", "91+")
ENDS = ("paid off", "written off")
EDGES = (0, 30, 60, 90)
"""Most days past due of each bucket but the last."""
EPOCH = date(1970, 1, 1)


def rolls(book: Book, late: Spells, parameters: StudyParameters) -> list[dict[str, Any]]:
    """Give the roll-rate matrix: where receivables of a bucket at a month's start stood at the next one's.

    All months together from the first disbursement to the book's day. `worse_share`: of those whose next `follow_days`
    are over, how many came into a worse bucket or were written off within them; out of the last one only a write-off
    leads. Null where no receivable stands behind a share.
    """
    days = _month_starts(book)
    moves = np.zeros((len(BUCKETS), len(BUCKETS) + len(ENDS)), dtype=np.int64)
    followed, worse = np.zeros(len(BUCKETS), dtype=np.int64), np.zeros(len(BUCKETS), dtype=np.int64)
    stood = [stands(book, late, day) for day in days]
    for before, after in pairwise(stood):
        is_open = (before >= 0) & (before < len(BUCKETS))
        np.add.at(moves, (before[is_open], after[is_open]), 1)
    for day, bucket in zip(days, stood, strict=True):
        until = day + parameters.follow_days
        if until <= book.as_of:
            for place in range(len(BUCKETS)):
                followed[place] += (bucket == place).sum()
                worse[place] += ((bucket == place) & worsens(book, late, place, (day, until))).sum()
    return [_row(place, moves[place], int(followed[place]), int(worse[place])) for place in range(len(BUCKETS))]


def _row(place: int, moved: Days, followed: int, worse: int) -> dict[str, Any]:
    count = int(moved.sum())
    shares = {name: float(part) / count if count else None for name, part in zip(BUCKETS + ENDS, moved, strict=True)}
    told = {"bucket": BUCKETS[place], "move_count": count, "to": shares}
    return {**told, "followed_count": followed, "worse_share": worse / followed if followed else None}


def _month_starts(book: Book) -> list[int]:
    if not len(book.loans):
        return []
    first, last = (EPOCH + timedelta(days=int(day)) for day in (book.loans["lent_on"].min() + 1, book.as_of))
    return [(day - EPOCH).days for day in month_starts(first, last)]


def stands(book: Book, late: Spells, day: int) -> Days:
    """Give the place of each loan in `BUCKETS` and `ENDS` at the start of a day; -1 before it was lent."""
    lent, paid_off, written_off = (book.loans[name].to_numpy() for name in ("lent_on", "paid_off_on", "written_off_on"))
    found = np.searchsorted(EDGES, days_past_due(book, late, day), side="left")
    found = np.where(paid_off < day, len(BUCKETS), found)
    found = np.where(written_off < day, len(BUCKETS) + 1, found)
    return np.where(lent < day, found, -1).astype(np.int64)


def worsens(book: Book, late: Spells, place: int, window: tuple[int, int]) -> np.ndarray:
    """Tell which loans came into a worse bucket than one, or were written off, within (first, last]."""
    first, last = window
    lost = book.loans["written_off_on"].to_numpy()
    found = (lost >= first) & (lost < last)
    if place < len(EDGES):
        reached = late.reached(EDGES[place] + 1)
        found[late.loan[(reached <= last) & (late.end > first)]] = True
    return np.asarray(found, dtype=np.bool_)
