"""The audit log: what people did in the workbench that the ledger does not tell, a hash-chained line each."""

import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.hashing import canonical_json, digest

GENESIS = "0" * 64
TAIL_BYTES = 256 * 1024
"""Of a long log so much of its end is shown."""


class AuditLog:
    """A file that only grows; each line names the hash of the line before."""

    def __init__(self, path: Path) -> None:
        """Keep the log at a path, making its folder."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def note(self, at: datetime, person: str, act: str, **told: str) -> None:
        """Add a line, on disk before this returns."""
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            last = _last_line(log)
            previous = json.loads(last)["hash"] if last else GENESIS
            line = {"at": at.isoformat(), "person": person, "act": act, "told": told, "previous": previous}
            log.write(f"{canonical_json({**line, 'hash': digest(line)})}\n".encode())
            log.flush()
            os.fsync(log.fileno())

    def recent(self) -> list[dict[str, Any]]:
        """Give the lines at the end of the log, newest first."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as log:
            start = max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES)
            log.seek(start)
            lines = log.read().splitlines()
        return [json.loads(line) for line in reversed(lines[1 if start else 0 :])]

    def first_wrong(self) -> int | None:
        """Give the number of the first line that does not hold, from 1; None where the whole log does."""
        previous = GENESIS
        for number, line in enumerate(self._lines(), start=1):
            try:
                told = json.loads(line)
                kept = told.pop("hash")
            except (ValueError, KeyError, AttributeError):
                return number
            if told.get("previous") != previous or digest(told) != kept:
                return number
            previous = kept
        return None

    def _lines(self) -> Iterator[bytes]:
        if self.path.exists():
            with self.path.open("rb") as log:
                yield from log


def _last_line(log: Any) -> bytes:  # noqa: ANN401 - a binary file
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - TAIL_BYTES))
    lines = log.read().splitlines()
    return lines[-1] if lines else b""
