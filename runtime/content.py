"""Canonical content: the hash by which two runs, a replay and an original, or two engines are found equal."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LINEAGE = ("feature_snapshot", "deal_hash")
SIGNIFICANT_DIGITS = 12
HASHED_ROWS = 1_000_000
"""So many texts are joined and hashed at a time."""


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
        texts = pc.cast(column, pa.string()).fill_null("")
        for start in range(0, len(texts), HASHED_ROWS):
            some = texts.slice(start, HASHED_ROWS)
            for chunk in pc.binary_join_element_wise(pc.cast(pc.utf8_length(some), pa.string()), some, ":").chunks:
                digest.update(_characters(chunk))
    return digest.digest()


def _characters(texts: pa.StringArray) -> memoryview:
    """Give the bytes of all texts one after the other."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(texts.buffers()[2] or b"")[offsets[0] : offsets[-1]] if len(texts) else memoryview(b"")
