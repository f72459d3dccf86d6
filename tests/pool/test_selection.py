"""The proposal uses the cash, never breaks a limit, and cannot be steered."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pool.aims import Aim
from pool.check import find_breaches
from pool.deal import Deal, Limit
from pool.offer import CASH, SMALLEST
from pool.selection import Selection, select
from tests.oracles.pool_selection import most_cash, most_worth
from tests.pool.offers import (
    LIMITS,
    any_limits,
    deal_with,
    limit,
    random_rows,
    row_of,
    row_values,
    rows_from,
    some_limits,
    table_of,
)


@given(st.lists(row_values, max_size=9), any_limits(), st.integers(0, 20_000))
@example([row_of(number, P07=None) for number in range(9)], (LIMITS[4],), 1960)
@settings(max_examples=150, deadline=None)
def test_a_small_proposal_is_the_best_there_is(
    values: list[dict[str, Any]], limits: tuple[Limit, ...], cash: int
) -> None:
    """Never a breach, and to the cent the cash that the best of all batches uses, counts of members and all."""
    table, deal = rows_from(values), deal_with(*limits)
    found = select(table, deal, cash)
    assert found.breaches == ()
    assert bool(found.items) != bool(found.reasons)
    assert found.cash_used == most_cash(table, deal, cash)


@pytest.mark.parametrize("aim", [Aim.YIELD, Aim.LOSS])
@given(st.lists(row_values, max_size=8), any_limits(), st.integers(0, 20_000))
@settings(max_examples=60, deadline=None)
def test_a_small_proposal_is_the_best_for_its_aim(
    aim: Aim, values: list[dict[str, Any]], limits: tuple[Limit, ...], cash: int
) -> None:
    """Of all batches that use all but a thousandth of the most cash, none earns more or loses less."""
    table, deal = rows_from(values), deal_with(*limits)
    found = select(table, deal, cash, aim)
    assert found.breaches == ()
    value = found.annual_income if aim is Aim.YIELD else found.expected_loss
    assert value is not None
    signed = value if aim is Aim.YIELD else -value
    assert signed == pytest.approx(most_worth(table, deal, cash, aim), rel=1e-6, abs=1e-6)


def breaks_nothing(values: list[dict[str, Any]], limits: tuple[Limit, ...], part: float, aim: Aim) -> None:
    """Select, and let the check, the reasons and the bound speak for themselves."""
    table, deal = rows_from(values), deal_with(*limits, smallest="5")
    cash = int(part * sum(each["principal_minor"] for each in values))
    found = select(table, deal, cash, aim, seed="any")
    names = [item.receivable_id for item in found.items]
    assert found.breaches == ()
    assert len(set(names)) == len(names)
    assert bool(found.items) != bool(found.reasons)
    assert found.cash_used <= min(cash, found.cash_bound)
    if found.conflicts and aim is Aim.CASH:
        free = {code for conflict in found.conflicts for code in conflict}
        eased = deal_with(
            *(each for each in limits if each.code not in free), smallest="0.01" if SMALLEST in free else "5"
        )
        assert select(table, eased, 10**12 if CASH in free else cash, aim, seed="any").items


pools = st.lists(row_values, max_size=90)
aims = st.sampled_from(Aim)


@given(pools, any_limits(), st.floats(0.01, 1.5), aims)
@settings(max_examples=300, deadline=None)
def test_no_proposal_breaks_anything(
    values: list[dict[str, Any]], limits: tuple[Limit, ...], part: float, aim: Aim
) -> None:
    """Any pool, any limits, any aim: no breach; where nothing is bought, without the limits named something is."""
    breaks_nothing(values, limits, part, aim)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(pools, any_limits(), st.floats(0.01, 1.5), aims)
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_proposal_of_ten_thousand_breaks_anything(
    values: list[dict[str, Any]], limits: tuple[Limit, ...], part: float, aim: Aim
) -> None:
    """The same, ten thousand times."""
    breaks_nothing(values, limits, part, aim)


@given(st.integers(0, 2**32 - 1), some_limits, st.floats(0.01, 1.5))
@settings(max_examples=25, deadline=None)
def test_a_large_proposal_never_breaks_a_limit(seed: int, limits: tuple[Limit, ...], part: float) -> None:
    """Four hundred rows, some in the pool, whatever the limits: no breach, each id once, within the linear bound."""
    table, deal = random_rows(seed, 400), deal_with(*(each for each in limits if each.code != "P09"))
    cash = int(part * sum(table.column("principal_minor").to_pylist()))
    found = select(table, deal, cash)
    names = [item.receivable_id for item in found.items]
    assert found.breaches == ()
    assert len(set(names)) == len(names)
    assert found.cash_used == sum(item.price_minor for item in found.items) <= cash
    assert bool(found.items) != bool(found.reasons)


USUAL = (
    limit("P01", "member_share", at_most="0.02"),
    limit("P03", "member_share", at_most="0.12"),
    limit("P05", "attribute_share", at_most="0.5"),
    limit("P07", "weighted_average", at_most="0.03"),
)


@pytest.fixture(scope="module")
def usual() -> tuple[pa.Table, Deal, int, Selection]:
    table, deal = random_rows(5, 3000, members=1000), deal_with(*USUAL)
    cash = sum(table.column("principal_minor").to_pylist()) // 4
    return table, deal, cash, select(table, deal, cash)


def test_a_proposal_uses_the_cash(usual: tuple[pa.Table, Deal, int, Selection]) -> None:
    """With enough on offer, all but a thousandth of it; and the cash is what binds."""
    _, _, cash, found = usual
    assert found.cash_used >= cash * 0.999
    assert found.binding == ("CASH",)
    assert all(result.is_kept and not result.is_binding for result in found.results)


def test_the_same_rows_in_another_order_give_the_same_proposal(usual: tuple[pa.Table, Deal, int, Selection]) -> None:
    """Nobody steers the choice by the order of a file."""
    table, deal, cash, found = usual
    order = np.random.default_rng(1).permutation(table.num_rows)
    assert select(table.take(pa.array(order)), deal, cash).items == found.items


def test_a_batch_is_no_pick_of_what_is_offered(usual: tuple[pa.Table, Deal, int, Selection]) -> None:
    """Where limits do not force it, what is bought is like what is offered, in risk, size and region."""
    table, deal, cash, _ = usual
    loose = deal.model_copy(update={"limits": (*USUAL[:2], limit("P07", "weighted_average", at_most="0.9"))})
    bought = {item.receivable_id for item in select(table, loose, cash).items}
    offered = [row for row in table.to_pylist() if not row["is_pooled"]]
    batch = [row for row in offered if row["receivable_id"] in bought]
    for name in ("P07", "principal_minor", "P05"):
        everything = np.array([row[name] for row in offered], dtype=float)
        error = everything.std() / np.sqrt(len(batch))
        assert abs(np.mean([row[name] for row in batch]) - everything.mean()) < 4 * error, name


def test_the_check_finds_what_selection_must_not_do() -> None:
    """Another code, given a batch that breaks each thing, names each thing."""
    table = table_of([row_of(1), row_of(2, P05=None, P07=0.06, P03=None), row_of(3, is_pooled=True, P05=True)])
    deal = deal_with(LIMITS[0], *LIMITS[2:5], LIMITS[6], smallest="15", discount="0.5")
    assert find_breaches(table, ["r1", "r2"], deal, 1000) == ("P05 is 0.6666666666666666, at most 0.5",)
    wrong = " ".join(find_breaches(table, ["r2", "r3"], deal, 400))
    for word in ("named", "batch has 10.00", "costs 500", "P01 is 0.5", "P05 is 1.0", "P07 is 0.035"):
        assert word in wrong
    unmeasured = table_of([row_of(1, P07=None), row_of(2)])
    [said] = find_breaches(unmeasured, ["r1", "r2"], deal_with(LIMITS[4]), 10_000)
    assert said == "P07 averages a value that is unknown of 1 receivables of the batch"


def test_what_is_unknown_never_helps() -> None:
    """A row whose averaged value is unknown is not bought; an unknown attribute counts against each bound."""
    table = table_of([row_of(1, P05=None), row_of(2), row_of(3, P07=None), row_of(4, P06=None), row_of(5)])
    found = select(table, deal_with(limit("P05", "attribute_share", at_most="0.4"), LIMITS[4]), 10_000)
    assert [item.receivable_id for item in found.items] == ["r1", "r2", "r4", "r5"]
    assert {result.code: result.value_after for result in found.results} == {"P05": 0.25, "P07": 0.01}
    known = select(table, deal_with(limit("P06", "attribute_share", at_least="1"), LIMITS[4]), 10_000)
    assert [item.receivable_id for item in known.items] == ["r1", "r2", "r5"]


@pytest.mark.parametrize(
    ("limits", "cash", "smallest", "reason"),
    [
        ((), 5, "0.01", "the cash is 0.05, the cheapest receivable costs 9.80"),
        ((limit("P03", "member_share", at_most="0.5"),), 9000, "0.01", "limit P03 (at most 0.5) allows no batch"),
        ((limit("P14", "member_count", at_least="7"),), 9000, "0.01", "limit P14 (at least 7) allows no batch"),
        ((), 2000, "50", "the smallest batch of 50.00 and the cash of 20.00 cannot be kept together"),
        (
            (limit("P05", "attribute_share", at_least="1"), limit("P06", "attribute_share", at_most="0")),
            9000,
            "0.01",
            "limit P06 (at most 0) allows no batch of what is offered",
        ),
    ],
)
def test_when_nothing_can_be_bought_it_says_why(
    limits: tuple[Limit, ...], cash: int, smallest: str, reason: str
) -> None:
    """Five equal receivables of one region, and something in the way."""
    found = select(
        table_of([row_of(number, P05=True) for number in range(5)]), deal_with(*limits, smallest=smallest), cash
    )
    assert found.items == ()
    assert any(reason in each for each in found.reasons), found.reasons


def test_nothing_on_offer_is_said() -> None:
    """An empty day is no error."""
    found = select(table_of([]), deal_with(*LIMITS), 1000)
    assert found.items == ()
    assert "nothing is offered" in found.reasons[0]


def test_a_limit_that_binds_is_named() -> None:
    """Half of the offer may be bought beside the other half, so the smaller half decides."""
    rows = [row_of(number, P05=number % 4 != 0) for number in range(400)]
    found = select(table_of(rows), deal_with(limit("P05", "attribute_share", at_most="0.5")), 10**9)
    assert (len(found.items), found.binding, found.results[0].is_binding) == (200, ("P05",), True)


def test_a_purchase_mends_a_limit_that_the_pool_breaks() -> None:
    """A pool all of one region takes others until its share fits."""
    rows = [row_of(number, is_pooled=True) for number in range(3)]
    rows += [row_of(number, P03=f"{number}") for number in range(3, 20)]
    found = select(table_of(rows), deal_with(limit("P03", "member_share", at_most="0.2")), 10**9)
    assert (len(found.items), found.results[0].value_before) == (17, 1.0)
    assert found.results[0].value_after == pytest.approx(0.15)


def test_the_list_for_the_ledger_carries_deal_and_cash(usual: tuple[pa.Table, Deal, int, Selection]) -> None:
    """What is proposed is what was chosen, under the deal's hash."""
    _, deal, cash, found = usual
    listed = found.purchase_list(deal, date(2025, 6, 1), {"model_version": "3"})
    assert (listed.deal_hash, listed.cash_minor, listed.items) == (deal.hash, cash, found.items)
    assert listed.payload["price_minor"] == found.cash_used
