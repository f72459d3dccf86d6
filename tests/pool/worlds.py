"""A receivable that the demonstration deal buys, and engine frames for it and its neighbours."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from pool.deal import Deal, load_deal
from pool.vocabulary import COLUMNS, engine_name
from schemas.spark import engine_type
from schemas.table import Kind, Table

Row = dict[str, Any]
AS_OF = date(2025, 6, 1)
ZONE = "Asia/Shanghai"
CHAMPION = "3"
DEALS = Path(__file__).resolve().parents[2] / "conf" / "deals"
ARROW = {
    Kind.TEXT: pa.string(),
    Kind.FLAG: pa.bool_(),
    Kind.COUNT: pa.int64(),
    Kind.NUMBER: pa.int64(),
    Kind.DAYS: pa.int64(),
    Kind.MONEY: pa.decimal128(18, 2),
    Kind.RATE: pa.decimal128(9, 6),
    Kind.REAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.MOMENT: pa.timestamp("us", "UTC"),
}
GOOD: Mapping[str, Any] = {
    "receivable.receivable_id": "r",
    "receivable.receivable_key": "key-r",
    "receivable.borrower_id": "b",
    "receivable.merchant_id": "m",
    "receivable.order_id": "o",
    "receivable.purpose": "SHOPPING",
    "receivable.region_code": "33",
    "receivable.category_code": "HOME",
    "receivable.originated_on": date(2025, 4, 20),
    "receivable.disbursed_on": date(2025, 4, 20),
    "receivable.term_number": 6,
    "receivable.amortization": "EQUAL_INSTALMENT",
    "receivable.pay_frequency": "MONTHLY",
    "receivable.annual_rate": Decimal("0.138000"),
    "receivable.rate_type": "FIXED",
    "receivable.currency": "CNY",
    "receivable.original_principal_amount": Decimal("600.00"),
    "receivable.disbursed_amount": Decimal("600.00"),
    "receivable.is_signed": True,
    "receivable.is_auto_debit": True,
    "receivable.is_transfer_restricted": False,
    "receivable.has_setoff": False,
    "state.receivable_id": "r",
    "state.as_of": AS_OF,
    "state.receivable_key": "key-r",
    "state.borrower_id": "b",
    "state.current_principal_amount": Decimal("500.00"),
    "state.written_off_amount": Decimal("0.00"),
    "state.refunded_amount": Decimal("0.00"),
    "state.days_past_due": 0,
    "state.worst_days_past_due": 2,
    "state.late_count": 1,
    "state.remaining_period_count": 5,
    "state.next_due_on": date(2025, 6, 20),
    "state.final_due_on": date(2025, 10, 20),
    "state.is_written_off": False,
    "state.is_disputed": False,
    "state.is_refund_open": False,
    "state.extension_count": 0,
    "state.restructure_count": 0,
    "state.is_open": True,
    "tag.as_of": AS_OF,
    "tag.default_probability": 0.021,
    "tag.grade": "B",
    "tag.model_version": CHAMPION,
    "borrower.customer_type": "NATURAL_PERSON",
    "borrower.residency_country": "CHN",
    "borrower.born_on": date(1990, 2, 28),
    "borrower.kyc_status": "VERIFIED",
    "borrower.kyc_factor_count": 3,
    "borrower.is_related_party": False,
    "borrower.is_deceased": False,
    "borrower.is_insolvent": False,
    "merchant.merchant_status": "ACTIVE",
    "merchant.is_under_review": False,
    "order.order_status": "DELIVERED",
    "order.credit_amount": Decimal("600.00"),
    "order.is_virtual_goods": False,
    "report.happened_at": datetime(2025, 5, 1, 3, tzinfo=UTC),
    "report.bureau_score": 655.0,
    "report.overdue_amount": Decimal("0.00"),
    "report.inquiry_3m_count": 2,
    "report.active_lender_count": 3,
    "blacklist.is_borrower_listed": False,
    "blacklist.is_merchant_listed": False,
    "blacklist.is_device_listed": False,
    "exposure.max_days_past_due": 0,
    "exposure.total_principal_amount": Decimal("900.00"),
    "exposure.written_off_count": 0,
    "position.is_pledged": False,
}
"""What a good receivable's wide row says; columns that are not here are null."""

BAD: Mapping[str, Mapping[str, Any]] = {
    "E01": {"borrower.customer_type": "ENTERPRISE"},
    "E02": {"borrower.residency_country": "NO"},
    "E03": {"borrower.born_on": date(2007, 4, 21)},
    "E04": {"borrower.born_on": date(1959, 10, 20), "receivable.originated_on": date(2019, 10, 20)},
    "E05": {"borrower.kyc_factor_count": 2},
    "E06": {"borrower.is_insolvent": True},
    "E07": {"blacklist.is_borrower_listed": True},
    "E07D": {"blacklist.is_device_listed": True},
    "E08": {"borrower.is_related_party": True},
    "E09": {"exposure.max_days_past_due": 1},
    "E10": {"receivable.is_signed": False},
    "E11": {"receivable.disbursed_on": AS_OF},
    "E12": {"order.credit_amount": Decimal("599.99")},
    "E13": {"state.next_due_on": None},
    "E14": {"state.refunded_amount": Decimal("0.01")},
    "E15": {"receivable.has_setoff": True},
    "E16": {"blacklist.is_merchant_listed": True},
    "E17": {"receivable.category_code": "GAME"},
    "E18": {"receivable.purpose": "HOUSING"},
    "E19": {"receivable.currency": "USD"},
    "E20": {"state.days_past_due": 1},
    "E21": {"state.worst_days_past_due": 8},
    "E22": {"state.late_count": 3},
    "E24": {"state.written_off_amount": Decimal("0.01")},
    "E25": {"state.extension_count": 1},
    "E26": {"receivable.originated_on": AS_OF},
    "E27": {"receivable.term_number": 13},
    "E28": {"state.final_due_on": AS_OF},
    "E29": {"state.final_due_on": date(2028, 1, 2)},
    "E30": {"state.current_principal_amount": Decimal("9.99")},
    "E31": {"exposure.total_principal_amount": Decimal("200000.01")},
    "E32": {"receivable.annual_rate": Decimal("0.240001")},
    "E33": {"receivable.rate_type": "FLOATING"},
    "E34": {"receivable.amortization": "BULLET"},
    "E35": {"receivable.pay_frequency": "OTHER"},
    "E36": {"receivable.is_auto_debit": False},
    "E38": {"tag.default_probability": 0.0800001},
    "E39": {"tag.model_version": "2"},
    "E40": {"report.happened_at": datetime(2025, 1, 31, 15, 59, tzinfo=UTC)},
    "E41": {"report.active_lender_count": 9},
    "E44": {"position.is_pledged": True},
    "E46": {"receivable.is_transfer_restricted": True},
}
"""For each criterion of the demonstration deal, what makes a good receivable fail it and nothing else."""


def demo_deal() -> Deal:
    return load_deal((DEALS / "demo_consumer.yaml").read_text(encoding="utf-8"))


def wide_row(name: str, **changes: Any) -> Row:
    """Give a good receivable's row under another id, with changes by dotted name."""
    row: Row = dict.fromkeys(column for column in COLUMNS if not column.startswith("deal."))
    row.update(GOOD)
    row.update(changes)
    return {**row, "state.receivable_id": name, "receivable.receivable_id": name, "state.receivable_key": f"key-{name}"}


def view_of(engine: SparkSession, rows: Iterable[Row]) -> DataFrame:
    """Make the wide view of dotted rows."""
    columns = {name: kind for name, kind in COLUMNS.items() if not name.startswith("deal.")}
    schema = pa.schema([(engine_name(name), ARROW[kind]) for name, kind in columns.items()])
    data = pa.Table.from_pylist([{engine_name(name): row[name] for name in columns} for row in rows], schema=schema)
    types = [StructField(engine_name(name), engine_type(kind)) for name, kind in columns.items()]
    return engine.createDataFrame(data, schema=StructType(types))


def frame(engine: SparkSession, table: Table, rows: Iterable[Row]) -> DataFrame:
    """Make an engine frame of a table; a column that a row lacks is null."""
    schema = pa.schema([(column.name, ARROW[column.kind]) for column in table.columns])
    types = StructType([StructField(column.name, engine_type(column.kind)) for column in table.columns])
    data = pa.Table.from_pylist([{name: row.get(name) for name in table.names} for row in rows], schema=schema)
    return engine.createDataFrame(data if len(data) else [], schema=types)


def ago(days: float) -> datetime:
    """Give the moment that long before the cut-off."""
    return datetime(2025, 5, 31, 16, tzinfo=UTC) - timedelta(days=days)
