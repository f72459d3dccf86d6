"""Features: plain loops beside the engine, and nothing of what comes after the cut."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from features.catalogue import FEATURES
from features.spark import AsOf, Means, build_features, by_expressions, swept
from features.spark_cut import Hold
from features.spark_states import receivable_states
from features.states import StateConvention
from tests.features.compare import differences, rows_of
from tests.features.platform import Rows, logs_of
from tests.features.worlds import AS_OF, ZONES, cut_rows, spoiled, world
from tests.oracles import features as oracle

Build = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def build(engine: SparkSession, hold: Hold) -> Build:
    """States, then features, of rows as of the day."""

    def built(rows: Rows, time_zone: str, convention: StateConvention, means: Means = swept) -> list[dict[str, Any]]:
        logs = logs_of(engine, rows)
        states = hold(receivable_states(logs, AS_OF, time_zone, convention, hold), "states")
        return rows_of(build_features(AsOf(logs, states, AS_OF, time_zone, convention, hold), means=means))

    return built


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), time_zone=st.sampled_from(ZONES), grace_days=st.sampled_from([0, 3]))
@pytest.mark.parametrize("means", [swept, by_expressions])
def test_every_feature_equals_that_of_plain_loops(
    build: Build, means: Means, seed: int, time_zone: str, grace_days: int
) -> None:
    """Nulls, ties, local midnights, corrections, tombstones, reversals, late rows: the same in every column."""
    rows, convention = world(seed, AS_OF, time_zone), StateConvention(grace_days=grace_days)
    promised = oracle.features(rows, AS_OF, time_zone, convention, FEATURES)
    assert not differences(build(rows, time_zone, convention, means), promised, "receivable_id")


def test_worlds_fill_every_feature(worlds_told: list[dict[str, Any]]) -> None:
    """The comparison above would be idle for a feature that is null or the same in every drawn world."""
    idle = [each.name for each in FEATURES if len({row[each.name] for row in worlds_told} - {None}) < 2]
    assert not idle


@pytest.fixture(scope="module")
def worlds_told() -> list[dict[str, Any]]:
    """Features of many worlds, by plain loops."""
    told = functools.partial(
        oracle.features, as_of=AS_OF, time_zone="UTC", convention=StateConvention(), wanted=FEATURES
    )
    return [row for seed in range(25) for row in told(world(seed, AS_OF, "UTC"))]


def test_nothing_from_the_cut_on_changes_a_feature_or_state(build: Build, engine: SparkSession) -> None:
    """Dropping, changing and adding rows known or happened from the cut on leaves every number as it was."""
    zone, convention = "Asia/Shanghai", StateConvention()
    rows = world(11, AS_OF, zone)
    bare, spoilt = cut_rows(rows, AS_OF, zone), spoiled(rows, AS_OF, zone)
    assert sum(map(len, bare.values())) < sum(map(len, rows.values())) < sum(map(len, spoilt.values()))
    states = [
        sorted(map(str, rows_of(receivable_states(logs_of(engine, each), AS_OF, zone, convention))))
        for each in (rows, bare, spoilt)
    ]
    assert states[0] == states[1] == states[2]
    found = [sorted(map(str, build(each, zone, convention))) for each in (rows, bare, spoilt)]
    assert found[0] == found[1] == found[2]


def test_a_late_correction_leaves_the_old_day_and_changes_the_new(engine: SparkSession) -> None:
    """What was answered as of a day is answered again after a correction came in later; the next day knows it."""
    zone, convention = "Asia/Shanghai", StateConvention()
    rows = world(11, AS_OF, zone)
    late = spoiled(rows, AS_OF, zone)

    def told(each: Rows, ahead: int) -> list[str]:
        as_of = AS_OF + timedelta(days=ahead)
        return sorted(map(str, rows_of(receivable_states(logs_of(engine, each), as_of, zone, convention))))

    assert told(rows, 0) == told(late, 0)
    assert told(rows, 1) != told(late, 1)
