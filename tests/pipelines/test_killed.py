"""Killed in the middle: the next run ends with the tables and the ledger of an undisturbed one."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from pipelines.purchase import inputs_now
from pool.ledger import EntryKind, Item, PurchaseList
from pool.price import to_amount
from runtime.workspace import Workspace
from tests.pipelines.chain import ALICE, BOB, DEAL, MONDAY, Chain, contents, opened
from tests.pipelines.machine import Machine
from tests.pool.purchases import as_it_stands

DAY = MONDAY.isoformat()
LONG_AGO = date(2024, 8, 27)
AT = datetime(2025, 1, 2, tzinfo=UTC)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def machine(tmp_path: Path, conf: Path) -> Machine:
    """Give an empty workspace."""
    home = tmp_path / "killed"
    home.mkdir()
    return Machine(home, conf)


@pytest.fixture
def stored(machine: Machine, engine: SparkSession) -> Iterator[Workspace]:
    """Look into the machine's workspace from this process."""
    with opened(machine.home, machine.conf, engine) as space:
        yield space


def test_killed_in_ingest_and_in_featurize(machine: Machine, stored: Workspace, bought: Chain) -> None:
    """Killed at eight moments: while reading, writing, between tables and between write and commit."""
    ingest = ("ingest", "--source", "simulated", "--from", str(bought.raw), "--until", DAY)
    for marker in INGEST_MARKERS:
        machine.kill(machine.appears(marker), *ingest)
        assert stored.runs.unfinished("ingest"), marker
    machine.run(*ingest)
    first = bought.results["first"]
    logs = tuple(name for name in first["ingest"].tables)
    assert contents(stored, *logs, "quarantine") == {name: first["contents"][name] for name in (*logs, "quarantine")}
    batch = first["ingest"].batches[0].name
    assert [one.figures["tables"] for one in stored.runs.all()] == [first["ingest"].tables]
    assert [one.subject["batch"] for one in stored.runs.all()] == [batch]

    featurize = ("run", "--as-of", DAY, "--to", "featurize")
    for marker in FEATURIZE_MARKERS:
        machine.kill(machine.appears(marker), *featurize)
        assert [one.status for one in stored.runs.all()].count("started") == 1, marker
    machine.run(*featurize)
    assert contents(stored, *DERIVED, as_of=MONDAY) == contents(bought.space, *DERIVED, as_of=MONDAY)
    assert not [one for one in stored.runs.all() if one.status != "finished"]
    assert not [*machine.home.glob("scratch/*")]
    with stored.writing():
        assert stored.catalog.sweep_orphans() == []


INGEST_MARKERS = (
    "scratch/*/*",
    "warehouse/poolwright/borrowers/data/*/*.parquet",
    "warehouse/poolwright/receivables/metadata/*",
    "warehouse/poolwright/repayments/data/*/*.parquet",
    "warehouse/poolwright/quarantine/data/*/*.parquet",
)
FEATURIZE_MARKERS = (
    "scratch/*/settlements*",
    "warehouse/poolwright/receivable_states/data/*/*.parquet",
    "warehouse/poolwright/features/data/*/*.parquet",
)
DERIVED = ("receivable_states", "features", "reconciliations")


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.02])
def test_killed_in_booking(machine: Machine, stored: Workspace, delay: float) -> None:
    """A purchase whose booking dies is booked wholly or not at all, and the next call books it once."""
    chain = Chain(stored, machine.home)
    chain.enrol()
    items = tuple(Item(f"KEY{one:06d}", f"R{one:06d}", 100 + one, 99 + one) for one in range(40_000))
    purchase = PurchaseList(DEAL, "a deal", LONG_AGO, 10**9, items, inputs_now(stored, DEAL, LONG_AGO, items, [])[0])
    with chain.ledger() as store:
        proposal = store.propose(purchase, ALICE, AT).entry
        store.approve(purchase.proposal_id, BOB, AT, as_it_stands(proposal)[0])
    cash = str(to_amount(proposal.payload["price_minor"]))
    settle = ("settle", purchase.proposal_id, "--as", "bob", "--cash", cash, "--on", LONG_AGO.isoformat())
    log = machine.home / "ledger.db-wal"

    def booking() -> bool:
        if not log.exists() or log.stat().st_size == 0:
            return False
        time.sleep(delay)
        return True

    machine.kill(booking, *settle, by="bob")
    with chain.ledger() as store:
        assert store.verify() is None
        kinds = [entry.kind for entry in store.history(DEAL)]
        booked = kinds == [EntryKind.PROPOSED, EntryKind.APPROVED, EntryKind.BOOKED]
        assert booked or kinds == [EntryKind.PROPOSED, EntryKind.APPROVED]
        assert len(store.positions()) == len(store.pledged_keys()) == (len(items) if booked else 0)
    machine.run(*settle, by="bob")
    machine.run(*settle, by="bob")
    with chain.ledger() as store:
        assert store.verify() is None
        assert [entry.kind.value for entry in store.history(DEAL)] == ["PROPOSED", "APPROVED", "BOOKED"]
        held = {(one.receivable_key, one.principal_minor, one.price_minor) for one in store.positions()}
        assert held == {(one.receivable_key, one.principal_minor, one.price_minor) for one in items}
        assert store.pledged_keys() == {one.receivable_key for one in items}
