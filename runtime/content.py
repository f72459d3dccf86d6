"""Canonical content: the hash by which two runs, a replay and an original, or two engines are found equal."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LINEAGE = ("feature_snapshot", "deal_hash")
SIGNIFICANT_DIGITS = 12


def content_hash(rows: pa.Table, key: Sequence[str]) -> str:
    """Give the hash of a table's content: rows sorted by key, doubles at 12 significant digits, all else exact.

    Columns that name where a row came from in one workspace (`LINEAGE`) do not count.
    """
    names = [name for name in rows.column_names if name not in LINEAGE]
    ordered = rows.select(names).sort_by([(name, "ascending") for name in key])
    total = hashlib.sha256()
    for name in sorted(names):
        total.update(name.encode())
        total.update(_column_digest(ordered.column(name)))
    return total.hexdigest()


def round_significant(values: np.ndarray) -> np.ndarray:
    """Round doubles to 12 significant digits; zero, infinities and NaN stay as they are.

    >>> round_significant(np.array([1.0000000000001, -0.0, 123456789012.4])).tolist()
    [1.0, 0.0, 123456789012.0]
    """
    plain = np.isfinite(values) & (values != 0)
    safe = np.where(plain, np.abs(values), 1.0)
    scale = np.power(10.0, SIGNIFICANT_DIGITS - 1 - np.floor(np.log10(safe)))
    usable = plain & np.isfinite(scale) & (scale > 0)
    rounded = np.rint(np.where(usable, values, 1.0) * np.where(usable, scale, 1.0)) / np.where(usable, scale, 1.0)
    return np.where(usable, rounded, values) + 0.0


def _column_digest(column: pa.ChunkedArray) -> bytes:
    missing = pc.is_null(column).to_numpy(zero_copy_only=False)
    digest = hashlib.sha256(np.packbits(missing).tobytes())
    if pa.types.is_floating(column.type):
        values = column.cast(pa.float64()).fill_null(0.0).to_numpy()
        digest.update(round_significant(values).tobytes())
    else:
        for part in column.chunks:
            texts = pc.cast(part, pa.large_string()).fill_null("")
            lengths = pc.cast(pc.utf8_length(texts), pa.large_string())
            digest.update(_written(pc.binary_join_element_wise(lengths, texts, pa.scalar(":", pa.large_string()))))
    return digest.digest()


def _written(texts: pa.LargeStringArray) -> memoryview:
    """Give the bytes of all texts one after the other, as Arrow holds them."""
    ends = np.frombuffer(texts.buffers()[1], dtype=np.int64)
    held = texts.buffers()[2]
    first, last = ends[texts.offset], ends[texts.offset + len(texts)]
    return memoryview(held)[first:last] if held else memoryview(b"")
