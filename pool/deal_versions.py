"""The versions of a deal: which of its documents is in force on a day."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from pool.deal import Deal
from schemas.errors import ConfigurationError


def in_sequence(deals: Sequence[Deal], name: str) -> list[Deal]:
    """Put the versions of one deal in order.

    Raises:
        ConfigurationError: One has another name, or a later version is not effective later.
    """
    ordered = sorted(deals, key=lambda deal: (deal.version, deal.effective_on))
    strange = [f"version {deal.version} is named {deal.name}" for deal in ordered if deal.name != name]
    disordered = [
        f"version {later.version} is effective on {later.effective_on}, "
        f"version {earlier.version} on {earlier.effective_on}"
        for earlier, later in pairwise(ordered)
        if later.version == earlier.version or later.effective_on <= earlier.effective_on
    ]
    if strange or disordered:
        raise ConfigurationError(
            f"deal {name}: {'; '.join([*strange, *disordered])}",
            "documents of one name, each version number once and effective later than the one before",
            f"conf/deals/{name}.yaml and conf/deals/{name}/",
        )
    return ordered


def in_force(versions: Sequence[Deal], on: date) -> Deal:
    """Give the latest version that is effective on a day; before all of them the first, whose time has not come."""
    return next((deal for deal in reversed(versions) if deal.effective_on <= on), versions[0])
