"""A purchase chosen once more, by the stages that chose it, in a workspace that holds only what there was then."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.daily import plan, run_day
from pipelines.deals import read_deal
from pipelines.decide import decided
from pipelines.origin import Origin, origin_of
from pipelines.reconcile import RECONCILE
from pipelines.score import registry
from pipelines.signing import ledger
from pool.ledger import Entry
from pool.list_file import write_list
from pool.purchase import Item, PurchaseList, read_items
from pool.store_copy import take_over
from runtime.manifest import code_version, lock_version
from runtime.settings import Settings
from runtime.workspace import Workspace
from schemas.errors import CatalogError, ModelError
from schemas.house import SOURCE_TABLES

RUN = "replay"
RAN_ON = "code and packages"
"""The line that explains a difference, and is none."""
DEALS = "deals"
TOTALS = ("count", "principal_minor", "price_minor", "key_digest", "list_hash")
Line = dict[str, Any]


def replay(workspace: Workspace, name: str) -> list[Line]:
    """Choose a purchase once more from the logs, settings, deal, model and pledges that there were; compare.

    Nothing that is published, and no entry, is touched. The day is computed anew from the logs; what the ledger says of
    the list is only compared. Revolving conditions are not asked again: had one failed, nothing had been entered.

    Args:
        workspace: Where.
        name: Id of the proposal, or sequence of an entry on it.

    Returns:
        Lines `what`, `then`, `now`, `same`, in the order in which one comes from another: inputs, totals, bytes, id.

    Raises:
        LedgerError: There is no such proposal.
        CatalogError: Something that it came from is gone.
        ModelError: The model is gone.
    """
    with ledger(workspace) as store:
        history = store.history()
        entry = store.words(_named(history, name))[0]
    origin = origin_of(workspace, entry.proposal_id)
    before = [one for one in history if one.sequence <= origin.entries]
    as_of = date.fromisoformat(entry.payload["as_of"])
    with workspace.scratch(f"replay-{entry.proposal_id}") as folder, _past(workspace, origin, before, folder) as past:
        stages = [stage for stage in plan(entry.deal, "screen") if stage is not RECONCILE]
        deal = read_deal(past.settings.folder, entry.deal, as_of)
        run_day(past, as_of, entry.deal, stages)
        with decided(past, deal, as_of, origin, Decimal(origin.cash)) as done:
            return compared(entry, done.purchase, origin)


def _named(history: list[Entry], name: str) -> str:
    return next((one.proposal_id for one in history if str(one.sequence) == name), name)


@contextmanager
def _past(workspace: Workspace, origin: Origin, before: list[Entry], folder: Path) -> Iterator[Workspace]:
    """Open a workspace, on the same engine and model registry, that holds what there was then and nothing else."""
    conf = folder / "conf"
    (conf / DEALS).mkdir(parents=True)
    (conf / DEALS / f"{origin.deal['name']}.yaml").write_text(origin.document, "utf-8")
    if origin.model_version and registry(workspace).load(origin.model_version) is None:
        raise ModelError(
            f"model {origin.model_version}, which scored then, is gone", "versions are kept", "a backup of the registry"
        )
    own = {"storage": {"tracking_url": workspace.tracking_url}, "engine": workspace.settings.tree.get("engine")}
    take_over(f"sqlite:///{folder / 'ledger.db'}", before)
    with Workspace(folder, Settings({**origin.settings, **own}, conf), workspace.tell) as past:
        past.session = workspace.session
        past.scoring_version = origin.model_version
        for table in SOURCE_TABLES:
            if table.name in origin.snapshots:
                files = _files(workspace, table.name, origin.snapshots[table.name])
                past.catalog.replace_files(table, files, [], RUN)
        yield past


def _files(workspace: Workspace, table: str, snapshot: int) -> list[str]:
    files = workspace.catalog.files(table, snapshot=snapshot)
    missing = [path for path in files if not Path(path).is_file()]
    if missing:
        raise CatalogError(f"{missing[0]} of {table} is gone", "files of a table are kept", "a backup of the workspace")
    return files


def compared(entry: Entry, purchase: PurchaseList, origin: Origin) -> list[Line]:
    """Lay what the ledger says of a list beside the list that was chosen now.

    That code or packages are others is told with the result: it explains a difference, and is none by itself.
    """
    then, now = entry.payload, purchase.payload
    lines = [_line(name, value, now["inputs"].get(name, "")) for name, value in then["inputs"].items()]
    lines.append(_line("seed", then["selection"]["seed"], now["selection"]["seed"]))
    lines += [_line(name, then[name], now[name]) for name in TOTALS]
    subject = {"proposal": entry.proposal_id, "deal": entry.deal, "as_of": then["as_of"]}
    items = read_items(then), purchase.items
    for kind in ("parquet", "csv"):
        lines.append(_line(f"bytes of the list as {kind}", *(_hash(each, subject, kind) for each in items)))
    ran = _ran(origin.code, origin.packages), _ran(code_version(), lock_version())
    return [*lines, _line("proposal", entry.proposal_id, purchase.proposal_id), _line(RAN_ON, *ran)]


def differing(lines: list[Line]) -> list[str]:
    """Name what is not as it was, the first cause first."""
    return [one["what"] for one in lines if not one["same"] and one["what"] != RAN_ON]


def _line(what: str, then: object, now: object) -> Line:
    return {"what": what, "then": then, "now": now, "same": then == now}


def _hash(items: tuple[Item, ...], subject: dict[str, str], kind: str) -> str:
    return sha256(write_list(items, subject, kind)).hexdigest()


def _ran(code: str, packages: str) -> str:
    return f"{code}, {packages}"
