"""A tiny platform whose raw files a test writes itself, and what refining makes of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from runtime.mapping_plan import plan_mapping
from runtime.refine import Accounting, Refined, refine
from runtime.refine_shape import Delivery

MOMENT = "to_moment(t, 'yyyy-MM-dd HH:mm:ss', 'Asia/Shanghai')"
PLATFORM: dict[str, Any] = {
    "name": "tiny",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
    "originator": "TINY",
    "tables": {
        "borrowers": [
            {
                "files": ["users.csv"],
                "format": "csv",
                "columns": {
                    "borrower_id": "uid",
                    "customer_type": "kind",
                    "born_on": "to_date(birth, 'yyyy-MM-dd')",
                    "annual_income_amount": "to_money(income)",
                    "happened_at": MOMENT,
                },
                "words": {"customer_type": {"P": "NATURAL_PERSON"}},
            }
        ],
        "receivables": [
            {
                "files": ["loans.jsonl"],
                "format": "jsonl",
                "columns": {
                    "receivable_id": "loan",
                    "contract_no": "loan",
                    "borrower_id": "uid",
                    "originated_on": "to_date(d, 'yyyy-MM-dd')",
                    "disbursed_on": "to_date(d, 'yyyy-MM-dd')",
                    "term_number": "2",
                    "original_principal_amount": "to_money(prin)",
                    "happened_at": "day_start(to_date(d, 'yyyy-MM-dd'), 'Asia/Shanghai')",
                },
            }
        ],
        "instalments": [
            {
                "files": ["plans.csv"],
                "format": "csv",
                "columns": {
                    "receivable_id": "loan",
                    "schedule_version_number": "to_number(ver)",
                    "period_number": "to_number(n)",
                    "due_on": "to_date(due, 'yyyy-MM-dd')",
                    "principal_due_amount": "to_money(prin)",
                    "interest_due_amount": "0",
                    "fee_due_amount": "0",
                    "happened_at": MOMENT,
                },
            }
        ],
        "repayments": [
            {
                "files": ["pays.parquet"],
                "format": "parquet",
                "columns": {
                    "repayment_id": "pay",
                    "receivable_id": "loan",
                    "value_on": "to_date(d, 'yyyy-MM-dd')",
                    "principal_amount": "to_money(amount)",
                    "interest_amount": "0",
                    "fee_amount": "0",
                    "penalty_amount": "0",
                    "happened_at": "day_start(to_date(d, 'yyyy-MM-dd'), 'Asia/Shanghai')",
                },
            }
        ],
    },
}


def platform(*tables: str, **changes: object) -> dict[str, Any]:
    """Give the tiny platform's mapping, cut to some tables, with top-level keys changed."""
    kept = {name: parts for name, parts in PLATFORM["tables"].items() if not tables or name in tables}
    return {**PLATFORM, "tables": kept, **changes}


@dataclass(frozen=True)
class Outcome:
    """Everything that refining gave, by table."""

    tables: dict[str, Refined]

    def account(self, table: str) -> Accounting:
        """Give a table's accounting, whose identity is checked here, always."""
        account = self.tables[table].accounting
        assert account.read == account.filtered + account.merged + account.published + account.quarantined
        assert sum(account.codes.values()) == account.quarantined
        return account

    def codes(self, table: str) -> dict[str, int]:
        """Give the codes of a table's quarantined rows, with how many."""
        return dict(self.account(table).codes)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Give a table's published rows, sorted by key."""
        frame = self.tables[table].published
        return [row.asDict() for row in frame.orderBy(*self.tables[table].table.row_key).collect()]

    def quarantined(self, table: str) -> list[dict[str, Any]]:
        """Give a table's quarantined rows, in order of file and line."""
        frame = self.tables[table].quarantine
        return [row.asDict() for row in frame.orderBy("file", "line_number", "row_id").collect()]


Refining = Callable[..., Outcome]


@pytest.fixture
def refining(engine: SparkSession, tmp_path: Path) -> Refining:
    """Give a function that writes raw files (texts or bytes by name) and refines them by a mapping."""
    count = 0

    def run(
        mapping: Mapping[str, Any],
        files: Mapping[str, str | bytes],
        published: Mapping[str, DataFrame] | None = None,
        **delivery: Any,
    ) -> Outcome:
        nonlocal count
        count += 1
        folder, work = tmp_path / f"raw-{count}", tmp_path / f"work-{count}"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        read = Delivery(plan_mapping(dict(mapping), "the test"), folder, **delivery)
        done = list(refine(engine, read, work, "b1", published or {}))
        return Outcome({one.table.name: one for one in done})

    return run
