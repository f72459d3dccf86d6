"""The engine's expressions beside plain loops: every form, window, limit and filter, not only the catalogue's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from features.declarations import ORDERED, PLATFORM, Aggregate, Aggregation, Smoothed, feature_name, leaves
from features.spark_compile import aggregated, value_of
from tests.features.test_sweep import AS_OF, CODES, FLAGS, Row, aggregates, events
from tests.oracles.features import aggregate_value

WHOLE = ("amount", "credit_amount", *FLAGS)


def placed(rows: Sequence[Row]) -> list[Row]:
    """Give the events before the as-of day an age and a place; those of one day stand in the order of their ties."""
    aged = [{**row, "age_days": (AS_OF - row["day"]).days, "at": row["day"]} for row in rows if row["day"] < AS_OF]
    return [{**row, "tie": f"{place:03d}"} for place, row in enumerate(aged)]


def computed(engine: SparkSession, rows: Sequence[Row], wanted: Sequence[Aggregate]) -> dict[Any, dict[str, Any]]:
    """Compute by expressions: the numbers of each entity, of all passes together."""
    texts = {name: pa.array([row[name] for row in rows], pa.string()) for name in ("borrower_id", *CODES)}
    whole = {name: pa.array([row[name] for row in rows], pa.int64()) for name in WHOLE}
    ages = pa.array([row["age_days"] for row in rows], pa.int32())
    place = {"_at": pa.array([row["at"] for row in rows], pa.date32()), "_tie": pa.array([row["tie"] for row in rows])}
    frame = engine.createDataFrame(pa.table({**texts, **whole, "age_days": ages, **place}))
    found: dict[Any, dict[str, Any]] = {}
    for part in aggregated(frame, wanted):
        for row in part.toArrow().to_pylist():
            found.setdefault(row.get(wanted[0].entity), {}).update(row)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(events(), min_size=1, max_size=25).filter(placed),
    wanted=st.lists(aggregates(), min_size=20, max_size=40, unique_by=lambda each: each.subject),
)
def test_every_form_equals_plain_loops(engine: SparkSession, rows: list[Row], wanted: list[Aggregate]) -> None:
    """Whatever is declared; an entity that no window reaches may have no row, and then nothing of it counts."""
    rows = placed(rows)
    found = computed(engine, rows, wanted)
    for borrower in {row["borrower_id"] for row in rows}:
        own = [row for row in rows if row["borrower_id"] == borrower]
        for each in wanted:
            have, want = found.get(borrower, {}).get(feature_name(each)), aggregate_value(each, own)
            assert (have or 0.0) == pytest.approx(want or 0.0, rel=1e-9, abs=1e-9), (each, borrower)
            assert (have is None) <= (not want), (each, borrower)
            assert (want is None) <= (have is None), (each, borrower)


def test_a_platform_has_one_row(engine: SparkSession) -> None:
    """All entities together, counted without groups or order."""
    day = {"day": AS_OF, "since": AS_OF, "until": AS_OF, "age_days": 3, "at": AS_OF}
    row = {**dict.fromkeys(WHOLE, 1), **dict.fromkeys(CODES, "x"), **day}
    rows = [{**row, "borrower_id": name, "tie": name} for name in "ab"]
    wanted = [Aggregate("order", Aggregation.COUNT, "all", window_days=days, entity=PLATFORM) for days in (2, 7)]
    assert computed(engine, rows, wanted) == {None: {feature_name(wanted[0]): 0.0, feature_name(wanted[1]): 2.0}}


def test_order_matters_where_it_is_said_to() -> None:
    """Turned around, the events give another streak, but the same longest run and sum."""
    flags = [1, 1, 0, 1]
    rows = [{"age_days": 9 - at, "at": at, "tie": "", "is_night": flag} for at, flag in enumerate(flags)]
    streak = Aggregate("order", Aggregation.STREAK, "night", "is_night")
    assert streak.aggregation in ORDERED
    values = [
        [aggregate_value(replace(streak, aggregation=kind), each) for kind in (Aggregation.STREAK, Aggregation.LONGEST)]
        for each in (rows, [{**row, "at": -row["at"]} for row in rows])
    ]
    assert values == [[1.0, 2.0], [2.0, 2.0]]


def test_a_relative_rate_does_not_tell_the_platforms_level(engine: SparkSession) -> None:
    """Twice as many bad loans everywhere leave it; a group without loans has exactly 1; without bad ones it is null."""
    rows = Aggregate("loan", Aggregation.COUNT, "seasoned", entity="merchant_id")
    ratio = Smoothed("bad_ratio", replace(rows, subject="bad"), rows, 50, is_relative=True)
    cases, whole, bad, loans = (feature_name(each) for each in leaves(ratio))
    platforms = [
        (9.0, 150.0, 30.0, 1000.0),
        (18.0, 150.0, 60.0, 1000.0),
        (0.0, 0.0, 7.0, 1000.0),
        (0.0, 5.0, 0.0, 10.0),
    ]
    held = [dict(zip((cases, whole, bad, loans), each, strict=True), merchant_id="m", platform=1) for each in platforms]
    frame = engine.createDataFrame(pa.Table.from_pylist(held)).select(value_of(ratio).alias("ratio"))
    assert frame.toArrow().column("ratio").to_pylist() == [1.75, 1.75, 1.0, None]
