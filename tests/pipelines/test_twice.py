"""The same loans again: under another pseudonym secret, from a second source, for a second pool, under new names."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from pydantic import SecretStr
from pyspark.sql import SparkSession

from features.spark import visible
from pipelines.decide import each_once
from pipelines.ingest import ingest, load_source
from pipelines.origin import secrets_of
from pool.ledger import Item, PurchaseList
from pool.near_duplicates import near_duplicates
from pool.people import Role
from pool.spark_facts import with_facts
from pool.store import LedgerStore
from runtime.settings import Environment
from runtime.workspace import Workspace
from schemas import events, lending
from schemas.errors import LedgerError
from tests.pipelines.chain import opened
from tests.pool.purchases import ANN, AT, BOB, CHEAP, ROOT, as_it_stands
from tests.runtime.conftest import platform

DAY = date(2025, 3, 1)
USERS = "uid,kind,birth,income,t\n" + "".join(f"u{n},P,1990-01-31,50000,2025-01-01 10:00:00\n" for n in range(1, 4))
LENT = (("L1", "u1", 100.00), ("L2", "u2", 200.00), ("L3", "u3", 300.00))
Read = Callable[..., tuple[Item, ...]]


def mapping(name: str, **ids: str) -> dict[str, Any]:
    """Map the tiny platform under a source name, with personal ids pseudonymized and some ids told otherwise."""
    told = platform("borrowers", "receivables", name=name)
    borrowers, loans = (dict(told["tables"][table][0]) for table in ("borrowers", "receivables"))
    borrowers["pseudonymize"], loans["pseudonymize"] = ["uid"], ["uid"]
    loans["columns"] = {**loans["columns"], **ids}
    return {**told, "tables": {"borrowers": [borrowers], "receivables": [loans]}}


@pytest.fixture
def read(tmp_path: Path, conf: Path, engine: SparkSession) -> Iterator[Read]:
    """Give a function that ingests loans into a workspace and gives them as a purchase list with their facts."""
    folder = tmp_path / "conf"
    (folder / "sources").mkdir(parents=True)
    for name in ("base.yaml", "model.yaml"):
        (folder / name).write_text((conf / name).read_text("utf-8"), "utf-8")
    for name, ids in (("tiny", {}), ("second", {"receivable_id": "concat('B-', loan)"})):
        text = yaml.safe_dump(mapping(name, **ids), allow_unicode=True)
        (folder / "sources" / f"{name}.yaml").write_text(text, "utf-8")
    with ExitStack() as closing:

        def brought(place: str, source: str = "tiny", letter: str = "a", **renamed: str) -> tuple[Item, ...]:
            space = closing.enter_context(opened(tmp_path / place, folder, engine))
            space.environment = Environment(pseudonym_secret=SecretStr(letter * 20))
            raw = tmp_path / f"raw-{place}-{source}-{'-'.join(renamed)}"
            raw.mkdir()
            (raw / "users.csv").write_text(USERS, "utf-8")
            lines = [
                f'{{"loan":"{renamed.get(loan, loan)}","uid":"{who}","d":"2025-01-02","prin":{much}}}\n'
                for loan, who, much in LENT
            ]
            (raw / "loans.jsonl").write_text("".join(lines), "utf-8")
            with space.writing():
                ingest(space, load_source(folder, source), raw)
            return items_of(space, source)

        yield brought


def items_of(space: Workspace, source: str) -> tuple[Item, ...]:
    """List what a source delivered, with its facts."""
    rows = [row for row in space.catalog.arrow(lending.RECEIVABLES).to_pylist() if row["source"] == source]
    items = [Item(row["receivable_key"], row["receivable_id"], 1000, 990) for row in rows]
    zone = space.settings.platform.time_zone
    logs = [
        visible(space.catalog.read(space.session, table), table, DAY, zone)
        for table in (lending.RECEIVABLES, events.ORDERS)
    ]
    found = with_facts(items, logs[0], logs[1], secrets_of(space))
    return tuple(sorted(found, key=lambda item: item.receivable_id))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LedgerStore]:
    """Keep one ledger for all."""
    with LedgerStore(f"sqlite:///{tmp_path / 'ledger.db'}", CHEAP) as kept:
        kept.add_person(ROOT, frozenset({Role.ADMIN}), AT)
        kept.add_person(ANN, frozenset({Role.PROPOSER}), AT, ROOT)
        kept.add_person(BOB, frozenset({Role.APPROVER}), AT, ROOT)
        yield kept


def buy(store: LedgerStore, deal: str, items: tuple[Item, ...]) -> None:
    """Take a list all the way."""
    proposal = store.propose(PurchaseList(deal, "h", DAY, 10**6, items), ANN, AT).entry
    review, settlement = as_it_stands(proposal)
    store.approve(proposal.proposal_id, BOB, AT, review)
    store.book(proposal.proposal_id, BOB, AT, settlement)


def told(store: LedgerStore, items: tuple[Item, ...]) -> list[tuple[str, int, int]]:
    """Search a list for near-duplicates of what the pools hold."""
    found = near_duplicates(items, store.positions())
    return [(one.kind, len(one.listed), len(one.held)) for one in found]


AGAIN = {
    "a second pool": {},
    "another pseudonym secret": {"letter": "b"},
    "a second source": {"source": "second"},
    "a second source under another secret": {"source": "second", "letter": "b"},
}


@pytest.mark.parametrize("how", AGAIN.values(), ids=AGAIN)
def test_no_receivable_gets_in_twice(read: Read, store: LedgerStore, how: dict[str, str]) -> None:
    """The key is made of the contract: whatever else is new, the ledger knows it and refuses the list."""
    first = read("first")
    buy(store, "demo", first)
    again = read("again", **how)
    assert [item.receivable_key for item in again] == [item.receivable_key for item in first]
    if how:
        assert not {item.facts for item in again} & {item.facts for item in first}
    before = store.head()
    for deal in ("demo", "other"):
        with pytest.raises(LedgerError, match="3 pledged already"):
            store.propose(PurchaseList(deal, "h", DAY, 10**6, again, {"try": "again"}), ANN, AT)
    assert store.head() == before


RENAMED = {
    "by the same source": ({}, "SAME_LOAN"),
    "under another pseudonym secret": ({"letter": "b"}, "OTHER_SECRET"),
    "by a second source": ({"source": "second", "letter": "b"}, "OTHER_SOURCE"),
}


@pytest.mark.parametrize(("how", "kind"), RENAMED.values(), ids=RENAMED)
def test_a_renamed_contract_is_a_near_duplicate(read: Read, store: LedgerStore, how: dict[str, str], kind: str) -> None:
    """Two of three contracts come again under new numbers: two groups are shown, and they cannot be approved unseen."""
    buy(store, "demo", read("first"))
    again = read("again", **how, L1="N1", L2="N2")
    fresh = tuple(item for item in again if item.receivable_key not in store.pledged_keys())
    assert told(store, fresh) == [(kind, 1, 1)] * 2
    found = near_duplicates(fresh, store.positions())
    purchase = PurchaseList("other", "h", DAY, 10**6, fresh, near_duplicates=found)
    proposal = store.propose(purchase, ANN, AT).entry
    review, _ = as_it_stands(proposal)
    with pytest.raises(LedgerError, match=rf"2 near-duplicate\(s\), the first {kind}"):
        store.approve(proposal.proposal_id, BOB, AT, type(review)(review.inputs, review.on))


def test_two_sources_in_one_workspace_are_one_receivable(read: Read) -> None:
    """Both deliver the same loans under ids of their own: the keys are the same, so one list may name each once."""
    first = read("both")
    second = read("both", source="second")
    assert [item.receivable_key for item in first] == [item.receivable_key for item in second]
    assert not {item.receivable_id for item in first} & {item.receivable_id for item in second}
    both = [*first, *second]
    rows = pa.table(
        {
            "receivable_id": [item.receivable_id for item in both],
            "receivable_key": [item.receivable_key for item in both],
            "is_pooled": [item.receivable_id == "L2" for item in both],
        }
    )
    kept = each_once(rows).sort_by("receivable_id").to_pydict()
    assert kept["receivable_id"] == ["B-L1", "B-L3", "L2"], "the pooled one, else the first by id"
    assert each_once(rows.slice(0, 3)) == rows.slice(0, 3)
