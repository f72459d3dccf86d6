"""Small worlds to buy from: limits, deals, rows on offer, and strategies that make them up."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from pool.deal import Deal, Limit
from pool.traits import NUMBERS, REGION
from tests.pool.worlds import demo_deal

DEMO = demo_deal()


def limit(code: str, measure: str, *, maintain: bool = False, **bound: str) -> Limit:
    bounds = {name: Decimal(value) for name, value in bound.items()}
    terms: dict[str, Any] = {"measure": measure, "expression": "receivable.is_signed", "maintain_or_improve": maintain}
    terms |= bounds
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
    kinds |= {"principal_minor": pa.int64(), **dict.fromkeys(NUMBERS, pa.float64())}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in (*names, *NUMBERS, REGION)])
    return pa.Table.from_pylist(rows, schema=schema)


def row_of(number: int, **values: Any) -> dict[str, Any]:
    whole = {"principal_minor": 1000, "is_pooled": False, "P01": f"b{number}", "P03": "33", "P05": False, "P06": True}
    whole |= {"P07": 0.01, "P09": False, "P14": f"b{number}", "annual_rate": 0.1, "life_months": 3.0, REGION: "33"}
    whole |= {"default_probability": 0.01, "loss_rate": 0.006, "remaining_periods": 5.0}
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
        "annual_rate": st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.24])),
        "life_months": st.one_of(st.none(), st.floats(0.5, 24)),
        "loss_rate": st.one_of(st.none(), st.floats(0, 0.3)),
    }
)
some_limits = st.lists(st.sampled_from(LIMITS), unique_by=lambda each: each.code).map(tuple)
BOUNDS = {
    "P01": ("member_share", "at_most", ("0.1", "0.25", "0.4", "0.7")),
    "P03": ("member_share", "at_most", ("0.34", "0.5", "0.8")),
    "P05": ("attribute_share", "at_most", ("0", "0.2", "0.5")),
    "P06": ("attribute_share", "at_least", ("0.2", "0.5", "1")),
    "P07": ("weighted_average", "at_most", ("0", "0.01", "0.03", "0.05")),
    "P09": ("total_amount", "at_most", ("0.01", "20", "100")),
    "P14": ("member_count", "at_least", ("1", "2", "3")),
}


@st.composite
def any_limits(draw: st.DrawFn) -> tuple[Limit, ...]:
    """Draw some limits with bounds from strict to loose, some of which ask only to maintain or improve."""
    codes = draw(st.lists(st.sampled_from(sorted(BOUNDS)), unique=True))
    found = []
    for code in codes:
        measure, side, bounds = BOUNDS[code]
        maintain = draw(st.sampled_from([False, False, True]))
        found.append(limit(code, measure, maintain=maintain, **{side: draw(st.sampled_from(bounds))}))
    return tuple(found)


def rows_from(values: list[dict[str, Any]]) -> pa.Table:
    """Number the rows that a strategy drew."""
    return table_of([{**row_of(number), **each} for number, each in enumerate(values)])


def random_rows(seed: int, size: int, members: int = 150) -> pa.Table:
    """Make rows of a seed whose traits go with what their limits look at."""
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
    for row in rows:
        told = {"default_probability": row["P07"], "loss_rate": 0.6 * row["P07"], REGION: row["P03"]}
        told |= {"annual_rate": float(draw.choice([0.0, 0.1, 0.18])), "life_months": float(draw.uniform(1, 9))}
        row |= {**told, "remaining_periods": float(draw.integers(1, 13))}
    return table_of(rows)
