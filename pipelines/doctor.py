"""What can be wrong with a machine or workspace, and how to mend it."""

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass

from pipelines.common import Common
from runtime.session import JAVA_VERSIONS, java_version
from runtime.settings import Environment, workspace

LEAST_FREE = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    found: str
    fine: bool
    mend: str = ""


def examine(common: Common) -> list[Finding]:
    """Look at Python, engines, disk, secrets, settings and half-done work."""
    return [_python(), _sail(), _java(common), _disk(common), _secret(), _users(), *_half_done(common)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", version, (3, 11) <= sys.version_info[:2] < (3, 14), "make setup PYTHON=python3.11")


def _sail() -> Finding:
    there = importlib.util.find_spec("pysail") is not None
    return Finding("Sail", "installed" if there else "not installed", there, "make setup")


def _java(common: Common) -> Finding:
    version = java_version()
    needed = common.settings().tree.get("engine", {}).get("name") == "spark"
    found = f"Java {version}" if version else "no Java"
    note = "" if needed else " (needed for Apache Spark only)"
    return Finding("Java", found + note, not needed or version in JAVA_VERSIONS, "install a Java 17 runtime")


def _disk(common: Common) -> Finding:
    home = workspace(common.home)
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    return Finding(
        "Disk", f"{free / 2**30:.1f} GiB free at {existing}", free > LEAST_FREE, "make room, or --home elsewhere"
    )


def _secret() -> Finding:
    given = Environment().pseudonym_secret is not None
    found = "set" if given else "not set (needed for sources that pseudonymize)"
    return Finding("Pseudonym secret", found, fine=True, mend="" if given else "export POOLWRIGHT_PSEUDONYM_SECRET=...")


def _users() -> Finding:
    with open("/etc/passwd", encoding="utf-8") as accounts:  # noqa: PTH123 - a system file, line by line
        people = [line.split(":")[0] for line in accounts if 1000 <= int(line.split(":")[2]) < 60000]
    others = [name for name in people if name != os.environ.get("USER", "")]
    found = f"{len(others)} other accounts" if others else "no other accounts"
    return Finding("Other users", found, not others, "Sail's loopback port has no sign-in: run batches in a container")


def _half_done(common: Common) -> list[Finding]:
    with common.workspace() as space:
        left = space.runs.unfinished("ingest")
    if not left:
        return [Finding("Ingest", "no batch is half done", fine=True)]
    mend = "run the same ingest again"
    return [Finding("Ingest", f"batch {one.subject['batch']} is half done", fine=False, mend=mend) for one in left]
