"""Labels: the window, the band, the write-off, and plain loops beside the engine."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pyspark.sql import SparkSession

from features.labels import LabelDefinition
from features.spark_cut import as_planned
from features.spark_exits import exits
from features.spark_known import Known
from features.spark_labels import WINDOW, label_receivables, outcomes
from features.states import StateConvention
from tests.features.compare import differences, rows_of
from tests.features.platform import Row, logs_of
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


def test_windows_of_many_days_say_what_each_day_says_alone(engine: SparkSession) -> None:
    """One pass over windows of different starts and ends gives the labels of each day and horizon."""
    logs = logs_of(engine, lending_world(5, AS_OF, "UTC"))
    days = {AS_OF - timedelta(days=back): horizon(DEFINITIONS[0], back - 20) for back in (60, 110)}
    labels = [row for day, one in days.items() for row in rows_of(label_receivables(logs, day, AS_OF, "UTC", one))]
    keys = [{name: row[name] for name in WINDOW} for row in labels]
    later = Known(logs, AS_OF, "UTC", DEFINITIONS[0].convention, as_planned)
    found = rows_of(outcomes(engine.createDataFrame(pa.Table.from_pylist(keys)), later, DEFINITIONS[0]))
    assert len({row["as_of"] for row in labels}) == 2
    assert {told(row) for row in found} == {told(row) for row in labels}


def horizon(definition: LabelDefinition, horizon_days: int) -> LabelDefinition:
    """Give the definition with another horizon."""
    return definition.model_copy(update={"horizon_days": horizon_days})


def told(row: Row) -> tuple[object, ...]:
    """Give a window and what became of it."""
    return tuple(row[name] for name in (*WINDOW, "window_worst_days_past_due", "is_default"))


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


@pytest.mark.slow
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), time_zone=st.sampled_from(ZONES))
def test_the_first_default_after_a_day_lies_in_the_window_of_a_bad_label_and_of_no_other(
    engine: SparkSession, seed: int, time_zone: str
) -> None:
    """Whatever the horizon: the day of default and the label of every window are one truth."""
    logs, as_of = logs_of(engine, lending_world(seed, AS_OF, time_zone)), AS_OF - timedelta(days=150)
    base = LabelDefinition(default_days_past_due=30, convention=StateConvention(grace_days=3))
    labels = {
        days: rows_of(label_receivables(logs, as_of, AS_OF, time_zone, horizon(base, days))) for days in (40, 140)
    }
    later = Known(logs, AS_OF, time_zone, base.convention, as_planned)
    spans = [{"receivable_id": row["receivable_id"], "as_of": as_of} for row in labels[40]]
    if not spans:
        return
    found = rows_of(exits(engine.createDataFrame(pa.Table.from_pylist(spans)), later, base))
    days = {row["receivable_id"]: row["defaulted_on"] for row in found}
    for row in (row for each in labels.values() for row in each if row["is_default"] is not None):
        day = days[row["receivable_id"]]
        assert row["is_default"] == (day is not None and day <= row["window_ends_on"]), row
    assert all(row["defaulted_on"] is None or as_of <= row["defaulted_on"] < AS_OF for row in found)
    assert all(row["paid_off_on"] is None or as_of <= row["paid_off_on"] < AS_OF for row in found)
