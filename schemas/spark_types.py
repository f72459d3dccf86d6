"""Kinds and tables as an engine's types."""

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from schemas.table import Kind, Table

_TYPES: dict[Kind, DataType] = {
    Kind.TEXT: StringType(),
    Kind.FLAG: BooleanType(),
    Kind.COUNT: LongType(),
    Kind.NUMBER: LongType(),
    Kind.DAYS: LongType(),
    Kind.MONEY: DecimalType(18, 2),
    Kind.RATE: DecimalType(9, 6),
    Kind.REAL: DoubleType(),
    Kind.DATE: DateType(),
    Kind.MOMENT: TimestampType(),
}


def engine_type(kind: Kind) -> DataType:
    """Give the engine's type of a kind; moments are UTC in a UTC session.

    >>> engine_type(Kind.MONEY).simpleString()
    'decimal(18,2)'
    """
    return _TYPES[kind]


def struct_type(table: Table) -> StructType:
    """Give the engine's schema of a table; every field may be null there, for nulls are checked row by row."""
    return StructType([StructField(column.name, engine_type(column.kind)) for column in table.columns])
