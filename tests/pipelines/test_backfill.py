"""Unattended runs: a plan says what would run and why, a range is resumed, and a lost engine costs a second try."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from pipelines import daily
from pipelines.backfill import backfill
from pipelines.daily import plan, run_day, run_days
from pipelines.featurize import FEATURIZE
from pipelines.planning import days_between, plan_days
from pipelines.states import STATES
from runtime import clock
from runtime.foresee import Foreseen
from runtime.settings import load_settings
from runtime.stage import Stage, Task
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError
from tests.pipelines.chain import MONDAY, SMALL, Chain, contents, opened

STAGES = plan("", "featurize")
DAYS = days_between(MONDAY - timedelta(days=3), MONDAY)
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def filled(
    raw: Path, conf: Path, engine: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """Bring raw logs in, and nothing more."""
    with opened(tmp_path_factory.mktemp("filled"), conf, engine) as space:
        Chain(space, raw).ingest()
        yield space


def due(planned: list[Foreseen]) -> list[tuple[date, str, str]]:
    """Give what of a plan would run."""
    return [(one.as_of, one.stage.name, one.why) for one in planned if one.is_due]


def test_a_plan_of_a_new_workspace_runs_everything_and_writes_nothing(filled: Workspace) -> None:
    """Every stage is due, no manifest and no table is made, and rows are bounded by what was ever lent."""
    before = [one.run for one in filled.runs.all()]
    planned = plan_days(filled, DAYS, "", STAGES)
    assert [(one.as_of, one.stage.name) for one in planned] == [(day, one.name) for day in DAYS for one in STAGES]
    assert {one.why for one in planned if one.stage is STATES} == {"it never ran"}
    assert {one.why for one in planned if one.stage is FEATURIZE} <= {"it never ran"}
    lent = filled.catalog.row_count("receivables")
    assert [one.rows for one in planned[:3]] == [lent, None, lent]
    assert [one.run for one in filled.runs.all()] == before
    assert filled.catalog.partitions("receivable_states") == []


def test_a_backfill_that_was_cut_goes_on_where_it_was(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was published before the failure is not done again; in the end every day stands, as if run alone."""
    real, seen = daily.execute, []

    def cut(stage: Stage, workspace: Workspace, as_of: date, *given: object) -> object:
        seen.append((as_of, stage.name))
        if (as_of, stage.name) == (DAYS[1], "featurize"):
            raise ValueError("the power went")
        return real(stage, workspace, as_of, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(daily, "execute", cut)
    with filled.writing(), pytest.raises(ValueError, match="the power went"):
        backfill(filled, DAYS, "", STAGES)
    monkeypatch.setattr(daily, "execute", real)
    left = due(plan_days(filled, DAYS, "", STAGES))
    assert (left[0][0], left[0][1], len(left)) == (DAYS[1], "featurize", 1 + 2 * 3)
    with filled.writing():
        done = backfill(filled, DAYS, "", STAGES)
    assert [(one.manifest.subject["as_of"], one.manifest.stage) for one in done if one.fresh] == [
        (day.isoformat(), name) for day, name, _ in left
    ]
    assert due(plan_days(filled, DAYS, "", STAGES)) == []
    with filled.writing():
        assert backfill(filled, DAYS, "", STAGES) == []


def test_days_filled_together_are_the_days_run_alone(filled: Workspace, trained: Chain) -> None:
    """One pass for several days gives the rows that a day by itself gives."""
    names = ("receivable_states", "reconciliations", "features")
    assert contents(filled, *names, as_of=MONDAY) == contents(trained.space, *names, as_of=MONDAY)


def test_a_plan_says_what_has_changed(filled: Workspace, conf: Path, engine: SparkSession) -> None:
    """Another setting makes its stage due and those that read from it; rows are those of the last run."""
    other = Workspace(filled.home, load_settings(conf, overrides=[*SMALL, "states.grace_days=3"]))
    other.__dict__["session"] = engine
    with other:
        planned = plan_days(other, [MONDAY], "", STAGES)
    assert [(one.stage.name, one.why) for one in planned if one.is_due] == [
        ("states", "changed: setting states"),
        ("reconcile", "after receivable_states"),
        ("featurize", "changed: setting states"),
    ]
    held = filled.catalog.row_count("receivable_states", {"as_of": MONDAY})
    assert planned[0].rows == held > 0


def test_a_lost_engine_costs_a_second_try(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is let go of and started anew, and the stage that failed is done by the new one."""
    monkeypatch.setattr(clock, "pause", lambda _: None)
    sessions: list[SparkSession] = []

    def flaky(task: Task) -> Mapping[str, DataFrame]:
        sessions.append(task.session)
        if len(sessions) == 1:
            raise ConnectionResetError("Socket closed")
        return STATES.run(task)

    stage = replace(STATES, run=flaky)
    day = MONDAY - timedelta(days=20)
    with opened(filled.home, filled.settings.folder, None) as space:
        with space.writing():
            (outcome,) = run_days(space, [day], "", [stage])
        assert outcome.fresh
        assert sessions[0] is not sessions[1]
        assert run_day(space, day, "", [STATES])[0].fresh is False


def test_a_broken_promise_is_not_tried_again(filled: Workspace) -> None:
    """What will be the same tomorrow fails at once."""
    calls = []

    def broken(_task: Task) -> Mapping[str, DataFrame]:
        calls.append(1)
        raise ConfigurationError("this", "that")

    with filled.writing(), pytest.raises(ConfigurationError):
        run_day(filled, MONDAY - timedelta(days=30), "", [replace(STATES, run=broken)])
    assert calls == [1]


def test_days_between_includes_both_ends() -> None:
    """Every n-th day counts from the first; the wrong way round is refused."""
    first = date(2024, 2, 27)
    assert days_between(first, date(2024, 3, 1)) == [date(2024, 2, d) for d in (27, 28, 29)] + [date(2024, 3, 1)]
    assert days_between(first, date(2024, 3, 1), 3) == [date(2024, 2, 27), date(2024, 3, 1)]
    with pytest.raises(ConfigurationError, match="2024-02-26"):
        days_between(first, date(2024, 2, 26))
