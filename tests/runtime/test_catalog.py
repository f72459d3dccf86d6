"""Stored tables: staged, audited, committed; replaced by partition; readable as of a snapshot; nothing half-written."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from runtime.catalog import Catalog
from runtime.content import content_hash
from schemas.errors import AuditError, CatalogError, SchemaError
from schemas.spark import struct_type
from schemas.table import Table, derived, money, rate, text
from schemas.table import date as day_column

SALES: Table = derived(
    "sales",
    "What was sold on a day.",
    ("sale_id", "as_of"),
    text("sale_id", "The sale."),
    day_column("as_of", "The day."),
    money("sold_amount", "For how much."),
    rate("annual_rate", "At which rate.", "not said"),
)
MONDAY, TUESDAY = date(2025, 6, 2), date(2025, 6, 3)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """Open an empty catalog."""
    opened = Catalog(tmp_path)
    yield opened
    opened.close()


def sales(engine: SparkSession, day: date, *amounts: str | None) -> DataFrame:
    """Give sales of a day, numbered."""
    from decimal import Decimal

    held = [(f"s{n}", day, Decimal(amount) if amount else None, None) for n, amount in enumerate(amounts)]
    return engine.createDataFrame(held, struct_type(SALES))


def amounts(catalog: Catalog, engine: SparkSession, **where: object) -> list[str]:
    """Read the amounts that are published now."""
    frame = catalog.read(engine, SALES, **where)  # type: ignore[arg-type]
    return sorted(str(row.sold_amount) for row in frame.collect())


def test_a_publication_replaces_exactly_its_partition(catalog: Catalog, engine: SparkSession) -> None:
    """Monday published again leaves Tuesday as it was, and the old Monday can still be read."""
    first = catalog.publish(SALES, sales(engine, MONDAY, "1.00", "2.00"), {"as_of": MONDAY}, "r1")
    catalog.publish(SALES, sales(engine, TUESDAY, "5.00"), {"as_of": TUESDAY}, "r2")
    again = catalog.publish(SALES, sales(engine, MONDAY, "3.00"), {"as_of": MONDAY}, "r3")
    assert amounts(catalog, engine) == ["3.00", "5.00"]
    assert amounts(catalog, engine, partition={"as_of": MONDAY}) == ["3.00"]
    assert amounts(catalog, engine, snapshot=first.snapshot) == ["1.00", "2.00"]
    assert (first.rows, again.rows) == (2, 1)


def test_an_unpublished_table_reads_as_empty(catalog: Catalog, engine: SparkSession) -> None:
    """No rows, but the declared columns."""
    assert catalog.read(engine, SALES).columns == list(SALES.names)
    assert catalog.arrow(SALES).num_rows == 0
    assert catalog.snapshot("sales") is None


def test_publishing_nothing_empties_the_partition(catalog: Catalog, engine: SparkSession) -> None:
    """A day on which a run finds nothing is an answer too."""
    catalog.publish(SALES, sales(engine, MONDAY, "1.00"), {"as_of": MONDAY}, "r1")
    catalog.publish(SALES, sales(engine, MONDAY), {"as_of": MONDAY}, "r2")
    assert amounts(catalog, engine) == []


def test_rows_that_break_a_rule_are_never_seen(catalog: Catalog, engine: SparkSession) -> None:
    """The audit reads what was written, refuses it by code, and leaves no file."""
    catalog.publish(SALES, sales(engine, MONDAY, "1.00"), {"as_of": MONDAY}, "r1")
    with pytest.raises(AuditError, match="sold_amount"):
        catalog.publish(SALES, sales(engine, MONDAY, "2.00", None), {"as_of": MONDAY}, "r2")
    assert amounts(catalog, engine) == ["1.00"]
    assert catalog.sweep_orphans() == []


def test_another_shape_is_refused_with_both_sides(catalog: Catalog, engine: SparkSession) -> None:
    """A missing column is named."""
    with pytest.raises(SchemaError, match="annual_rate"):
        catalog.publish(SALES, sales(engine, MONDAY, "1.00").drop("annual_rate"), {"as_of": MONDAY}, "r1")


def test_what_a_killed_run_left_is_found_and_removed(catalog: Catalog, engine: SparkSession) -> None:
    """Files that no snapshot points to go; published ones, old and new, stay."""
    first = catalog.publish(SALES, sales(engine, MONDAY, "1.00"), {"as_of": MONDAY}, "r1")
    catalog.publish(SALES, sales(engine, MONDAY, "2.00"), {"as_of": MONDAY}, "r2")
    orphan = catalog.warehouse / "poolwright" / "sales" / "data" / "killed"
    sales(engine, MONDAY, "9.00").write.parquet(str(orphan))
    assert catalog.sweep_orphans() == [orphan]
    assert amounts(catalog, engine, snapshot=first.snapshot) == ["1.00"]


def test_of_two_writers_of_one_partition_one_lands(catalog: Catalog, engine: SparkSession, tmp_path: Path) -> None:
    """The other gets a plain sentence, and no row stands twice."""
    catalog.publish(SALES, sales(engine, MONDAY, "1.00"), {"as_of": MONDAY}, "r0")
    other = Catalog(tmp_path)
    stale = other._find("sales")
    assert stale is not None
    catalog.publish(SALES, sales(engine, MONDAY, "2.00"), {"as_of": MONDAY}, "r1")
    other._find = lambda _name: stale  # type: ignore[method-assign]
    with pytest.raises(CatalogError, match="another run published"):
        other.publish(SALES, sales(engine, MONDAY, "3.00"), {"as_of": MONDAY}, "r2")
    assert amounts(catalog, engine) == ["2.00"]
    other.close()


def test_the_fingerprint_follows_the_partition(catalog: Catalog, engine: SparkSession) -> None:
    """Another day's rows do not change what a day's run was made from."""
    catalog.publish(SALES, sales(engine, MONDAY, "1.00"), {"as_of": MONDAY}, "r1")
    before = catalog.fingerprint("sales", {"as_of": MONDAY})
    catalog.publish(SALES, sales(engine, TUESDAY, "1.00"), {"as_of": TUESDAY}, "r2")
    assert catalog.fingerprint("sales", {"as_of": MONDAY}) == before
    content = content_hash(catalog.arrow(SALES, {"as_of": MONDAY}), SALES.key)
    catalog.publish(SALES, sales(engine, MONDAY, "1.00"), {"as_of": MONDAY}, "r3")
    assert catalog.fingerprint("sales", {"as_of": MONDAY}) != before
    assert content_hash(catalog.arrow(SALES, {"as_of": MONDAY}), SALES.key) == content
