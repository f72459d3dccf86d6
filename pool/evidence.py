"""What speaks for one purchase, packed for an auditor who has no access to the platform."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pool.audit import export_lines
from pool.chain import Entry
from pool.deal import Deal, parsed
from pool.evidence_file import read_zip, write_zip
from pool.evidence_rows import write_rows
from pool.list_file import write_list
from pool.purchase import read_items
from schemas.hashing import canonical_json

FORMAT = 1
MANIFEST = "manifest.json"
DEAL, LIST, LEDGER, HEAD = "deal.yaml", "purchase_list.csv", "ledger.jsonl", "head.json"
VIEW, SCREENINGS, LIMITS = "view.parquet", "screenings.parquet", "limit_results.parquet"
RUNS, VERSION, MODEL_FILES, CARD = "runs.json", "model/version.json", "model/files/", "model/card.html"
ALWAYS = (
    "position.deal",
    "position.is_pledged",
    "receivable.annual_rate",
    "receivable.region_code",
    "state.current_principal_amount",
    "state.receivable_id",
    "state.receivable_key",
    "state.remaining_period_count",
    "tag.default_probability",
    "tag.expected_life_months",
    "tag.grade",
    "tag.lifetime_default_probability",
    "tag.model_version",
)
"""Columns that a bundle tells of every receivable, whatever the deal asks: identity, pledge, principal, traits."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a bundle is made of.

    Args:
        proposal: The entry that proposed the purchase.
        entries: All entries of the ledger up to now.
        head: Statement of the last entry, as `pool.witness.head_statement` writes it.
        deal_text: The deal document that was applied.
        view: What was known of every receivable that was eligible or in the pool, by the dotted names of `asked_of`.
        screenings: The published screenings that the proposal came from.
        limit_results: The published limits before and after it.
        runs: Manifests of the runs that it came from.
        model: Version, files and card of the model by member name; empty where the deal needs none.
    """

    proposal: Entry
    entries: Sequence[Entry]
    head: bytes
    deal_text: str
    view: pa.Table
    screenings: pa.Table
    limit_results: pa.Table
    runs: Sequence[Mapping[str, Any]]
    model: Mapping[str, bytes]


def asked_of(deal: Deal) -> tuple[str, ...]:
    """Give the columns that a bundle tells of a receivable: what criteria and limits ask, and `ALWAYS`.

    The deal's own words are not among them: whoever checks takes those from the document.
    """
    asked = {name for text in deal.expressions for name in parsed(text).columns}
    return tuple(sorted({*ALWAYS, *(name for name in asked if not name.startswith("deal."))}))


def bundled(evidence: Evidence) -> bytes:
    """Give the bundle as a file; the same evidence, the same bytes.

    Raises:
        EvidenceError: It would be larger than a bundle may be.
    """
    said = evidence.proposal
    subject = {"proposal": said.proposal_id, "deal": said.deal, "as_of": str(said.payload["as_of"])}
    members = {
        DEAL: evidence.deal_text.encode(),
        LIST: write_list(read_items(said.payload), subject, "csv"),
        LEDGER: export_lines(evidence.entries),
        HEAD: evidence.head,
        VIEW: write_rows(evidence.view.sort_by("state.receivable_id")),
        SCREENINGS: write_rows(evidence.screenings.sort_by("receivable_id")),
        LIMITS: write_rows(evidence.limit_results.sort_by("code")),
        RUNS: canonical_json(sorted(evidence.runs, key=lambda run: str(run["run"]))).encode(),
        **evidence.model,
    }
    named = {**subject, "format": FORMAT, "members": {name: sha256(content) for name, content in members.items()}}
    content = write_zip({**members, MANIFEST: canonical_json(named).encode()})
    read_zip(content)
    return content


def sha256(content: bytes) -> str:
    """Give the SHA-256 of a member as hex digits."""
    return hashlib.sha256(content).hexdigest()


def model_members(version: Mapping[str, Any], files: Mapping[str, str], card: str) -> dict[str, bytes]:
    """Give a model as members: what is known of the version, its native files, and its card."""
    return {
        VERSION: canonical_json(dict(version)).encode(),
        CARD: card.encode(),
        **{f"{MODEL_FILES}{name}": text.encode() for name, text in files.items()},
    }
