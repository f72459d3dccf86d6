"""What the walk filled, as Arrow columns: put into the order of days, and nulls marked."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.sweep_compiled import compiled
from features.sweep_plan import F64, I64

Bytes = NDArray[np.uint8]
BYTE = 8


def doubles(filled: F64, order: I64) -> list[pa.Array]:
    """Give each line of a table of numbers as a column, its values in an order, NaN as null."""
    columns, rows = filled.shape[0], len(order)
    values, valid = np.empty((columns, rows)), np.zeros((columns, -(-rows // BYTE)), np.uint8)
    nulls = np.empty(columns, np.int64)
    _arrange(filled, order, values, valid, nulls)
    return [
        pa.Array.from_buffers(pa.float64(), rows, [pa.py_buffer(known), pa.py_buffer(column)], int(count))
        for column, known, count in zip(values, valid, nulls, strict=True)
    ]


@compiled
def _arrange(filled: F64, order: I64, values: F64, valid: Bytes, nulls: I64) -> None:
    for column in range(filled.shape[0]):
        source, into = filled[column], values[column]
        for row in range(order.shape[0]):
            into[row] = source[order[row]]
        nulls[column] = order.shape[0] - _mark(into, valid[column])


@compiled
def _mark(values: F64, valid: Bytes) -> int:
    """Set the bit of each value that is a number; give how many are. Whole bytes go first: eight steps, unrolled."""
    known, whole = 0, values.shape[0] // BYTE
    for byte in range(whole):
        bits = 0
        for bit in range(BYTE):
            value = values[BYTE * byte + bit]
            is_known = not np.isnan(value)
            bits |= (1 << bit) if is_known else 0
            known += is_known
        valid[byte] = bits
    for row in range(BYTE * whole, values.shape[0]):
        is_known = not np.isnan(values[row])
        valid[row // BYTE] |= (1 << (row % BYTE)) if is_known else 0
        known += is_known
    return known
