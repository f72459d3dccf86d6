"""The whole chain on a small simulated platform, in this process, and what of it two runs must have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pyspark.sql import SparkSession

from models.versions import Decision
from pipelines.daily import plan, run_day
from pipelines.featurize import FEATURES
from pipelines.ingest import Ingested, ingest, load_source
from pipelines.propose import Proposed, propose
from pipelines.score import registry
from pipelines.train import Trained, train
from pool.people import Credentials, Role
from pool.store import LedgerStore
from runtime.content import content_hash
from runtime.settings import Environment, load_settings
from runtime.stage import Outcome
from runtime.workspace import Workspace
from schemas.house import TABLES
from tests.pool.purchases import as_it_stands

FIRST_DAY = date(2024, 1, 1)
DAYS = 240
MONDAY = FIRST_DAY + timedelta(days=DAYS - 1)
BORROWERS = 180
DEAL = "demo_consumer"
SECOND_DEAL = "second_pool"
"""For tests that propose on a workspace of which others look at the first deal's purchase."""
CASH = Decimal(10_000)
Row = dict[str, Any]
SECRET = "for-simulated-people-only"
AT = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
HELD = {**TABLES, FEATURES.name: FEATURES}
SMALL = (
    "labels.horizon_days=45",
    "labels.default_days_past_due=8",
    "observation.every=month",
    "observation.most=2",
    "observation.history_days=90",
    "observation.least_defaults=0",
    "training.horizon_days=45",
    "training.split.out_of_time_share=0.4",
    "training.split.embargo_days=0",
    "training.split.folds=2",
    "training.booster.rounds=12",
    "training.booster.patience=4",
    "training.booster.min_data_in_leaf=5",
    "training.calibration=sigmoid",
    "training.leakage.hidden_days=0",
    "training.bootstrap_replicates=4",
)
ALICE, BOB, ROOT = (Credentials(name, f"secret of {name}") for name in ("alice", "bob", "root"))


@contextmanager
def opened(home: Path, conf: Path, engine: SparkSession | None) -> Iterator[Workspace]:
    """Open a workspace that uses an engine which stands already."""
    space = Workspace(home, load_settings(conf, overrides=SMALL))
    space.environment = Environment(pseudonym_secret=SecretStr(SECRET))
    if engine is not None:
        space.__dict__["session"] = engine
    with space:
        yield space


@dataclass
class Chain:
    """One workspace that is taken from raw logs to a proposal."""

    space: Workspace
    raw: Path
    results: dict[str, Any] = field(default_factory=dict)
    cash: Decimal = CASH

    def ingest(self, until: date = MONDAY) -> Ingested:
        """Bring in what was delivered before a day."""
        source = load_source(self.space.settings.folder, "simulated")
        with self.space.writing():
            return ingest(self.space, source, self.raw, until=until)

    def train(self, as_of: date = MONDAY) -> Trained:
        """Train on the past days; bob lets the first model score, whatever the gates say of so small a world."""
        with self.space.writing():
            done = train(self.space, as_of)
        store = registry(self.space)
        if store.load("champion") is None:
            store.decide(done.version, Decision("promote", BOB.name, "the only model of the chain", AT.isoformat()))
        return done

    def day(self, as_of: date = MONDAY, to: str = "", deal: str = DEAL) -> list[Outcome]:
        """Run the daily batch."""
        with self.space.writing():
            return run_day(self.space, as_of, deal, plan(deal, to))

    def propose(self, as_of: date = MONDAY) -> Proposed:
        """Choose a batch and enter it."""
        with self.space.writing():
            return propose(self.space, as_of, DEAL, self.cash, ALICE)

    def enrol(self) -> None:
        """Enrol the administrator, alice who proposes and bob who approves."""
        with self.ledger() as store:
            store.add_person(ROOT, frozenset({Role.ADMIN}), AT)
            store.add_person(ALICE, frozenset({Role.PROPOSER}), AT, ROOT)
            store.add_person(BOB, frozenset({Role.APPROVER}), AT, ROOT)

    def buy(self, proposal: str) -> None:
        """Approve and book a proposal."""
        with self.ledger() as store:
            review, settlement = as_it_stands(store.words(proposal)[0])
            store.approve(proposal, BOB, AT, review)
            store.book(proposal, BOB, AT, settlement)

    @contextmanager
    def ledger(self) -> Iterator[LedgerStore]:
        """Open the ledger for a while."""
        with LedgerStore(self.space.ledger_url) as store:
            yield store

    def rows(self, name: str, as_of: date | None = None) -> list[Row]:
        """Give the rows of a table, of one day or of all, in the order of the key; of deals the first deal's only."""
        table = HELD[name]
        where = {"as_of": as_of} if as_of else {}
        held: list[Row] = self.space.catalog.arrow(table, where).to_pylist()
        rows = [row for row in held if row.get("deal", DEAL) == DEAL]
        return sorted(rows, key=lambda row: [str(row[column]) for column in table.key])

    def all_the_way(self) -> dict[str, Any]:
        """Run every stage up to the proposal; give what each came to."""
        found = {"ingest": self.ingest(), "train": self.train(), "day": self.day(), "propose": self.propose()}
        return {**found, "contents": contents(self.space)}


def contents(space: Workspace, *names: str, as_of: date | None = None) -> dict[str, str]:
    """Give the content hash of every stored table, or of those named, of one day or of all."""
    wanted = names or tuple(name for name in HELD if space.catalog.snapshot(name) is not None)
    where = {"as_of": as_of} if as_of else {}
    return {name: content_hash(space.catalog.arrow(HELD[name], where), HELD[name].row_key) for name in wanted}
