"""Reshaped raw rows to typed rows of a table, each with the first rule that it breaks by itself."""

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from runtime.mapping import SourceMapping
from runtime.mapping_plan import PartPlan
from runtime.raw import column_of
from runtime.refine_shape import Delivery, raw_column
from schemas.expression import parse
from schemas.spark import compile_expression, engine_type, failed_conversions, row_checks
from schemas.table import Kind, Table

NOT_CONVERTIBLE = "NOT_CONVERTIBLE"
FUTURE_EVENT = "FUTURE_EVENT"
KNOWN_ONLY = {"known_at", "source", "batch", "record_hash"}
PLACE = ("_part", "_file", "_row", "_index")
NOTES = ("_raw", "_code", "_column", "_fate")


def type_rows(frame: DataFrame, delivery: Delivery, plan: PartPlan, number: int, batch: str) -> DataFrame:
    """Give a part's rows as the table's columns, with their place, the raw row as JSON, `_code`, `_column`, `_fate`."""
    mapping, table = delivery.plan.mapping, plan.table
    values = {column.name: _value(column.name, plan, mapping) for column in table.columns}
    typed = frame.select(
        *[value.alias(name) for name, value in values.items()],
        F.lit(number).alias("_part"),
        *[F.col(name) for name in PLACE[1:]],
        _delivery_end(mapping).alias("_end"),
        _raw(frame, plan).alias("_raw"),
        _reading_fault(plan).alias("_found"),
        F.col("_fate"),
    )
    typed = typed.withColumn("source", F.lit(mapping.name)).withColumn("batch", F.lit(batch))
    typed = typed.withColumn("known_at", F.coalesce("known_at", "happened_at" if _known_by_event(delivery) else "_end"))
    if "receivable_key" in table.names:
        typed = typed.withColumn("receivable_key", receivable_key_column())
    typed = typed.withColumn("record_hash", record_hash_column(table))
    found = F.coalesce("_found", *_row_faults(table))
    typed = typed.withColumn("_found", F.when(F.col("_fate").isNull(), found))
    code, column = (F.regexp_extract("_found", "^([^ ]*) ?(.*)$", group) for group in (1, 2))
    noted = typed.withColumns({"_code": F.nullif(code, F.lit("")), "_column": F.nullif(column, F.lit(""))})
    return noted.select(*table.names, *PLACE, *NOTES)


def _known_by_event(delivery: Delivery) -> bool:
    return delivery.plan.mapping.deliveries == "whole" and delivery.known_on is None


def _value(name: str, plan: PartPlan, mapping: SourceMapping) -> Column:
    wanted = engine_type(plan.table.column(name).kind)
    if name in plan.columns:
        value = compile_expression(plan.columns[name], raw_column)
        return _worded(value, plan.part.words.get(name, {})).cast(wanted)
    default = {"is_deleted": False, "originator_id": mapping.originator, "currency": mapping.currency}.get(name)
    return F.when(F.col("_fault").isNull(), F.lit(default)).cast(wanted)


def _worded(value: Column, words: dict[str, str]) -> Column:
    if not words:
        return value
    chosen = F.lit(None).cast("string")
    for raw, canonical in words.items():
        chosen = F.when(value == raw, F.lit(canonical)).otherwise(chosen)
    return F.coalesce(chosen, value)


def _delivery_end(mapping: SourceMapping) -> Column:
    """Give the last microsecond of the delivery's local day: when what came with it was known."""
    next_day = parse(f"day_start(add_days(_delivery, 1), '{mapping.time_zone}')", {"_delivery": Kind.DATE})
    return compile_expression(next_day) - F.lit(timedelta(microseconds=1))


def _raw(frame: DataFrame, plan: PartPlan) -> Column:
    personal = {*plan.part.pseudonymize}
    personal |= {f"{name}.{raw}" for name, lookup in plan.part.lookup.items() for raw in lookup.pseudonymize}
    hidden = {column_of(name) for name in {*personal, *plan.defined}}
    shown = sorted(name for name in frame.columns if name.startswith("raw_") and name not in hidden)
    fault = F.to_json(F.struct(F.col("_fault_text").alias("fault")))
    if not shown:
        return F.when(F.col("_fault").isNotNull(), fault).otherwise(F.lit("{}"))
    values = F.to_json(F.struct(*[F.col(name).alias(name.removeprefix("raw_").replace("__", ".")) for name in shown]))
    return F.when(F.col("_fault").isNotNull(), fault).otherwise(values)


def _reading_fault(plan: PartPlan) -> Column:
    conversions = {**plan.defined, **plan.columns}
    return F.coalesce(
        F.col("_fault"),
        *[
            _found(failed_conversions(expression, raw_column), NOT_CONVERTIBLE, name)
            for name, expression in conversions.items()
        ],
    )


def _found(breach: Column, code: str, column: str | None) -> Column:
    """Give code and column as one text: a struct in a long chain of cases is twenty times slower on Sail."""
    return F.when(breach, F.lit(f"{code} {column}" if column else code))


def _row_faults(table: Table) -> list[Column]:
    future = (F.col("happened_at") > F.col("known_at")) | (F.col("happened_at") > F.col("_end"))
    return [
        _found(future, FUTURE_EVENT, "happened_at"),
        _found(F.col("known_at") > F.col("_end"), FUTURE_EVENT, "known_at"),
        *[_found(check.breach, check.code, check.column_name) for check in row_checks(table)],
    ]


def record_hash_column(table: Table) -> Column:
    """Give the SHA-256 over a row's own content: every column but when it was known and where it came from."""
    own = [_canonical(column.name, column.kind) for column in table.columns if column.name not in KNOWN_ONLY]
    return F.sha2(F.concat_ws("|", *own), 256)


def _canonical(name: str, kind: Kind) -> Column:
    text = _canonical_text(F.col(name), kind)
    return F.coalesce(F.concat(F.length(text).cast("string"), F.lit(":"), text), F.lit("-"))


def _canonical_text(value: Column, kind: Kind) -> Column:
    if kind is Kind.MOMENT:
        return F.unix_micros(value).cast("string")
    if kind is Kind.REAL:
        return F.when(F.abs(value) < 1e15, value.cast("decimal(38,12)")).cast("string")
    return value.cast("string")


def receivable_key_column() -> Column:
    """Give the identity of a receivable for the single-pledge rule: equal to `schemas.hashing.receivable_key`."""
    minor = F.regexp_replace(F.col("original_principal_amount").cast("string"), "[.]", "").cast("bigint").cast("string")
    parts = [
        F.col("originator_id"),
        F.col("contract_no"),
        F.coalesce("order_id", F.lit("")),
        minor,
        F.col("disbursed_on").cast("string"),
    ]
    prefixed = [F.concat(F.length(part).cast("string"), F.lit(":"), part) for part in parts]
    whole = F.concat(prefixed[0], *[piece for part in prefixed[1:] for piece in (F.lit("|"), part)])
    return F.sha2(whole, 256)
