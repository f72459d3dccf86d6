"""How cells become numbers: each form is a little arithmetic on the cells of a window."""

import math

import numpy as np
from numba import njit

from features.sweep_operations import NOTHING
from features.sweep_plan import F64, I64, NULL, Form, Plan
from features.sweep_wide import spread

WHOLE, POSSIBLE, LAST, RATIO = (int(form) for form in list(Form)[:4])
WHERE_ANY, STD = int(Form.WHERE_ANY), int(Form.STD)


@njit(nogil=True, cache=True, forceinline=True)
def combine(plan: Plan, seen: I64, cells: I64, filled: F64, begin: int) -> None:
    """Give every output of the days that saw an event, a row a day; NaN says null.

    Args:
        plan: Says of what each output is made.
        seen: Where the days' cells are.
        cells: What the operations counted.
        filled: Takes a column for each output.
        begin: First row of the columns.
    """
    outputs, scales, reals = plan.outputs, plan.scales, cells.view(np.float64)
    for output in range(outputs.shape[0]):
        form, row = outputs[output, 0], outputs[output, 1]
        other, window = outputs[output, 2], outputs[output, 3]
        for number in range(seen.shape[0]):
            day = seen[number]
            value = _number(form, cells[day], row, other, window) if form <= STD else reals[day, row, window]
            filled[output, begin + number] = value / scales[output]


@njit(nogil=True, cache=True, forceinline=True)
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


@njit(nogil=True, cache=True, forceinline=True)
def _deviation(number: int, total: int, high: int, low: int) -> float:
    return math.sqrt(spread(number, total, np.uint64(high), np.uint64(low))) / number
