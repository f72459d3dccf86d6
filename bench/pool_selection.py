"""Measure a selection from a million eligible receivables under eighteen limits: time, cash left, breaches.

The receivables are generated from one seed. Three days are measured: money is short; money is plenty, so that limits
stop the purchase; money is plenty beside a pool that breaks limits already. What is told is the worst of the three.
"""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pool.deal import Deal, Limit, load_deal
from pool.selection import Selection, select

ELIGIBLE, POOLED = 1_000_000, 200_000
SEED = 7
DEALS = Path(__file__).resolve().parent.parent / "conf" / "deals"


@dataclass(frozen=True, slots=True)
class Term:
    """A limit of the bench: its code, measure, column and bound."""

    code: str
    measure: str
    column: str
    at_most: str = ""
    at_least: str = ""


TERMS = (
    Term("P01", "member_share", "borrower", at_most="0.0005"),
    Term("P02", "member_share", "merchant", at_most="0.03"),
    Term("P03", "member_share", "region_code", at_most="0.12"),
    Term("P04", "member_share", "category", at_most="0.28"),
    Term("P11", "member_share", "channel", at_most="0.42"),
    Term("P05", "attribute_share", "is_long", at_most="0.12"),
    Term("P06", "attribute_share", "is_risky", at_most="0.08"),
    Term("P12", "attribute_share", "is_free_of_interest", at_most="0.18"),
    Term("P13", "attribute_share", "is_new", at_most="0.30"),
    Term("P15", "attribute_share", "is_late", at_most="0.02"),
    Term("P17", "attribute_share", "is_first_tier", at_most="0.25"),
    Term("P18", "attribute_share", "is_debited", at_least="0.75"),
    Term("P07", "weighted_average", "default_probability", at_most="0.022"),
    Term("P08", "weighted_average", "annual_rate", at_least="0.11"),
    Term("P09", "weighted_average", "remaining_periods", at_most="5.2"),
    Term("P10", "weighted_average", "score", at_least="690"),
    Term("P14", "member_count", "borrower", at_least="1000"),
    Term("P16", "total_amount", "is_virtual", at_most="150000000"),
)
DAYS: Mapping[str, tuple[float, float]] = {
    "money is short": (0.15, 0.6),
    "limits stop it": (1.5, 0.6),
    "the pool breaks limits": (1.5, 1.0),
}
"""Cash as part of all that is offered, and how bad the pool's receivables are beside those on offer."""


def generate(path: Path, worse: float, size: int = ELIGIBLE, pooled: int = POOLED) -> pa.Table:
    """Write the receivables of a day, unless they stand there already, and read them."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(_generated(size, pooled, worse), path)
    return pq.read_table(path)


def deal_of() -> Deal:
    """Give the demonstration deal with the bench's limits, and no bound on a batch but the smallest."""
    demo = load_deal((DEALS / "demo_consumer.yaml").read_text("utf-8"))
    limits = tuple(_limit(each) for each in TERMS)
    batch = demo.batch.model_copy(update={"maximum_amount": Decimal(10) ** 12})
    return demo.model_copy(update={"limits": limits, "batch": batch})


def measure(folder: Path) -> dict[str, float]:
    """Select on each day; give the most seconds, the largest gap to the linear bound, and all breaches."""
    deal = deal_of()
    seconds, gaps, breaches = [], [], 0
    for name, (part, worse) in DAYS.items():
        table = generate(folder / f"offer_{worse}.parquet", worse)
        offered = int(np.sum(table.column("principal_minor").to_numpy()[~table.column("is_pooled").to_numpy()]))
        started = time.perf_counter()
        found = select(table, deal, int(part * offered), seed=name)
        seconds.append(time.perf_counter() - started)
        gaps.append(1 - found.cash_used / found.cash_bound)
        breaches += len(found.breaches)
        print(_line(name, found, seconds[-1], gaps[-1]), flush=True)
    return {"select_seconds": max(seconds), "gap_to_bound": max(gaps), "breaches": float(breaches)}


def _line(name: str, found: Selection, seconds: float, gap: float) -> str:
    used = found.cash_used / found.cash_available
    return (
        f"{name:24s} {seconds:6.1f} s  {len(found.items):8,d} bought  {used:7.2%} of the cash  "
        f"{gap:.4%} below the bound  {len(found.breaches)} breaches  binding: {' '.join(found.binding)}"
    )


def _limit(term: Term) -> Limit:
    bounds = {name: Decimal(getattr(term, name)) for name in ("at_most", "at_least") if getattr(term, name)}
    words = {"clause": "6", "text_en": term.column, "text_zh": term.column, "expression": "receivable.is_signed"}
    return Limit.model_validate({"code": term.code, "measure": term.measure, **words, **bounds})


def _generated(size: int, pooled: int, worse: float) -> pa.Table:
    draw, count = np.random.default_rng(SEED), size + pooled
    is_pooled = np.arange(count) < pooled
    spoiled = np.where(is_pooled, worse, 1.0)
    probability = np.clip(draw.beta(1.2, 40, count) * spoiled, 0.0005, 0.08)
    free = draw.random(count) < 0.25 * spoiled
    rate = np.where(free, 0.0, np.round(np.clip(0.09 + 1.5 * probability + draw.normal(0, 0.03, count), 0.03, 0.24), 4))
    term = draw.choice([1, 3, 6, 9, 12, 18, 24], count, p=[0.2, 0.15, 0.2, 0.1, 0.2, 0.1, 0.05])
    left = np.maximum(1, (term * draw.random(count) * spoiled).astype(np.int64) + 1)
    region = _members(draw, spoiled, [0.16, 0.13, 0.10, 0.08], 31)
    columns = {
        "principal_minor": np.clip(draw.lognormal(12.2, 0.9, count), 2000, 5_000_000).astype(np.int64),
        "is_pooled": is_pooled,
        "region_code": region,
        "default_probability": probability,
        "loss_rate": probability * 0.6,
        "annual_rate": rate,
        "life_months": (left + 1) / 2,
        "remaining_periods": left.astype(np.float64),
    }
    limits = {
        "borrower": draw.integers(0, count // 3, count).astype(str),
        "merchant": np.minimum((draw.pareto(1.1, count) * 40 / spoiled).astype(np.int64), 20_000).astype(str),
        "region_code": region,
        "category": _members(draw, spoiled, [0.35, 0.2, 0.1], 12),
        "channel": _members(draw, spoiled, [0.5, 0.2, 0.15], 5),
        "is_long": (term > 12) & (draw.random(count) < spoiled),
        "is_risky": probability > 0.05,
        "is_free_of_interest": free,
        "is_new": draw.random(count) < 0.35 * spoiled,
        "is_late": draw.random(count) < 0.03 * spoiled,
        "is_first_tier": draw.random(count) < 0.3 * spoiled,
        "is_debited": draw.random(count) < 0.7 / spoiled,
        "default_probability": probability,
        "annual_rate": rate,
        "remaining_periods": left.astype(np.float64),
        "score": np.clip(720 - 1500 * probability + draw.normal(0, 30, count), 450, 850),
        "is_virtual": draw.random(count) < 0.1 * spoiled,
    }
    names = [f"r{number:07d}" for number in range(count)]
    keys = {"receivable_id": names, "receivable_key": [f"k{name}" for name in names]}
    return pa.table({**keys, **columns, **{term.code: limits[term.column] for term in TERMS}})


def _members(draw: np.random.Generator, spoiled: np.ndarray, large: list[float], size: int) -> np.ndarray:
    """Draw members of which some are large; of receivables that are less bad a part is spread evenly."""
    rest = (1 - sum(large)) / (size - len(large))
    uneven = draw.choice(size, len(spoiled), p=[*large, *[rest] * (size - len(large))])
    member = np.where(draw.random(len(spoiled)) < spoiled, uneven, draw.integers(0, size, len(spoiled)))
    return np.array([f"m{number:02d}" for number in range(size)])[member]


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
