"""One writing run of a workspace at a time: who holds it, how long another waits, and what a dead run left behind.

The lock is the operating system's, so it ends with its process. Beside it stands who holds it; a run that ends takes
that away, so a record under a free lock was left by one that died.
"""

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from runtime import clock
from schemas.errors import BusyError

NAME = "writing.lock"
STEP_SECONDS = 0.5
Tell = Callable[[str], None]


class Holder(BaseModel):
    """Who holds a workspace, or held it when it died."""

    model_config = ConfigDict(frozen=True)

    host: str
    process: int
    command: str
    since: datetime

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.command} (process {self.process} on {self.host}, since {self.since:%Y-%m-%d %H:%M:%S} UTC)"


@contextmanager
def hold(home: Path, wait_seconds: float, tell: Tell) -> Iterator[Holder | None]:
    """Hold a workspace; give the record of the run that died holding it, if one did.

    Args:
        home: Its folder.
        wait_seconds: How long to wait for another run's end.
        tell: Told once whom it waits for.

    Raises:
        BusyError: Another run holds it still.
    """
    with (home / NAME).open("a+", encoding="utf-8") as handle:
        _acquire(handle, home, wait_seconds, tell)
        left = _read(handle)
        _write(handle, _me().model_dump_json())
        try:
            yield left
        finally:
            _write(handle, "")


def holder(home: Path) -> tuple[Holder | None, bool]:
    """Give who stands in a workspace's lock, and whether that run is still at work."""
    path = home / NAME
    if not path.is_file():
        return None, False
    with path.open(encoding="utf-8") as handle:
        is_held = not _taken(handle, fcntl.LOCK_SH)
        return _read(handle), is_held


def _acquire(handle: IO[str], home: Path, wait_seconds: float, tell: Tell) -> None:
    until = clock.stopwatch() + wait_seconds
    is_told = False
    while not _taken(handle, fcntl.LOCK_EX):
        other = _read(handle)
        if clock.stopwatch() >= until:
            raise BusyError(
                f"{other or 'another run'} is writing to {home}",
                "one writing run at a time",
                "wait for its end, or let this one wait: --wait SECONDS",
            )
        if not is_told:
            tell(f"Waiting for {other or 'another run'}")
            is_told = True
        clock.pause(min(STEP_SECONDS, max(until - clock.stopwatch(), 0)))


def _taken(handle: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(handle: IO[str]) -> Holder | None:
    handle.seek(0)
    text = handle.read()
    try:
        return Holder.model_validate_json(text) if text else None
    except ValidationError:  # a record that was cut while it was written says no more than that somebody was there
        return None


def _write(handle: IO[str], text: str) -> None:
    handle.seek(0)
    handle.truncate()
    handle.write(text)
    handle.flush()


def _me() -> Holder:
    word = next((one for one in sys.argv[1:2] if not one.startswith("-")), "")
    return Holder(
        host=socket.gethostname(), process=os.getpid(), command=f"poolwright {word}".strip(), since=clock.now()
    )
