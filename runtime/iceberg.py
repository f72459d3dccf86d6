"""How a declared table looks to Arrow and to Iceberg."""

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from schemas.table import Kind, Table

ICEBERG_TYPES: dict[Kind, IcebergType] = {
    Kind.TEXT: StringType(),
    Kind.FLAG: BooleanType(),
    Kind.COUNT: LongType(),
    Kind.NUMBER: LongType(),
    Kind.DAYS: LongType(),
    Kind.MONEY: DecimalType(18, 2),
    Kind.RATE: DecimalType(9, 6),
    Kind.REAL: DoubleType(),
    Kind.DATE: DateType(),
    Kind.MOMENT: TimestamptzType(),
}
ARROW_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.FLAG: pa.bool_(),
    Kind.COUNT: pa.int64(),
    Kind.NUMBER: pa.int64(),
    Kind.DAYS: pa.int64(),
    Kind.MONEY: pa.decimal128(18, 2),
    Kind.RATE: pa.decimal128(9, 6),
    Kind.REAL: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.MOMENT: pa.timestamp("us", tz="UTC"),
}


def arrow_schema(table: Table) -> pa.Schema:
    """Give a declared table's columns as Arrow fields."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.kind]) for column in table.columns])


def table_schema(table: Table) -> Schema:
    """Give a declared table's columns as Iceberg fields; nulls are forbidden by the audit, not by the format."""
    fields = [
        NestedField(position, column.name, ICEBERG_TYPES[column.kind], required=False)
        for position, column in enumerate(table.columns, start=1)
    ]
    return Schema(*fields)


def partition_spec(table: Table, schema: Schema) -> PartitionSpec:
    """Give the identity partitioning by the columns whose value a run replaces as a whole."""
    fields = [
        PartitionField(schema.find_field(name).field_id, 1000 + position, IdentityTransform(), name)
        for position, name in enumerate(table.partition)
    ]
    return PartitionSpec(*fields)
