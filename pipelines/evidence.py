"""The evidence bundle of a purchase: gathered from a workspace without an engine, checked without a workspace."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from pipelines.common import written
from pipelines.model_card import card
from pipelines.origin import origin_of
from pipelines.score import champion, registry
from pipelines.screened import Screened, as_screened, screening_runs
from pipelines.signing import ledger
from pipelines.witness import read_file, witnessed
from pool.chain import Entry
from pool.evidence import Evidence, asked_of, bundled, model_members
from pool.evidence_checks import Finding, check_bundle
from pool.evidence_read import Trust
from pool.witness import head_statement
from runtime.content import content_hash
from runtime.manifest import Manifest
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import CatalogError
from schemas.hashing import digest
from schemas.table import Table


def make_evidence(workspace: Workspace, proposal_id: str, out: Path, sign: Path | None = None) -> dict[str, Any]:
    """Write the bundle of a proposal or purchase; the same again is the same file.

    Args:
        workspace: Where.
        proposal_id: The proposal.
        out: File to write.
        sign: Private key that signs the ledger's head.

    Raises:
        LedgerError: There is no such proposal.
        CatalogError: What it came from is not to be found.
    """
    with ledger(workspace) as store:
        proposal, entries = store.words(proposal_id)[0], store.history()
    last = entries[-1]
    run = _proposing(workspace, proposal)
    screened, screenings = _screening(workspace, proposal)
    content = bundled(
        Evidence(
            proposal=proposal,
            entries=entries,
            head=head_statement(last.head, last.happened_at, read_file(sign) if sign else None),
            deal_text=screened.deal_text,
            view=_view(workspace, screened, screenings),
            screenings=screenings,
            limit_results=_written(workspace, run, derived.LIMIT_RESULTS),
            runs=[one.model_dump(mode="json") for one in _came_from(workspace, [run, screened.run])],
            model=_model(workspace, screened.champion),
        )
    )
    written(out, content)
    said = proposal.payload
    return {"proposal": proposal_id, "receivables": said["count"], "entries": last.sequence, "bytes": len(content),
            "file": str(out)}  # fmt: skip


def check_evidence(path: Path, head: Path | None = None, key: Path | None = None) -> list[Finding]:
    """Check a bundle; nothing but the file is needed.

    Args:
        path: The bundle.
        head: A head that a witness keeps.
        key: Public key of who must have signed that head and the bundle's.

    Raises:
        EvidenceError: The file is not safe to read, or is damaged.
    """
    seen = witnessed(head, key) if head else None
    return check_bundle(read_file(path), Trust(content_hash, read_file(key) if key else None, seen))


def _proposing(workspace: Workspace, proposal: Entry) -> Manifest:
    """Give the run that made the proposal."""
    for run in reversed(workspace.runs.all()):
        if run.stage == "propose" and run.outputs and run.identity["depends"]["list"] == proposal.proposal_id:
            return run
    raise CatalogError(f"no run that made proposal {proposal.proposal_id}", "the workspace that proposed it")


def _screening(workspace: Workspace, proposal: Entry) -> tuple[Screened, pa.Table]:
    """Give the screening that a proposal came from, with its rows: those whose content its entry names."""
    said = proposal.payload
    as_of = date.fromisoformat(said["as_of"])
    for run in reversed(screening_runs(workspace, as_of, proposal.deal)):
        rows = _written(workspace, run, derived.SCREENINGS)
        is_same = run.identity["depends"]["deal"] == said["deal_hash"]
        if is_same and content_hash(rows, derived.SCREENINGS.key) == said["inputs"]["screenings"]:
            text = yaml.safe_dump(origin_of(workspace, proposal.proposal_id).deal, allow_unicode=True, sort_keys=False)
            return as_screened(run, text), rows
    raise CatalogError(f"no screening that proposal {proposal.proposal_id} came from", "the workspace that proposed it")


def _written(workspace: Workspace, run: Manifest, table: Table) -> pa.Table:
    """Give what a run published of a table, whatever was published since."""
    place = part(table, date.fromisoformat(run.subject["as_of"]), run.subject["deal"])
    return workspace.catalog.arrow(table, place, snapshot=run.outputs[table.name]["snapshot"])


def _view(workspace: Workspace, screened: Screened, screenings: pa.Table) -> pa.Table:
    names = asked_of(screened.deal)
    passed = screenings.filter(screenings.column("is_eligible")).column("receivable_id")
    with screened.second_opinion(workspace) as second:
        return second.wide(names, screened.deal, screened.champion, passed).select(names)


def _came_from(workspace: Workspace, last: Sequence[Manifest]) -> Iterator[Manifest]:
    """Give runs and, behind them, all whose output is what one of them read."""
    made = {
        (name, output["fingerprint"]): run
        for run in workspace.runs.all()
        if run.status == "finished"
        for name, output in run.outputs.items()
        if "fingerprint" in output
    }
    waiting, told = list(last), set[str]()
    while waiting:
        run = waiting.pop()
        if run.run not in told:
            told.add(run.run)
            yield run
            read = run.identity.get("inputs", {}).items()
            waiting += [made[each] for each in read if each in made]


def _model(workspace: Workspace, version: str | None) -> dict[str, bytes]:
    if version is None:
        return {}
    model, known = champion(workspace, version), registry(workspace).version(version)
    told = asdict(known)
    plain = {name: told[name] for name in ("version", "run_key", "metrics", "snapshots", "trainer", "promotions")}
    return model_members({**plain, "files_hash": digest(dict(model.files))}, model.files, card(workspace, version))
