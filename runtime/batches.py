"""Ingest batches: which raw files were published together, and which have to be published (again) now."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.manifest import Manifest
from schemas.errors import SourceError
from schemas.hashing import digest

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Batch:
    """A set of raw files that is published, and replaced, as a whole.

    Args:
        name: Source and a hash of the files' paths.
        files: Content hash of each file by its path below the source folder.
        reason: `new`, `changed` or `unfinished`; `published` when nothing has to be done.
    """

    name: str
    files: Mapping[str, str]
    reason: str

    @property
    def due(self) -> bool:
        """Tell whether the batch has to be published."""
        return self.reason != "published"


def fingerprint(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    """Give the SHA-256 of each raw file.

    Raises:
        SourceError: A file cannot be opened.
    """
    found = {}
    for path in paths:
        total = hashlib.sha256()
        try:
            with (folder / path).open("rb") as handle:
                while chunk := handle.read(CHUNK):
                    total.update(chunk)
        except OSError as error:
            raise SourceError(
                f"{folder / path}: {error.strerror}", "a raw file that can be read", "its permissions, or remove it"
            ) from error
        found[path] = total.hexdigest()
    return found


def plan(
    source: str, files: Mapping[str, str], known: Sequence[Manifest], rules: str, *, again: bool = False
) -> list[Batch]:
    """Say which batches the present raw files make, and what each needs.

    A file belongs to the batch that first published it; files that no batch knows make one new batch. A batch is due when
    one of its files changed, when the rules (mapping, secret) changed, when it was left half done, or when asked `again`.

    Args:
        source: Name of the source.
        files: Content hash by path of the files that are there now.
        known: Manifests of the source's earlier ingests.
        rules: Hash of everything else that the result depends on.
        again: Publish anew whatever is there.
    """
    batches = []
    claimed: set[str] = set()
    for manifest in known:
        before: dict[str, str] = manifest.identity["files"]
        present = {path: files[path] for path in before if path in files}
        claimed |= set(before)
        if present:
            reason = _reason(manifest, present, rules, again=again)
            batches.append(Batch(manifest.subject["batch"], {**before, **present}, reason))
    fresh = {path: content for path, content in files.items() if path not in claimed}
    if fresh:
        batches.append(Batch(f"{source}-{digest(sorted(fresh))[:12]}", fresh, "new"))
    return batches


def _reason(manifest: Manifest, present: Mapping[str, str], rules: str, *, again: bool) -> str:
    before = manifest.identity["files"]
    if manifest.status != "finished":
        return "unfinished"
    if (
        again
        or manifest.identity["rules"] != rules
        or any(before[path] != content for path, content in present.items())
    ):
        return "changed"
    return "published"
