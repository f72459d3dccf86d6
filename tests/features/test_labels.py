"""Labels: the window, the band, the write-off, and plain loops beside the engine."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pyspark.sql import SparkSession

from features.labels import LabelDefinition
from features.spark_labels import label_receivables
from features.states import StateConvention
from tests.features.compare import differences, rows_of
from tests.features.platform import logs_of
from tests.features.worlds import AS_OF, ZONES, lending_world
from tests.oracles import states as oracle

DEFINITIONS = (
    LabelDefinition(default_days_past_due=30, horizon_days=90, indeterminate_from_days=10),
    LabelDefinition(default_days_past_due=5, horizon_days=45, convention=StateConvention(grace_days=3)),
)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), time_zone=st.sampled_from(ZONES), definition=st.sampled_from(DEFINITIONS))
def test_labels_equal_those_of_plain_loops(
    engine: SparkSession, seed: int, time_zone: str, definition: LabelDefinition
) -> None:
    """The engine's intervals say what a walk over every day of the window says."""
    as_of, rows = AS_OF - timedelta(days=120), lending_world(seed, AS_OF, time_zone)
    logs = logs_of(engine, rows)
    found = rows_of(label_receivables(logs, as_of, AS_OF, time_zone, definition))
    assert not differences(found, oracle.labels(rows, as_of, AS_OF, time_zone, definition), "receivable_id")


def test_labels_are_null_while_the_window_is_open(engine: SparkSession) -> None:
    """A window that ends on the day of `data_until` is not over: every label is null, none is false."""
    logs, definition = logs_of(engine, lending_world(3, AS_OF, "UTC")), LabelDefinition(horizon_days=60)
    found = rows_of(label_receivables(logs, AS_OF - timedelta(days=59), AS_OF, "UTC", definition))
    assert found
    assert all(row["is_default"] is None and row["window_worst_days_past_due"] is None for row in found)


@pytest.mark.parametrize(("days", "is_observed"), [(59, False), (60, True), (61, True)])
def test_a_window_is_observed_when_its_last_day_is_over(days: int, is_observed: bool) -> None:  # noqa: FBT001
    """The 60 days from as_of end before the start of day 60."""
    definition = LabelDefinition(horizon_days=60)
    assert definition.is_observed(date(2025, 1, 1), date(2025, 1, 1) + timedelta(days=days)) is is_observed


def test_an_indeterminate_band_at_or_above_default_is_refused() -> None:
    """A band that would swallow defaults is a wrong definition."""
    with pytest.raises(ValidationError):
        LabelDefinition(default_days_past_due=30, indeterminate_from_days=30)
