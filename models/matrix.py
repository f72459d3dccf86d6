"""Columns of a frame as the numbers that a model takes."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.errors import ModelError

Reals = NDArray[np.float64]
Columns: TypeAlias = pd.DataFrame | pa.RecordBatch | pa.Table
Categories: TypeAlias = Mapping[str, tuple[str, ...]]


def matrix(frame: Columns, features: Sequence[str], categories: Categories | None = None) -> Reals:
    """Take columns out of a frame as one float64 matrix, column after column in memory; null becomes NaN.

    Args:
        frame: Where they are, whatever their number types; a category may be text.
        features: Which.
        categories: Of each categorical feature its categories by code; one that is not among them is missing.

    Raises:
        ModelError: The frame lacks one, or one is not a number.
    """
    names = list(frame.columns) if isinstance(frame, pd.DataFrame) else frame.schema.names
    missing = [name for name in features if name not in names]
    if missing:
        raise ModelError(f"no column {', '.join(missing)}", f"all {len(features)} features of the model")
    if not features:
        raise ModelError("no features", "at least one feature")
    told = categories or {}
    found = np.empty((len(features), len(frame)))
    for place, name in enumerate(features):
        found[place] = _codes(frame[name], told[name]) if name in told else _reals(frame[name], name)
    return found.T


def _reals(column: Any, name: str) -> Reals:  # noqa: ANN401 - a pandas or an Arrow column
    try:
        values = pa.array(column, from_pandas=True) if isinstance(column, pd.Series) else column
        if pa.types.is_boolean(values.type):
            values = values.cast(pa.int8())
        found: Reals = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise ModelError(f"column {name}: {error}", "numbers") from error
    return found


def _codes(column: Any, categories: Sequence[str]) -> Reals:  # noqa: ANN401 - a pandas or an Arrow column
    """Give the code of each category, NaN for none and for one that is not listed."""
    place = pc.index_in(texts(column), pa.array(categories, pa.string()))
    found: Reals = place.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def texts(column: Any) -> pa.Array:  # noqa: ANN401 - a pandas or an Arrow column
    """Give a categorical column as texts, null where null."""
    values = pa.array(column, from_pandas=True) if isinstance(column, pd.Series) else column
    one = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return one.cast(pa.string())
