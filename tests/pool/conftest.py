"""Fixtures of the ledger's tests: the same ledger on SQLite and on a PostgreSQL server that the tests start."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pool.people import Role
from pool.store import LedgerStore
from tests.pool.postgres import new_schema, server
from tests.pool.purchases import ANN, AT, BOB, CHEAP, ROOT

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """Run one PostgreSQL server for all tests that want one."""
    with server() as folder:
        yield folder


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database, on each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return new_schema(request.getfixturevalue("postgres"), f"ledger_{uuid4().hex}")


@pytest.fixture
def store(url: str) -> Iterator[LedgerStore]:
    """Open a ledger with an administrator, ann who proposes and may approve, and bob who approves."""
    with LedgerStore(url, CHEAP) as opened:
        opened.add_person(ROOT, frozenset({Role.ADMIN}), AT)
        opened.add_person(ANN, frozenset({Role.PROPOSER, Role.APPROVER}), AT, ROOT)
        opened.add_person(BOB, frozenset({Role.APPROVER}), AT, ROOT)
        yield opened
