"""Ingest batches: which deliveries were published together, and which have to be published (again) now."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.manifest import Manifest
from schemas.errors import SourceError
from schemas.hashing import digest

CHUNK = 1 << 20
SAMPLE = 1 << 16
PACKED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
Files = Mapping[str, str]
"""Content hash of each raw file by its path below the source folder."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries that are published, and replaced, as a whole.

    Args:
        name: Source and a hash of the deliveries' names.
        deliveries: The files of each delivery by the delivery's name: a day, or nothing for a source that has no days.
        reason: `new`, `changed`, `unfinished`, or `awaited` where a row that another one named has come with a later
            batch; `published` when nothing has to be done.
    """

    name: str
    deliveries: Mapping[str, Files]
    reason: str

    @property
    def due(self) -> bool:
        """Tell whether the batch has to be published."""
        return self.reason != "published"

    @property
    def file_count(self) -> int:
        """Count the raw files."""
        return sum(len(files) for files in self.deliveries.values())


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
    source: str, present: Mapping[str, Files], known: Sequence[Manifest], rules: str, *, again: bool = False
) -> list[Batch]:
    """Say which batches the present deliveries make, and what each needs.

    A delivery belongs to the batch that first published it; deliveries that no batch knows make one new batch. A batch
    is due when one of its files changed, came or went, when the rules (mapping, secret) changed, when it was left half
    done, or when asked `again`.

    Args:
        source: Name of the source.
        present: The deliveries that are there now.
        known: Manifests of the source's earlier ingests.
        rules: Hash of everything else that the result depends on.
        again: Publish anew whatever is there.

    Raises:
        SourceError: A batch is due and one of its deliveries is gone.
    """
    batches = []
    claimed: set[str] = set()
    for manifest in known:
        before: dict[str, Files] = manifest.identity["deliveries"]
        claimed |= set(before)
        there = {name: present[name] for name in before if name in present}
        if there:
            batch = Batch(manifest.subject["batch"], there, _reason(manifest, there, rules, again=again))
            _require_whole(batch, before)
            batches.append(batch)
    fresh = {name: files for name, files in present.items() if name not in claimed}
    if fresh:
        batches.append(Batch(f"{source}-{digest(sorted(fresh))[:12]}", fresh, "new"))
    return batches


def anew(
    present: Mapping[str, Files], known: Sequence[Manifest], waiting: Mapping[str, int]
) -> tuple[list[Batch], list[str]]:
    """Give the batches to publish anew for what arrived since, and those of which deliveries are not there.

    Args:
        present: The deliveries that are there now.
        known: Manifests of the source's earlier ingests.
        waiting: How many rows of each batch could be published now.
    """
    batches, gone = [], []
    for manifest in known:
        name, before = manifest.subject["batch"], manifest.identity["deliveries"]
        if name in waiting and set(before) <= set(present):
            batches.append(Batch(name, {one: present[one] for one in before}, "awaited"))
        elif name in waiting:
            gone.append(name)
    return batches, gone


def rows_about(folder: Path, batch: Batch) -> int:
    """Say about how many raw rows a batch has: by what Parquet says of itself, else by lines of each file's first part.

    A compressed file counts as if the rest of it were packed as its first part is.
    """
    return sum(_rows_about(folder / name) for files in batch.deliveries.values() for name in files)


def _rows_about(path: Path) -> int:
    if ".parquet" in path.suffixes:
        return int(pq.read_metadata(path).num_rows)
    codec = PACKED.get(path.suffix)
    with path.open("rb") as raw, pa.PythonFile(raw) as plain:
        stream = pa.CompressedInputStream(plain, codec) if codec else plain
        first = stream.read(SAMPLE)
        read = raw.tell()
    lines = first.count(b"\n")
    return int(lines if len(first) < SAMPLE else lines * path.stat().st_size / max(read, 1))


def _reason(manifest: Manifest, there: Mapping[str, Files], rules: str, *, again: bool) -> str:
    before = manifest.identity["deliveries"]
    if manifest.status != "finished":
        return "unfinished"
    if again or manifest.identity["rules"] != rules or any(before[name] != files for name, files in there.items()):
        return "changed"
    return "published"


def _require_whole(batch: Batch, before: Mapping[str, Files]) -> None:
    gone = sorted(set(before) - set(batch.deliveries))
    if batch.due and gone:
        raise SourceError(
            f"batch {batch.name} is {batch.reason}, and its deliveries {', '.join(gone[:5])} are not in the folder",
            f"all {len(before)} deliveries that were published together",
            "the folder given with --from, or a later --until",
        )
