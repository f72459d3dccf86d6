"""The whole catalogue on the product's own path: logs of a simulated platform to the features of every open receivable.

Run by `make bench-catalogue`. One as-of day, then four in one sweep; each step's seconds are those that the stages take
themselves (states, laying out, sweeping, the rest of the features). The floor is a scan of all the logs that they read.
The last line is JSON.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow.dataset as ds
from pydantic import SecretStr

from features.catalogue import FEATURES as CATALOGUE
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.ingest import ingest, load_source
from pipelines.lay_out import lay_out
from pipelines.states import STATES
from pipelines.sweep import Sweep
from runtime.settings import Environment, load_settings
from runtime.stage import execute
from runtime.workspace import Workspace
from schemas.house import LOG_TABLES
from simulate.platform import simulate

ROOT = Path(__file__).resolve().parents[1]
FIRST, DAYS = date(2024, 1, 1), 600
APART = timedelta(days=45)


def timed(work: Callable[[], object]) -> float:
    """Give the seconds of some work."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def scan(space: Workspace) -> tuple[float, int]:
    """Read all logs and do nothing with them; give seconds and rows."""
    tables = {table.name: space.catalog.files(table.name) for table in LOG_TABLES}
    rows = sum(space.catalog.row_count(name) for name in tables)
    return timed(lambda: [ds.dataset(files).to_table() for files in tables.values() if files]), rows


def measured(space: Workspace, days: Sequence[date], scratch: Path) -> dict[str, float]:
    """Compute features of some days; give seconds by step and what came of it."""
    told = dict.fromkeys(("states", "sweep", "features"), 0.0)
    sweep = Sweep(space, days, scratch)
    for day in days:
        told["states"] += timed(lambda day=day: execute(STATES, space, day))
    told["sweep"] = timed(lambda: sweep.frames(days[0]))
    for day in days:
        told["features"] += timed(lambda day=day: execute(FEATURIZE, space, day, extras={"sweep": sweep}))
    seconds = sum(told.values())
    rows = sum(space.catalog.row_count(FEATURES.name, {"as_of": day}) for day in days)
    speed = {"rows_a_second": rows / seconds, "features_a_second": rows * len(CATALOGUE) / seconds}
    return {**told, "seconds": seconds, "rows": rows, **speed}


def main() -> None:
    """Print a table and, as the last line, JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--borrowers", type=int, default=20_000)
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder) / "raw", told.borrowers, DAYS, 7, FIRST)
        with Workspace(Path(folder) / "workspace", load_settings(ROOT / "conf")) as space:
            space.environment = Environment(pseudonym_secret=SecretStr("for-simulated-people-only"))
            ingest(space, load_source(ROOT / "conf", "simulated"), Path(folder) / "raw")
            floor, rows = scan(space)
            laid = timed(lambda: lay_out(space))
            last = FIRST + timedelta(days=DAYS)
            with space.scratch("bench") as scratch:
                warm = measured(space, [last - timedelta(days=400)], scratch / "warm")
                one = measured(space, [last], scratch / "one")
                four = measured(space, [last - APART * back for back in (4, 3, 2, 1)], scratch / "four")
    print(f"{rows:,} log rows; scan {floor:.1f} s; laying out {laid:.1f} s; {len(CATALOGUE)} features")
    for name, each in (("first day of a process", warm), ("one day", one), ("four days", four)):
        print(f"| {name} | " + " | ".join(f"{value:,.1f}" for value in each.values()) + " |")
    print(json.dumps({"log_rows": rows, "scan": floor, "lay_out": laid, "one": one, "four": four}))


if __name__ == "__main__":
    main()
