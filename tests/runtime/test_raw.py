"""Raw files as text: every format and packing, every value in one way of writing, every fault with its place."""

import bz2
import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from runtime.pseudonym import fingerprint, pseudonym, pseudonymize
from runtime.raw import RawFile, read_raw
from runtime.raw_files import FileLayout, as_text, read_file
from schemas.errors import ConfigurationError

ROWS = [{"a": "1", "b": "x"}, {"a": None, "b": "é 你"}, {"a": "NA", "b": " "}]


def read(path: Path, **layout: Any) -> tuple[list[tuple[Any, ...]], list[tuple[int, str]]]:
    """Read a file to rows of (position, a, b) and faults of (position, code)."""
    told = {"format": "csv", "columns": ("a", "b"), **layout}
    chunks = list(read_file(path, FileLayout(**told)))
    names = (*told["columns"], *told.get("optional", ()))
    rows = [
        (row, *values)
        for chunk in chunks
        if len(chunk.rows)
        for row, *values in zip(chunk.rows.to_pylist(), *(chunk.columns[n].to_pylist() for n in names), strict=True)
    ]
    return rows, [(fault.row, fault.code) for chunk in chunks for fault in chunk.faults]


def text_of(kind: str) -> bytes:
    """Write the rows as CSV or JSON lines."""
    if kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    return ("b,a\n" + "".join(f"{row['b']},{row['a'] or ''}\n" for row in ROWS)).encode()


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("packing", ["", ".gz", ".bz2", ".zst"])
def test_the_same_rows_come_out_of_every_format(tmp_path: Path, kind: str, packing: str) -> None:
    """Format, packing and order of columns do not matter; blank text and declared words are null."""
    path = tmp_path / f"rows.{kind}{packing}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".zst": pa.Codec("zstd").compress}[packing]
        path.write_bytes(bytes(pack(text_of(kind))))
    if kind == "jsonl" and packing == ".zst":
        path.write_bytes(b"")
        with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as out:
            out.write(text_of(kind))
    if kind == "csv" and packing == ".zst":
        with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as out:
            out.write(text_of(kind))
    rows, faults = read(path, format=kind, nulls=("NA",))
    assert (rows, faults) == ([(1, "1", "x"), (2, None, "é 你"), (3, None, None)], [])


def test_typed_values_are_written_in_one_way() -> None:
    """Days in ISO, moments in UTC with microseconds, doubles short and without exponent, NaN as null."""
    cases: list[tuple[pa.Array, list[str | None]]] = [
        (pa.array([550.0, 1e16, 0.1, 1e-7, 12345678901.5, float("nan"), None]), None),
        (pa.array([date(2025, 1, 31)]), ["2025-01-31"]),
        (pa.array([1735718400000005], pa.timestamp("us")), ["2025-01-01 08:00:00.000005"]),
        (
            pa.array([datetime(2025, 1, 1, tzinfo=UTC)], pa.timestamp("ms", "Asia/Shanghai")),
            ["2025-01-01 00:00:00.000000"],
        ),
        (pa.array([Decimal("12.30")]), ["12.30"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([7, None], pa.int32()), ["7", None]),
        (pa.array(["a", "a"]).dictionary_encode(), ["a", "a"]),
        (pa.array([None, None]), [None, None]),
    ]  # type: ignore[list-item]
    doubles = ["550", "10000000000000000", "0.1", "0.0000001", "12345678901.5", None, None]
    assert [as_text(array).to_pylist() for array, _ in cases] == [doubles, *(text for _, text in cases[1:])]


def test_json_numbers_keep_their_digits(tmp_path: Path) -> None:
    """An amount of 0.10 stays 0.10, and a long id does not become a float."""
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 0.10, "b": 12345678901234567890}\n\n{"a": true, "b": {"c": 1}}\n[1]\n{"a": 1\n')
    rows, faults = read(path, format="jsonl")
    assert rows == [(1, "0.10", "12345678901234567890"), (3, "true", '{"c":"1"}')]
    assert faults == [(4, "BROKEN_LINE"), (5, "BROKEN_LINE")]


def test_broken_csv_lines_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    """Positions are those in the file, broken lines included."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3\n4,5\n6,7,8\n9,10\n")
    rows, faults = read(path)
    assert rows == [(1, "1", "2"), (3, "4", "5"), (5, "9", "10")]
    assert faults == [(2, "BROKEN_LINE"), (4, "BROKEN_LINE")]


def test_another_encoding_is_decoded_row_by_row(tmp_path: Path) -> None:
    """GB 18030 reads as Chinese; a byte that it does not have is one broken row."""
    path = tmp_path / "x.csv"
    path.write_bytes("a,b\n1,你好\n".encode("gb18030") + b"2,\xff\xff\n")
    assert read(path, encoding="gb18030") == ([(1, "1", "你好")], [(2, "WRONG_ENCODING")])


def test_a_file_that_breaks_off_keeps_its_first_rows(tmp_path: Path) -> None:
    """A torn gzip file gives what could be read and one fault for the rest."""
    path = tmp_path / "x.jsonl.gz"
    body = "".join(json.dumps({"a": str(n), "b": str(n * 7919 % 1000)}) + "\n" for n in range(200_000)).encode()
    path.write_bytes(gzip.compress(body)[:-5000])
    rows, faults = read(path, format="jsonl")
    assert faults == [(0, "UNREADABLE_FILE")]
    assert 0 < len(rows) < 200_000


def test_a_missing_column_is_a_fault_unless_it_is_optional(tmp_path: Path) -> None:
    """Every format tells it, once a file."""
    (tmp_path / "x.csv").write_text("a\n1\n")
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n')
    pq.write_table(pa.table({"a": ["1"]}), tmp_path / "x.parquet")
    for kind in ("csv", "jsonl", "parquet"):
        assert read(tmp_path / f"x.{kind}", format=kind)[1] == [(0, "MISSING_COLUMN")]
        rows, faults = read(tmp_path / f"x.{kind}", format=kind, columns=("a",), optional=("b",))
        assert (rows, faults) == ([(1, "1", None)], [])


def test_pseudonyms_are_keyed_and_stable() -> None:
    """One id has one pseudonym under one secret, another under another, and null stays null."""
    first, second = b"0123456789abcdef", b"fedcba9876543210"
    hashed = pseudonymize(pa.array(["u1", None, "u1", "u2"]), first).to_pylist()
    assert hashed == [pseudonym("u1", first), None, pseudonym("u1", first), pseudonym("u2", first)]
    assert pseudonym("u1", first) != pseudonym("u1", second)
    assert fingerprint(first) != fingerprint(second)


def test_the_engine_reads_many_files_at_once(engine: SparkSession, tmp_path: Path) -> None:
    """Every file's rows come with its name, position and delivery; personal columns come hashed."""
    secret = b"0123456789abcdef"
    files = []
    for n in range(20):
        path = tmp_path / f"{n}.csv"
        path.write_text(f"a,b\n{n},x\n")
        files.append(RawFile(path, f"in/{n}.csv", date(2025, 1, 1 + n)))
    frame = read_raw(engine, files, FileLayout("csv", ("a", "b")), secret, ["b"])
    rows = sorted((row["_file"], row["_row"], row["_delivery"], row["raw_a"], row["raw_b"]) for row in frame.collect())
    assert rows == sorted((f"in/{n}.csv", 1, date(2025, 1, 1 + n), str(n), pseudonym("x", secret)) for n in range(20))
    assert read_raw(engine, [], FileLayout("csv", ("a",))).collect() == []
    with pytest.raises(ConfigurationError):
        read_raw(engine, files, FileLayout("csv", ("a", "b")), None, ["b"])
