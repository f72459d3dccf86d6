"""The lock of a workspace: the second run is told who holds it, or waits; what a dead one left is seen."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime.lock import NAME, hold, holder
from schemas.errors import BusyError

HOLDING = (
    "import sys, time; from pathlib import Path; from runtime.lock import hold\n"
    "with hold(Path(sys.argv[1]), 0, print):\n    print('held', flush=True)\n    time.sleep(float(sys.argv[2]))\n"
)
ROOT = Path(__file__).resolve().parents[2]


def started(home: Path, seconds: float) -> subprocess.Popen[str]:
    """Start a process that holds a workspace for some seconds; give it when it does."""
    line = [sys.executable, "-c", HOLDING, str(home), str(seconds)]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_run_is_told_who_holds_it(tmp_path: Path) -> None:
    """Command, process, machine and time of the holder stand in the refusal, which is worth trying again."""
    process = started(tmp_path, 60)
    try:
        with pytest.raises(BusyError, match=f"process {process.pid} on ") as refused, hold(tmp_path, 0, str):
            pass
        assert refused.value.exit_code == 3
        assert "--wait" in refused.value.mend
    finally:
        process.kill()
        process.wait()


def test_the_second_run_waits_for_the_first(tmp_path: Path) -> None:
    """With time to wait, it says once whom it waits for, and holds the workspace when that one has ended."""
    process = started(tmp_path, 1.5)
    told: list[str] = []
    before = time.monotonic()
    with hold(tmp_path, 60, told.append) as left:
        assert process.wait() == 0
        assert left is None
    assert time.monotonic() - before < 50
    assert len(told) == 1
    assert str(process.pid) in told[0]


def test_what_a_dead_run_left_is_seen_and_taken_over(tmp_path: Path) -> None:
    """A killed holder blocks nobody; the next run gets its record, once."""
    process = started(tmp_path, 60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    who, is_held = holder(tmp_path)
    assert who is not None
    assert (who.process, is_held) == (process.pid, False)
    with hold(tmp_path, 0, str) as left:
        assert left == who
        mine, is_held = holder(tmp_path)
        assert mine is not None
        assert (mine.process, is_held) == (os.getpid(), True)
    assert holder(tmp_path) == (None, False)


def test_a_run_that_fails_leaves_no_record(tmp_path: Path) -> None:
    """An error is an end in order: nothing has to be recovered. A record that was cut is still a record to nobody."""
    with pytest.raises(ValueError, match="broken"), hold(tmp_path, 0, str):
        raise ValueError("broken")
    assert holder(tmp_path) == (None, False)
    (tmp_path / NAME).write_text('{"host": "a', "utf-8")
    with hold(tmp_path, 0, str) as left:
        assert left is None
