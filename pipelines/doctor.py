"""What can be wrong with a machine, and how to mend it; `doctor_workspace` looks into the workspace."""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psutil

from pipelines.common import Common
from runtime import clock
from runtime.session import JAVA_VERSIONS, java_version, session
from runtime.settings import EngineSettings, Environment, workspace
from schemas.errors import EngineError

LEAST_FREE = 2 * 2**30
LEAST_MEMORY = 2 * 2**30
MOST_SKEW_SECONDS = 2.0
ACCOUNTS = Path("/etc/passwd")
FIRST_PERSON, FIRST_RESERVED = 1000, 60000
"""User numbers of people, by the convention of Linux."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do where it is not fine, or what to know where it is."""

    subject: str
    found: str
    fine: bool
    mend: str = ""


def looked(subject: str, found: str, *, fine: bool, mend: str) -> Finding:
    """Give what was found, with the way to mend it only where there is something to mend."""
    return Finding(subject, found, fine, "" if fine else mend)


def machine(common: Common) -> Iterator[Finding]:
    """Look at Python, engines, memory, disk, clocks, time zone, secrets and other users.

    Raises:
        ConfigurationError: The settings cannot be read.
    """
    home = workspace(common.home)
    yield from (_python(), _sail(), _java(common), _engine(common), _memory(), _disk(home))
    yield from (_permissions(home), _clocks(home), _zone(common), _secret(), _users())


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    return looked("Python", version, fine=fits, mend="make setup PYTHON=python3.11")


def _sail() -> Finding:
    there = importlib.util.find_spec("pysail") is not None
    return looked("Sail", "installed" if there else "not installed", fine=there, mend="make setup")


def _java(common: Common) -> Finding:
    version = java_version()
    needed = common.settings().section("engine", EngineSettings).name == "spark"
    found = f"Java {version}" if version else "no Java"
    note = "" if needed else " (needed for Apache Spark only)"
    fine = not needed or version in JAVA_VERSIONS
    return looked("Java", found + note, fine=fine, mend="install a Java 17 runtime and set JAVA_HOME")


def _engine(common: Common) -> Finding:
    """Start the engine and let it count to one."""
    settings = common.settings().section("engine", EngineSettings)
    try:
        with session(settings) as engine:
            answer = engine.sql("SELECT 1").collect()[0][0]
    except (EngineError, RuntimeError, OSError) as error:
        answer, why = None, f": {str(error).splitlines()[0]}"
    else:
        why = ""
    found = f"{settings.name} answers" if answer == 1 else f"{settings.name} does not answer{why}"
    mend = "free memory, look whether a firewall closes the loopback, or choose the other engine: --engine"
    return looked("Engine", found, fine=answer == 1, mend=mend)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    found = f"{free / 2**30:.1f} GiB of memory free"
    return looked("Memory", found, fine=free > LEAST_MEMORY, mend="end other programs, or use a larger machine")


def _existing(home: Path) -> Path:
    return next(folder for folder in (home, *home.parents) if folder.exists())


def _disk(home: Path) -> Finding:
    existing = _existing(home)
    free = shutil.disk_usage(existing).free
    found = f"{free / 2**30:.1f} GiB free at {existing}"
    return looked("Disk", found, fine=free > LEAST_FREE, mend="make room, or --home elsewhere")


def _permissions(home: Path) -> Finding:
    """See that this user may write the workspace, and that nobody else may: what lies there is run and believed."""
    existing = _existing(home)
    barred = [path for path in (existing, *sorted(existing.glob("*.db"))) if not os.access(path, os.W_OK)]
    if barred:
        found = f"{', '.join(path.name for path in barred)} cannot be written by this user"
        return Finding("Permissions", found, fine=False, mend=f"chown -R or chmod -R u+rwX {existing}")
    is_open = home.exists() and bool(home.stat().st_mode & 0o002)
    found = f"{home} may be written by everybody" if is_open else f"{existing} can be written"
    return looked("Permissions", found, fine=not is_open, mend=f"chmod o-w {home}")


def _clocks(home: Path) -> Finding:
    """Lay this machine's clock beside that of the file system, which may be another machine's."""
    existing = _existing(home)
    if not os.access(existing, os.W_OK):
        return Finding("Clock", "not looked at: the workspace cannot be written", fine=True)
    with tempfile.NamedTemporaryFile(dir=existing) as fresh:
        skew = os.fstat(fresh.fileno()).st_mtime - clock.now().timestamp()
    fine = abs(skew) <= MOST_SKEW_SECONDS
    found = "this machine and the file system agree" if fine else f"the file system's clock is {skew:+.0f} s off"
    return looked(
        "Clock", found, fine=fine, mend="let both machines follow one time server (chrony, systemd-timesyncd)"
    )


def _zone(common: Common) -> Finding:
    name = common.settings().platform.time_zone
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        mend = "platform.time_zone in the settings, a name such as Asia/Shanghai; or install the package tzdata"
        return Finding("Time zone", f"{name} is not known here", fine=False, mend=mend)
    return Finding("Time zone", name, fine=True)


def _secret() -> Finding:
    given = Environment().pseudonym_secret is not None
    found = "set" if given else "not set (needed for sources that pseudonymize)"
    return Finding("Pseudonym secret", found, fine=True, mend="" if given else "export POOLWRIGHT_PSEUDONYM_SECRET=...")


def _users() -> Finding:
    accounts = ACCOUNTS.read_text("utf-8").splitlines()
    ids = [int(line.split(":")[2]) for line in accounts if line.count(":") >= 6]
    others = [number for number in ids if FIRST_PERSON <= number < FIRST_RESERVED and number != os.getuid()]
    found = f"other accounts on this machine: {len(others) or 'none'}"
    mend = "Sail's loopback port has no sign-in: run batches in a container"
    return looked("Other users", found, fine=not others, mend=mend)
