"""A small pool that lives for months: two purchases on a simulated platform, a release, a repurchase, a statement."""

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pydantic import SecretStr
from pyspark.sql import SparkSession

from pipelines.ingest import ingest, load_source
from pipelines.screen import SCREEN, depends, extras
from pipelines.states import STATES
from pool.acts import Buyback
from pool.deal import Deal, load_deal
from pool.ledger import Item, PurchaseList
from pool.people import Credentials, Role
from pool.price import to_amount
from pool.store import LedgerStore
from runtime.iceberg import arrow_schema
from runtime.settings import Environment, load_settings
from runtime.stage import execute
from runtime.workspace import Workspace
from schemas.derived import SCREENINGS
from schemas.lending import ADJUSTMENTS
from simulate.platform import simulate
from tests.pool.purchases import as_it_stands

CONF = Path(__file__).resolve().parents[2] / "conf"
FIRST_DAY, DAYS, BORROWERS = date(2024, 1, 1), 330, 150
CUTS = (date(2024, 7, 1), date(2024, 8, 15))
AS_OF = date(2024, 11, 20)
DEAL = "life_pool"
RELEASED_ON, REPURCHASED_ON = date(2024, 9, 10), date(2024, 10, 5)
ALICE, BOB, ROOT = (Credentials(name, f"secret of {name}") for name in ("alice", "bob", "root"))
SECRET = "for-simulated-people-only"


def moment(day: date) -> datetime:
    """Give noon of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def write_conf(folder: Path) -> Path:
    """Copy the configuration, with a deal that asks for no model and times the servicer."""
    shutil.copytree(CONF, folder)
    deal = yaml.safe_load((folder / "deals" / "demo_consumer.yaml").read_text("utf-8"))
    deal["name"] = DEAL
    for part in ("criteria", "limits"):
        deal[part] = [one for one in deal[part] if not any(w in one["expression"] for w in ("tag.", "approves_model"))]
    deal["calendar"]["turnover_days"] = 3
    (folder / "deals" / f"{DEAL}.yaml").write_text(yaml.safe_dump(deal, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


@dataclass
class Life:
    """A workspace whose pool has lived up to `AS_OF`."""

    space: Workspace
    deal: Deal
    bought: dict[date, PurchaseList]

    @contextmanager
    def ledger(self) -> Iterator[LedgerStore]:
        """Open the ledger for a while."""
        with LedgerStore(self.space.ledger_url) as store:
            yield store

    def buy(self, cut: date, ids: set[str] | None = None) -> None:
        """Buy half of what is eligible on a day, or some receivables whatever they are."""
        execute(STATES, self.space, cut)
        execute(SCREEN, self.space, cut, DEAL, extras(self.space, self.deal), depends(self.space, self.deal))
        rows = self.space.catalog.arrow(SCREENINGS, {"as_of": cut, "deal": DEAL}).to_pylist()
        chosen = [row for row in rows if (row["is_eligible"] if ids is None else row["receivable_id"] in ids)]
        chosen = sorted(chosen, key=lambda row: str(row["receivable_key"]))[:: 2 if ids is None else 1]
        items = tuple(item(row) for row in chosen)
        bought = PurchaseList(DEAL, self.deal.hash, cut, 10**9, items)
        with self.ledger() as store:
            review, settlement = as_it_stands(store.propose(bought, ALICE, moment(cut)).entry)
            store.approve(bought.proposal_id, BOB, moment(cut), review)
            store.book(bought.proposal_id, BOB, moment(cut), settlement)
        self.bought[cut] = bought

    def lose(self) -> None:
        """Let one receivable be refunded and another be written off in part, some weeks after their purchase."""
        refunded, lost = self.bought[CUTS[0]].items[6:8]
        rows = [
            adjustment(f"a-{kind}", one.receivable_id, kind, one.principal_minor // 4, day)
            for one, kind, day in ((refunded, "REFUND", date(2024, 8, 2)), (lost, "WRITE_OFF", date(2024, 9, 3)))
        ]
        frame = self.space.session.createDataFrame(pa.Table.from_pylist(rows, arrow_schema(ADJUSTMENTS)))
        with self.space.writing():
            self.space.catalog.publish(ADJUSTMENTS, frame, {"batch": "losses"}, "losses")


def adjustment(name: str, receivable: str, kind: str, minor: int, day: date) -> dict[str, Any]:
    """Write down a movement that is known at once."""
    what = {"adjustment_id": name, "receivable_id": receivable, "adjustment_kind": kind}
    when = {"happened_at": moment(day), "known_at": moment(day), "is_deleted": False}
    return {
        **what,
        **when,
        "adjustment_amount": to_amount(minor),
        "source": "test",
        "batch": "losses",
        "record_hash": name,
    }


def item(row: dict[str, Any]) -> Item:
    """Put a screened receivable on a list, at 99 %."""
    principal = int(row["current_principal_amount"] * 100)
    return Item(row["receivable_key"], row["receivable_id"], principal, principal * 99 // 100)


def live(folder: Path, engine: SparkSession) -> Iterator[Life]:
    """Simulate, ingest, buy twice, release one, let the seller buy one back."""
    simulate(folder / "raw", borrowers=BORROWERS, days=DAYS, seed=5, first_day=FIRST_DAY)
    settings = load_settings(write_conf(folder / "conf"))
    with Workspace(folder / "home", settings) as space:
        space.environment = Environment(pseudonym_secret=SecretStr(SECRET))
        space.__dict__["session"] = engine
        with space.writing():
            ingest(space, load_source(settings.folder, "simulated"), folder / "raw")
        deal = load_deal((settings.folder / "deals" / f"{DEAL}.yaml").read_text("utf-8"))
        life = Life(space, deal, {})
        with life.ledger() as store:
            store.add_person(ROOT, frozenset({Role.ADMIN}), moment(FIRST_DAY))
            store.add_person(ALICE, frozenset({Role.PROPOSER}), moment(FIRST_DAY), ROOT)
            store.add_person(BOB, frozenset({Role.APPROVER}), moment(FIRST_DAY), ROOT)
        for cut in CUTS:
            life.buy(cut)
        life.lose()
        keys = tuple(one.receivable_key for one in life.bought[CUTS[0]].items)
        with life.ledger() as store:
            store.release(DEAL, keys[:3], BOB, moment(RELEASED_ON), "for the test")
            store.repurchase(
                DEAL, BOB, moment(REPURCHASED_ON), Buyback(keys[3:5], 1, "E20", "5.3(a)", "for the test", 1)
            )
        yield life


def statement(folder: Path, entries: dict[date, Decimal]) -> Path:
    """Write statements of the pool's account, one a day."""
    for day, amount in entries.items():
        place = folder / str(day) / "account.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["entry_no", "deal", "value_date", "amount", "account", "booked"])
            writer.writerow([f"e-{day}", DEAL, str(day), str(amount), "6222", f"{day} 10:00:00"])
    return folder


def later(row: dict[str, Any], known_on: date, **changes: Any) -> dict[str, Any]:
    """Give another version of a row, known on a later day."""
    known = datetime(known_on.year, known_on.month, known_on.day, tzinfo=UTC)
    return {**row, "known_at": known, "batch": "late", "record_hash": f"late {known_on}", **changes}
