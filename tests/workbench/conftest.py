"""A workbench over a small made platform, opened once; visitors with a session, a token, and any headers."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from pool.ledger import EntryKind
from pool.people import Credentials
from tests.workbench import world
from workbench.app import application
from workbench.desk import Desk

COUNT = 600
HOST = "http://127.0.0.1"
TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass(frozen=True)
class Visitor:
    """Somebody at the workbench: their browser, and the token that pages give them."""

    browser: TestClient

    def get(self, path: str, **asked: str) -> Response:
        """Look at a page."""
        return self.browser.get(path, params=asked)

    @property
    def token(self) -> str:
        """Give the token of a page that the visitor sees."""
        found = TOKEN.search(self.browser.get("/sign-in").text)
        assert found, "no page gave a token"
        return found.group(1)

    def post(self, path: str, given: Mapping[str, str], **headers: str) -> Response:
        """Send a form with the visitor's own token."""
        return self.browser.post(path, data={"token": self.token, **given}, headers=headers)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the platform's tables once."""
    folder = tmp_path_factory.mktemp("workbench") / "workspace"
    world.made(folder, COUNT)
    return folder


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    """Open a desk, with nobody signed in and no try counted."""
    with world.desk(home) as found:
        yield found


@pytest.fixture
def visitor(desk: Desk) -> Callable[[Credentials | None], Visitor]:
    """Let people come, signed in where they are named."""

    def come(who: Credentials | None = None) -> Visitor:
        app = application(desk)
        found = Visitor(TestClient(app, base_url=HOST, follow_redirects=False, raise_server_exceptions=False))
        if who:
            answer = found.post("/sign-in", {"name": who.name, "secret": who.secret, "back": "/"})
            assert answer.status_code == 303, answer.text
        return found

    return come


@pytest.fixture
def proposal(desk: Desk) -> str:
    """Name the proposal that waits."""
    return next(one.proposal_id for one in desk.book.store.history() if one.kind is EntryKind.PROPOSED)
