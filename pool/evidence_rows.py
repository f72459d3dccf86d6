"""Rows within an evidence bundle: Parquet without compression, read under bounds that a hostile file cannot pass."""

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import EvidenceError

MOST_CELLS = 500_000_000
MOST_TEXT_BYTES = 4 << 30
PLAIN = "UNCOMPRESSED"


def write_rows(rows: pa.Table) -> bytes:
    """Give rows as Parquet; the same rows, the same bytes."""
    buffer = io.BytesIO()
    pq.write_table(rows.replace_schema_metadata(None).combine_chunks(), buffer, compression="none")
    return buffer.getvalue()


def read_rows(content: bytes) -> pa.Table:
    """Read what `write_rows` wrote.

    Raises:
        EvidenceError: It is not that, or would take more memory than rows of a bundle may.
    """
    file = pq.ParquetFile(io.BytesIO(content))
    told, schema = file.metadata, file.schema_arrow
    used = {
        told.row_group(g).column(c).compression for g in range(told.num_row_groups) for c in range(told.num_columns)
    }
    if used - {PLAIN}:
        raise _refusal(f"rows compressed by {', '.join(sorted(used))}")
    if told.num_rows * len(schema) > MOST_CELLS:
        raise _refusal(f"{told.num_rows:,} rows of {len(schema)} columns")
    if wrong := [field.name for field in schema if not _is_plain(field.type)]:
        raise _refusal(f"columns {wrong} of another type")
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    coded = pq.read_table(io.BytesIO(content), read_dictionary=texts)
    if sum(_text_bytes(chunk) for name in texts for chunk in coded.column(name).chunks) > MOST_TEXT_BYTES:
        raise _refusal(f"more than {MOST_TEXT_BYTES:,} bytes of text")
    return coded.cast(pa.schema([(field.name, field.type) for field in schema]))


def _is_plain(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_string,
        pa.types.is_boolean,
        pa.types.is_int64,
        pa.types.is_float64,
        pa.types.is_decimal128,
        pa.types.is_date32,
        pa.types.is_timestamp,
    )
    return any(test(kind) for test in tests)


def _text_bytes(coded: pa.DictionaryArray) -> int:
    """Give how long the texts are, written out: one text of a megabyte may stand in every row."""
    lengths = pc.take(pc.binary_length(coded.dictionary), coded.indices)
    return pc.sum(lengths).as_py() or 0


def _refusal(found: str) -> EvidenceError:
    return EvidenceError(found, "rows of a bundle: no compression, plain types, within bounds")
