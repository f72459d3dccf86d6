"""Days past due by hand: one receivable at a time, cash put on instalments first due, first paid."""

from collections.abc import Sequence

NEVER = 10**6


def settled_days(owed: Sequence[int], cash: Sequence[tuple[int, int]]) -> list[int]:
    """Give the day on which each instalment is covered, `NEVER` where cash does not reach it.

    Args:
        owed: What each instalment asks for, in order of due day.
        cash: (value day, amount) of the payments that stand.
    """
    days, level = [], 0
    for amount in owed:
        level += amount
        reached, day = 0, NEVER
        for paid_on, paid in sorted(cash):
            reached += paid
            if reached >= level:
                day = paid_on
                break
        days.append(day)
    return days


def days_past_due(due: Sequence[int], settled: Sequence[int], as_of: int) -> int:
    """Count days past due at the start of a day: earlier days' payments count, the oldest open instalment rules."""
    open_due = [due_on for due_on, day in zip(due, settled, strict=True) if due_on < as_of and day >= as_of]
    return as_of - min(open_due) if open_due else 0


def worst_days_past_due(due: Sequence[int], settled: Sequence[int], first: int, after: int) -> int:
    """Give the most days past due at the starts of the days from `first` to before `after`."""
    return max(days_past_due(due, settled, day) for day in range(first, after))
