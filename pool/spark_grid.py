"""The receivables that a deal's numbers allow: a grid over the columns that tell loss, yield and life.

Between two numbers that some expression compares a column with nothing changes but the column itself, in which all
measures are straight lines: the ends of these stretches are enough. An open end lies a hair beyond its number.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import product
from math import prod

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from pool.deal import Deal, parsed
from pool.vocabulary import COLUMNS, engine_name
from schemas.errors import ConfigurationError
from schemas.expression_nodes import Call, Expression, Literal, Name, Node, walk
from schemas.spark import compile_expression, engine_type

PROBABILITY, RATE = "tag.default_probability", "receivable.annual_rate"
TERM, LEFT = "receivable.term_number", "state.remaining_period_count"
ENDS = {PROBABILITY: (0.0, 1.0), RATE: (0.0, 10.0), TERM: (1.0, 600.0), LEFT: (1.0, 600.0)}
"""Columns of the grid with the ends that the tables themselves give them; a term of 600 stands for no end."""
HAIR = {PROBABILITY: 1e-6, RATE: 1e-6, TERM: 1.0, LEFT: 1.0}
DECIDED_BY = {"loss_rate": PROBABILITY, "life_months": LEFT, "annual_yield": RATE}
"""The column by which each measure would have no end."""
MOST_POINTS = 500_000


def allowed_kinds(session: SparkSession, deal: Deal) -> tuple[pa.Table, dict[str, tuple[str, ...]]]:
    """Give the points that every part of a criterion over these columns lets pass.

    Of a criterion that is several conditions at once, those over other columns are left out, and so are limits over
    other columns and over members: the worst pool is then at least as bad as any that the deal allows.

    Raises:
        ConfigurationError: The numbers tell too many kinds apart.

    Returns:
        loss_rate, life_months, annual_yield and one column for each limit over these columns alone; and for each
        measure the column that the document leaves without an end.
    """
    stops = [_stops(deal, name) for name in ENDS]
    size = prod(map(len, stops))
    if size > MOST_POINTS:
        numbers = "fewer different numbers in criteria and limits over probability, rate and term"
        raise ConfigurationError(f"{size} kinds that the numbers of {deal.name} tell apart", numbers, "conf/deals")
    passed = _passing(_frame(session, [point for point in product(*stops) if point[3] <= point[2]]), deal)
    limits = [each for each in deal.limits if _is_spoken_of(parsed(each.expression).columns)]
    values = [compile_expression(parsed(each.expression), _column).cast("double").alias(each.code) for each in limits]
    life = (F.col(engine_name(LEFT)).cast("double") + F.lit(1.0)) / F.lit(2.0)
    kept = F.lit(1.0 - float(deal.price.discount_rate))
    annual = F.col(engine_name(RATE)).cast("double")
    measures = [
        (F.col(engine_name(PROBABILITY)) * F.lit(float(deal.loss_given_default))).alias("loss_rate"),
        life.alias("life_months"),
        ((annual + (F.lit(1.0) - kept) * F.lit(12.0) / life) / kept).alias("annual_yield"),
    ]
    ends = [F.col(engine_name(name)).cast("double").alias(engine_name(name)) for name in ENDS]
    grid = passed.select(*measures, *values, *ends).toArrow()
    return grid, {measure: _left_open(grid, name) for measure, name in DECIDED_BY.items()}


def _left_open(grid: pa.Table, name: str) -> tuple[str, ...]:
    """Tell whether the criteria let the column go to the end that stands for none; a rate is bad at its low end."""
    highest = max(grid.column(engine_name(name)).to_pylist(), default=0.0)
    return (name,) if name != RATE and highest >= ENDS[name][1] else ()


def _stops(deal: Deal, name: str) -> list[float]:
    low, high = ENDS[name]
    hair = HAIR[name]
    written = {float(number) for number in _numbers(deal, name)}
    beside = {round(number + step, 9) for number in written for step in (-hair, 0.0, hair)}
    return sorted({low, high, *(each for each in beside if low <= each <= high)})


def _numbers(deal: Deal, name: str) -> Iterator[Decimal]:
    """Give the numbers in every expression that looks at the column; of instalments left, those of the term too."""
    wanted = {name, TERM} if name == LEFT else {name}
    texts = [*(each.expression for each in deal.criteria), *(each.expression for each in deal.limits)]
    for expression in map(parsed, texts):
        if wanted & expression.columns:
            nodes = (node for node in walk(expression.root) if isinstance(node, Literal))
            yield from (Decimal(node.value) for node in nodes if isinstance(node.value, int | Decimal))


def _frame(session: SparkSession, points: Iterable[tuple[float, ...]]) -> DataFrame:
    columns = list(zip(*points, strict=True))
    table = pa.table({engine_name(name): pa.array(column) for name, column in zip(ENDS, columns, strict=True)})
    typed = [F.col(engine_name(name)).cast(engine_type(COLUMNS[name])).alias(engine_name(name)) for name in ENDS]
    return session.createDataFrame(table).select(*typed)


def _passing(frame: DataFrame, deal: Deal) -> DataFrame:
    for criterion in deal.criteria:
        for part in _parts(parsed(criterion.expression)):
            frame = frame.where(compile_expression(part, _column))
    return frame


def _parts(expression: Expression) -> Iterator[Expression]:
    """Give the conditions that a criterion asks for at once, those over the grid's columns alone."""
    root = expression.root
    for node in root.arguments if isinstance(root, Call) and root.function == "and" else (root,):
        names = _names(node)
        if _is_spoken_of(names):
            yield Expression(expression.text, node.kind, names, node)


def _names(node: Node) -> frozenset[str]:
    return frozenset(each.name for each in walk(node) if isinstance(each, Name))


def _is_spoken_of(names: frozenset[str]) -> bool:
    return bool(names) and names <= set(ENDS)


def _column(name: str) -> Column:
    return F.col(engine_name(name))
