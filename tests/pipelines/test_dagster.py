"""The Dagster face: the stage graph as assets, partitions and checks, and one day run through it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.common import Common
from pipelines.dagster_face import face
from pipelines.daily import plan
from runtime.lock import hold
from schemas.house import LOG_TABLES
from tests.pipelines.chain import DEAL, FIRST_DAY, MONDAY, SMALL, Chain

DAY = MONDAY.isoformat()
pytestmark = pytest.mark.timeout(900)


def offered(home: Path, conf: Path, *overrides: str) -> dg.Definitions:
    """Give what Dagster is offered of a workspace."""
    first = f"dagster.first_on={FIRST_DAY}"
    return face(Common(home, conf, "", (*SMALL, first, *overrides), "", json=False)).definitions()


def specs(definitions: dg.Definitions) -> Mapping[str, dg.AssetSpec]:
    """Give the assets by their keys."""
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def job_of(definitions: dg.Definitions, names: Sequence[str]) -> dg.JobDefinition:
    """Give a job that makes some assets."""
    job = dg.define_asset_job("some", dg.AssetSelection.assets(*names))
    return dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def("some")


def test_the_assets_are_the_tables_and_hang_together_as_the_stages_read(tmp_path: Path, conf: Path) -> None:
    """Every table that a stage writes is an asset that depends on what the stage reads, per deal where that is so."""
    found = specs(offered(tmp_path, conf))
    for stage in plan(DEAL):
        prefix = f"{DEAL}/" if stage.per_deal else ""
        for table in stage.writes:
            deps = {dep.asset_key.to_user_string() for dep in found[prefix + table.name].deps}
            assert deps == {(prefix if "deal" in one.partition else "") + one.name for one in stage.reads}
    written = {(f"{DEAL}/" if stage.per_deal else "") + table.name for stage in plan(DEAL) for table in stage.writes}
    assert set(found) == written | {table.name for table in LOG_TABLES}


def test_partitions_checks_and_schedule(tmp_path: Path, conf: Path) -> None:
    """A partition for each as-of day from the first on, an audit of every table, one run of the day that has begun."""
    definitions = offered(tmp_path, conf, "dagster.hour=5", f"dagster.deals=[{DEAL}, second_pool]")
    repository = definitions.get_repository_def()
    graph = repository.asset_graph
    days = graph.get(dg.AssetKey("features")).partitions_def
    assert days is not None
    assert days.get_partition_keys()[0] == FIRST_DAY.isoformat()
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert ("features", "audit") in checks
    assert ("second_pool/screenings", "audit") in checks
    assert ("reconciliations", "promises_across_tables") in checks
    schedule = repository.get_schedule_def("every_day")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 5 * * *", "Asia/Shanghai")


def test_a_day_through_dagster_is_the_day(trained: Chain) -> None:
    """What stands is not run again; its rows and audits are told, promise by promise."""
    conf, home = trained.space.settings.folder, trained.space.home
    definitions = offered(home, conf)
    before = [one.run for one in trained.space.runs.all()]
    names = ["receivable_states", "reconciliations", "features", "receivable_tags"]
    with dg.instance_for_test() as instance:
        job = job_of(definitions, names)
        result = job.execute_in_process(instance=instance, partition_key=DAY)
    assert result.success
    assert [one.run for one in trained.space.runs.all()] == before
    rows = {
        event.asset_key.to_user_string(): event.materialization.metadata["dagster/row_count"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }
    assert rows == {name: len(trained.rows(name, MONDAY)) for name in names}
    checked = {(one.asset_key.to_user_string(), one.check_name): one for one in result.get_asset_check_evaluations()}
    assert set(checked) == {*((name, "audit") for name in names), ("reconciliations", "promises_across_tables")}
    assert all(checked[name, "audit"].passed for name in names)
    told: Any = checked["features", "audit"].metadata
    assert told["rows"].value == rows["features"]
    assert told["promises looked at"].value > 100
    broken = {row["code"] for row in trained.rows("reconciliations", MONDAY) if row["breach_count"]}
    promises = checked["reconciliations", "promises_across_tables"]
    assert promises.passed is (not broken)
    assert broken <= set(promises.metadata)


def test_dagster_ingests_where_it_is_told_from_where(tmp_path: Path, conf: Path, raw: Path, monkeypatch: Any) -> None:
    """With a source and a folder the logs are assets with a step and audits; days after the partition are left."""
    monkeypatch.setenv("POOLWRIGHT_PSEUDONYM_SECRET", "for-simulated-people-only")
    definitions = offered(tmp_path / "home", conf, "dagster.source=simulated", f"dagster.folder={raw}")
    job = job_of(definitions, [table.name for table in LOG_TABLES])
    with dg.instance_for_test() as instance:
        result = job.execute_in_process(instance=instance, partition_key="2024-02-01")
    assert result.success
    checks = result.get_asset_check_evaluations()
    assert {one.asset_key.to_user_string() for one in checks} == {table.name for table in LOG_TABLES}
    assert all(one.passed for one in checks)


def test_a_step_that_fails_says_so(tmp_path: Path, conf: Path) -> None:
    """Steps wait for a held workspace; a day without a model fails in Dagster as it does on the command line."""
    definitions = offered(tmp_path, conf, "operations.wait_seconds=0")
    job = job_of(definitions, ["receivable_states"])
    with hold(tmp_path, 0, str), dg.instance_for_test() as instance:
        result = job.execute_in_process(instance=instance, partition_key=DAY, raise_on_error=False)
    assert not result.success
    (failure,) = (event for event in result.all_events if event.event_type_value == "STEP_FAILURE")
    assert "one writing run at a time" in str(failure.event_specific_data)
