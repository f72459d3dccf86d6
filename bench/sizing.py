"""What an event costs on Apache Spark's worker processes: seconds of a core, and memory of a task.

Usage: sizing.py FOLDER [EVENTS EVENTS]
Lays transactions of two sizes out and sweeps them, for one as-of day and for twelve, by `feature_ours.py` on Spark with
two tasks at once; a process of its own for each, whose processes are watched. The cost of a million events is the
difference of the two sizes, so that starting and compiling fall out. docs/sizing.md is made from it.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import feature_data
import psutil

HERE = Path(__file__).resolve().parent
MEGABYTE = 2**20
WATCH = 0.2
ONE = ("2024-12-31",)
TWELVE = tuple(f"2024-{month:02d}-28" for month in range(1, 13))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a task took.

    Args:
        seconds: Of the clock, without the engine's start.
        workers_cpu: Seconds of a core in Python workers.
        engine_cpu: Seconds of a core in the Java process.
        worker_mb: Most memory that one Python worker held.
        engine_mb: Most memory that the Java process held, heap and off-heap.
    """

    seconds: float
    workers_cpu: float
    engine_cpu: float
    worker_mb: float
    engine_mb: float


def measure(*words: object) -> Cost:
    """Do a task of `feature_ours.py` once on Spark, and watch its processes."""
    line = [sys.executable, str(HERE / "feature_ours.py"), "spark", *map(str, words)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
    used: dict[tuple[str, int], float] = {}
    held = {"worker": 0.0, "engine": 0.0}
    while process.poll() is None:
        for each in psutil.Process(process.pid).children(recursive=True):
            _note(each, used, held)
        time.sleep(WATCH)
    told, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{line} ended with {process.returncode}")
    spent = {kind: sum(cpu for (one, _), cpu in used.items() if one == kind) for kind in held}
    return Cost(json.loads(told)["seconds"][0], spent["worker"], spent["engine"], held["worker"], held["engine"])


def _note(each: psutil.Process, used: dict[tuple[str, int], float], held: dict[str, float]) -> None:
    """Write down what a process has used so far."""
    try:
        kind = "engine" if "java" in each.name() else "worker"
        times, memory = each.cpu_times(), each.memory_info()
    except psutil.NoSuchProcess:
        return
    used[kind, each.pid] = times.user + times.system
    held[kind] = max(held[kind], memory.rss / MEGABYTE)


def measured(folder: Path, events: int) -> dict[str, Cost]:
    """Lay out and sweep so many events."""
    data, store, out = feature_data.write(folder, events), folder / f"spark_store_{events}", folder / "out"
    found = {"lay out": measure("lay", 1, data, store, "layer")}
    found["sweep 1"] = measure("sweep", 1, store, out, *ONE)
    found["sweep 12"] = measure("sweep", 1, store, out, *TWELVE)
    return found


def main(folder: str, *sizes: str) -> None:
    """Measure two sizes, and print what a million events more cost."""
    small, large = map(int, sizes or ("5000000", "20000000"))
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    costs = {events: measured(place, events) for events in (small, large)}
    for events, found in costs.items():
        for name, cost in found.items():
            print(f"{events:>12,} {name:9s}", {key: round(value, 1) for key, value in asdict(cost).items()})
    more = (large - small) / 1_000_000
    for name in costs[large]:
        low, high = costs[small][name], costs[large][name]
        cpu = high.workers_cpu + high.engine_cpu - low.workers_cpu - low.engine_cpu
        print(f"{name:9s}: {cpu / more:.2f} seconds of a core for a million events more")
    print(
        json.dumps({f"{name}, {events}": asdict(one) for events, all_ in costs.items() for name, one in all_.items()})
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
