"""The only clock of the house: when a run started, when a person acted. No computed value depends on it."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Give the present instant in UTC, for manifests and ledger entries."""
    return datetime.now(UTC)  # noqa: TID251 - the one clock


def stopwatch() -> float:
    """Give seconds on a clock that only runs forward, for showing how long work took."""
    return time.perf_counter()


def pause(seconds: float) -> None:
    """Wait, before work that failed is tried again."""
    time.sleep(seconds)
