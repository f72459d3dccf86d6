"""Deciding in the workbench: another person approves, then it is settled against cash; all stands in the ledger."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipelines.proposals import reviewed
from pool.ledger import EntryKind
from pool.price import to_amount
from pool.purchase import PurchaseList, read_items
from tests.workbench import world
from tests.workbench.conftest import Visitor
from workbench.app import application
from workbench.desk import Desk

COUNT = 300
Come = Callable[..., Visitor]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a platform of its own: what is decided here is decided for good."""
    world.made(tmp_path / "workspace", COUNT)
    return tmp_path / "workspace"


@pytest.fixture
def words(desk: Desk, proposal: str) -> Callable[[], list[EntryKind]]:
    """Say what the ledger holds of the proposal."""
    return lambda: [one.kind for one in desk.book.store.history() if one.proposal_id == proposal]


def decided(who: Visitor, proposal: str, act: str, secret: str, **given: str) -> int:
    answer = who.post(f"/proposals/{proposal}/{act}", {"secret": secret, **given})
    return answer.status_code


DAY = world.DAY.isoformat()
ACCEPTED = "The seller showed both orders; they are two purchases."


def test_a_purchase_is_approved_by_another_and_settled_against_its_price(
    visitor: Come, proposal: str, words: Callable[[], list[EntryKind]], desk: Desk
) -> None:
    bob, alice = visitor(world.BOB), visitor(world.ALICE)
    assert decided(bob, proposal, "approve", world.BOB.secret, on=DAY) == 409, "near-duplicates are not answered"
    assert decided(bob, proposal, "approve", "not the secret", on=DAY, accepted=ACCEPTED) == 403
    assert words() == [EntryKind.PROPOSED]
    assert decided(bob, proposal, "approve", world.BOB.secret, on=DAY, accepted=ACCEPTED) == 303
    price = desk.book.store.words(proposal)[0].payload["price_minor"]
    assert decided(alice, proposal, "settle", world.ALICE.secret, on=DAY, cash="1.00") == 409
    assert decided(alice, proposal, "settle", world.ALICE.secret, on=DAY, cash=str(to_amount(price))) == 303
    assert words() == [EntryKind.PROPOSED, EntryKind.APPROVED, EntryKind.BOOKED]
    assert desk.book.store.verify() is None
    assert bob.post("/ledger/verify", {}).status_code == 200


def test_near_duplicates_are_named_on_the_command_line(desk: Desk, proposal: str) -> None:
    """Before anybody approves: each group with the ids by which people know its receivables."""
    groups = reviewed(desk.workspace, proposal)["near_duplicate_groups"]
    ids = {item.receivable_key: item.receivable_id for item in read_items(desk.book.store.words(proposal)[0].payload)}
    ids |= {one.receivable_key: one.receivable_id for one in desk.book.store.positions()}
    assert groups
    assert all(one["receivables"] == [ids[key] for key in (*one["listed"], *one["held"])] for one in groups)


def test_nobody_approves_their_own_proposal(visitor: Come, desk: Desk, proposal: str) -> None:
    """Carol may propose and approve; what she proposed herself another person approves."""
    made = desk.book.store.words(proposal)[0].payload
    inputs, items = made["inputs"], read_items(made)[:5]
    listed = PurchaseList(world.DEAL, made["deal_hash"], world.DAY, made["cash_minor"], items, inputs)
    own = desk.book.store.propose(listed, world.CAROL, world.AT).entry.proposal_id
    assert decided(visitor(world.CAROL), own, "approve", world.CAROL.secret, on=DAY, accepted=ACCEPTED) == 403
    assert [one.kind for one in desk.book.store.history() if one.proposal_id == own] == [EntryKind.PROPOSED]


def test_a_rejection_needs_a_reason_and_ends_it(
    visitor: Come, proposal: str, words: Callable[[], list[EntryKind]]
) -> None:
    bob = visitor(world.BOB)
    assert decided(bob, proposal, "reject", world.BOB.secret) == 422
    assert decided(bob, proposal, "reject", world.BOB.secret, reason="Too many of one merchant") == 303
    assert words() == [EntryKind.PROPOSED, EntryKind.REJECTED]
    assert decided(bob, proposal, "approve", world.BOB.secret, on=DAY, accepted=ACCEPTED) == 409


def test_guessing_secrets_is_slowed_down(visitor: Come) -> None:
    guest = visitor()
    told = [guest.post("/sign-in", {"name": "bob", "secret": f"guess {n}"}).status_code for n in range(12)]
    assert set(told) == {401, 429}
    assert told[0] == 401
    assert told[-1] == 429


def test_signing_out_ends_the_session_at_the_server(visitor: Come) -> None:
    vera = visitor(world.VERA)
    cookie = dict(vera.browser.cookies)
    assert vera.get("/").status_code == 200
    vera.post("/sign-out", {})
    vera.browser.cookies.update(cookie)
    assert vera.get("/").status_code == 401


def test_a_page_of_another_name_reaches_nothing(desk: Desk) -> None:
    """A host name that is not this machine's own is refused: no page elsewhere can make its name mean us."""
    answer = TestClient(application(desk), base_url="http://elsewhere.example").get("/sign-in")
    assert answer.status_code == 400
