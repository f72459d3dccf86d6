"""A purchase by the command line, from proposal to its end: reviewed, approved by another, settled, taken back."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines import purchase, purchase_day
from pipelines.daily import plan, run_day
from pipelines.pool_triggers import watch_triggers
from pipelines.propose import propose
from pipelines.screen import SCREEN
from pipelines.states import STATES
from pool.chain import EntryKind
from pool.deal import load_deal
from pool.purchase import read_items
from runtime.catalog import Catalog
from runtime.content import content_hash
from schemas.derived import RECEIVABLE_STATES, SCREENINGS
from schemas.errors import LedgerError
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import ALICE, AT, BOB, DEAL, MONDAY, SECOND_DEAL, Chain

DAY = MONDAY.isoformat()
LATE = MONDAY + timedelta(days=2)
SMALL_CASH = Decimal(3000)
Command = Any
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def tell(call: Call, bought: Chain) -> Command:
    """Give a function that calls a command on the shared workspace and reads its JSON."""

    def told(*words: str, by: str = "bob", code: int = 0) -> Any:
        answer = call(*words, *on(bought), "--json", by=by)
        assert answer.code == code, answer
        return json.loads(answer.out) if answer.out else answer.err

    return told


def proposed(chain: Chain, cash: Decimal = SMALL_CASH) -> str:
    """Propose a purchase of the second pool."""
    with chain.space.writing():
        done = propose(chain.space, MONDAY, SECOND_DEAL, cash, ALICE)
    assert done.proposal_id, done.reasons
    return done.proposal_id


@pytest.fixture
def deal(bought: Chain) -> Iterator[Path]:
    """Give the second deal's document, and put it back as it was."""
    path = bought.space.settings.folder / "deals" / f"{SECOND_DEAL}.yaml"
    before = path.read_text("utf-8")
    yield path
    path.write_text(before, "utf-8")


def edited(path: Path, **changes: Any) -> None:
    """Change top-level words of a deal."""
    document = yaml.safe_load(path.read_text("utf-8"))
    path.write_text(yaml.safe_dump({**document, **changes}, allow_unicode=True, sort_keys=False), "utf-8")


def test_from_proposal_to_the_end_of_the_pool(tell: Command, bought: Chain, deal: Path, tmp_path: Path) -> None:
    """Each act is refused to whom it is not for and where its figures do not agree, and entered once."""
    name = proposed(bought)
    shown = tell("proposals", "show", name)
    assert (shown["state"], shown["changed"], shown["proposer"]) == ("PROPOSED", [], "alice")
    assert shown["receivables"] == sum(one["receivables"] for one in shown["grades"]) > 5
    assert all(one["is_kept"] for one in shown["limits"])
    assert shown["inputs"].keys() == {
        "deal", "model_version", "near_duplicates", "pool", "receivable_states", "receivable_tags", "screenings",
    }  # fmt: skip
    goes_out_as_files(tell, shown, read_items(entry_of(bought, name))[0].receivable_id, tmp_path)
    is_approved_and_settled(tell, shown)
    one = read_items(entry_of(bought, name))[0].receivable_id
    explained = tell("explain", one, "--as-of", DAY, "--deal", SECOND_DEAL)
    assert {line["outcome"] for line in explained} == {"pass"}, "as screened before it was bought"
    is_taken_back(tell, deal)
    assert tell("ledger", "positions", "--deal", SECOND_DEAL) == []
    assert tell("ledger", "verify")["holds"]


def goes_out_as_files(tell: Command, shown: dict[str, Any], one: str, folder: Path) -> None:
    """Export the list in every form, check it against the ledger, and change a line."""
    name, path = shown["proposal"], folder / "list"
    for kind in ("parquet", "xlsx", "csv"):
        totals = tell("proposals", "export", name, "--format", kind, "--out", str(path))
        assert (totals["price_amount"], totals["list_hash"]) == (shown["price"], shown["list_hash"])
        assert tell("proposals", "verify-list", str(path))["holds"]
        assert tell("proposals", "verify-list", str(path), "--alone")["holds"]
    text = path.read_text("utf-8-sig")
    path.write_text(text.replace(f",{one},", f",{one}x,"), "utf-8-sig")
    assert tell("proposals", "verify-list", str(path), code=1)["problems"]


def is_approved_and_settled(tell: Command, shown: dict[str, Any]) -> None:
    """Approve and settle, after every refusal on the way."""
    name, price = shown["proposal"], shown["price"]
    because = ("--accept-near-duplicates", "looked at") if shown["near_duplicates"] else ()
    late = (MONDAY + timedelta(days=1)).isoformat()
    approve, settle = ("approve", name, "--as", "bob", *because), ("settle", name, "--as", "bob", "--on", DAY)
    assert "expired" in tell(*approve, "--on", late, code=1)
    assert "expired" in tell(*approve, code=1), "today is not that day"
    assert "whoever does this is approver" in tell("approve", name, "--as", "alice", "--on", DAY, by="alice", code=1)
    assert "is PROPOSED" in tell(*settle, "--cash", price, code=1)
    assert tell(*approve, "--on", DAY)["new"]
    assert "against a price" in tell(*settle, "--cash", "1.00", code=1)
    assert [tell(*settle, "--cash", price)["new"] for _ in range(2)] == [True, False]
    (line,) = [one for one in tell("proposals", "list", "--deal", SECOND_DEAL) if one["proposal"] == name]
    assert (line["state"], line["price"]) == ("BOOKED", price)


def is_taken_back(tell: Command, deal: Path) -> None:
    """Repurchase, release, and clean up what is left once the pool buys no more."""
    held = [one["receivable"] for one in tell("ledger", "positions", "--deal", SECOND_DEAL)]
    back = ("repurchase", "--deal", SECOND_DEAL, "--as-of", DAY, "--as", "bob", "--price", "10.00", "--reason", "late")
    assert "E20" in tell(*back, "--receivable", held[0], "--clause", "E99", code=2)
    assert "never held" in tell(*back, "--receivable", "x", "--clause", "E20", code=1)
    assert tell(*back, "--receivable", held[0], "--clause", "E20")["kind"] == "REPURCHASED"
    out = ("release", "--deal", SECOND_DEAL, "--as", "bob", "--reason", "paid off", "--receivable", held[1])
    assert [tell(*out)["new"] for _ in range(2)] == [True, False]
    small = ("clean-up", "--deal", SECOND_DEAL, "--as-of", DAY, "--price", "1.00", "--as", "bob")
    assert "revolves until" in tell(*small, code=1)
    edited(deal, calendar={**yaml.safe_load(deal.read_text("utf-8"))["calendar"], "revolving_end_on": MONDAY})
    assert "pool factor" in tell(*small, code=1)
    edited(deal, clean_up_share=1)
    assert [tell(*small)["new"] for _ in range(2)] == [True, False]


def entry_of(chain: Chain, name: str) -> Any:
    """Give the payload of a proposal."""
    with chain.ledger() as store:
        return store.words(name)[0].payload


def test_a_replacement_comes_for_what_goes_back(tell: Command, bought: Chain) -> None:
    """One entry ends and begins pledges; a smaller replacement is refused."""
    first = proposed(bought)
    taken(bought, first)
    held = [one["receivable"] for one in tell("ledger", "positions", "--deal", SECOND_DEAL)]
    bought.day(deal=SECOND_DEAL)
    name = proposed(bought, Decimal(1500))
    with bought.ledger() as store:
        said = store.words(name)[0].payload
    approved(bought, name)
    price = Decimal(said["price_minor"]) / 100
    back = ("--clause", "E20", "--reason", "late", "--price", "20.00", "--as", "bob", "--on", DAY)
    cash = ("--cash", str(price - 20))
    everything = [word for one in held for word in ("--receivable", one)]
    assert "replaces" in tell("substitute", name, *back, *cash, *everything, code=1)
    one = ("--receivable", held[0])
    assert "against a price" in tell("substitute", name, *back, "--cash", str(price), *one, code=1)
    assert tell("substitute", name, *back, *cash, *one)["kind"] == "SUBSTITUTED"
    now = {one["receivable"] for one in tell("ledger", "positions", "--deal", SECOND_DEAL)}
    assert held[0] not in now
    assert {*held[1:], *(item.receivable_id for item in read_items(said))} == now
    freed(bought)


def approved(chain: Chain, name: str) -> None:
    """Have bob approve a proposal on its day."""
    purchase.approve(chain.space, name, BOB, MONDAY, "looked at")


def taken(chain: Chain, name: str) -> None:
    """Approve and settle a proposal."""
    approved(chain, name)
    price = Decimal(entry_of(chain, name)["price_minor"]) / 100
    purchase.settle(chain.space, name, BOB, MONDAY, price)


def taken_meanwhile(patched: pytest.MonkeyPatch, chain: Chain, name: str) -> str:
    """Approve and settle a proposal in the middle of the settlement of another, as somebody else might."""
    patched.undo()
    taken(chain, name)
    return ""


def freed(chain: Chain) -> None:
    """Let go of all that the second pool holds."""
    with chain.ledger() as store:
        keys = [one.receivable_key for one in store.positions(SECOND_DEAL)]
        if keys:
            store.release(SECOND_DEAL, keys, BOB, AT, "the test is over")


def test_a_proposal_expires_with_what_it_came_from(bought: Chain, deal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another deal, another model, another pool, other screenings: refused at approval and at settlement, by name."""
    name = proposed(bought)
    space, price = bought.space, Decimal(entry_of(bought, name)["price_minor"]) / 100

    def not_approved(what: str) -> None:
        with pytest.raises(LedgerError, match=f"has expired: .*{what} was"):
            approved(bought, name)

    edited(deal, version=2)
    not_approved("deal")
    edited(deal, version=1)
    with monkeypatch.context() as patched:
        patched.setattr(purchase, "_model_version", lambda *_: "9")
        not_approved("model_version")
    approved(bought, name)
    with monkeypatch.context() as patched:
        patched.setattr(purchase, "_model_version", lambda *_: "9")
        with pytest.raises(LedgerError, match=r"has expired: .*model_version was 1, is 9"):
            purchase.settle(space, name, BOB, MONDAY, price)
    other = proposed(bought, Decimal(2000))
    with monkeypatch.context() as patched:
        patched.setattr(purchase, "screened_on", lambda *_: taken_meanwhile(patched, bought, other))
        with pytest.raises(LedgerError, match="bought or let go of something while this was looked at"):
            purchase.settle(space, name, BOB, MONDAY, price)
    with pytest.raises(LedgerError, match=r"has expired: .*pool was"):
        purchase.settle(space, name, BOB, MONDAY, price)
    freed(bought)
    bought.day(deal=SECOND_DEAL)
    with bought.ledger() as store:
        kinds = [entry.kind for entry in store.words(name)]
    assert kinds == [EntryKind.PROPOSED, EntryKind.APPROVED]


def test_a_late_log_of_features_alone_makes_the_screening_of_a_day_old(
    bought: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither states nor the screening read it, but the tags come from it: where criteria ask them, the day is due."""
    space, fingerprint = bought.space, bought.space.catalog.fingerprint
    run_day(space, MONDAY, DEAL, plan(DEAL))
    assert purchase_day.screening_of(space, DEAL, MONDAY).deal.name == DEAL
    with monkeypatch.context() as patched:
        other = {"behaviour_events": "with rows that came late"}
        patched.setattr(space.catalog, "fingerprint", lambda name, place: other.get(name) or fingerprint(name, place))
        with pytest.raises(LedgerError, match="featurize, changed: behaviour_events"):
            purchase_day.screening_of(space, DEAL, MONDAY)


STATE_CRITERIA = ("E21", "E24", "E44")
"""What two days without a payment do not break."""


@pytest.fixture
def weekly(bought: Chain, deal: Path) -> Iterator[Path]:
    """Let the second deal cut off once a week and ask of states and pledges alone; give its folder of versions."""
    document = yaml.safe_load(deal.read_text("utf-8"))
    calendar = {name: value for name, value in document["calendar"].items() if name != "purchase_every_days"}
    days = {"cut_off": {"day_of_month": 31}, "purchase": {"every_days": 1}}
    criteria = [one for one in document["criteria"] if one["code"] in STATE_CRITERIA]
    edited(deal, calendar={**calendar, "days": days}, criteria=criteria)
    later = deal.with_suffix("")
    yield later
    freed(bought)
    shutil.rmtree(later, ignore_errors=True)


@pytest.mark.slow
def test_what_is_bought_after_the_cut_off_is_screened_again(
    tell: Command, bought: Chain, deal: Path, weekly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No screening of the day, one by which something fails, one of other states: refused; then the entry names it."""
    run_day(bought.space, MONDAY, SECOND_DEAL, (SCREEN,))
    taken(bought, proposed(bought, Decimal(1000)))
    run_day(bought.space, MONDAY, SECOND_DEAL, (SCREEN,))
    name = proposed(bought)
    said = entry_of(bought, name)
    assert said["valid_until"] >= LATE.isoformat()
    approved(bought, name)
    cash = str(Decimal(said["price_minor"]) / 100)
    settle = ("settle", name, "--as", "bob", "--cash", cash, "--on", LATE.isoformat())
    assert "poolwright pool triggers" in tell(*settle, code=1)
    measured_on(bought, deal)
    is_refused_until_all_pass(tell, bought, deal, weekly, settle)
    with monkeypatch.context() as patched:
        fingerprint = Catalog.fingerprint
        other = {RECEIVABLE_STATES.name: "with rows that came late"}
        patched.setattr(Catalog, "fingerprint", lambda *given: other.get(given[1]) or fingerprint(*given))
        assert "poolwright pool triggers" in tell(*settle, code=1), "the states are not those that were measured"
    assert [tell(*settle)["new"] for _ in range(2)] == [True, False]
    rows = bought.space.catalog.arrow(SCREENINGS, {"as_of": LATE, "deal": SECOND_DEAL})
    with bought.ledger() as store:
        words = store.words(name)
    assert [one.kind for one in words] == [EntryKind.PROPOSED, EntryKind.APPROVED, EntryKind.BOOKED]
    assert words[-1].payload["screening"] == content_hash(rows, SCREENINGS.key)
    run_day(bought.space, LATE, SECOND_DEAL, (SCREEN,))
    assert not tell(*settle)["new"], "what is booked fails E44 from here on, and stays booked"
    assert tell("ledger", "verify")["holds"]


def measured_on(chain: Chain, path: Path) -> None:
    """Measure the second deal's triggers on the later day."""
    with chain.space.writing():
        watch_triggers(chain.space, load_deal(path.read_text("utf-8")), LATE)


def is_refused_until_all_pass(
    tell: Command, bought: Chain, deal: Path, versions: Path, settle: tuple[str, ...]
) -> None:
    """Try to settle before the day is screened, by a stricter version of the deal, and by other states."""
    again = f"poolwright run --as-of {LATE} --deal {SECOND_DEAL}"
    assert again in tell(*settle, code=1)
    ids = sorted(item.receivable_id for item in read_items(entry_of(bought, settle[1])))
    stricter = yaml.safe_load(deal.read_text("utf-8")) | {"version": 2, "effective_on": LATE}
    stricter["criteria"][0] |= {"expression": f"receivable.receivable_id <> '{ids[1]}'", "clause": "9.9"}
    versions.mkdir()
    (versions / "second.yaml").write_text(yaml.safe_dump(stricter, allow_unicode=True, sort_keys=False), "utf-8")
    run_day(bought.space, LATE, SECOND_DEAL, (STATES, SCREEN))
    assert "poolwright pool triggers" in tell(*settle, code=1), "measured by another version of the deal"
    measured_on(bought, versions / "second.yaml")
    refused = tell(*settle, code=1)
    assert f"1 of {len(ids)} receivables do not pass on {LATE}: {ids[1]}: E21 (9.9) fails" in refused
    assert f"poolwright reject {settle[1]}" in refused
    shutil.rmtree(versions)
    measured_on(bought, deal)
    assert again in tell(*settle, code=1), "the document of the day is another"
    run_day(bought.space, LATE, SECOND_DEAL, (STATES, SCREEN))
    other = tell(*settle, "--set", "states.grace_days=1", code=1)
    assert "states, changed: setting states" in other


def test_a_witness_checks_from_outside(tell: Command, tmp_path: Path) -> None:
    """A signed head and an export hold on a machine without the ledger, and a changed line does not."""
    key, head, lines = (tmp_path / name for name in ("key.pem", "head.json", "ledger.jsonl"))
    public = f"{key}.pub"
    tell("ledger", "new-key", "--out", str(key))
    assert key.stat().st_mode & 0o777 == 0o600
    tell("ledger", "new-key", "--out", str(key), code=2)
    tell("ledger", "head", "--out", str(head), "--sign", str(key))
    tell("ledger", "export", "--out", str(lines))
    seen = ("--head", str(head), "--key", public)
    whole = tell("ledger", "verify", *seen)
    assert (whole["holds"], whole["witnessed"]) == (True, whole["entries"])
    away = ("ledger", "verify", "--export", str(lines), "--home", str(tmp_path / "away"))
    assert tell(*away, *seen)["holds"]
    assert not (tmp_path / "away").exists()
    cut = lines.read_bytes().splitlines(keepends=True)[:-1]
    lines.write_bytes(b"".join(cut))
    assert tell(*away)["holds"]
    told = tell(*away, *seen, code=1)
    assert (told["holds"], told["first_wrong"]) == (False, whole["entries"])
    tell("ledger", "new-key", "--out", str(tmp_path / "other.pem"))
    assert "not signed by that key" in tell(
        *away, "--head", str(head), "--key", str(tmp_path / "other.pem.pub"), code=1
    )
    tell(*away, "--key", public, code=2)
