"""Looking at proposals: what waits for whom, what a reviewer must see, the purchase list as a file. No engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.purchase import current_inputs, deal_now
from pipelines.signing import ledger
from pipelines.witness import read_file, write_file
from pool.acts import changes
from pool.ledger import Entry, EntryKind, Pledge, pledges
from pool.list_file import ListFile, read_list, totals_as_text, write_list
from pool.price import to_amount
from pool.purchase import NearDuplicate, read_findings, read_items
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived

EXPIRED = "EXPIRED"
OPEN = frozenset({EntryKind.PROPOSED, EntryKind.APPROVED})
"""The words after which a proposal still waits for another."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal as it stands.

    Args:
        proposal: Its entry.
        words: All entries on it, in order.
        changed: Why it can go on no more; empty where it can, or where nothing is open.
    """

    proposal: Entry
    words: tuple[Entry, ...]
    changed: tuple[str, ...]

    @property
    def state(self) -> str:
        """Give the latest word, or that it has expired."""
        return EXPIRED if self.changed else self.words[-1].kind.value

    @property
    def near_duplicates(self) -> tuple[NearDuplicate, ...]:
        """Give what a reviewer must look at."""
        return read_findings(self.proposal.payload)

    @property
    def line(self) -> dict[str, Any]:
        """Give it as a line of a list."""
        said = self.proposal.payload
        return {
            "proposal": self.proposal.proposal_id,
            "deal": self.proposal.deal,
            "as_of": said["as_of"],
            "valid_until": said["valid_until"],
            "state": self.state,
            "receivables": said["count"],
            "principal": to_amount(said["principal_minor"]),
            "price": to_amount(said["price_minor"]),
            "near_duplicates": len(self.near_duplicates),
            "proposer": self.proposal.actor,
        }


def standings(workspace: Workspace, deal: str = "", proposal_id: str = "") -> list[Standing]:
    """Give the proposals of a deal or of all, or one proposal, oldest first.

    Raises:
        LedgerError: There is no such proposal.
    """
    with ledger(workspace) as store:
        history = store.history()
        if proposal_id:
            store.words(proposal_id)
    words: dict[str, list[Entry]] = {}
    for entry in history:
        if entry.kind is EntryKind.PROPOSED:
            words[entry.proposal_id] = []
        if entry.proposal_id in words:
            words[entry.proposal_id].append(entry)
    ever = pledges(history)
    wanted = [one for one in words.values() if deal in ("", one[0].deal) and proposal_id in ("", one[0].proposal_id)]
    return [_standing(workspace, one, ever) for one in wanted]


def reviewed(workspace: Workspace, proposal_id: str) -> dict[str, Any]:
    """Give what a reviewer looks at before approving: totals, limits, risk, near-duplicates, the words so far."""
    (found,) = standings(workspace, proposal_id=proposal_id)
    said = found.proposal.payload
    return {
        **found.line,
        "cash_available": to_amount(said["cash_minor"]),
        "key_digest": said["key_digest"],
        "list_hash": said["list_hash"],
        "deal_hash": said["deal_hash"],
        "inputs": said["inputs"],
        "selection": said["selection"],
        "changed": list(found.changed),
        "words": [
            {"kind": one.kind.value, "by": one.actor, "at": one.happened_at.isoformat(), "entry": one.sequence}
            for one in found.words
        ],
        "near_duplicate_groups": _groups(workspace, found),
        **_day_figures(workspace, found.proposal),
    }


def _groups(workspace: Workspace, found: Standing) -> list[dict[str, Any]]:
    """Give the near-duplicates with the ids by which people know the receivables, listed ones first."""
    if not found.near_duplicates:
        return []
    with ledger(workspace) as store:
        named = {one.receivable_key: one.receivable_id for one in pledges(store.history())}
    named |= {item.receivable_key: item.receivable_id for item in read_items(found.proposal.payload)}
    return [
        {
            "kind": one.kind,
            "listed": list(one.listed),
            "held": list(one.held),
            "observed": one.observed,
            "receivables": [named[key] for key in (*one.listed, *one.held)],
        }
        for one in found.near_duplicates
    ]


def export_list(workspace: Workspace, proposal_id: str, kind: str, out: Path) -> dict[str, str]:
    """Write a proposal's purchase list as a file; give whose it is, with its control totals.

    Raises:
        LedgerError: There is no such proposal.
        ConfigurationError: Another kind of file, or it cannot be written.
    """
    with ledger(workspace) as store:
        proposal = store.words(proposal_id)[0]
    items = read_items(proposal.payload)
    subject = {"proposal_id": proposal_id, "deal": proposal.deal, "as_of": proposal.payload["as_of"]}
    write_file(out, write_list(items, subject, kind))
    return {**subject, **totals_as_text(items)}


def verify_list(workspace: Workspace | None, path: Path) -> tuple[ListFile, list[str]]:
    """Check a purchase list file against its own control totals and, with a workspace, against the ledger's entry.

    Raises:
        LedgerError: It is no purchase list, or the ledger has no such proposal.
        ConfigurationError: It cannot be read.
    """
    found = read_list(read_file(path))
    problems = found.problems
    if workspace is not None:
        with ledger(workspace) as store:
            proposal = store.words(found.control.get("proposal_id", ""))[0]
        problems += _beside(found, proposal)
    return found, problems


def _beside(found: ListFile, proposal: Entry) -> list[str]:
    said = {"deal": proposal.deal, "as_of": proposal.payload["as_of"]}
    kept = {**said, **totals_as_text(read_items(proposal.payload))}
    told = {**{name: found.control.get(name) for name in said}, **totals_as_text(found.items)}
    return [f"{name} is {told[name]}, the ledger's is {kept[name]}" for name in kept if told[name] != kept[name]]


def _standing(workspace: Workspace, words: Sequence[Entry], ever: Sequence[Pledge]) -> Standing:
    proposal = words[0]
    if words[-1].kind not in OPEN:
        return Standing(proposal, tuple(words), ())
    changed = changes(proposal.payload, current_inputs(workspace, proposal, ever))
    pledged = {one.receivable_key for one in ever if one.closed_sequence is None}
    taken = sum(item.receivable_key in pledged for item in read_items(proposal.payload))
    return Standing(proposal, tuple(words), (*changed, *([f"{taken} receivables are pledged"] if taken else [])))


def _day_figures(workspace: Workspace, proposal: Entry) -> dict[str, Any]:
    """Give limits and risk from the day's tables, where these still are those of this proposal."""
    place = part(derived.PROPOSALS, date.fromisoformat(proposal.payload["as_of"]), proposal.deal)
    rows = workspace.catalog.arrow(derived.PROPOSALS, place)
    if rows.num_rows == 0 or pc.unique(rows["proposal_id"]).to_pylist() != [proposal.proposal_id]:
        return {"grades": [], "limits": []}
    limits = workspace.catalog.arrow(derived.LIMIT_RESULTS, place).to_pylist()
    shown = ("value_before", "value_after", "threshold", "headroom", "is_kept", "is_binding")
    deal = deal_now(workspace, proposal.deal, date.fromisoformat(proposal.payload["as_of"]))
    words = {one.code: one.text_en for one in deal.limits} if deal else {}
    return {
        "default_probability": _average(rows, "default_probability"),
        "annual_rate": _average(rows, "annual_rate"),
        "remaining_instalments": _average(rows, "remaining_period_number"),
        "borrowers": pc.count_distinct(rows["borrower_id"]).as_py(),
        "grades": _grades(rows),
        "limits": [
            {"code": one["code"], "limit": words.get(one["code"]), **{name: one[name] for name in shown}}
            for one in limits
        ],
    }


def _average(rows: pa.Table, name: str) -> float | None:
    """Give the average by principal, over the rows whose value is known."""
    known = rows.filter(pc.is_valid(rows[name]))
    weights = known["principal_amount"].cast(pa.float64())
    whole = pc.sum(weights).as_py()
    return pc.sum(pc.multiply(known[name].cast(pa.float64()), weights)).as_py() / whole if whole else None


def _grades(rows: pa.Table) -> list[dict[str, Any]]:
    found = rows.group_by("grade").aggregate([("principal_amount", "sum"), ("receivable_id", "count")]).to_pylist()
    named = sorted(found, key=lambda one: str(one["grade"]))
    return [
        {"grade": one["grade"], "receivables": one["receivable_id_count"], "principal": one["principal_amount_sum"]}
        for one in named
    ]
