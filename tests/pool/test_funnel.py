"""The funnel: whatever the outcomes, it counts what a person counts who goes from receivable to receivable."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pool.deal import Criterion
from pool.funnel import Step, funnel

Open = tuple[str, Decimal]
AMOUNTS = st.integers(0, 10**7).map(lambda minor: Decimal(minor).scaleb(-2))


def clauses(size: int) -> tuple[Criterion, ...]:
    """Give so many criteria; nothing of them but their place matters here."""
    return tuple(Criterion(code=f"X{n}", clause="1", text_en="x", text_zh="x", expression="true") for n in range(size))


@st.composite
def screened(draw: st.DrawFn) -> tuple[int, list[Open]]:
    """Draw how many criteria there are, and receivables that mostly pass."""
    size = draw(st.integers(1, 6))
    letters = st.lists(st.sampled_from("PPPFU"), min_size=size, max_size=size).map("".join)
    return size, draw(st.lists(st.tuples(letters, AMOUNTS), max_size=30))


def counted(rows: list[Open]) -> tuple[int, Decimal]:
    """Give how many there are, and what they owe."""
    return len(rows), sum((amount for _, amount in rows), Decimal(0))


def by_hand(criterion: Criterion, place: int, rows: list[Open]) -> Step:
    """Count one criterion, receivable by receivable."""
    stopped = [row for row in rows if row[0][place] != "P"]
    only = [row for row in stopped if row[0].count("P") == len(row[0]) - 1]
    left = [row for row in rows if all(letter == "P" for letter in row[0][: place + 1])]
    failed, unknown = (sum(row[0][place] == letter for row in rows) for letter in "FU")
    return Step(criterion, failed, unknown, counted(stopped)[1], *counted(only), *counted(left))


@given(world=screened())
def test_every_step_is_what_one_counts_by_hand(world: tuple[int, list[Open]]) -> None:
    """Failures, unknowns, what fails nothing else, and what is left, in number and in principal."""
    size, rows = world
    found = funnel(clauses(size), [(outcomes, 1, amount) for outcomes, amount in rows])
    assert (found.open_count, found.open_amount) == counted(rows)
    assert found.steps == tuple(by_hand(each, place, rows) for place, each in enumerate(clauses(size)))
    assert found.steps[-1].left_count == sum(set(outcomes) == {"P"} for outcomes, _ in rows)


@given(world=screened())
def test_the_same_outcomes_may_stand_together(world: tuple[int, list[Open]]) -> None:
    """One line for all receivables with the same outcomes says the same as a line for each."""
    size, rows = world
    together = [
        (outcomes, *counted([row for row in rows if row[0] == outcomes])) for outcomes in {row[0] for row in rows}
    ]
    assert funnel(clauses(size), together) == funnel(clauses(size), [(row[0], 1, row[1]) for row in rows])
