"""The audit of written files: each broken promise is counted, over all files, and nothing is left behind."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import AuditError
from schemas.expectations import audit, kept_and_broken
from schemas.table import count, derived, flag, moment, money, rate, real, text
from schemas.table import date as day

NOTES = derived(
    "notes",
    "A note.",
    ("note_id",),
    text("note_id", "The note."),
    day("as_of", "The day."),
    text("grade", "Its grade.", "not graded", values=("A", "B")),
    money("face_amount", "What it is for."),
    money("change_amount", "How it moved.", "it did not", lowest=None),
    rate("annual_rate", "Its rate.", "none"),
    real("probability", "A probability.", "not scored", lowest=0, highest=1),
    count("page_count", "Pages."),
    flag("is_signed", "Whether it is signed."),
    moment("seen_at", "When it was seen."),
)
TYPES = pa.schema(
    [
        *[
            ("note_id", pa.string()),
            ("as_of", pa.date32()),
            ("grade", pa.string()),
            ("face_amount", pa.decimal128(18, 2)),
        ],
        *[("change_amount", pa.decimal128(18, 2)), ("annual_rate", pa.decimal128(9, 6)), ("probability", pa.float64())],
        *[("page_count", pa.int64()), ("is_signed", pa.bool_()), ("seen_at", pa.timestamp("us", tz="UTC"))],
    ]
)
GOOD: dict[str, Any] = {
    "note_id": "N1",
    "as_of": date(2025, 1, 31),
    "grade": "A",
    "face_amount": Decimal("9999999.99"),
    "change_amount": Decimal("-9999999.99"),
    "annual_rate": None,
    "probability": 1.0,
    "page_count": 0,
    "is_signed": False,
    "seen_at": datetime(2025, 1, 31, tzinfo=UTC),
}
BROKEN = [
    ("grade", "C", "expect_column_values_to_be_in_set"),
    ("face_amount", Decimal("-0.01"), "expect_column_values_to_be_between"),
    ("face_amount", Decimal("10000000.00"), "expect_column_values_to_be_between"),
    ("change_amount", Decimal("10000000.00"), "expect_column_values_to_be_between"),
    ("change_amount", Decimal("-10000000.00"), "expect_column_values_to_be_between"),
    ("annual_rate", Decimal("10.000001"), "expect_column_values_to_be_between"),
    ("probability", -0.001, "expect_column_values_to_be_between"),
    ("page_count", -1, "expect_column_values_to_be_between"),
    *[(name, None, "expect_column_values_to_not_be_null") for name in ("note_id", "as_of", "is_signed", "seen_at")],
    *[(name, None, "expect_column_values_to_not_be_null") for name in ("face_amount", "page_count")],
]


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> str:
    """Write rows as an engine would, each under a key of its own where it is the good one's, and give the path."""
    path = folder / f"{name}.parquet"
    own = [{**row, "note_id": f"{name}-{place}"} if row["note_id"] == "N1" else row for place, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(own, schema=TYPES), path)
    return str(path)


def test_kept_promises_pass(tmp_path: Path) -> None:
    """Good rows, allowed nulls among them, pass; the document is plain JSON and the folder holds nothing new."""
    free = dict.fromkeys(("grade", "change_amount", "annual_rate", "probability"))
    path = written(tmp_path, "a", [GOOD, {**GOOD, **free}])
    result = audit(NOTES, [path])
    assert (result.success, result.rows, result.failures) == (True, 2, ())
    assert kept_and_broken(json.loads(json.dumps(result.document))) == (result.checked, 0)
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]
    result.raise_failures()


@pytest.mark.parametrize(("column", "value", "expectation"), BROKEN)
def test_a_broken_promise_is_told(tmp_path: Path, column: str, value: Any, expectation: str) -> None:
    """One bad value in one of the files fails exactly one expectation, once."""
    good = written(tmp_path, "good", [GOOD] * 3)
    bad = written(tmp_path, "bad", [GOOD, {**GOOD, column: value}])
    result = audit(NOTES, [good, bad])
    assert [(one.expectation, one.column, one.count) for one in result.failures] == [(expectation, column, 1)]
    assert result.rows == 5


def test_failures_add_up_over_files(tmp_path: Path) -> None:
    """Counts of one promise are summed over the files, and the error names column and count."""
    paths = [written(tmp_path, name, [{**GOOD, "grade": "Z"}] * times) for name, times in (("a", 2), ("b", 3))]
    result = audit(NOTES, paths)
    assert [one.count for one in result.failures] == [5]
    with pytest.raises(AuditError, match="grade: expect_column_values_to_be_in_set broken by 5 rows"):
        result.raise_failures()


def test_a_key_that_comes_twice_is_told(tmp_path: Path) -> None:
    """In one file or in two, each row too many is counted once, and the key is named."""
    twice = [{**GOOD, "note_id": "same"}] * 2
    apart = [written(tmp_path, "a", [GOOD, twice[0]]), written(tmp_path, "b", [twice[1]])]
    for paths in ([written(tmp_path, "both", twice)], apart):
        result = audit(NOTES, paths)
        assert [(one.expectation, one.column, one.count) for one in result.failures] == [
            ("expect_key_to_be_unique", "note_id", 1)
        ]
    with pytest.raises(AuditError, match="note_id: expect_key_to_be_unique broken by 1 rows"):
        result.raise_failures()


def test_an_empty_file_keeps_its_promises(tmp_path: Path) -> None:
    """No rows break nothing."""
    result = audit(NOTES, [written(tmp_path, "empty", [])])
    assert (result.success, result.rows) == (True, 0)
