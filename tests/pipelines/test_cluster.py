"""A cluster of separate processes gives the tables that Sail gives in this one."""

import subprocess
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from schemas.house import LOG_TABLES
from tests.pipelines.chain import MONDAY, Chain, contents, opened
from tests.pipelines.cluster import standing
from tests.pipelines.machine import Machine

LOGS = tuple(table.name for table in LOG_TABLES)
DERIVED = ("receivable_states", "features", "receivable_tags")


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_cluster_gives_the_same_tables(trained: Chain, conf: Path, engine: SparkSession, tmp_path: Path) -> None:
    """Ingest by --master, features and scoring by spark-submit: contents equal Sail's; code came by the archive."""
    raw, tracking = str(trained.raw), f"--set=storage.tracking_url={trained.space.tracking_url}"
    home = tmp_path / "on-cluster"
    with standing(tmp_path) as cluster:
        by_master, by_submit = Machine(home, conf), Machine(home, conf, cluster.by_submit)
        until = ("--until", f"{MONDAY}")
        by_master.run("ingest", "--source", "simulated", "--from", raw, *until, *cluster.by_master)
        by_submit.run("run", "--as-of", f"{MONDAY}", "--to", "score", tracking, "--set=engine.partitions=1")
        assert cluster.compiled("environment")
        shipped = [tmp_path / "packages" / "bin" / "poolwright", "sources", "list"]
        listed = subprocess.run(shipped, cwd=tmp_path, capture_output=True, check=True).stdout  # noqa: S603
        assert b"simulated" in listed
    with opened(home, conf, engine) as space:
        assert {one.engine for one in space.runs.all()} == {"spark"}
        found, expected = (
            contents(one, *LOGS) | contents(one, *DERIVED, as_of=MONDAY) for one in (space, trained.space)
        )
    assert len(found) == len(LOGS) + len(DERIVED)
    assert {name for name in expected if found[name] != expected[name]} == set()
