"""Copies of published rows in an order that pages can find their way in: made once, thrown away at will.

A copy is one Parquet file in the workspace, named by what it is a copy of and by what its content follows from, so
that it is never stale: new data make a new copy. It appears whole or not at all. Nothing but the workbench reads it.
"""

from collections import defaultdict
from hashlib import sha256
from pathlib import Path
from threading import Lock
from uuid import uuid4

from schemas.errors import ConfigurationError
from schemas.hashing import canonical_json
from workbench.shelf import Shelf

KEPT = 2
"""So many versions of a copy stay: the last one but one may still be read by a page that is being made."""


class Copies:
    """The copies of a workspace; each is made once, whoever asks first."""

    def __init__(self, shelf: Shelf) -> None:
        """Keep copies in the shelf's folder for them."""
        self._shelf = shelf
        self._locks: dict[str, Lock] = defaultdict(Lock)
        for left in shelf.folder.glob("*.new"):
            left.unlink()

    def path(self, name: str, content: object) -> Path:
        """Name the copy of some content."""
        version = sha256(canonical_json(content).encode()).hexdigest()[:16]
        path = self._shelf.folder / f"{name}-{version}.parquet"
        if "'" in str(path):
            raise ConfigurationError(f"a workspace at {self._shelf.folder}", "a path without quotation marks", "--home")
        return path

    def made(self, name: str, content: object, sql: str, values: tuple[object, ...], rows: int) -> Path:
        """Give a copy, making it where it is missing.

        Args:
            name: What it is a copy of.
            content: What its content follows from: equal content, equal copy.
            sql: The rows in their order.
            values: What stands for the `?`.
            rows: How many stand together in the file: few where single ones are looked for.
        """
        path = self.path(name, content)
        with self._locks[name]:
            if not path.exists():
                fresh = path.with_suffix(f".{uuid4().hex[:8]}.new")
                self._shelf.rows(f"COPY ({sql}) TO '{fresh}' (FORMAT parquet, ROW_GROUP_SIZE {rows})", *values)
                fresh.replace(path)
                self._thin(name)
            path.touch()
        return path

    def _thin(self, name: str) -> None:
        versions = self._shelf.folder.glob(f"{name}-{'?' * 16}.parquet")
        for path in sorted(versions, key=lambda one: -one.stat().st_mtime_ns)[KEPT:]:
            path.unlink()
