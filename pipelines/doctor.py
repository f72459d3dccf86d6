"""What can be wrong with a machine or workspace, and how to mend it."""

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from pipelines.common import Common
from runtime.session import JAVA_VERSIONS, java_version
from runtime.settings import EngineSettings, Environment, workspace
from runtime.stage import INGEST
from runtime.workspace import Workspace
from schemas.house import TABLES

LEAST_FREE = 2 * 2**30
FIRST_PERSON, FIRST_RESERVED = 1000, 60000
"""User numbers of people, by the convention of Linux."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do where it is not fine, or what to know where it is."""

    subject: str
    found: str
    fine: bool
    mend: str = ""


def examine(common: Common) -> list[Finding]:
    """Look at Python, engines, disk, secrets, other users, the place of the tables and half-done work.

    Raises:
        ConfigurationError: The settings cannot be read.
    """
    looked = [_python(), _sail(), _java(common), _disk(common), _secret(), _users()]
    with common.workspace() as space:
        return [*looked, _place(space), *_half_done(space)]


def _looked(subject: str, found: str, *, fine: bool, mend: str) -> Finding:
    return Finding(subject, found, fine, "" if fine else mend)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    return _looked("Python", version, fine=fits, mend="make setup PYTHON=python3.11")


def _sail() -> Finding:
    there = importlib.util.find_spec("pysail") is not None
    return _looked("Sail", "installed" if there else "not installed", fine=there, mend="make setup")


def _java(common: Common) -> Finding:
    version = java_version()
    needed = common.settings().section("engine", EngineSettings).name == "spark"
    found = f"Java {version}" if version else "no Java"
    note = "" if needed else " (needed for Apache Spark only)"
    fine = not needed or version in JAVA_VERSIONS
    return _looked("Java", found + note, fine=fine, mend="install a Java 17 runtime and set JAVA_HOME")


def _disk(common: Common) -> Finding:
    home = workspace(common.home)
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    found = f"{free / 2**30:.1f} GiB free at {existing}"
    return _looked("Disk", found, fine=free > LEAST_FREE, mend="make room, or --home elsewhere")


def _secret() -> Finding:
    given = Environment().pseudonym_secret is not None
    found = "set" if given else "not set (needed for sources that pseudonymize)"
    return Finding("Pseudonym secret", found, fine=True, mend="" if given else "export POOLWRIGHT_PSEUDONYM_SECRET=...")


def _users() -> Finding:
    with open("/etc/passwd", encoding="utf-8") as accounts:  # noqa: PTH123 - a system file, line by line
        ids = [int(line.split(":")[2]) for line in accounts if line.count(":") >= 6]
    others = [number for number in ids if FIRST_PERSON <= number < FIRST_RESERVED and number != os.getuid()]
    found = f"{len(others)} other accounts" if others else "no other accounts"
    mend = "Sail's loopback port has no sign-in: run batches in a container"
    return _looked("Other users", found, fine=not others, mend=mend)


def _place(space: Workspace) -> Finding:
    """Look whether the tables' files lie where the tables say: a workspace that was moved has them elsewhere."""
    gone = [name for name in TABLES for path in space.catalog.files(name)[:1] if not Path(path).exists()]
    found = f"files of {', '.join(gone)} are not where the tables say" if gone else "every table's files are there"
    return _looked("Tables", found, fine=not gone, mend="move the workspace back to its old path, or ingest anew")


def _half_done(space: Workspace) -> list[Finding]:
    left = space.runs.unfinished(INGEST)
    if not left:
        return [Finding("Ingest", "no batch is half done", fine=True)]
    mend = "run the same ingest again"
    return [Finding("Ingest", f"batch {one.subject['batch']} is half done", fine=False, mend=mend) for one in left]
