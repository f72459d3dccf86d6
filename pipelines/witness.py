"""Files that leave the house for an outside witness, and the check of a ledger against them."""

import os
from pathlib import Path
from typing import Any

from pipelines.signing import ledger
from pool.audit import first_wrong, read_export
from pool.chain import Head
from pool.witness import read_statement
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError


def witnessed(head: Path | None, key: Path | None) -> Head | None:
    """Read the head that a witness keeps, if one is named.

    Raises:
        LedgerError: It is no head, was changed, or is not signed by the key.
        ConfigurationError: A key without a head, or a file that cannot be read.
    """
    if key and not head:
        raise ConfigurationError(f"--key {key} without --head", "a signed head for the key to check", "--head")
    return read_statement(read_file(head), read_file(key) if key else None) if head else None


def verify_ledger(workspace: Workspace, head: Head | None) -> dict[str, Any]:
    """Check the ledger of a workspace: chain, rules, pledges and people."""
    with ledger(workspace) as store:
        wrong, last = store.verify(head), store.head()
        known = None if wrong else len(store.people())
    return {**_told(wrong, last, head), "people": known}


def verify_export(path: Path, head: Head | None) -> dict[str, Any]:
    """Check an exported ledger without its database: chain and rules."""
    entries = read_export(read_file(path))
    last = entries[-1] if entries else None
    return _told(first_wrong(entries, head), last.head if last else None, head, len(entries))


def read_file(path: Path) -> bytes:
    """Read a file that the command line names.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}", "a file that can be read", "the command line") from error


def write_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file that the command line names, in place of one that is there.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(content)
    except OSError as error:
        raise ConfigurationError(f"--out {path}: {error.strerror}", "a file that can be written", "--out") from error


def _told(wrong: int | None, last: Head | None, head: Head | None, count: int | None = None) -> dict[str, Any]:
    sequence, entry_hash = last or (0, "")
    return {
        "holds": wrong is None,
        "first_wrong": wrong,
        "entries": sequence if count is None else count,
        "head": entry_hash,
        "witnessed": head[0] if head else None,
    }
