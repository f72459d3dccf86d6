"""Fixtures of the whole suite: the engine, and the real data sets."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from runtime.session import session
from runtime.settings import EngineSettings

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let one suite run on either engine."""
    parser.addoption("--engine", choices=["sail", "spark"], default="sail", help="engine of the engine-facing tests")


@pytest.fixture(scope="session")
def engine_name(request: pytest.FixtureRequest) -> str:
    """Give the name of the engine under test."""
    return str(request.config.getoption("--engine"))


@pytest.fixture(scope="session")
def engine(engine_name: str) -> Iterator[SparkSession]:
    """Open one engine session for the whole run."""
    settings = EngineSettings(name=engine_name, master="local[2]", memory="4g", partitions=2)
    with session(settings) as spark:
        yield spark


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of the real data sets, or skip with the reason."""
    folder = Path(os.environ.get("POOLWRIGHT_REAL_DATA", str(ROOT.parent / "shared" / "data")))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set POOLWRIGHT_REAL_DATA")
    return folder
