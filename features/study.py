"""The study of the label: lent receivables with their spells of lateness, under a convention of counting.

Everything is told by what is known as of one day. A *spell* is a stretch in which days past due grow by one a day: from
its start on (an instalment's due day) until the day on which the instalment was covered. At the start of day `d` it is
`d - start` days long, so a spell that ended on value day `v` was at most `v - start` days long: the count of the label.
Days are whole numbers since 1970; `NEVER` stands for what has not happened.
"""

from datetime import date
from typing import Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Days = NDArray[np.int64]
NEVER = 10**9


class Counting(BaseModel):
    """One convention by which days past due are counted.

    Args:
        name: What tables call it.
        count: `strict`: days since the oldest open instalment fell due, as states and labels count them. `rolling`: the
            count starts again at each payment that covers something of what is due.
        grace_days: Lateness of at most this many days counts as none; beyond it every day counts.
        rests_on_weekends: Whether what falls due on a Saturday or Sunday is due on the next working day.
        holidays: Further days that do not work.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    count: Literal["strict", "rolling"] = "strict"
    grace_days: int = Field(default=0, ge=0)
    rests_on_weekends: bool = False
    holidays: tuple[date, ...] = ()


class StudyParameters(BaseModel):
    """Which choices the study tries; the label's own definition is always among them.

    Args:
        bad_days: Days past due from which a receivable is bad.
        horizon_days: Lengths of the window from disbursement.
        indeterminate_from_days: Where the band between good and bad begins; bands that reach a bad definition are left
            out.
        countings: Conventions of counting.
        flat_share: Share of its last level at which a vintage curve counts as flat.
        least_receivables: Receivables that a point of a curve needs behind it.
        follow_days: Days within which the roll to worse is looked for.
        most_receivables: More are sampled by the hash of their id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bad_days: tuple[int, ...] = (30, 60, 90)
    horizon_days: tuple[int, ...] = (90, 180, 270, 365)
    indeterminate_from_days: tuple[int, ...] = (10, 30)
    countings: tuple[Counting, ...] = (
        Counting(name="rolling count", count="rolling"),
        Counting(name="3 days of grace", grace_days=3),
        Counting(name="weekends rest", rests_on_weekends=True),
    )
    flat_share: float = Field(default=0.95, gt=0, lt=1)
    least_receivables: int = Field(default=50, ge=1)
    follow_days: int = Field(default=180, ge=1)
    most_receivables: int = Field(default=500_000, ge=1)

    @model_validator(mode="after")
    def _choices_are_days(self) -> Self:
        for name in ("bad_days", "horizon_days", "indeterminate_from_days"):
            if min(getattr(self, name), default=1) < 1:
                raise ValueError(f"{name} {getattr(self, name)}: days are 1 or more")
        return self


class Book(NamedTuple):
    """What was lent and what became of it, as known at the start of a day.

    Args:
        as_of: The day.
        loans: receivable_id, lent_on, paid_off_on, written_off_on; the index counts from 0.
        lines: loan (index), due_on, settled_on: the instalments in force.
        payments: loan (index), paid_on: days on which cash, or what covers as cash does, came in; each once.
    """

    as_of: int
    loans: pd.DataFrame
    lines: pd.DataFrame
    payments: pd.DataFrame


class Spells(NamedTuple):
    """Stretches of lateness, an array each: of which loan, since when, until when."""

    loan: Days
    start: Days
    end: Days
    grace: int

    def reached(self, days: int) -> Days:
        """Give of each spell the day at whose start it was so many days past due; `NEVER` if it never was."""
        day = self.start + max(days, self.grace + 1)
        return np.where(self.end >= day, day, NEVER)


def spells(book: Book, counting: Counting) -> Spells:
    """Lay out the lateness of every instalment that was due before the book's day."""
    due = _worked(book.lines["due_on"].to_numpy(), counting)
    settled, loan = book.lines["settled_on"].to_numpy(), book.lines["loan"].to_numpy()
    end = np.where(settled < book.as_of, settled, NEVER)
    is_late = (due < book.as_of) & (end > due)
    found = loan[is_late], due[is_late], end[is_late]
    if counting.count == "rolling":
        found = _restarted(*found, book.payments)
    return Spells(*found, counting.grace_days)


def _worked(due: Days, counting: Counting) -> Days:
    """Move due days to the next day that works."""
    if not (counting.rests_on_weekends or counting.holidays):
        return due
    week = "1111100" if counting.rests_on_weekends else "1111111"
    days = due.astype("datetime64[D]")
    moved = np.busday_offset(days, 0, roll="forward", weekmask=week, holidays=list(counting.holidays))
    return moved.astype(np.int64)


def _restarted(loan: Days, start: Days, end: Days, payments: pd.DataFrame) -> tuple[Days, Days, Days]:
    """Cut spells at the payments within them: each piece counts from its own start."""
    whole = pd.DataFrame({"spell": np.arange(len(loan)), "loan": loan, "start": start, "end": end})
    inside = whole.merge(payments, on="loan")
    inside = inside[(inside["paid_on"] > inside["start"]) & (inside["paid_on"] < inside["end"])]
    pieces = pd.concat([whole, inside.assign(start=inside["paid_on"])], ignore_index=True)
    pieces = pieces.drop(columns="paid_on").sort_values(["spell", "start"], ignore_index=True)
    following = pieces.groupby("spell")["start"].shift(-1, fill_value=NEVER)
    until = np.minimum(pieces["end"].to_numpy(), following.to_numpy(dtype=np.int64))
    return pieces["loan"].to_numpy(), pieces["start"].to_numpy(), until


def first_bad(book: Book, late: Spells, days: int) -> Days:
    """Give the day on which each loan first was so many days past due, or was written off, before the book's day."""
    found = book.loans["written_off_on"].to_numpy(dtype=np.int64).copy()
    np.minimum.at(found, late.loan, late.reached(days))
    return np.where(found < book.as_of, found, NEVER)


def days_past_due(book: Book, late: Spells, day: int) -> Days:
    """Give the days past due of each loan at the start of a day."""
    is_on = (late.start < day) & (late.end >= day)
    count = day - late.start[is_on]
    found = np.zeros(len(book.loans), dtype=np.int64)
    np.maximum.at(found, late.loan[is_on], np.where(count > late.grace, count, 0))
    return found
