"""The feature benchmark: the 67-column query by everyone on the same data, each contender in a process of its own.

Usage: feature_harness.py FOLDER [EVENTS...]    EVENTS: sizes for the growth, the second is the one of all comparisons.
Seconds are medians of three runs within a process that is already warm from one uncounted run where the contender has a
start to warm; a way that is clearly slower than another of its engine is run once. Memory is the peak of the process
and its children. Prints a table as it goes, and as the last line one JSON object.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import feature_data
import psutil
from feature_query import AS_OF, TWELVE, difference

HERE = Path(__file__).resolve().parent
LAST_DAY = ("2024-12-30", "2024-12-31")
GIGABYTE = 1e9


class Measured(NamedTuple):
    """Seconds of each run, the peak of memory, and what a contender told beside its seconds."""

    seconds: Sequence[float]
    peak_gb: float
    told: Sequence[str] = ()

    @property
    def median(self) -> float:
        """Give the median of the runs."""
        return statistics.median(self.seconds)


class Bench:
    """A folder of data, stores and answers, and what was measured there."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing measured."""
        self.folder = folder
        self.found: dict[str, Measured] = {}

    def run(self, name: str, script: str, *arguments: object) -> Measured:
        """Run a contender in a process of its own, and keep what it took under a name."""
        command = [sys.executable, str(HERE / script), *map(str, arguments)]
        with (self.folder / "log.txt").open("a") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
            peak = _peak(psutil.Process(process.pid))
            told, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{name} failed with {process.returncode}; see {self.folder / 'log.txt'}")
        *lines, last = told.splitlines()
        self.found[name] = Measured(json.loads(last)["seconds"], peak / GIGABYTE, [*lines, last])
        runs = ", ".join(f"{each:.2f}" for each in self.found[name].seconds)
        print(f"{name:44s} {self.found[name].median:8.2f} s   {peak / GIGABYTE:5.2f} GB   ({runs})", flush=True)
        return self.found[name]

    def best(self, *names: str) -> str:
        """Give the fastest of what was measured under some names."""
        return min(names, key=lambda name: self.found[name].median)

    def ratio(self, name: str, other: str) -> float:
        """Give one's seconds in another's."""
        return self.found[name].median / self.found[other].median

    # ------------------------------------------------------------------ what is measured

    def lay(self, events: int) -> None:
        """Lay everything out, and merge it into one layer."""
        data, store = self._data(events), self._store(events)
        arguments = ("sail", "lay", 1, data, store, "layers")
        self.run(f"lay out {events:,}", "feature_ours.py", *arguments)
        self.run(f"merge {events:,}", "feature_ours.py", "sail", "compact", 1, store, "base")

    def sweep(self, name: str, engine: str, events: int, days: Sequence[object], times: int = 4) -> Path:
        """Sweep the store; the first of the runs only warms, and is kept beside."""
        out = self.folder / "out" / name.replace(" ", "_")
        measured = self.run(name, "feature_ours.py", engine, "sweep", times, self._store(events), out, *days)
        self.found[f"{name}, cold"] = Measured(measured.seconds[:1], measured.peak_gb)
        self.found[name] = Measured(measured.seconds[1:], measured.peak_gb)
        return out

    def catalogue(self, events: int, days: Sequence[date]) -> None:
        """Sweep the catalogue's aggregates of orders on one core, and print where the time goes."""
        measured = self.run(f"catalogue {len(days)}", "feature_catalogue.py", self._store(events), *days)
        print("\n".join(measured.told))

    def peer(
        self, script: str, how: str, events: int, days: Sequence[object], times: int, *first: str
    ) -> tuple[str, Path]:
        """Let another tool answer; give the name of what was measured, and the answer."""
        tool = " ".join([Path(script).stem.removeprefix("feature_"), *first])
        name = f"{tool} {how} {len(days)}"
        out = self.folder / "out" / name.replace(" ", "_")
        source = self._store(events) if how.endswith("-laid") else self._data(events)
        self.run(name, script, *first, times, source, out, how, *days)
        return name, out

    def one_more_day(self, events: int) -> float:
        """Append the last day to a store of all days before and sweep it; give the ratio to doing everything again."""
        data, store = self._data(events), self.folder / "store_before"
        self.run(
            "lay out all but a day",
            "feature_ours.py",
            "sail",
            "lay",
            1,
            data,
            store,
            "l",
            "1970-01-01",
            LAST_DAY[0],
        )
        self.run("merge all but a day", "feature_ours.py", "sail", "compact", 1, store, "base")
        appended = self.run("append a day", "feature_ours.py", "sail", "lay", 1, data, store, "day", *LAST_DAY)
        out = self.folder / "out" / "one_more_day"
        swept = self.run("sweep with the day", "feature_ours.py", "sail", "sweep", 1, store, out, AS_OF)
        names = (f"lay out {events:,}", f"merge {events:,}", "ours 1")
        full = sum(self.found[name].median for name in names)
        return (appended.median + swept.median) / full

    def _data(self, events: int) -> Path:
        return feature_data.write(self.folder, events)

    def _store(self, events: int) -> Path:
        return self.folder / f"store_{events}"


def _peak(process: psutil.Process) -> float:
    """Watch a process and its children until it ends; give the most memory that they held together."""
    peak = 0.0
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            peak = max(peak, sum(each.memory_info().rss for each in (process, *process.children(recursive=True))))
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.05)
    return peak


def main(folder: str, *sizes: str) -> None:
    """Measure everything."""
    small, middle, large = map(int, sizes or ("5000000", "20000000", "80000000"))
    bench = Bench(Path(folder))
    bench.folder.mkdir(parents=True, exist_ok=True)
    bench.lay(middle)
    answers = {len(days): bench.sweep(f"ours {len(days)}", "sail", middle, days) for days in ([AS_OF], TWELVE)}
    bench.catalogue(middle, [AS_OF])
    bench.catalogue(middle, TWELVE)
    differences: list[float] = []

    def beside(script: str, hows: Sequence[str], days: Sequence[date], times: int, *first: str) -> list[str]:
        names = []
        for how in hows:
            name, out = bench.peer(script, how, middle, days, times, *first)
            differences.append(difference(answers[len(days)], out, days))
            names.append(name)
        return names

    ones = beside("feature_duckdb.py", ("loop", "loop-laid", "numbered-laid"), [AS_OF], 3)
    twelves = beside("feature_duckdb.py", ("loop-laid", "numbered-laid", "tiles-laid", "one-laid"), TWELVE, 1)
    best = bench.best(*twelves)
    bench.peer("feature_duckdb.py", best.split()[1], middle, TWELVE, 3)
    beside("feature_polars.py", ("loop", "loop-laid"), [AS_OF], 3)
    more = bench.one_more_day(middle)
    sparks = bench.best(*beside("feature_spark.py", ("loop", "loop-laid"), [AS_OF], 1, "spark"))
    bench.peer("feature_spark.py", sparks.split()[2], middle, [AS_OF], 3, "spark")
    differences.append(difference(answers[1], bench.sweep("ours on spark 1", "spark", middle, [AS_OF]), [AS_OF]))
    for size, name in ((small, "small"), (large, "large")):
        bench.lay(size)
        bench.sweep(f"ours 1 {name}", "sail", size, [AS_OF])
    peaks = [bench.found[name].peak_gb for name in ("ours 1", "ours 12")]
    large_peaks = [bench.found[name].peak_gb for name in (f"lay out {large:,}", f"merge {large:,}", "ours 1 large")]
    print(f"best of DuckDB: {bench.best(*ones)}; for twelve days: {best}; of Spark: {sparks}")
    figures = {
        "sail_one_vs_duckdb": bench.ratio("ours 1", bench.best(*ones)),
        "sail_twelve_vs_duckdb_best": bench.ratio("ours 12", best),
        "sail_twelve_vs_duckdb_loop": bench.ratio("ours 12", twelves[0]),
        "spark_sweep_vs_spark": bench.ratio("ours on spark 1", sparks),
        "peak_gb": max(peaks),
        "growth_5_20": bench.ratio("ours 1", "ours 1 small"),
        "growth_20_80": bench.ratio("ours 1 large", "ours 1"),
        "peak_gb_80m": max(large_peaks),
        "one_more_day_vs_full": more,
        "max_relative_difference": max(differences),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
