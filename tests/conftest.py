"""Fixtures of the whole suite: the engine, and the real data sets."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from runtime.session import session
from runtime.settings import EngineSettings

ROOT = Path(__file__).resolve().parent.parent
WORKSPACES = ("bought", "trained")
"""Fixtures that take a minute to make, once a process: a module that takes one names it with its type."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let one suite run on either engine."""
    parser.addoption("--engine", choices=["sail", "spark"], default="sail", help="engine of the engine-facing tests")


class ByWorkspace(LoadScopeScheduling):
    """Keeps a module's tests in one process, and all modules that share a costly workspace in the same one."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return next((name for name in WORKSPACES if f"{name}: Chain" in _text(module)), module)


@cache
def _text(module: str) -> str:
    return (ROOT / module).read_text("utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Share the tests out among the processes."""
    return ByWorkspace(config, log)


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
