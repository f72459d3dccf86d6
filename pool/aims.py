"""What a purchase is chosen for: the use of cash first, and among batches that use it, yield or safety."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

import numpy as np

from pool.offer import Offer, Reals
from pool.traits import Traits


class Aim(Enum):
    """What a batch is chosen for.

    `CASH` uses as much cash as it can. `YIELD` and `LOSS` look only among batches that use all but a thousandth of
    that: for the highest annual income, or for the lowest expected loss. `SAMPLE` chooses nothing: it takes receivables
    as a seeded shuffle deals them.
    """

    CASH = "cash"
    YIELD = "yield"
    LOSS = "loss"
    SAMPLE = "sample"


GIVEN_UP = 0.001
"""Part of the cash that could be used which `YIELD` and `LOSS` may leave."""


def gain_of(aim: Aim, offer: Offer, traits: Traits) -> Reals:
    """Give what each row brings to an aim, in minor units; NaN where what it needs is unknown.

    Yield is simple annual income on the price: interest on the principal, and the discount over the expected life.
    """
    price, principal = offer.price.astype(np.float64), offer.rows.principal.astype(np.float64)
    if aim is Aim.YIELD:
        return principal * traits.annual_rate + (principal - price) / (traits.life_months / 12)
    if aim is Aim.LOSS:
        return -principal * traits.loss_rate
    return price


WORDS: Mapping[Aim, str] = MappingProxyType(
    {
        Aim.CASH: "price",
        Aim.YIELD: "annual rate or expected life",
        Aim.LOSS: "probability of default",
        Aim.SAMPLE: "price",
    }
)
"""What a row must tell to be chosen for an aim."""
