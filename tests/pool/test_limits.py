"""Limits read exactly, with their headroom, and kept no worse where the deal asks only for that."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.check import find_breaches
from pool.deal import Limit
from pool.limits import compare, rows_of
from pool.selection import select
from tests.pool.offers import any_limits, deal_with, limit, row_of, row_values, rows_from, table_of

Row = dict[str, Any]


def plainly(each: Limit, held: list[Row]) -> Fraction | None:
    """Measure a limit over plain rows."""
    whole = sum(row["principal_minor"] for row in held)
    if not whole:
        return None
    if each.measure == "member_share":
        sums: dict[Any, int] = {}
        for row in held:
            sums[row[each.code]] = sums.get(row[each.code], 0) + row["principal_minor"]
        return Fraction(max(sums.values()), whole)
    if each.measure == "member_count":
        return Fraction(len({row[each.code] for row in held}))
    if each.measure == "weighted_average":
        known = [row for row in held if row[each.code] is not None]
        part = sum(Fraction(row[each.code]) * row["principal_minor"] for row in known)
        return part / sum(row["principal_minor"] for row in known) if known else None
    inside = sum(row["principal_minor"] for row in held if (each.is_cap if row[each.code] is None else row[each.code]))
    return Fraction(inside, 100 if each.measure == "total_amount" else whole)


@given(st.lists(row_values, max_size=12), any_limits(), st.integers(0, 20_000))
@settings(max_examples=50, deadline=None)
def test_values_and_headroom_are_those_of_plain_rows(values: list[Row], limits: tuple[Limit, ...], cash: int) -> None:
    """Before, after, and the distance to the bound: positive inside, negative beyond."""
    table, deal = rows_from(values), deal_with(*limits)
    found = select(table, deal, cash)
    bought = {item.receivable_id for item in found.items}
    pooled = [row for row in table.to_pylist() if row["is_pooled"]]
    held = pooled + [row for row in table.to_pylist() if row["receivable_id"] in bought]
    for each, result in zip(limits, found.results, strict=True):
        before, after = plainly(each, pooled), plainly(each, held)
        assert result.value_before == (None if before is None else pytest.approx(float(before), abs=1e-9))
        assert result.value_after == (None if after is None else pytest.approx(float(after), abs=1e-9))
        if after is not None:
            room = Fraction(each.bound) - after if each.is_cap else after - Fraction(each.bound)
            assert result.headroom == pytest.approx(float(room), abs=1e-9)
        if bought:
            assert result.is_kept


def test_a_broken_limit_lets_in_what_makes_it_no_worse() -> None:
    """Four fifths of the pool carry the flag, three tenths may: nothing mends it, and by the clause it grows."""
    rows = [row_of(number, is_pooled=number < 5, P05=number != 0 and number < 9) for number in range(12)]
    strict = limit("P05", "attribute_share", at_most="0.3")
    soft = limit("P05", "attribute_share", maintain=True, at_most="0.3")
    assert select(table_of(rows), deal_with(strict), 10**6).items == ()
    found = select(table_of(rows), deal_with(soft), 10**6)
    assert (len(found.items), found.breaches) == (7, ())
    [result] = found.results
    assert (result.is_maintained, result.is_kept, result.value_before) == (True, True, 0.8)
    assert result.value_after == pytest.approx(8 / 12)
    assert result.headroom == pytest.approx(0.3 - 8 / 12)


def test_a_kept_limit_gives_no_room_beyond_its_bound() -> None:
    """The clause helps only a pool that is beyond its bound already."""
    rows = [row_of(number, is_pooled=number < 4, P05=number in (0, 4, 5, 6)) for number in range(7)]
    soft = limit("P05", "attribute_share", maintain=True, at_most="0.25")
    assert select(table_of(rows), deal_with(soft), 10**6).items == ()
    [said] = find_breaches(table_of(rows), ["r4"], deal_with(soft), 10**6)
    assert said == "P05 is 0.4, at most 0.25"


def test_the_check_lets_pass_what_is_no_worse_and_nothing_else() -> None:
    """Each measure, one step better and one step worse than the pool."""
    pooled = [row_of(0, is_pooled=True, P05=True, P07=0.05), row_of(1, is_pooled=True, P05=False, P07=0.03)]
    same = row_of(2, P05=False, P07=0.04, P01="b9")
    worse = row_of(3, P05=True, P07=0.0400001, P01="b0")
    soft = [
        limit("P05", "attribute_share", maintain=True, at_most="0.1"),
        limit("P07", "weighted_average", maintain=True, at_most="0.01"),
        limit("P01", "member_share", maintain=True, at_most="0.2"),
    ]
    table, deal = table_of([*pooled, same, worse]), deal_with(*soft)
    assert find_breaches(table, ["r2"], deal, 10**6) == ()
    assert len(find_breaches(table, ["r3"], deal, 10**6)) == 3
    rows = rows_of(table, deal)
    assert [float(measure.bound) for measure in rows.measures] == [0.5, 0.04, 0.5]
    assert all(result.is_maintained for result in compare(rows, ~rows.is_pooled & False, ()))
