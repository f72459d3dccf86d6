"""What the pool pays: unpaid principal less the deal's discount, in minor units of the currency."""

from decimal import Decimal
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SCALE = 10**6
"""A discount rate has at most six decimals."""

Minor = TypeVar("Minor", int, NDArray[np.int64])


def price_minor(principal_minor: Minor, discount_rate: Decimal) -> Minor:
    """Give principal x (1 - discount), rounded half up to the minor unit.

    >>> price_minor(10_050, Decimal("0.01")), price_minor(150, Decimal("0.01")), price_minor(50, Decimal("0.01"))
    (9950, 149, 50)
    """
    kept = int((1 - discount_rate) * SCALE)
    return (principal_minor * kept * 2 + SCALE) // (2 * SCALE)


def to_minor(amount: Decimal) -> int:
    """Give an amount with two decimals in minor units.

    >>> to_minor(Decimal("12.30"))
    1230
    """
    return int(amount * 100)


def to_amount(minor: int) -> Decimal:
    """Give minor units as an amount with two decimals.

    >>> to_amount(1230)
    Decimal('12.30')
    """
    return Decimal(minor).scaleb(-2)
