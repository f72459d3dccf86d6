"""The Dagster face, made from the stage graph: `dagster dev -m pipelines.dagster_face`.

Every table is an asset with a partition for each as-of day, every stage the step that writes its tables, every audit a
check. Nothing is declared twice: a stage that is added to the daily batch stands in Dagster's picture by itself.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.common import Common
from pipelines.daily import plan, run_days
from pipelines.ingest import ingest, load_source
from pipelines.reconcile import RECONCILE
from runtime.manifest import Manifest
from runtime.operations import DagsterSettings, OperationsSettings
from runtime.settings import Environment
from runtime.stage import Outcome, Stage
from runtime.workspace import Workspace
from schemas.derived import RECONCILIATIONS
from schemas.expectations import kept_and_broken
from schemas.house import LOG_TABLES
from schemas.table import Table

Body = Callable[[dg.AssetExecutionContext], Iterator[dg.MaterializeResult[Any]]]
POOL = "workspace"
LOGS = "logs"
AUDIT = "audit"
PROMISES = "promises_across_tables"
WAIT_SECONDS = 24 * 3600
"""Dagster may start several steps of one workspace at once; each waits for those before it."""


@dataclass(frozen=True, slots=True)
class Face:
    """The stage graph of one workspace as Dagster's assets."""

    common: Common
    settings: DagsterSettings
    days: dg.DailyPartitionsDefinition
    together: int

    def definitions(self) -> dg.Definitions:
        """Give everything that Dagster loads: assets with their checks, the day's job, its schedule."""
        assets = [self._ingest()] if self.settings.source else self._delivered()
        shared = [self._asset(stage, "") for stage in plan("")]
        per_deal = [self._asset(stage, deal) for deal in self.settings.deals for stage in plan(deal) if stage.per_deal]
        day = dg.define_asset_job("day", dg.AssetSelection.all())
        schedule = dg.build_schedule_from_partitioned_job(
            day, name="every_day", hour_of_day=self.settings.hour, minute_of_hour=self.settings.minute
        )
        return dg.Definitions(
            assets=[*assets, *shared, *per_deal],
            jobs=[day],
            schedules=[schedule],
            executor=dg.in_process_executor,
        )

    def _delivered(self) -> list[dg.AssetSpec]:
        return [dg.AssetSpec(table.name, description=table.meaning, group_name=LOGS) for table in LOG_TABLES]

    def _ingest(self) -> dg.AssetsDefinition:
        specs = [
            dg.AssetSpec(table.name, description=table.meaning, group_name=LOGS, skippable=True) for table in LOG_TABLES
        ]
        checks = [dg.AssetCheckSpec(AUDIT, asset=table.name, description=AUDITED) for table in LOG_TABLES]

        @self._step("ingest", specs, checks)
        def run(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
            with self._opened() as space, space.writing():
                source = load_source(space.settings.folder, self.settings.source)
                done = ingest(space, source, Path(self.settings.folder), until=max(_days(context)))
                manifests = [found for one in done.batches if (found := space.runs.get(f"ingest-{one.name}"))]
                for table in _wanted(context, LOG_TABLES, lambda table: [table.name]):
                    yield _result([table.name], table, [one for one in manifests if table.name in one.outputs], space)

        return run

    def _asset(self, stage: Stage, deal: str) -> dg.AssetsDefinition:
        """Give a stage as a step that writes its tables' partitions of one or more days."""
        keys = {table.name: _key(table, deal if stage.per_deal else "") for table in stage.writes}
        group = deal if stage.per_deal else "every_day"
        deps = [_key(table, deal if "deal" in table.partition else "") for table in stage.reads]
        specs = [
            dg.AssetSpec(keys[table.name], deps=deps, description=table.meaning, group_name=group)
            for table in stage.writes
        ]
        checks = [dg.AssetCheckSpec(AUDIT, asset=key, description=AUDITED) for key in keys.values()]
        if stage is RECONCILE:
            checks.append(dg.AssetCheckSpec(PROMISES, asset=keys[RECONCILIATIONS.name], description=RECONCILE.meaning))

        @self._step(f"{stage.name}_{deal}" if stage.per_deal else stage.name, specs, checks, stage.meaning)
        def run(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
            with self._opened() as space, space.writing():
                outcomes = run_days(space, _days(context), deal if stage.per_deal else "", [stage])
                manifests = [one.manifest for one in outcomes]
                for table in _wanted(context, stage.writes, lambda table: keys[table.name]):
                    more = [_promises(space, outcomes)] if table is RECONCILIATIONS else []
                    yield _result(keys[table.name], table, manifests, space, more)

        return run

    def _step(
        self,
        name: str,
        specs: Sequence[dg.AssetSpec],
        checks: Sequence[dg.AssetCheckSpec],
        meaning: str = "Raw logs become canonical tables",
    ) -> Callable[[Body], dg.AssetsDefinition]:
        return dg.multi_asset(
            name=name,
            specs=specs,
            check_specs=checks,
            description=meaning,
            partitions_def=self.days,
            backfill_policy=dg.BackfillPolicy.multi_run(self.together),
            pool=POOL,
            can_subset=True,
        )

    def _opened(self) -> Workspace:
        return self.common.workspace()


AUDITED = "What schemas/ declares of the table, looked at in the files that were written, before they were published"


def _key(table: Table, deal: str) -> list[str]:
    return [deal, table.name] if deal else [table.name]


def _wanted(
    context: dg.AssetExecutionContext, tables: Iterable[Table], key: Callable[[Table], Sequence[str]]
) -> list[Table]:
    """Give the tables that Dagster asked for; a stage publishes all of its own, whichever of them were."""
    return [table for table in tables if dg.AssetKey(key(table)) in context.selected_asset_keys]


def _days(context: dg.AssetExecutionContext) -> list[date]:
    return [date.fromisoformat(key) for key in context.partition_keys]


def _result(
    key: Sequence[str],
    table: Table,
    manifests: Sequence[Manifest],
    space: Workspace,
    more: Iterable[dg.AssetCheckResult] = (),
) -> dg.MaterializeResult[Any]:
    """Tell Dagster what was published of a table, and what its audits found."""
    rows = {" ".join(one.subject.values()): one.outputs[table.name]["rows"] for one in manifests}
    runs = ", ".join(one.run for one in manifests)
    return dg.MaterializeResult(
        asset_key=dg.AssetKey(key),
        metadata={"dagster/row_count": sum(rows.values()), "rows": rows, "poolwright runs": runs},
        check_results=[_audited(key, table, manifests, space), *more],
    )


def _audited(key: Sequence[str], table: Table, manifests: Sequence[Manifest], space: Workspace) -> dg.AssetCheckResult:
    """Add up the audits that were kept with the runs; a partition of which none is kept was never published."""
    kept = [
        json.loads((space.runs.folder / one.run / f"audit-{table.name}.json").read_text("utf-8")) for one in manifests
    ]
    counts = [kept_and_broken(document) for document in kept]
    looked, broken = sum(held + lost for held, lost in counts), sum(lost for _, lost in counts)
    return dg.AssetCheckResult(
        check_name=AUDIT,
        asset_key=dg.AssetKey(key),
        passed=broken == 0,
        metadata={"promises looked at": looked, "broken": broken, "rows": sum(one["rows"] for one in kept)},
    )


def _promises(space: Workspace, outcomes: Sequence[Outcome]) -> dg.AssetCheckResult:
    """Tell which promises across tables were broken on the days, with an example of each."""
    breaches: dict[str, list[str]] = defaultdict(list)
    checked = 0
    for one in outcomes:
        as_of = date.fromisoformat(one.manifest.subject["as_of"])
        for row in space.catalog.arrow(RECONCILIATIONS, {"as_of": as_of}).to_pylist():
            checked += row["checked_count"]
            if row["breach_count"]:
                breaches[row["code"]].append(f"{as_of}: {row['breach_count']:,}, for example {row['example']}")
    return dg.AssetCheckResult(
        check_name=PROMISES,
        asset_key=dg.AssetKey([RECONCILIATIONS.name]),
        passed=not breaches,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"checked": checked, **_shown(breaches)},
    )


def _shown(breaches: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {code: "; ".join(days) for code, days in breaches.items()}


def face(common: Common) -> Face:
    """Read what Dagster is to be offered of a workspace."""
    settings = common.settings()
    offered = settings.section("dagster", DagsterSettings)
    days = dg.DailyPartitionsDefinition(
        start_date=offered.first_on.isoformat(), timezone=settings.platform.time_zone, end_offset=1
    )
    return Face(common, offered, days, settings.section("operations", OperationsSettings).days_together)


@dg.definitions
def defs() -> dg.Definitions:
    """Give the definitions of the workspace that POOLWRIGHT_HOME, POOLWRIGHT_CONF and POOLWRIGHT_ENV name."""
    given = Environment()
    waiting = (f"operations.wait_seconds={WAIT_SECONDS}",)
    return face(Common(None, given.conf, given.env, waiting, "", json=False)).definitions()
