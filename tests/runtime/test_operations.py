"""Trying again: what may pass is tried as often as the settings say, with growing pauses; what cannot pass is not."""

import errno
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from runtime import clock
from runtime.operations import Retries, tried
from runtime.passing import is_passing
from schemas.errors import AuditError, CatalogError, EngineError


class Work:
    """Work that fails some times before it succeeds."""

    def __init__(self, error: Exception, times: int) -> None:
        """Fail so often with this error."""
        self.error, self.times, self.calls = error, times, 0

    def __call__(self) -> str:
        """Try."""
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return "done"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let pauses take no time, and keep how long they were meant to be."""
    kept: list[float] = []
    monkeypatch.setattr(clock, "pause", kept.append)
    return kept


def test_what_may_pass_is_tried_again_with_growing_pauses(pauses: list[float]) -> None:
    """Each pause is twice the one before, and each failure is told before its pause."""
    told: list[tuple[str, float]] = []
    work = Work(ConnectionResetError("gone"), 2)
    done = tried(
        work, Retries(attempts=3, first_pause_seconds=5), lambda error, pause: told.append((str(error), pause))
    )
    assert (done, work.calls, pauses) == ("done", 3, [5, 10])
    assert told == [("gone", 5), ("gone", 10)]


def test_the_last_failure_is_raised(pauses: list[float]) -> None:
    """After as many tries as are allowed the error comes through; one try means none again."""
    for attempts in (1, 2):
        work = Work(TimeoutError("slow"), 9)
        with pytest.raises(TimeoutError):
            tried(work, Retries(attempts=attempts, first_pause_seconds=1), lambda *_: None)
        assert work.calls == attempts
    assert pauses == [1]


def test_what_cannot_pass_is_not_tried_again(pauses: list[float]) -> None:
    """A broken promise is the same tomorrow."""
    work = Work(AuditError("a", "b"), 1)
    with pytest.raises(AuditError):
        tried(work, Retries(), lambda *_: None)
    assert (work.calls, pauses) == (1, [])


def test_a_busy_database_may_pass_and_a_wrong_statement_not(tmp_path: Path) -> None:
    """SQLite's own errors, also as the cause of another one."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, timeout=0)) as one, closing(sqlite3.connect(path, timeout=0)) as other:
        one.execute("CREATE TABLE t (a)")
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("INSERT INTO t VALUES (1)")
        one.execute("ROLLBACK")
        with pytest.raises(sqlite3.OperationalError) as wrong:
            other.execute("SELECT nothing FROM nowhere")
    wrapped = RuntimeError("a library's own")
    wrapped.__cause__ = busy.value
    assert [is_passing(one) for one in (busy.value, wrapped, wrong.value)] == [True, True, False]


def test_which_failures_pass() -> None:
    """Lost connections and busy devices pass; full disks, missing files and broken promises do not."""
    passing = [ConnectionRefusedError(), TimeoutError(), OSError(errno.EIO, "io"), OSError(errno.ESTALE, "stale")]
    lasting = [
        OSError(errno.ENOSPC, "full"),
        FileNotFoundError(errno.ENOENT, "none"),
        PermissionError(errno.EACCES, "no"),
        EngineError("no Java", "Java 17"),
        CatalogError("a", "b"),
        ValueError("x"),
    ]
    assert [is_passing(one) for one in passing] == [True] * len(passing)
    assert [is_passing(one) for one in lasting] == [False] * len(lasting)


def test_an_engine_that_is_gone_may_pass() -> None:
    """Spark Connect's error for a server that answers no more, and none for a wrong plan."""
    from pyspark.errors.exceptions.connect import AnalysisException, SparkConnectGrpcException

    lost = SparkConnectGrpcException("<_InactiveRpcError: StatusCode.UNAVAILABLE: Connection refused>")
    assert is_passing(lost)
    assert not is_passing(AnalysisException("column nobody UNAVAILABLE"))


def test_a_pause_takes_its_time() -> None:
    """The clock's pause waits on this thread until its seconds are over."""
    rung = threading.Event()
    timer = threading.Timer(0.05, rung.set)
    timer.start()
    clock.pause(0.2)
    assert rung.is_set()
    timer.join()
