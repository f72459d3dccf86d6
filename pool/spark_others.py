"""The borrower's other receivables on the engine: one pass over all of them, less each row's own part."""

from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pool.vocabulary import engine_name, visible_columns
from schemas.expression_nodes import Expression, Node, Others
from schemas.spark import compile_expression, engine_type
from schemas.table import Kind

Names = Callable[[str], str]


def with_others(view: DataFrame, states: DataFrame, receivables: DataFrame, asked: Sequence[Others]) -> DataFrame:
    """Add a column for each thing that a deal asks of a borrower's other receivables.

    Args:
        view: From `pool.spark_view.screening_view`.
        states: `receivable_states` of the day: all of them, open or not.
        receivables: Their contracts, one row each.
        asked: From `pool.clauses.others_of`; the column is named by `engine_name`.
    """
    if not asked:
        return view
    contracts = _named(receivables, "receivable")
    each = _named(states, "state").join(
        contracts, F.col("state__receivable_id") == F.col("receivable__receivable_id"), "left"
    )
    parts = [column for one in asked for column in _parts(one)]
    whole = each.select(F.col("state__borrower_id").alias("others__borrower_id"), *parts)
    sums = whole.groupBy("others__borrower_id").agg(*(column for one in asked for column in _sums(one)))
    met = view.join(sums, F.col("state__borrower_id") == F.col("others__borrower_id"), "left")
    return met.select(*view.columns, *(_without_own(one).alias(engine_name(one.name)) for one in asked))


def _named(frame: DataFrame, group: str) -> DataFrame:
    names = [column.name for column in visible_columns(group)]
    return frame.select(*(F.col(name).alias(engine_name(f"{group}.{name}")) for name in names))


def _parts(one: Others) -> list[Column]:
    """Give, of a single receivable, whether it is meant, whether that cannot be known, and its value where it is."""
    meant = _compiled(one.condition)
    unknown = meant.isNull() if one.value is None else meant.isNull() | (meant & _compiled(one.value).isNull())
    return [
        _one_where(meant).alias(_part(one, "meant")),
        _one_where(unknown).alias(_part(one, "unknown")),
        _value(one).alias(_part(one, "value")),
    ]


def _sums(one: Others) -> list[Column]:
    values = F.col(_part(one, "value"))
    counts = [F.sum(_part(one, name)).alias(_part(one, f"all_{name}")) for name in ("meant", "unknown")]
    if one.function == "others_sum":
        return [*counts, F.sum(values).alias(_part(one, "all_value"))]
    if one.none is not None:
        best_first = F.sort_array(F.collect_list(values), asc=one.function == "others_min")
        return [*counts, F.slice(best_first, 1, 2).alias(_part(one, "all_value"))]
    return counts


def _without_own(one: Others) -> Column:
    """Give the borrower's whole less the row's own part; null where nothing is known of the borrower."""
    meant, unknown, value = _parts(one)
    others_meant = F.col(_part(one, "all_meant")) - meant
    others_unknown = F.col(_part(one, "all_unknown")) - unknown
    whole = F.col(_part(one, "all_value"))
    if one.function == "others_exist":
        return F.when(others_meant > 0, F.lit(True)).when(others_unknown == 0, F.lit(False))
    if one.function == "others_count":
        found = others_meant
    elif one.function == "others_sum":
        found = F.coalesce(whole, _zero(one.kind)) - F.coalesce(value, _zero(one.kind))
    else:
        first, second = F.get(whole, F.lit(0)), F.get(whole, F.lit(1))
        best = F.when(value == first, second).otherwise(first)
        found = F.coalesce(best, _compiled(one.none) if one.none else F.lit(None))
    return F.when(others_unknown == 0, found.cast(engine_type(one.kind)))


def _value(one: Others) -> Column:
    kind = one.value.kind if one.value is not None else Kind.FLAG
    value = F.lit(None).cast(engine_type(kind)) if one.value is None else _compiled(one.value)
    return F.when(_compiled(one.condition), value)


def _compiled(node: Node) -> Column:
    return compile_expression(Expression("", node.kind, frozenset(), node), lambda name: F.col(engine_name(name)))


def _one_where(condition: Column) -> Column:
    return F.when(condition, F.lit(1)).otherwise(F.lit(0)).cast("bigint")


def _zero(kind: Kind) -> Column:
    return F.lit(0).cast(engine_type(kind))


def _part(one: Others, name: str) -> str:
    return f"{engine_name(one.name)}_{name}"
