"""Tagging on the engine: every open receivable gets the model's word, in Arrow batches."""

import zlib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.scorer import Scorer
from schemas.derived import RECEIVABLE_TAGS
from schemas.errors import ModelError
from schemas.spark import conform, struct_type

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = ("receivable_id", "as_of")
PRINCIPAL = "current_principal_amount"
CENT = Decimal("0.01")


def expected_loss(minor_units: NDArray[np.int64], probability: NDArray[np.float64], lost: float) -> NDArray[np.int64]:
    """Give probability x principal x share lost in default, in minor units.

    The one way it is computed: a double product from left to right, `principal * probability * lost`, then rounded half up
    (`floor(x + 1/2)`) to whole minor units.

    >>> expected_loss(np.array([100_000, 250]), np.array([0.02, 0.01]), 0.6).tolist()
    [1200, 2]
    """
    found: NDArray[np.int64] = np.floor(minor_units * probability * lost + 0.5).astype(np.int64)
    return found
