"""A bundle as an auditor reads it: each part on first use, from memory, and nothing of it is believed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from pool import evidence
from pool.audit import read_export
from pool.chain import Entry, EntryKind, Head
from pool.deal import Deal, load_deal
from pool.evidence_file import read_zip
from pool.evidence_rows import read_rows
from pool.ledger import Fold
from pool.purchase import Item, read_items
from schemas.errors import EvidenceError

ContentHash = Callable[[pa.Table, Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Trust:
    """What an auditor brings along.

    Args:
        content_hash: Gives the hash of a table's content, by its key.
        public_key: Who must have signed the bundle's head; None where nobody in particular.
        head: A head that a witness kept; the bundle's ledger must go through it.
    """

    content_hash: ContentHash
    public_key: bytes | None = None
    head: Head | None = None


class Bundle:
    """The parts of a bundle; each is read on first use and raises what its reader raises."""

    def __init__(self, content: bytes, trust: Trust) -> None:
        """Open it.

        Raises:
            EvidenceError: The file is not safe to read, or is damaged.
        """
        self.content, self.trust = content, trust
        self.members: Mapping[str, bytes] = read_zip(content)

    def __getitem__(self, name: str) -> bytes:
        """Give a member.

        Raises:
            EvidenceError: It is not there.
        """
        if name not in self.members:
            raise EvidenceError(f"no {name}", "every member that a bundle has")
        return self.members[name]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Give what the bundle says of itself."""
        said = self.json(evidence.MANIFEST)
        if not isinstance(said, dict) or said.get("format") != evidence.FORMAT:
            raise EvidenceError(f"{evidence.MANIFEST} of another format", f"format {evidence.FORMAT}")
        return said

    @cached_property
    def entries(self) -> list[Entry | None]:
        """Give the lines of the ledger; None for one that is not as an entry is written."""
        return read_export(self[evidence.LEDGER])

    @cached_property
    def words(self) -> list[Entry]:
        """Give the entries on the purchase, in order."""
        name = self.manifest["proposal"]
        found = [one for one in self.entries if one is not None and one.proposal_id == name]
        if not found or found[0].kind is not EntryKind.PROPOSED:
            raise EvidenceError(f"no entry that proposes {name}", "the proposal of the bundle in its ledger")
        return found

    @property
    def proposal(self) -> Entry:
        """Give the entry that proposed the purchase."""
        return self.words[0]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Give the receivables that the proposal lists."""
        return read_items(self.proposal.payload)

    @cached_property
    def then(self) -> Fold:
        """Give what all pools held when the purchase was proposed."""
        return self._folded(self.proposal.sequence - 1)

    @cached_property
    def now(self) -> Fold:
        """Give what all pools held when the bundle was made."""
        return self._folded(len(self.entries))

    @cached_property
    def deal(self) -> Deal:
        """Give the deal document."""
        return load_deal(self[evidence.DEAL].decode(), evidence.DEAL)

    @property
    def as_of(self) -> date:
        """Give the cut-off."""
        return date.fromisoformat(self.proposal.payload["as_of"])

    @property
    def model_version(self) -> str:
        """Give the model version that the proposal came from; empty where the deal needs none."""
        return str(self.proposal.payload["inputs"]["model_version"])

    @cached_property
    def view(self) -> pa.Table:
        """Give what was known of each receivable."""
        return read_rows(self[evidence.VIEW])

    @cached_property
    def screenings(self) -> pa.Table:
        """Give the published screenings."""
        return read_rows(self[evidence.SCREENINGS])

    @cached_property
    def limit_results(self) -> list[dict[str, Any]]:
        """Give the published limits."""
        found: list[dict[str, Any]] = read_rows(self[evidence.LIMITS]).to_pylist()
        return found

    @cached_property
    def runs(self) -> list[dict[str, Any]]:
        """Give the manifests of the runs."""
        found: list[dict[str, Any]] = self.json(evidence.RUNS)
        return found

    def json(self, name: str) -> Any:  # noqa: ANN401 - a document from outside, whose reader looks at each part
        """Read a JSON member."""
        return json.loads(self[name])

    def _folded(self, last: int) -> Fold:
        fold = Fold()
        for entry in self.entries[:last]:
            if entry is None:
                raise EvidenceError("a line that is no entry", "a ledger that can be read whole")
            fold.take(entry)
        return fold
