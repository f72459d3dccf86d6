"""The declared tables keep the house's own rules: names carry units, keys and references exist, nulls have meanings."""

import pytest

from schemas.expression import parse
from schemas.house import SOURCE_TABLES, TABLES
from schemas.table import Column, Kind, Table

SUFFIXES = {
    "_at": Kind.MOMENT,
    "_on": Kind.DATE,
    "_days": Kind.DAYS,
    "_amount": Kind.MONEY,
    "_rate": Kind.RATE,
    "_count": Kind.COUNT,
    "_number": Kind.NUMBER,
    "_share": Kind.REAL,
    "_id": Kind.TEXT,
    "_code": Kind.TEXT,
}
UNITS_TOLD_BY_NAME = {Kind.MOMENT, Kind.DATE, Kind.DAYS, Kind.MONEY, Kind.RATE, Kind.COUNT, Kind.NUMBER}
NAMED_OTHERWISE = {
    "as_of",
    "days_past_due",
    "worst_days_past_due",
    "window_worst_days_past_due",
    "reported_days_past_due",
}
FLAG_BEGINNINGS = ("is_", "has_")
EACH_TABLE = [pytest.param(table, id=table.name) for table in TABLES.values()]


@pytest.mark.parametrize("table", EACH_TABLE)
def test_a_name_carries_its_unit(table: Table) -> None:
    """A suffix has one kind, a kind with a unit has its suffix (or `days_past_due`), and a flag reads like one."""
    assert [column.name for column in table.columns if not carries_its_unit(column)] == []


def carries_its_unit(column: Column) -> bool:
    """Tell whether name and kind say the same."""
    suffix = next((suffix for suffix in SUFFIXES if column.name.endswith(suffix)), "")
    fits = column.kind is SUFFIXES[suffix] if suffix else column.kind not in UNITS_TOLD_BY_NAME
    reads = column.name.startswith(FLAG_BEGINNINGS) == (column.kind is Kind.FLAG)
    return reads and (fits or column.name in NAMED_OTHERWISE)


@pytest.mark.parametrize("table", EACH_TABLE)
def test_a_null_has_a_meaning_or_is_not_allowed(table: Table) -> None:
    """What identifies a row is never null; what null means is a phrase, and a meaning is a sentence."""
    identity = {*table.row_key, *table.partition}
    assert [column.name for column in table.columns if column.name in identity and not column.required] == []
    assert [column.name for column in table.columns if column.null_means.strip().rstrip(".") != column.null_means] == []
    assert [column.name for column in table.columns if not column.meaning.endswith(".")] == []


@pytest.mark.parametrize("table", EACH_TABLE)
def test_bounds_and_values_belong_to_their_kinds(table: Table) -> None:
    """Only texts have enumerations, without repeats; only numbers have bounds, in order."""
    for column in table.columns:
        assert not column.values or (column.kind is Kind.TEXT and len(set(column.values)) == len(column.values))
        bounded = (column.lowest, column.highest) != (None, None)
        assert not bounded or column.kind not in {Kind.TEXT, Kind.FLAG, Kind.DATE, Kind.MOMENT}
        assert column.lowest is None or column.highest is None or column.lowest < column.highest


@pytest.mark.parametrize("table", EACH_TABLE)
def test_references_lead_to_the_key_of_an_earlier_log(table: Table) -> None:
    """What a column refers to exists, is a log's whole key, and is published before the table itself."""
    order = [each.name for each in SOURCE_TABLES]
    for reference in filter(None, (column.refers_to for column in table.columns)):
        name, _, key = reference.partition(".")
        assert TABLES[name].key == (key,)
        assert order.index(name) < order.index(table.name)


@pytest.mark.parametrize("table", EACH_TABLE)
def test_keys_and_partitions_are_columns(table: Table) -> None:
    """Key, row key and partition name columns of the table, each column once."""
    assert {*table.key, *table.row_key, *table.partition} <= set(table.names)
    assert len(set(table.names)) == len(table.names)
    assert len(set(table.row_key)) == len(table.row_key) > 0


@pytest.mark.parametrize("table", EACH_TABLE)
def test_rules_are_conditions_over_the_columns(table: Table) -> None:
    """Each rule parses to true or false over its own table, under a code of its own."""
    kinds = {column.name: column.kind for column in table.columns}
    for rule in table.rules:
        assert parse(rule.expression, kinds).kind is Kind.FLAG
        assert rule.meaning.endswith(".")
    assert len({rule.code for rule in table.rules}) == len(table.rules)


def test_tables_have_names_of_their_own() -> None:
    """The dictionary of tables holds each under its own name."""
    assert all(name == table.name for name, table in TABLES.items())
    assert {table.name for table in SOURCE_TABLES} <= TABLES.keys()
