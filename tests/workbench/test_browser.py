"""The workbench in Chromium: every view, filter and export, two people and a purchase; quiet, local, accessible."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from pool.ledger import EntryKind
from pool.price import to_amount
from tests.workbench import world
from tests.workbench.browser import CHROMIUM, Window, chromium, served
from workbench.desk import Desk

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")]
VIEWS = ("/", "/pool", "/receivables", "/proposals", "/ledger", "/models", "/data", "/audit")
LETTERS = {"t": "/", "p": "/pool", "r": "/receivables", "b": "/proposals", "l": "/ledger", "m": "/models", "d": "/data"}
COUNT = 2000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Desk]]:
    home = tmp_path_factory.mktemp("browser") / "workspace"
    world.made(home, COUNT)
    with served(home) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def window(browser: Browser, place: tuple[str, Desk]) -> Iterator[Window]:
    """Open a window; whatever a test does in it, no page complained and none asked another machine."""
    found = Window(browser, place[0])
    yield found
    assert found.complaints == []
    assert found.elsewhere == []
    found.page.context.close()


def proposed(desk: Desk) -> str:
    return next(one.proposal_id for one in desk.book.store.history() if one.kind is EntryKind.PROPOSED)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_accessible(browser: Browser, place: tuple[str, Desk], scheme: str) -> None:
    """No violation that axe knows, in light and dark, signed in and before."""
    address, desk = place
    found = Window(browser, address, scheme)
    found.go("/sign-in")
    broken = {"/sign-in": Axe().run(found.page)}
    found.sign_in(world.BOB)
    for path in (*VIEWS, "/receivables/R000000001", f"/proposals/{proposed(desk)}"):
        assert found.go(path) == 200
        broken[path] = Axe().run(found.page)
    told = {path: report.generate_report() for path, report in broken.items() if report.violations_count}
    assert not told, "\n".join(f"{path}: {text}" for path, text in told.items())
    assert found.complaints == found.elsewhere == []


def test_the_keyboard_alone_reaches_every_view(window: Window) -> None:
    """Signing in by typing, then `g` and a letter; Tab reaches what is on the page, and it is seen where one is."""
    window.sign_in(world.VERA)
    for letter, path in LETTERS.items():
        with window.page.expect_navigation(url=re.compile(re.escape(window.address + path) + r"(\?.*)?$")):
            window.page.keyboard.press("g")
            window.page.keyboard.press(letter)
    window.go("/receivables")
    seen = set()
    for _ in range(40):
        window.page.keyboard.press("Tab")
        seen.add(window.page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    assert len(seen) >= 30


def test_receivables_are_filtered_and_exported(window: Window, tmp_path: Path) -> None:
    """What failed E20 is shown, and the file that is saved holds those and no others."""
    window.sign_in(world.VERA)
    window.go("/receivables")
    window.page.select_option("[name=failed]", "E20")
    window.page.click("form[role=search] button")
    window.page.wait_for_url(re.compile(r"failed=E20"))
    with window.page.expect_download() as saved:
        window.page.click("a[href*='receivables.csv']")
    path = tmp_path / "shown.csv"
    saved.value.save_as(path)
    lines = path.read_text("utf-8-sig").splitlines()
    shown = re.search(r"([\d,]+) receivables", window.page.inner_text("main"))
    assert shown
    assert len(lines) - 1 == int(shown.group(1).replace(",", ""))


def test_an_ineligible_receivable_is_explained(window: Window) -> None:
    window.sign_in(world.VERA)
    window.go("/receivables?failed=E20")
    window.page.click("table tbody a[href*='/receivables/R']")
    told = window.page.inner_text("main")
    assert "E20" in told
    assert "The receivable is current at the cut-off." in told
    assert window.page.locator("svg").count() >= 2


def test_two_people_buy_and_the_first_cannot_approve(browser: Browser, place: tuple[str, Desk]) -> None:
    """Alice sees no form for approving; bob approves with his secret and answers the near-duplicates; alice settles."""
    address, desk = place
    name = proposed(desk)
    alice, bob = Window(browser, address), Window(browser, address)
    alice.sign_in(world.ALICE)
    alice.go(f"/proposals/{name}")
    assert alice.page.locator("form[action$='/approve']").count() == 0
    bob.sign_in(world.BOB)
    bob.go(f"/proposals/{name}")
    bob.page.fill("form[action$='/approve'] [name=on]", world.DAY.isoformat())
    bob.page.fill("form[action$='/approve'] [name=accepted]", "Two purchases: both orders were shown.")
    bob.page.fill("form[action$='/approve'] [name=secret]", world.BOB.secret)
    bob.page.click("form[action$='/approve'] button")
    bob.page.wait_for_load_state()
    price = desk.book.store.words(name)[0].payload["price_minor"]
    alice.go(f"/proposals/{name}")
    alice.page.fill("form[action$='/settle'] [name=on]", world.DAY.isoformat())
    alice.page.fill("form[action$='/settle'] [name=cash]", str(to_amount(price)))
    alice.page.fill("form[action$='/settle'] [name=secret]", world.ALICE.secret)
    alice.page.click("form[action$='/settle'] button")
    alice.page.wait_for_load_state()
    kinds = [one.kind for one in desk.book.store.history() if one.proposal_id == name]
    assert kinds == [EntryKind.PROPOSED, EntryKind.APPROVED, EntryKind.BOOKED]
    assert alice.complaints == bob.complaints == alice.elsewhere == bob.elsewhere == []
