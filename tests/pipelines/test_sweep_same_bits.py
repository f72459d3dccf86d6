"""The same answer to the last bit, however the work was divided: buckets, layers, tasks, days, order of arrival."""

import random
import struct
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from pyspark.sql import SparkSession

from features.sweep_reads import READS
from pipelines.sweep import Sweep, program_of
from runtime.workspace import Workspace
from tests.features.compare import rows_of
from tests.features.platform import Rows
from tests.features.worlds import world
from tests.pipelines.laid_world import Bits, bits, features, opened, publish
from tests.pipelines.test_sweep import LOGS

ZONE, AS_OF = "Asia/Shanghai", date(2025, 4, 1)
TWELVE = [AS_OF - timedelta(days=30 * each) for each in range(12)]
TASKS = "spark.sql.shuffle.partitions"


class Divided(NamedTuple):
    """How the work is divided."""

    buckets: int
    batches: int
    most_layers: int
    tasks: int


WAYS = (Divided(1, 1, 8, 1), Divided(3, 2, 8, 2), Divided(8, 3, 2, 7))


def dealt_out(rows: Rows, batches: int) -> list[Rows]:
    """Deal rows out to batches, in no order."""
    dice = random.Random(batches)  # noqa: S311 - a test's dice
    found: list[Rows] = [{name: [] for name in rows} for _ in range(batches)]
    for name, held in rows.items():
        for row in dice.sample(held, len(held)):
            dice.choice(found)[name].append(row)
    return found


def laid_out(space: Workspace, way: Divided, rows: Rows) -> None:
    """Publish and lay out batch after batch."""
    for number, batch in enumerate(dealt_out(rows, way.batches)):
        publish(space, batch, f"batch{number}")


def test_features_have_the_same_bits_however_the_work_is_divided(engine: SparkSession, tmp_path: Path) -> None:
    """One bucket or eight, one layer or three merged ones, one task or seven."""
    rows, found = world(14, AS_OF, ZONE), list[Bits]()
    tasks = engine.conf.get(TASKS)
    try:
        for number, way in enumerate(WAYS[::2]):
            engine.conf.set(TASKS, str(way.tasks))
            with opened(tmp_path / str(number), engine, ZONE, way.buckets, way.most_layers) as space:
                laid_out(space, way, rows)
                found.append(bits(features(space, [AS_OF])[0]))
    finally:
        engine.conf.set(TASKS, tasks or "2")
    assert len(found[0]) > 1_000
    assert found[0] == found[1]


def swept_bits(space: Workspace, days: Sequence[date], day: date, scratch: Path) -> Mapping[tuple[str, str], bytes]:
    """Give what was swept for a day among others, as the bytes of its doubles."""
    frames = Sweep(space, days, scratch).frames(day)
    return {
        (row["borrower_id"], name): b"" if row[name] is None else struct.pack("<d", row[name])
        for stream in READS
        for row in rows_of(frames[stream])
        for name in program_of(stream).names
    }


def test_a_day_has_the_same_bits_alone_and_among_twelve_run_after_run(engine: SparkSession, tmp_path: Path) -> None:
    """Whatever the buckets and layers; what a pass over the events adds up for other days moves nothing."""
    rows = {name: held for name, held in world(3, AS_OF, ZONE).items() if name in LOGS}
    found = []
    for number, way in enumerate(WAYS):
        place = tmp_path / str(number)
        with opened(place / "home", engine, ZONE, way.buckets, way.most_layers) as space:
            laid_out(space, way, rows)
            found += [swept_bits(space, days, AS_OF, place / f"of{len(days)}") for days in ([AS_OF], TWELVE)]
    assert len(found[0]) > 1_000
    assert all(each == found[0] for each in found)
