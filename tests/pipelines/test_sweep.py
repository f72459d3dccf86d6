"""The layout and its sweep beside plain loops: batches as layers, late corrections, moved events, several days."""

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from features.catalogue import FEATURES
from features.declarations import Aggregate, leaves
from features.states import StateConvention
from features.sweep_reads import READS
from pipelines.lay_out import BY_NAME, lay_out
from pipelines.sweep import Sweep, program_of
from runtime.laid_order import ORDER
from runtime.settings import load_settings
from runtime.workspace import Workspace
from schemas.house import TABLES
from schemas.moments import day_start
from tests.features.compare import differences, rows_of
from tests.features.platform import Rows, arrow_schema
from tests.features.worlds import AS_OF, world
from tests.oracles.features import aggregate_value
from tests.oracles.streams import Platform

ZONE = "Asia/Shanghai"
DAYS = [AS_OF - timedelta(days=35), AS_OF, AS_OF + timedelta(days=20)]
CUTS = [AS_OF - timedelta(days=60), AS_OF, AS_OF + timedelta(days=400)]
LOGS = ("orders", "behaviour_events", "refunds_disputes", "borrowers", "credit_accounts", "credit_reports")
RESTLESS = {
    "orders": "region_code",
    "behaviour_events": "event_type",
    "borrowers": "region_code",
    "credit_accounts": "limit_amount",
    "credit_reports": "bureau_score",
}
"""What later versions change, beside whose and of which day an event is."""
CONF = Path(__file__).resolve().parents[2] / "conf"


def restless(seed: int) -> Rows:
    """Draw a platform in which later versions also move events to other borrowers, days and regions."""
    rows, dice = world(seed, AS_OF, ZONE), random.Random(seed)  # noqa: S311 - a test's dice
    for name, change in RESTLESS.items():
        kept = [row for row in rows[name] if row[change] is not None]
        for row in dice.sample(kept, min(6, len(kept))):
            late = {**row, "known_at": row["known_at"] + timedelta(days=dice.choice([1, 30, 90]), microseconds=7)}
            late[change] = dice.choice(kept)[change]
            if name != "borrowers":
                late["borrower_id"] = dice.choice(rows["borrowers"])["borrower_id"]
                moved = min(late["known_at"], row["happened_at"] + timedelta(days=dice.choice([0, 9])))
                late |= {} if "happened_at" in TABLES[name].key else {"happened_at": moved}
            rows[name].append({**late, "record_hash": f"{dice.getrandbits(64):x}"})
    return rows


@pytest.fixture
def workspace(tmp_path: Path, engine: SparkSession) -> Iterator[Workspace]:
    """Open a workspace that lays large batches in parts and merges layers early, on the engine under test."""
    layout = ["layout.buckets=3", "layout.most_layers=2", "layout.part_rows=30"]
    settings = load_settings(CONF, overrides=[*layout, f"platform.time_zone={ZONE}"])
    with Workspace(tmp_path, settings) as space:
        space.__dict__["session"] = engine
        yield space


def publish(workspace: Workspace, rows: Rows, batch: str, first: date, behind: date) -> None:
    """Publish what became known in those days, as a batch."""
    begin, end = day_start(first, ZONE), day_start(behind, ZONE)
    for name in LOGS:
        table = TABLES[name]
        held = [{**row, "batch": batch} for row in rows[name] if begin <= row["known_at"] < end]
        folder = workspace.catalog.new_folder(table, batch)
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(held, schema=arrow_schema(table)), folder / "rows.parquet")
        if held:
            workspace.catalog.replace_files(table, [str(folder / "rows.parquet")], [{"batch": batch}], batch)


def promised(rows: Rows, stream: str, day: date, zone: str = ZONE) -> list[dict[str, object]]:
    """Compute by plain loops every aggregate of each borrower whom the stream knows on a day."""
    needed = dict.fromkeys(leaf for feature in FEATURES for leaf in leaves(feature.definition))
    wanted = [each for each in needed if isinstance(each, Aggregate) and each.stream == stream]
    wanted = [each for each in wanted if each.entity == "borrower_id"]
    events = Platform(rows, day, zone, StateConvention()).streams[stream]
    names = program_of(stream).names
    return [
        {
            "borrower_id": borrower,
            **{
                name: aggregate_value(each, [row for row in events if row["borrower_id"] == borrower])
                for name, each in zip(names, wanted, strict=True)
            },
        }
        for borrower in sorted({row["borrower_id"] for row in events})
    ]


def told(sweep: Sweep, stream: str, day: date) -> list[dict[str, object]]:
    """Give what was swept for a day."""
    return sorted(rows_of(sweep.frames(day)[stream]), key=lambda row: str(row["borrower_id"]))


@pytest.mark.parametrize("seed", range(4))
def test_days_swept_from_layers_equal_plain_loops(workspace: Workspace, tmp_path: Path, seed: int) -> None:
    """Three batches laid one after the other, merged once: each day sees what it would have seen then."""
    rows = restless(seed)
    begin = AS_OF - timedelta(days=4_000)
    for number, end in enumerate(CUTS):
        publish(workspace, rows, f"batch{number}", begin, end)
        lay_out(workspace)
        begin = end
    sweep = Sweep(workspace, DAYS, tmp_path / "swept")
    for stream in READS:
        for day in DAYS:
            assert not differences(told(sweep, stream, day), promised(rows, stream, day), "borrower_id"), (stream, day)


def test_laying_out_again_does_nothing_and_a_new_batch_adds_a_layer(workspace: Workspace) -> None:
    """What stands is not touched; a batch published anew is laid anew."""
    rows = world(3, AS_OF, ZONE)
    publish(workspace, rows, "one", date(2000, 1, 1), CUTS[0])
    lay_out(workspace)
    first = snapshots(workspace)
    lay_out(workspace)
    assert snapshots(workspace) == first
    publish(workspace, rows, "two", CUTS[0], CUTS[1])
    lay_out(workspace)
    assert layers(workspace) == 2
    publish(workspace, rows, "one", date(2000, 1, 1), CUTS[1])
    lay_out(workspace)
    assert layers(workspace) == 1


def layers(workspace: Workspace) -> int:
    return len({part["layer"] for part in workspace.catalog.partitions("laid_orders")})


def snapshots(workspace: Workspace) -> Mapping[str, int | None]:
    return {name: workspace.catalog.snapshot(name) for name in BY_NAME}


def test_files_are_sorted_and_hold_their_bucket_only(workspace: Workspace) -> None:
    """An engine may drop a sort without a word: the files themselves are read back."""
    publish(workspace, world(5, AS_OF, ZONE), "one", date(2000, 1, 1), CUTS[2])
    lay_out(workspace)
    for path in workspace.catalog.files("laid_behaviour"):
        held = pq.read_table(path)
        keys = list(zip(*(held.column(name).to_pylist() for name in ("borrower_id", *ORDER)), strict=True))
        assert keys == sorted(keys)
        assert len(set(held.column("borrower_bucket").to_pylist())) == 1
