"""Scoring beside plain LightGBM: rows a second of the whole daily path, tables included, and of `predict` alone.

Usage: scoring.py [--rows N] [--runs N] [--threads N] FOLDER
Ours is what `poolwright run` does: the catalogue's Parquet of features (300 doubles) and states is read by Sail, scored
by 500 trees and joined, and the tags are written, audited and published. LightGBM's side is the time of `predict`
alone, on the same values as float32, held in memory a file at a time; reading them is not counted. Each run is a
process of its own; seconds of the clock count, seconds of all cores stand beside them, for a machine that is not
idle. The tags of a file are compared with LightGBM's predictions, bit for bit. The last line is JSON.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.bounds import GradeBound
from models.calibrate import Calibration
from models.grade import Scale
from models.parameters import MASTER_SCALE
from models.scorer import MODEL_FILE, Card
from models.spark import Tagging, tag_receivables
from runtime.catalog import Catalog
from runtime.iceberg import arrow_schema
from runtime.session import session
from runtime.settings import EngineSettings
from schemas.derived import RECEIVABLE_STATES, RECEIVABLE_TAGS
from schemas.table import Table, derived, real, text
from schemas.table import date as day

FEATURES, TREES, LEAVES = 300, 500, 31
TRAINING_ROWS, FILE_ROWS = 20_000, 250_000
MISSING_SHARE = 0.05
AS_OF = date(2025, 1, 31)
NAMES = tuple(f"f{number:03d}" for number in range(FEATURES))
NOBODY = 2.0
BOOSTER = "scoring-booster.txt"
"""Trained once for all sizes."""
TABLE: Table = derived(
    "features",
    "Features of the benchmark.",
    ("receivable_id", "as_of"),
    text("receivable_id", "The receivable."),
    day("as_of", "The day."),
    text("borrower_id", "Who owes."),
    *(real(name, "A number.", "missing") for name in NAMES),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of the clock, and of all cores."""

    seconds: float
    cores: float

    @classmethod
    def now(cls) -> "Taken":
        """Give what both stand at."""
        return cls(time.perf_counter(), time.process_time())

    def less(self, other: "Taken") -> "Taken":
        """Give what passed since."""
        return Taken(self.seconds - other.seconds, self.cores - other.cores)

    def more(self, other: "Taken") -> "Taken":
        """Add up."""
        return Taken(self.seconds + other.seconds, self.cores + other.cores)


def numbers(seed: int, rows: int) -> np.ndarray:
    """Draw features, one row a feature, some missing."""
    draw = np.random.default_rng(seed)
    found = draw.standard_normal((FEATURES, rows), dtype=np.float32)
    found[draw.random(found.shape, dtype=np.float32) < MISSING_SHARE] = np.nan
    return found


def train(folder: Path) -> None:
    """Train the booster once."""
    if (folder.parent / BOOSTER).exists():
        return
    drawn = numbers(0, TRAINING_ROWS).T
    values = np.nan_to_num(drawn)
    draw = np.random.default_rng(1)
    odds = values[:, :60] @ draw.normal(size=60) * 0.3 + values[:, 0] * values[:, 1] - 3
    told = draw.random(TRAINING_ROWS) < 1 / (1 + np.exp(-odds))
    shape = {"objective": "binary", "num_leaves": LEAVES, "learning_rate": 0.05, "feature_fraction": 0.6}
    shape |= {"min_data_in_leaf": 50, "seed": 1, "verbosity": -1, "num_threads": 2}
    data = lgb.Dataset(drawn, told, feature_name=list(NAMES))
    (folder.parent / BOOSTER).write_text(lgb.train(shape, data, TREES).model_to_string())


def files(folder: Path) -> dict[str, str]:
    """Give the model's texts: the booster and a card that leaves its score as it is."""
    card = Card(
        features=NAMES,
        categories={},
        members=(("booster.txt", 1.0),),
        calibration=Calibration("sigmoid", 0.0, 1.0),
        scale=Scale.of(MASTER_SCALE),
        bounds={band.grade: GradeBound(band.below / 2, min(0.99, band.below)) for band in MASTER_SCALE},
        base_values={},
        horizon_days=180,
    )
    return {"booster.txt": (folder.parent / BOOSTER).read_text(), MODEL_FILE: card.to_text()}


def write(folder: Path, rows: int) -> None:
    """Publish features and states of so many receivables, a file after the other."""
    catalog = Catalog(folder)
    if catalog.row_count("features") == rows:
        return
    found: dict[str, list[str]] = {"features": [], RECEIVABLE_STATES.name: []}
    places = {table.name: catalog.new_folder(table, "bench") for table in (TABLE, RECEIVABLE_STATES)}
    for number, start in enumerate(range(0, rows, FILE_ROWS), start=1):
        size = min(FILE_ROWS, rows - start)
        ids = pc.cast(pa.array(np.arange(start, start + size) + 10_000_000), pa.string())
        for table, columns in ((TABLE, _features(number, size)), (RECEIVABLE_STATES, _states(size))):
            known = {"receivable_id": ids, "as_of": pa.repeat(pa.scalar(AS_OF), size), "borrower_id": ids, **columns}
            schema = arrow_schema(table)
            held = [known[item.name] if item.name in known else pa.nulls(size, item.type) for item in schema]
            places[table.name].mkdir(parents=True, exist_ok=True)
            path = str(places[table.name] / f"part-{number:04d}.parquet")
            pq.write_table(pa.table(held, schema=schema), path, use_dictionary=False)
            found[table.name].append(path)
    for table in (TABLE, RECEIVABLE_STATES):
        catalog.replace_files(table, found[table.name], [{"as_of": AS_OF}], "bench")


def _features(number: int, size: int) -> dict[str, pa.Array]:
    drawn = numbers(number, size)
    return {name: pa.array(row.astype(np.float64), from_pandas=True) for name, row in zip(NAMES, drawn, strict=True)}


def _states(size: int) -> dict[str, pa.Array]:
    amount = pa.repeat(pa.scalar(Decimal(1000), pa.decimal128(18, 2)), size)
    return {"current_principal_amount": amount, "is_open": pa.repeat(pa.scalar(value=True), size)}


def peak() -> float:
    """Give the most memory that this process has held, in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def ours(folder: Path, threads: int) -> tuple[Taken, float]:
    """Score all through the engine and the catalogue, the engine's start left out."""
    catalog, part = Catalog(folder), {"as_of": AS_OF}
    with session(EngineSettings(name="sail", partitions=threads)) as engine:
        engine.range(1).collect()
        started = Taken.now()
        features, states = (catalog.read(engine, table, part) for table in (TABLE, RECEIVABLE_STATES))
        tagging = Tagging("bench", str(catalog.snapshot("features")), 0.6, explained_from=NOBODY)
        tags = tag_receivables(features, states, files(folder), AS_OF, tagging)
        catalog.publish(RECEIVABLE_TAGS, tags, part, "bench")
        taken, held = Taken.now().less(started), peak()
    _same_bits(folder, catalog)
    return taken, held


def _same_bits(folder: Path, catalog: Catalog) -> None:
    """Compare the tags of the first file's receivables with LightGBM's own predictions."""
    path = catalog.files("features")[0]
    ids = pq.read_table(path, columns=["receivable_id"])["receivable_id"].to_pylist()
    tags = catalog.arrow(RECEIVABLE_TAGS, columns=["receivable_id", "default_probability"])
    found = dict(zip(tags["receivable_id"].to_pylist(), tags["default_probability"].to_pylist(), strict=True))
    booster = lgb.Booster(model_file=folder.parent / BOOSTER)
    wanted = Calibration("sigmoid", 0.0, 1.0).probability(booster.predict(_single(path), raw_score=True))
    if len(found) != catalog.row_count("features") or [found[one] for one in ids] != wanted.tolist():
        raise SystemExit("the tags are not what LightGBM predicts, bit for bit")


def _single(path: str) -> np.ndarray:
    table = pq.read_table(path, columns=list(NAMES))
    return np.column_stack([table[name].to_numpy().astype(np.float32) for name in NAMES])


def plain(folder: Path, threads: int) -> tuple[Taken, float]:
    """Predict by LightGBM itself, a file of float32 in memory after the other."""
    booster, taken = lgb.Booster(model_file=folder.parent / BOOSTER), Taken(0.0, 0.0)
    for values in _held(Catalog(folder)):
        started = Taken.now()
        booster.predict(values, num_threads=threads)
        taken = taken.more(Taken.now().less(started))
    return taken, peak()


def _held(catalog: Catalog) -> Iterator[np.ndarray]:
    for path in catalog.files("features"):
        yield _single(path)


def measure(kind: str, folder: Path, threads: int) -> tuple[float, float, float]:
    """Run one side in a process of its own; give seconds, those of cores, and the most memory, in gigabytes."""
    line = [sys.executable, __file__, "--side", kind, "--threads", str(threads), str(folder)]
    told = json.loads(subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])  # noqa: S603
    return told["seconds"], told["cores"], told["peak_gb"]


def main() -> None:
    """Make what is not there yet, then run both sides in turn."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=5_000_000)
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--side", choices=["ours", "plain"])
    asked.add_argument("folder", type=Path)
    given = asked.parse_args()
    if given.side:
        taken, most = (ours if given.side == "ours" else plain)(given.folder, given.threads)
        print(json.dumps({"seconds": taken.seconds, "cores": taken.cores, "peak_gb": most}))
        return
    folder = given.folder.resolve() / f"scoring-{given.rows}"
    folder.mkdir(parents=True, exist_ok=True)
    train(folder)
    write(folder, given.rows)
    told: dict[str, list[tuple[float, float, float]]] = {"ours": [], "plain": []}
    for run in range(given.runs):
        for kind, found in told.items():
            found.append(measure(kind, folder, given.threads))
            seconds, cores, held = found[-1]
            said = f"{given.rows / seconds:>10,.0f} rows/s, {cores:.1f} core-seconds, peak {held:.2f} GB"
            print(f"run {run + 1} {kind:6s} {said}", flush=True)
    rate = {kind: given.rows / statistics.median(one[0] for one in found) for kind, found in told.items()}
    print(
        f"{given.rows:,} rows x {FEATURES} features x {TREES} trees, {given.threads} threads, medians of {given.runs}"
    )
    cores = {kind: statistics.median(one[1] for one in found) for kind, found in told.items()}
    print(f"core-seconds: ours {cores['ours']:.1f}, LightGBM {cores['plain']:.1f}")
    print(f"ours, tables included {rate['ours']:,.0f} rows/s; LightGBM's predict alone {rate['plain']:,.0f} rows/s")
    print(json.dumps({"vs_lightgbm_predict": round(rate["ours"] / rate["plain"], 3)}))


if __name__ == "__main__":
    main()
