"""The label study by a walk over every day of every loan: slow and obvious."""

from datetime import date

from features.study import NEVER, Book, Counting

SATURDAY = 5


def worked(due: int, counting: Counting) -> int:
    """Move a due day on while it does not work."""
    while True:
        day = date.fromordinal(due + date(1970, 1, 1).toordinal())
        rests = counting.rests_on_weekends and day.weekday() >= SATURDAY
        if not rests and day not in counting.holidays:
            return due
        due += 1


def past_due(book: Book, counting: Counting, loan: int, day: int) -> int:
    """Count the days past due of a loan at the start of a day, by what was paid before the book's day."""
    lines = book.lines[book.lines["loan"] == loan]
    paid = [each for each in book.payments.loc[book.payments["loan"] == loan, "paid_on"] if each < day]
    counts = [0]
    for due_on, settled_on in zip(lines["due_on"], lines["settled_on"], strict=True):
        due = worked(due_on, counting)
        is_open = settled_on >= min(day, book.as_of)
        if due < day and due < book.as_of and is_open:
            start = max([due, *(each for each in paid if each > due)]) if counting.count == "rolling" else due
            counts.append(day - start)
    longest = max(counts)
    return longest if longest > counting.grace_days else 0


def first_bad(book: Book, counting: Counting, loan: int, days: int) -> int:
    """Walk from the first day on until the loan is so late or written off."""
    lost = book.loans["written_off_on"][loan]
    for day in range(int(book.loans["lent_on"][loan]), book.as_of):
        if past_due(book, counting, loan, day) >= days or lost == day:
            return day
    return NEVER
