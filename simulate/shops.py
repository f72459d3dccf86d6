"""The merchants, among them the ring that invents orders."""

from dataclasses import dataclass

import numpy as np

from simulate.arrays import Flags, Floats, Ints, between, choose
from simulate.parameters import CATEGORIES, REGIONS, VIRTUAL_CATEGORIES, Parameters

ALL_CATEGORIES = (*CATEGORIES, *VIRTUAL_CATEGORIES)
CATEGORY_SHARES = (0.19, 0.15, 0.10, 0.09, 0.07, 0.12, 0.07, 0.05, 0.06, 0.05, 0.03, 0.02)
DIGITAL = CATEGORIES.index("DIGITAL")


@dataclass(frozen=True, slots=True)
class Shops:
    """All merchants, one array a property; `leaning` is the risk that a merchant's customers share."""

    category: Ints
    leaning: Floats
    size_weight: Floats
    joined_on: Ints
    region: Ints
    is_ring: Flags

    @property
    def size(self) -> int:
        """Give how many merchants there are."""
        return int(self.category.size)


def shops(rng: np.random.Generator, borrowers: int, parameters: Parameters) -> Shops:
    """Draw the merchants: one for about 25 borrowers, sizes by a power law, every category served."""
    size = max(60, borrowers // 25)
    category = choose(rng, CATEGORY_SHARES, size)
    category[: len(ALL_CATEGORIES)] = np.arange(len(ALL_CATEGORIES))
    ring = np.zeros(size, dtype=np.bool_)
    ring[-max(2, round(parameters.ring.shop_share * size)) :] = True
    category[ring] = DIGITAL
    weight = (1.0 + rng.permutation(size)) ** -0.8
    return Shops(
        category=category,
        leaning=rng.standard_normal(size),
        size_weight=np.where(ring, weight.min(), weight),
        joined_on=-between(rng, 1, 1500, size) // np.where(ring, 8, 1),
        region=between(rng, 0, len(REGIONS) - 1, size),
        is_ring=ring,
    )


def draw_shops(rng: np.random.Generator, shops: Shops, category: Ints) -> Ints:
    """Draw a merchant of the wanted category for each order, big ones more often."""
    chosen = np.zeros(category.size, dtype=np.int64)
    for wanted in range(len(ALL_CATEGORIES)):
        members = np.flatnonzero(shops.category == wanted)
        bounds = np.cumsum(shops.size_weight[members])
        buyers = np.flatnonzero(category == wanted)
        chosen[buyers] = members[np.searchsorted(bounds / bounds[-1], rng.random(buyers.size), side="right")]
    return chosen
