"""Tables and expressions on a dataframe engine: schemas, shape, row checks."""

from dataclasses import dataclass

from pyspark.sql import Column as EngineColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from schemas.errors import SchemaError
from schemas.expression import parse
from schemas.spark_expression import column_named, compile_expression, failed_conversions
from schemas.spark_types import engine_type, struct_type
from schemas.table import MONEY_BOUND, Column, Kind, Rule, Table

__all__ = [
    "RowCheck",
    "compile_expression",
    "conform",
    "engine_type",
    "failed_conversions",
    "row_checks",
    "struct_type",
]

REQUIRED_MISSING = "REQUIRED_MISSING"
UNKNOWN_VALUE = "UNKNOWN_VALUE"
OUT_OF_BOUNDS = "OUT_OF_BOUNDS"


@dataclass(frozen=True)
class RowCheck:
    """A promise that each row keeps.

    Args:
        code: What a row that breaks it is quarantined under.
        column_name: The column in question; None where it is the whole row.
        breach: True where the row breaks the promise; never null.
    """

    code: str
    column_name: str | None
    breach: EngineColumn


def conform(frame: DataFrame, table: Table) -> DataFrame:
    """Give the frame with the table's columns in the table's order.

    Raises:
        SchemaError: Columns are missing, unexpected, or of another type; all of them are listed. Nothing is cast.
    """
    promised = {field.name: field.dataType.simpleString() for field in struct_type(table)}
    found = {field.name: field.dataType.simpleString() for field in frame.schema}
    missing = sorted(promised.keys() - found.keys())
    unexpected = sorted(found.keys() - promised.keys())
    mistyped = [f"{name} {found[name]}, not {kind}" for name, kind in promised.items() if found.get(name, kind) != kind]
    faults = [f"missing {name} {promised[name]}" for name in missing]
    faults += [f"unexpected {name} {found[name]}" for name in unexpected] + [f"mistyped {each}" for each in mistyped]
    if len(frame.columns) != len(found):
        faults.append("two columns of one name")
    if faults:
        raise SchemaError("; ".join(faults), f"the columns and types of {table.name}", "the select that made the frame")
    return frame.select(*(column_named(name) for name in table.names))


def row_checks(table: Table) -> tuple[RowCheck, ...]:
    """Give every promise that the table makes about single rows: required, allowed values, bounds, its own rules."""
    return (
        *(RowCheck(REQUIRED_MISSING, each.name, _column(each).isNull()) for each in table.columns if each.required),
        *(RowCheck(UNKNOWN_VALUE, each.name, _unknown(each)) for each in table.columns if each.values),
        *(RowCheck(OUT_OF_BOUNDS, each.name, breach) for each in table.columns for breach in _bounds(each)),
        *(RowCheck(rule.code, None, _breach(rule, table)) for rule in table.rules),
    )


def _column(column: Column) -> EngineColumn:
    return column_named(column.name)


def _unknown(column: Column) -> EngineColumn:
    return _column(column).isNotNull() & ~_known(_column(column).isin(*column.values))


def _bounds(column: Column) -> list[EngineColumn]:
    """Give one breach for a bounded column, none for a free one."""
    value = _column(column)
    breaches = []
    if column.lowest is not None:
        breaches.append(value < _bound(column.lowest, column.kind))
    if column.highest is not None:
        breaches.append(value > _bound(column.highest, column.kind))
    if column.kind is Kind.MONEY and column.highest is None:
        breaches.append(F.abs(value) >= _bound(MONEY_BOUND, column.kind))
    if column.kind is Kind.REAL:
        breaches.append(F.isnan(value) | (F.abs(value) == F.lit(float("inf"))))
    if not breaches:
        return []
    breach = _known(breaches[0])
    for each in breaches[1:]:
        breach = breach | _known(each)
    return [breach]


def _bound(value: float, kind: Kind) -> EngineColumn:
    return F.lit(str(value) if kind in {Kind.MONEY, Kind.RATE} else value).cast(engine_type(kind))


def _breach(rule: Rule, table: Table) -> EngineColumn:
    columns = {column.name: column.kind for column in table.columns}
    return _known(~compile_expression(parse(rule.expression, columns, Kind.FLAG)))


def _known(condition: EngineColumn) -> EngineColumn:
    return F.coalesce(condition, F.lit(False))
