"""Receivable states: the stated convention, case by case and against plain loops."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from features.spark_states import receivable_states
from features.states import StateConvention
from tests.features.compare import differences, rows_of
from tests.features.platform import logs_of
from tests.features.worlds import AS_OF, ZONES, lending_world
from tests.oracles import states as oracle


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10_000),
    time_zone=st.sampled_from(ZONES),
    grace_days=st.sampled_from([0, 3]),
    ahead=st.sampled_from([-60, 0, 45]),
)
def test_states_equal_those_of_plain_loops(
    engine: SparkSession, seed: int, time_zone: str, grace_days: int, ahead: int
) -> None:
    """Corrections, tombstones, reversals, late rows, ties and local midnights: engine and loops agree."""
    as_of, convention = AS_OF + timedelta(days=ahead), StateConvention(grace_days=grace_days)
    rows = lending_world(seed, AS_OF, time_zone)
    found = rows_of(receivable_states(logs_of(engine, rows), as_of, time_zone, convention))
    assert not differences(found, oracle.states(rows, as_of, time_zone, convention), "receivable_id")
