"""How cells become numbers: each form is a little arithmetic on the cells of a window."""

import math

import numpy as np
from numba import njit

from features.sweep_operations import NOTHING
from features.sweep_plan import F64, I64, NULL, Form, Plan
from features.sweep_wide import spread

WHOLE, POSSIBLE, LAST, RATIO = (int(form) for form in list(Form)[:4])
WHERE_ANY, STD = int(Form.WHERE_ANY), int(Form.STD)


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def combine(plan: Plan, cells: I64, reals: F64, filled: F64, place: int) -> None:
    """Give every output of a walk that is over; NaN says null.

    Args:
        plan: Says of what each output is made.
        cells: What the operations counted.
        reals: The same cells where an operation left doubles.
        filled: Takes a column for each output.
        place: Row of the columns.
    """
    outputs, scales = plan.outputs, plan.scales
    for output in range(outputs.shape[0]):
        form, row = outputs[output, 0], outputs[output, 1]
        other, window = outputs[output, 2], outputs[output, 3]
        value = _number(form, cells, row, other, window) if form <= STD else reals[row, window]
        filled[output, place] = value / scales[output]


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _number(form: int, cells: I64, row: int, other: int, window: int) -> float:
    value = cells[row, window]
    if (form == POSSIBLE and value == NOTHING) or (form == LAST and value == NULL):
        return np.nan
    if form <= LAST:
        return float(value)
    if cells[other, window] <= 0:
        return np.nan
    if form == WHERE_ANY:
        return float(value)
    if form == RATIO:
        return float(value) / float(cells[other, window])
    return _deviation(cells[other, window], value, cells[row + 1, window], cells[row + 2, window])


@njit(nogil=True, cache=True, forceinline=True, error_model="numpy")
def _deviation(number: int, total: int, high: int, low: int) -> float:
    return math.sqrt(spread(number, total, np.uint64(high), np.uint64(low))) / number
