"""One small trained model for the whole room."""

import pytest

from models.fit import TrainedModel, train
from tests.models.known import FEATURES, SMALL, World, world


@pytest.fixture(scope="session")
def known() -> World:
    """Give the world whose truth is known."""
    return world()


@pytest.fixture(scope="session")
def trained(known: World) -> TrainedModel:
    """Give a model trained on it."""
    return train(known.frame, SMALL, FEATURES)
