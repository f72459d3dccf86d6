"""The proposal uses the cash, never breaks a limit, and cannot be steered."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pool.check import find_breaches
from pool.deal import Deal, Limit
from pool.price import price_minor
from pool.selection import Selection, select
from tests.oracles.pool_selection import most_cash
from tests.pool.worlds import demo_deal

DEMO = demo_deal()


def limit(code: str, measure: str, **bound: str) -> Limit:
    bounds = {name: Decimal(value) for name, value in bound.items()}
    terms: dict[str, Any] = {"measure": measure, "expression": "receivable.is_signed", **bounds}
    return Limit(code=code, clause="6", text_en="a limit", text_zh="限制", **terms)


def deal_with(*limits: Limit, smallest: str = "0.01", largest: str = "1000000000", discount: str = "0.02") -> Deal:
    batch = DEMO.batch.model_copy(update={"minimum_amount": Decimal(smallest), "maximum_amount": Decimal(largest)})
    price = DEMO.price.model_copy(update={"discount_rate": Decimal(discount)})
    return DEMO.model_copy(update={"limits": limits, "batch": batch, "price": price})


LIMITS = (
    limit("P01", "member_share", at_most="0.4"),
    limit("P03", "member_share", at_most="0.6"),
    limit("P05", "attribute_share", at_most="0.5"),
    limit("P06", "attribute_share", at_least="0.2"),
    limit("P07", "weighted_average", at_most="0.03"),
    limit("P09", "total_amount", at_most="40"),
    limit("P14", "member_count", at_least="2"),
)


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    kinds = {"P05": pa.bool_(), "P06": pa.bool_(), "P07": pa.float64(), "P09": pa.bool_(), "is_pooled": pa.bool_()}
    names = [
        "receivable_id",
        "receivable_key",
        "principal_minor",
        "is_pooled",
        "P01",
        "P03",
        "P05",
        "P06",
        "P07",
        "P09",
        "P14",
    ]
    schema = pa.schema(
        [(name, pa.int64() if name == "principal_minor" else kinds.get(name, pa.string())) for name in names]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def row_of(number: int, **values: Any) -> dict[str, Any]:
    whole = {"principal_minor": 1000, "is_pooled": False, "P01": f"b{number}", "P03": "33", "P05": False, "P06": True}
    whole |= {"P07": 0.01, "P09": False, "P14": f"b{number}"}
    return {"receivable_id": f"r{number}", "receivable_key": f"k{number}", **whole, **values}


flags = st.one_of(st.none(), st.booleans())
row_values = st.fixed_dictionaries(
    {
        "principal_minor": st.one_of(st.sampled_from([1000, 1000, 2500]), st.integers(1, 5000)),
        "is_pooled": st.sampled_from([False, False, False, True]),
        "P01": st.sampled_from(["a", "b", "c", "d", "e", None]),
        "P03": st.sampled_from(["11", "33", None]),
        "P05": flags,
        "P06": flags,
        "P07": st.one_of(st.none(), st.sampled_from([0.0, 0.03, 0.06]), st.floats(0, 0.1)),
        "P09": flags,
        "P14": st.sampled_from(["a", "b", "c"]),
    }
)
some_limits = st.lists(st.sampled_from(LIMITS), unique_by=lambda each: each.code).map(tuple)


@given(st.lists(row_values, max_size=9), some_limits, st.integers(0, 20_000))
@example([row_of(number, P07=None) for number in range(9)], (LIMITS[4],), 1960)
@settings(max_examples=120, deadline=None)
def test_a_small_proposal_is_the_best_there_is(
    values: list[dict[str, Any]], limits: tuple[Limit, ...], cash: int
) -> None:
    """Never a breach, never more than the best of all batches, and less by one receivable's price at most."""
    table = table_of([{**row_of(number), **each} for number, each in enumerate(values)])
    deal = deal_with(*limits)
    found = select(table, deal, cash)
    assert found.breaches == ()
    assert bool(found.items) != bool(found.reasons)
    best = most_cash(table, deal, cash)
    dearest = max((price_minor(each["principal_minor"], deal.price.discount_rate) for each in values), default=0)
    counts = any(each.measure == "member_count" for each in limits)
    assert found.cash_used <= best
    assert found.cash_used >= best - dearest or counts


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


def random_rows(seed: int, size: int, members: int = 150) -> pa.Table:
    draw = np.random.default_rng(seed)
    rows = [
        row_of(
            number,
            principal_minor=int(draw.lognormal(11, 0.8)),
            is_pooled=bool(draw.random() < 0.05),
            P01=f"b{draw.integers(members)}",
            P03=f"{draw.integers(12)}",
            P05=bool(draw.random() < 0.55),
            P06=bool(draw.random() < 0.3),
            P07=float(draw.beta(1, 30)),
            P14=f"b{draw.integers(members)}",
        )
        for number in range(size)
    ]
    return table_of(rows)


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
        ((limit("P03", "member_share", at_most="0.5"),), 9000, "0.01", "limit P03 allows no batch"),
        ((limit("P14", "member_count", at_least="7"),), 9000, "0.01", "limit P14: 5 of at least 7"),
        ((), 2000, "50", "limits and cash allow 20.00, the deal's smallest batch is 50"),
        (
            (limit("P05", "attribute_share", at_least="1"), limit("P06", "attribute_share", at_most="0")),
            9000,
            "0.01",
            "limit P06 allows no batch of what is offered",
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
