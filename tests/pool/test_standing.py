"""What a pool shows on a day, summed on the engine, beside sums by hand over plain rows."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from pipelines.pool_triggers import ASKED, _asked
from pool.ledger import Pledge
from pool.spark_standing import lateness
from pool.tenures import Tenure
from schemas import derived
from tests.pool.worlds import AS_OF, frame

BEFORE = date(2025, 5, 1)
LEFT = date(2025, 5, 20)


def state(name: str, on: date, unpaid: str, days: int, worst: int, off: str = "0.00") -> dict[str, Any]:
    """Give what one receivable shows on a day."""
    told = {"current_principal_amount": Decimal(unpaid), "days_past_due": days, "worst_days_past_due": worst}
    return {
        "receivable_id": name,
        "as_of": on,
        **told,
        "written_off_amount": Decimal(off),
        "is_written_off": off != "0.00",
    }


def tenure(name: str, bought_on: date, units: int, ended_on: date | None = None) -> Tenure:
    """Give one receivable's time in the pool."""
    return Tenure(Pledge(f"k{name}", name, "demo", "p", units, units, bought_on, 1), ended_on, is_released=False)


def test_a_standing_is_summed_over_what_is_held_or_was(engine: SparkSession) -> None:
    """One is current, one newly bad, one bad before, one bought since and bad, one sold back before it turned bad."""
    long_ago = BEFORE - timedelta(days=60)
    held = [
        tenure("good", long_ago, 1000),
        tenure("newly", long_ago, 2000),
        tenure("old", long_ago, 3000),
        tenure("young", LEFT, 500),
        tenure("sold", long_ago, 700, LEFT),
        tenure("gone", long_ago, 900, BEFORE),
    ]
    states = [
        state("good", AS_OF, "9.00", 0, 5), state("good", BEFORE, "9.50", 0, 5),
        state("newly", AS_OF, "15.00", 70, 70), state("newly", BEFORE, "16.00", 40, 40),
        state("old", AS_OF, "20.00", 0, 95), state("old", BEFORE, "25.00", 65, 95),
        state("young", AS_OF, "4.00", 0, 0, "1.00"),
        state("sold", LEFT, "6.00", 10, 30), state("sold", BEFORE, "6.50", 0, 30), state("sold", AS_OF, "6.00", 99, 99),
        state("gone", BEFORE, "8.00", 80, 80),
    ]  # fmt: skip
    asked = _asked(held, AS_OF)
    assert asked.schema == ASKED
    assert pa.compute.unique(asked.column("began_on")).to_pylist() == [BEFORE]
    found = lateness(engine.createDataFrame(asked), frame(engine, derived.RECEIVABLE_STATES, states), (60,))
    assert found == {
        "bought": 8100,
        "unpaid": 900 + 1500 + 2000 + 400,
        "opening": 950 + 1600 + 2500 + 650,
        "written_off": 100,
        "late_60": 1500,
        "defaulted_60": 2000 + 3000 + 500 + 900,
        "default_unpaid_60": 1500 + 2000 + 400,
        "newly_60": 1600 + 500,
    }
