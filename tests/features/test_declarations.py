"""The catalogue as data: names, sentences, directions, and that every declaration can be lowered."""

import json
from dataclasses import replace
from pathlib import Path

from features.catalogue import FEATURES, features_table
from features.declarations import (
    GROUPED,
    ORDERED,
    PLATFORM,
    Aggregate,
    Aggregation,
    Term,
    Trend,
    feature_name,
    leaves,
    of_platform,
)
from features.reference import catalogue_json, catalogue_page
from features.streams import FRAME_TABLES, FRAMES, STREAMS
from schemas.house import TABLES
from schemas.table import Kind

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {
    *("consumption", "behaviour", "repayment", "borrowing", "merchant", "credit_report", "profile", "own"),
    "shared_device",
}
WITHOUT_MEASURE = {Aggregation.COUNT, Aggregation.RECENCY, Aggregation.OLDEST, Aggregation.DISTINCT}
AGGREGATES = {leaf for each in FEATURES for leaf in leaves(each.definition) if isinstance(leaf, Aggregate)}


def test_the_catalogue_has_enough_features_in_every_family() -> None:
    """At least three hundred features, and none of the families forgotten."""
    assert len(FEATURES) >= 300
    assert {each.family for each in FEATURES} == FAMILIES


def test_a_name_stands_for_one_definition() -> None:
    """No two features, and no two aggregates under them, share a name."""
    assert len({each.name for each in FEATURES}) == len(FEATURES)
    assert len({feature_name(each) for each in AGGREGATES}) == len(AGGREGATES)


def test_a_feature_is_told_to_people() -> None:
    """A sentence, a unit, and a direction of -1, 0 or +1."""
    for each in FEATURES:
        assert each.sentence[0].isupper(), each.name
        assert each.sentence.endswith("."), each.name
        assert each.unit, each.name
        assert each.direction in {-1, 0, 1}, each.name


def faults(aggregate: Aggregate) -> list[str]:
    """Say what a compiler would stumble over."""
    stream = STREAMS[aggregate.stream]
    roles = {(column.name, column.role) for column in stream.columns}
    kind, may_lack = aggregate.aggregation, aggregate.aggregation is Aggregation.ENTROPY
    asked = [(each.column, "code" if each.values else "measure") for each in aggregate.where]
    asked += [(aggregate.measure, "measure")] if aggregate.measure else []
    asked += [(aggregate.by, "code")] if aggregate.by else []
    asked += [(aggregate.entity, "entity")] if aggregate.entity != PLATFORM else []
    found = [f"no {role} {name}" for name, role in asked if (name, role) not in roles]
    found += ["a measure too many, or none"] * (not may_lack and bool(aggregate.measure) == (kind in WITHOUT_MEASURE))
    found += ["groups too many, or none"] * (bool(aggregate.by) != (kind in GROUPED))
    in_order = kind in ORDERED or aggregate.last_count is not None
    return found + ["no order"] * (in_order and not stream.is_ordered)


def test_every_aggregate_can_be_lowered() -> None:
    """Measures are measures, groups and filters with values codes, entities entities, and the latest have an order."""
    assert not {feature_name(each): faults(each) for each in AGGREGATES if faults(each)}


def test_the_latest_and_a_window_both_stand_in_a_name() -> None:
    """Five of the last 90 days are not five of all time, and a platform's aggregate keeps them."""
    latest = Aggregate("order", Aggregation.MEAN, "amount", "amount", last_count=5)
    assert feature_name(latest) == "order__mean_amount_last5"
    assert feature_name(replace(latest, window_days=90)) == "order__mean_amount_90d_last5"
    assert of_platform(latest) == replace(latest, entity=PLATFORM)


def test_a_trend_compares_windows() -> None:
    """The pace of the latest k would be over no number of days."""
    trends = [each.definition for each in FEATURES if isinstance(each.definition, Trend)]
    assert all(part.window_days and part.last_count is None for each in trends for part in (each.recent, each.longer))


def test_filters_ask_for_values_that_the_logs_may_hold() -> None:
    """A misspelt event type would give a feature that is always zero."""
    allowed = {
        column.name: set(column.values) for table in TABLES.values() for column in table.columns if column.values
    }
    allowed["kind"] = {"PAYMENT", "VOIDING"}
    asked = {(each.column, value) for aggregate in AGGREGATES for each in aggregate.where for value in each.values}
    assert not [(column, value) for column, value in asked if value not in allowed[column]]


def test_terms_stand_in_frames_that_exist() -> None:
    """Every row-level term belongs to a declared frame."""
    terms = {leaf for each in FEATURES for leaf in leaves(each.definition) if isinstance(leaf, Term)}
    assert {term.frame for term in terms} <= FRAMES.keys()
    assert FRAME_TABLES.keys() == FRAMES.keys()


def test_the_feature_table_has_a_real_column_for_each_feature() -> None:
    """Key, partition, and one number a feature."""
    table = features_table()
    assert (table.name, table.key) == ("features", ("receivable_id", "as_of"))
    assert [column.name for column in table.columns if column.kind is Kind.REAL] == [each.name for each in FEATURES]


def test_streams_name_logs_of_the_house() -> None:
    """A stream's lineage is made of stored tables."""
    assert {name for stream in STREAMS.values() for name in stream.tables} <= TABLES.keys()
    assert {name for tables in FRAME_TABLES.values() for name in tables} <= TABLES.keys()


def test_the_golden_catalogue_is_the_catalogue() -> None:
    """A change of meaning shows in review; `python -m tests.features.accept` writes the golden file anew."""
    golden = (ROOT / "tests" / "golden" / "catalogue.json").read_text(encoding="utf-8")
    assert json.loads(golden) == json.loads(catalogue_json())


def test_the_page_is_the_catalogue() -> None:
    """The generated page of the docs is up to date."""
    assert (ROOT / "docs" / "features.md").read_text(encoding="utf-8") == catalogue_page()
