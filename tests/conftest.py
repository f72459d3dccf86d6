"""Fixtures of the whole suite: the engine, and the real data sets."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from runtime.session import session
from runtime.settings import EngineSettings

ROOT = Path(__file__).resolve().parent.parent
WORKSPACES = ("bought", "trained")
"""Fixtures that take a minute to make, once a process."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let one suite run on either engine."""
    parser.addoption("--engine", choices=["sail", "spark"], default="sail", help="engine of the engine-facing tests")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of a module run in one process, and all modules that share a costly workspace in the same one."""
    shared: dict[str, str] = {}
    for item in items:
        used = [name for name in WORKSPACES if name in getattr(item, "fixturenames", ())]
        if used:
            shared[item.nodeid.partition("::")[0]] = used[0]
    for item in items:
        module = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(shared.get(module, module)))


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
