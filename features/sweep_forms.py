"""How cells become numbers: each form is a little arithmetic on the cells of a window."""

import math

import numpy as np

from features.sweep_compiled import compiled, inlined
from features.sweep_operations import NOTHING
from features.sweep_plan import F64, I64, NULL, Form, Plan
from features.sweep_wide import spread

WHOLE, POSSIBLE, LAST, RATIO = (int(form) for form in list(Form)[:4])
WHERE_ANY, STD = int(Form.WHERE_ANY), int(Form.STD)


@compiled
def combine(plan: Plan, many: int, cells: I64, filled: F64, begin: int) -> None:
    """Give every output of a block's rows; NaN says null.

    Args:
        plan: Says of what each output is made.
        many: How many rows.
        cells: What the operations counted.
        filled: Takes a column for each output.
        begin: First line of the columns.
    """
    outputs, scales, reals = plan.outputs, plan.scales, cells.view(np.float64)
    for output in range(outputs.shape[0]):
        form, table = outputs[output, 0], outputs[output, 1]
        other, window, scale = outputs[output, 2], outputs[output, 3], scales[output]
        for row in range(many):
            value = reals[table, row, window] if form > STD else _number(form, cells, table, other, row, window)
            filled[output, begin + row] = value / scale


@inlined
def _number(form: int, cells: I64, table: int, other: int, row: int, window: int) -> float:
    value = cells[table, row, window]
    if (form == POSSIBLE and value == NOTHING) or (form == LAST and value == NULL):
        return np.nan
    if form <= LAST:
        return float(value)
    if cells[other, row, window] <= 0:
        return np.nan
    if form == WHERE_ANY:
        return float(value)
    if form == RATIO:
        return float(value) / float(cells[other, row, window])
    return _deviation(cells[other, row, window], value, cells[table + 1, row, window], cells[table + 2, row, window])


@inlined
def _deviation(number: int, total: int, high: int, low: int) -> float:
    return math.sqrt(spread(number, total, np.uint64(high), np.uint64(low))) / number
