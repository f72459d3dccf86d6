"""One small history for all tests of the simulation, in numbers and as files."""

from datetime import date
from pathlib import Path

import pytest

from simulate.parameters import Parameters
from simulate.platform import Summary, simulate
from simulate.world import World, world

FIRST_DAY = date(2024, 1, 1)
BORROWERS, DAYS, SEED = 400, 270, 11


@pytest.fixture(scope="session")
def small_world() -> World:
    """Give the numbers of the history that `delivered` writes."""
    return world(BORROWERS, DAYS, SEED, FIRST_DAY, Parameters())


@pytest.fixture(scope="session")
def wide_world() -> World:
    """Give a history large enough for rates."""
    return world(5000, 500, 3, FIRST_DAY, Parameters())


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    """Write the small history."""
    out = tmp_path_factory.mktemp("platform")
    return out, simulate(out, BORROWERS, DAYS, SEED, FIRST_DAY)
