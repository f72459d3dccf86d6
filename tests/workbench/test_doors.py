"""Every door: shut before signing in, to the wrong role and to forged forms; hostile words never break or open one."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from pool.people import Role
from tests.workbench import world
from tests.workbench.conftest import Visitor
from workbench.door import Door
from workbench.routes import DOORS
from workbench.words import LANGUAGES

Come = Callable[..., Visitor]
REFUSED = {401, 403, 404, 409, 422}
PEOPLE = {Role.PROPOSER: world.ALICE, Role.APPROVER: world.BOB, Role.VIEWER: world.VERA, Role.ADMIN: world.ROOT}
HOSTILE = (
    "' OR 1=1 --",
    '" UNION SELECT * FROM pragma_database_list --',
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "{{7*7}}",
    "${7*7}",
    "%s%n%x",
    "\x00",
    "\r\nset-cookie: a=b",
    "A" * 3000,
    "-1",
    "99999999999999999999",
    "NaN",
    "2025-13-45",
    "\uff1cscript\uff1e",
    '=HYPERLINK("http://x")',
    "//elsewhere.example/",
    "read_text('/etc/passwd')",
)
NAMES = {"receivable": "R000000001", "proposal": "P1", "job": "J1"}


def ids(door: Door) -> str:
    return f"{door.method} {door.path}"


def filled(door: Door, **names: str) -> str:
    return door.path.format(**{**NAMES, **names})


def closed() -> list[Door]:
    return [door for door in DOORS if not door.is_public]


@pytest.mark.parametrize("door", closed(), ids=ids)
def test_nobody_sees_anything_before_signing_in(door: Door, visitor: Come) -> None:
    guest = visitor()
    answer = guest.get(filled(door)) if door.method == "GET" else guest.post(filled(door), {})
    assert answer.status_code == 401
    told = answer.text.replace(filled(door), "")
    assert not re.search(r"R0000000\d\d|B000000\d\d", told)


@pytest.mark.parametrize("door", [one for one in DOORS if one.roles != frozenset(Role)], ids=ids)
def test_the_wrong_role_is_refused(door: Door, visitor: Come) -> None:
    wrong = [person for role, person in PEOPLE.items() if role not in door.roles]
    assert wrong
    for person in wrong:
        come = visitor(person)
        answer = come.get(filled(door)) if door.method == "GET" else come.post(filled(door), {})
        assert answer.status_code == 403, person.name


@pytest.mark.parametrize("door", [one for one in DOORS if one.method == "POST"], ids=ids)
def test_a_form_that_no_page_of_ours_sent_is_refused(door: Door, visitor: Come) -> None:
    """No token, another's token, another origin, another site: 403 each, whatever else the form says."""
    come, other = visitor(world.CAROL), visitor(world.ALICE)
    path = filled(door)
    for token in ("", "forged", other.token):
        assert come.browser.post(path, data={"token": token}).status_code == 403
    for header in ({"origin": "http://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        assert come.browser.post(path, data={"token": come.token}, headers=header).status_code == 403


def parameters(door: Door) -> Iterator[str]:
    yield from (name for name in door.asks.model_fields if name != "token")


@pytest.mark.parametrize("door", DOORS, ids=ids)
def test_hostile_words_in_any_parameter_neither_break_nor_open(door: Door, visitor: Come) -> None:
    """Carol may propose and approve: 200 only where the words are a search that finds nothing; never 500."""
    come, guest = visitor(world.CAROL), visitor()
    sent = 0
    for name in (*parameters(door), "surprise"):
        for words in HOSTILE:
            path = filled(door)
            if f"{{{name}}}" in door.path:
                path = filled(door, **{name: quote(words, safe="")})
                given = {}
            else:
                given = {name: words}
            for one in (come, guest):
                answer = one.get(path, **given) if door.method == "GET" else one.post(path, given)
                assert answer.status_code < 500, (name, words)
                assert answer.status_code in REFUSED | {200, 303, 405, 429}
                assert "<script>alert(1)" not in answer.text
                assert "root:x:" not in answer.text
                sent += 1
    assert sent


PAGES = [door.path for door in DOORS if door.method == "GET" and "{" not in door.path and "." not in door.path]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_whole_in_both_languages(path: str, language: str, visitor: Come) -> None:
    come = visitor(world.BOB)
    come.browser.cookies.set("poolwright_language", language)
    answer = come.get(path)
    assert answer.status_code == 200, answer.text[:500]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", answer.text)
    assert not re.search(r"<script(?![^>]*src=)|<style| on[a-z]+=", answer.text)


def test_what_hostile_logs_say_is_shown_as_words(visitor: Come) -> None:
    come = visitor(world.VERA)
    page = come.get("/receivables/R000000001").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_an_export_runs_no_formula(visitor: Come) -> None:
    """A cell of text that a spreadsheet would run is written as text."""
    answer = visitor(world.VERA).get("/receivables.csv")
    assert answer.status_code == 200
    cells = [cell.strip('"') for line in answer.text.splitlines() for cell in line.split(",")]
    assert len(cells) > 1000
    assert not [cell for cell in cells if re.match(r"[=@\t\r]|[-+](?![\d.])", cell)]


def test_an_ineligible_receivable_is_explained_clause_by_clause(visitor: Come) -> None:
    """What failed stands with its clause, the value that was seen and the threshold."""
    come = visitor(world.VERA)
    listed = come.get("/receivables", failed="E20").text
    name = re.search(r"/receivables/(R\d{9})", listed)
    assert name
    page = come.get(f"/receivables/{name.group(1)}").text
    for words in ("E20", "5.3(a)", "The receivable is current at the cut-off.", "state.days_past_due = 0"):
        assert words in page


def test_what_needs_a_look_is_named_and_what_was_not_checked_is_not_called_kept(visitor: Come) -> None:
    """An alarm names the feature that moved; a promise that had nothing to check says so."""
    come = visitor(world.VERA)
    assert f"FEATURE_MOVED of {world.FEATURE_NAMES[0]}" in come.get("/").text
    page = come.get("/data").text
    states = dict(
        re.findall(r'<span class="state \w+">([^<]+)</span></td><td>(AS_REPORTED|SCHEDULE_SUM|ORDER_COVERS)', page)
    )
    assert states == {"nothing to check": "AS_REPORTED", "kept": "SCHEDULE_SUM", "broken": "ORDER_COVERS"}


def test_searching_and_paging_show_each_receivable_once(visitor: Come) -> None:
    come, seen, page = visitor(world.VERA), [], 1
    while True:
        found = re.findall(r'href="/receivables/(R\d{9})', come.get("/receivables", page=str(page)).text)
        if not found:
            break
        seen += found
        page += 1
        if len(seen) > 2000:
            break
        if f"page={page}" not in come.get("/receivables", page=str(page - 1)).text:
            break
    assert len(seen) == len(set(seen)) > 100
