"""The worst pool is a pool that keeps the limits, none is worse, and each world is wider than the one before."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from scipy.optimize import linprog

from pool.deal import Criterion, Deal, Limit
from pool.mixture import Kinds, Members, worst_mixture
from pool.spark_grid import LEFT, PROBABILITY, RATE, allowed_kinds
from pool.worst import Worst, worst_pools
from tests.pool.offers import DEMO, deal_with, limit, random_rows

OPEN = {"loss_rate": (PROBABILITY,), "life_months": (LEFT,), "annual_yield": (RATE,)}
NO_GRID = pa.table({"loss_rate": [0.0]})


def worst(deal: Deal, table: pa.Table) -> dict[str, Worst]:
    """Find the worst pools where the document says nothing of the columns."""
    return {one.measure: one for one in worst_pools(table, deal, NO_GRID, OPEN)}


@st.composite
def mixtures(draw: st.DrawFn) -> Kinds:
    """Draw kinds with two limits that are sums and one over members."""
    size = draw(st.integers(1, 40))
    reals = st.lists(st.floats(-1, 1), min_size=size, max_size=size)
    members = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    share = draw(st.sampled_from([0.2, 0.4, 1.0]))
    weights = np.array([draw(reals), draw(reals)])
    return Kinds(
        np.array(draw(reals)), ("A", "B"), weights, np.array([0.0, 0.1]), (Members("M", np.array(members), share),)
    )


@given(mixtures())
@settings(max_examples=100, deadline=None)
def test_a_mixture_is_that_of_the_whole_programme(kinds: Kinds) -> None:
    """With all kinds and members written out at once the worst is the same, and so is that there is none."""
    [family] = kinds.members
    rows = np.stack([(family.members == member).astype(float) for member in range(4)])
    left, right = np.concatenate([kinds.weights, rows]), np.concatenate([kinds.rooms, np.full(4, family.share)])
    whole = linprog(-kinds.values, A_ub=left, b_ub=right, A_eq=np.ones((1, len(kinds.values))), b_eq=[1.0])
    found = worst_mixture(kinds)
    assert (found is None) == (whole.status != 0)
    if found:
        assert found.value == pytest.approx(-whole.fun, abs=1e-6)
        assert found.parts.sum() == pytest.approx(1.0)
        assert np.all(kinds.weights[:, found.kinds] @ found.parts <= kinds.rooms + 1e-7)


def test_many_kinds_enter_few_at_a_time() -> None:
    """Of a hundred thousand kinds the two at the limit's bound make the worst mixture."""
    risk = np.linspace(0, 0.1, 100_001)
    found = worst_mixture(Kinds(risk**2, ("P07",), (risk - 0.03)[None, :], np.array([0.0]), ()))
    assert found is not None
    assert found.value == pytest.approx(0.1**2 * 0.3)
    assert risk[found.kinds].tolist() == [0.0, 0.1]
    assert found.binding == {"P07"}


def test_the_worst_pool_is_at_its_limits() -> None:
    """The average probability may be three hundredths: so it is in the worst pool, whatever the pool has now."""
    deal = deal_with(limit("P07", "weighted_average", at_most="0.03"), limit("P03", "member_share", at_most="0.5"))
    table = random_rows(1, 3000)
    found = worst(deal, table)
    loss = found["loss_rate"]
    assert loss.supply == pytest.approx(0.018, rel=1e-3)
    assert loss.kinds == pytest.approx(0.018, rel=1e-6)
    assert loss.binding == ("P07",)
    assert loss.pool is not None
    assert loss.distance == pytest.approx((0.018 - loss.pool) / loss.pool, rel=1e-6)
    life, income = found["life_months"], found["annual_yield"]
    assert life.offered < life.supply <= life.kinds  # type: ignore[operator]
    assert income.offered > income.supply >= income.kinds  # type: ignore[operator]
    assert loss.distance < 0, "this pool is beyond the limit already"
    assert life.distance is not None
    assert income.distance is not None
    assert min(life.distance, income.distance) > 0


def test_a_limit_on_borrowers_says_nothing_of_kinds_and_one_on_regions_does() -> None:
    """New borrowers of the worst kind can be found; more than one region is needed."""
    table = random_rows(3, 500)
    words = {"expression": "receivable.borrower_id"}
    borrowers = limit("P01", "member_share", at_most="0.01").model_copy(update=words)
    regions = limit("P03", "member_share", at_most="0.1").model_copy(update={"expression": "receivable.region_code"})
    everything = worst(deal_with(), table)["loss_rate"].kinds
    assert worst(deal_with(borrowers), table)["loss_rate"].kinds == everything
    capped = worst(deal_with(regions), table)["loss_rate"]
    assert capped.kinds is not None
    assert everything is not None
    assert capped.kinds < everything
    assert capped.binding == ("P03",)


def criterion(code: str, expression: str) -> Criterion:
    """Give a criterion."""
    return Criterion(code=code, clause="5", text_en="a criterion", text_zh="标准", expression=expression)


def stated(code: str, measure: str, expression: str, **bound: str) -> Limit:
    """Give a limit over an expression."""
    return limit(code, measure, **bound).model_copy(update={"expression": expression})


def test_the_document_alone_tells_how_bad_a_pool_may_be(engine: SparkSession) -> None:
    """At most 8 % each and 3 % on average; 12 instalments; rates from 4 %, 6 % on average: by hand."""
    deal = DEMO.model_copy(
        update={
            "criteria": (
                criterion("E38", "tag.default_probability <= 0.08 AND tag.grade <> 'E'"),
                criterion("E27", "receivable.term_number IN (1, 3, 6, 12)"),
                criterion("E32", "receivable.annual_rate BETWEEN 0.04 AND 0.24"),
                criterion("E01", "borrower.customer_type = 'NATURAL_PERSON'"),
            ),
            "limits": (
                stated("P06", "attribute_share", "tag.default_probability > 0.05", at_most="0.15"),
                stated("P07", "weighted_average", "tag.default_probability", at_most="0.03"),
                stated("P09", "weighted_average", "receivable.annual_rate", at_least="0.06"),
                stated("P05", "attribute_share", "receivable.term_number > 9", at_most="0.5"),
                stated("P03", "member_share", "receivable.region_code", at_most="0.2"),
            ),
        }
    )
    grid, left_open = allowed_kinds(engine, deal)
    assert left_open == {"loss_rate": (), "life_months": (), "annual_yield": ()}
    found = {one.measure: one.document for one in worst_pools(random_rows(1, 60), deal, grid, left_open)}
    assert found["loss_rate"] == pytest.approx(0.03 * 0.6, abs=1e-6)
    assert found["life_months"] == pytest.approx(0.5 * 6.5 + 0.5 * 3.5)
    discount = float(deal.price.discount_rate)
    gained = discount * (0.5 * 12 / 6.5 + 0.5 * 12 / 3.5)
    assert found["annual_yield"] == pytest.approx((0.06 + gained) / (1 - discount), abs=1e-5)


def test_what_the_document_leaves_open_is_said(engine: SparkSession) -> None:
    """No criterion bounds the probability or the term: there is no worst pool, and the columns are named."""
    deal = DEMO.model_copy(update={"criteria": (criterion("E32", "receivable.annual_rate <= 0.24"),), "limits": ()})
    grid, left_open = allowed_kinds(engine, deal)
    assert left_open == {"loss_rate": (PROBABILITY,), "life_months": (LEFT,), "annual_yield": ()}
    found = {one.measure: one for one in worst_pools(random_rows(1, 60), deal, grid, left_open)}
    assert (found["loss_rate"].document, found["loss_rate"].left_open) == (None, (PROBABILITY,))
    assert found["annual_yield"].document is not None
