"""What can be wrong with a workspace, and how to mend it."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from models.monitoring import MonitoringParameters
from pipelines.common import Common
from pipelines.doctor import Finding, looked, machine
from pipelines.planning import delivered
from pipelines.score import registry
from pipelines.signing import ledger
from runtime import clock
from runtime.lock import NAME, holder
from runtime.manifest import Manifest
from runtime.stage import INGEST
from runtime.workspace import Workspace
from schemas.derived import RECEIVABLE_TAGS
from schemas.house import TABLES

LEAST_BATCH_ROWS = 100
GROWN = 3.0
"""A batch is told of whose quarantined share is so many times that of all batches before it ..."""
GROWN_SHARE = 0.005
"""... and above this share of its rows."""
MOST_GAP = 31
"""Days further apart than this begin another row of days: nobody meant to run those between."""
SHOWN = 3
TRAIN = "poolwright train --as-of DATE --as NAME"


def examine(common: Common) -> list[Finding]:
    """Look at the machine and into the workspace.

    Raises:
        ConfigurationError: The settings cannot be read.
    """
    found = list(machine(common))
    with common.workspace() as space:
        history = space.runs.all()
        found += [_place(space), *_half_done(history), _lock(space), _half_written(space), _ledger(space)]
        found += [_future(history), _missing_days(space, history), _model(space, history), _quarantine(history)]
    return found


def _place(space: Workspace) -> Finding:
    """Look whether the tables' files lie where the tables say: a workspace that was moved has them elsewhere."""
    gone = [name for name in TABLES for path in space.catalog.files(name)[:1] if not Path(path).exists()]
    found = f"files of {', '.join(gone)} are not where the tables say" if gone else "every table's files are there"
    return looked("Tables", found, fine=not gone, mend="move the workspace back to its old path, or ingest anew")


def _half_done(history: list[Manifest]) -> list[Finding]:
    left = [one for one in history if one.stage == INGEST and one.status == "started"]
    if not left:
        return [Finding("Ingest", "no batch is half done", fine=True)]
    mend = "run the same ingest again"
    return [Finding("Ingest", f"batch {one.subject['batch']} is half done", fine=False, mend=mend) for one in left]


def _lock(space: Workspace) -> Finding:
    who, is_held = holder(space.home)
    if is_held:
        return Finding("Lock", f"{who or 'a run'} is at work", fine=True)
    found = f"left by {who}, which died" if who else "nobody holds the workspace"
    mend = "nothing by hand: the next run clears what it left; look in its log why it died"
    return looked("Lock", found, fine=who is None, mend=mend)


def _half_written(space: Workspace) -> Finding:
    """Look for what killed runs leave: data that no table points to, intermediate files, manifests cut short."""
    _, is_held = holder(space.home)
    if is_held:
        return Finding("Half-written files", f"not looked at while {NAME} is held", fine=True)
    scratch = [path for path in (space.home / "scratch").glob("*") if any(path.iterdir())]
    left = [*space.catalog.orphans(), *scratch, *(space.home / "runs").glob("*.new")]
    found = f"{len(left)}: {_some([path.name for path in left])}" if left else "none"
    mend = f"any writing run clears data; rm -r {space.home / 'scratch'} {space.home / 'runs'}/*.new while nothing runs"
    return looked("Half-written files", found, fine=not left, mend=mend)


def _ledger(space: Workspace) -> Finding:
    if not is_there(space.ledger_url):
        return Finding("Ledger", "no entry yet", fine=True)
    store = ledger(space)
    try:
        wrong, head = store.verify(), store.head()
    finally:
        store.close()
    count = head[0] if head else 0
    found = f"{count} entries hold" if wrong is None else f"the chain breaks at entry {wrong}"
    mend = "let nobody buy; lay the ledger beside its last export or backup, and ask who changed the database"
    return looked("Ledger", found, fine=wrong is None, mend=mend)


def _future(history: list[Manifest]) -> Finding:
    """Look for runs that began after now: this machine's clock was ahead then, or is behind now."""
    ahead = [one.run for one in history if one.started_at > clock.now() + timedelta(minutes=1)]
    found = f"{len(ahead)} runs are said to begin in the future: {_some(ahead)}" if ahead else "no run is of the future"
    mend = "set this machine's clock by a time server (chrony, systemd-timesyncd)"
    return looked("Clock of the runs", found, fine=not ahead, mend=mend)


def _missing_days(space: Workspace, history: list[Manifest]) -> Finding:
    """Look for days that were not tagged: between two that were, and from the last one to the last delivered."""
    held = sorted({_day(part["as_of"]) for part in space.catalog.partitions(RECEIVABLE_TAGS.name)})
    if len(held) < 2:
        return Finding("Days", f"{len(held)} tagged: no row of days yet", fine=True)
    ends = [*held, max([held[-1], *delivered(history)]) + timedelta(days=1)]
    gaps = [(left, right) for left, right in pairwise(ends) if 1 < (right - left).days <= MOST_GAP]
    missing = [left + timedelta(days=n) for left, right in gaps for n in range(1, (right - left).days)]
    if not missing:
        return Finding("Days", f"{len(held)} tagged, none is missing", fine=True)
    mend = f"poolwright backfill --from {missing[0]} --to {missing[-1]} --deal DEAL"
    return Finding("Days", f"{len(missing)} were not run: {_some(list(map(str, missing)))}", fine=False, mend=mend)


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _model(space: Workspace, history: list[Manifest]) -> Finding:
    """Look whether a model scores, and whether it is older than monitoring lets it be."""
    if not any(one.stage == INGEST for one in history):
        return Finding("Model", "none, and no logs to learn from yet", fine=True)
    versions = registry(space).versions() if is_there(space.tracking_url) else []
    champion = next((one for one in versions if "champion" in one.aliases), None)
    if champion is None:
        first = f"poolwright models promote {versions[0].version} --as NAME --reason WHY" if versions else TRAIN
        return Finding("Model", "none scores", fine=False, mend=first)
    trained = next((one.subject["as_of"] for one in history if one.run == champion.run_key), None)
    if trained is None:
        return Finding("Model", f"version {champion.version}, trained elsewhere", fine=True)
    days = [*delivered(history), date.fromisoformat(trained)]
    age = (max(days) - date.fromisoformat(trained)).days
    bound = space.settings.section("monitoring", MonitoringParameters).model_old.threshold
    mend = f"{TRAIN}, then let another person judge and promote it"
    return looked("Model", f"version {champion.version}, {age} days older than the logs", fine=age <= bound, mend=mend)


def _quarantine(history: list[Manifest]) -> Finding:
    """Look whether the last batch lost more of its rows than those before it."""
    batches = [one for one in history if one.stage == INGEST and one.figures.get("tables")]
    if not batches:
        return Finding("Quarantine", "nothing was ingested yet", fine=True)
    read, lost = _counts(batches[-1:])
    read_before, lost_before = _counts(batches[:-1])
    share, before = lost / max(read, 1), lost_before / max(read_before, 1)
    fine = len(batches) == 1 or read < LEAST_BATCH_ROWS or share <= max(GROWN * before, GROWN_SHARE)
    found = f"{share:.2%} of the last batch's {read:,} rows" + (f", {before:.2%} before" if len(batches) > 1 else "")
    mend = f"poolwright sources check {batches[-1].subject['source']} --from DIR tells which columns fit no more"
    return looked("Quarantine", found, fine=fine, mend=mend)


def _counts(batches: list[Manifest]) -> tuple[int, int]:
    """Count the rows that were read and those that went to quarantine."""
    tables = [counts for one in batches for counts in one.figures["tables"].values()]
    return sum(one["read"] for one in tables), sum(one["quarantined"] for one in tables)


def is_there(url: str) -> bool:
    """Tell whether a database is there to be looked into: one that is only a file would be made by a look."""
    path = url.removeprefix("sqlite:///")
    return path == url or Path(path).is_file()


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
