"""What every call of the expression language becomes on an engine: equal on all, null where there is no value."""

from collections.abc import Callable, Sequence
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from schemas.expression_kinds import EXACT, WHOLE, WHOLE_BOUND
from schemas.expression_nodes import Call, Literal
from schemas.spark_dates import day_of_text, moment_of_text
from schemas.spark_types import engine_type
from schemas.table import Kind

Columns = Sequence[Column]
Rule = Callable[[Call, Columns], Column]

TRUE_WORDS = ("true", "t", "yes", "y", "1")
FALSE_WORDS = ("false", "f", "no", "n", "0")
WHOLE_DOUBLES = 2.0**52
"""Doubles from here on are whole numbers."""
MAX_DAYS = 3_660_000
MAX_MONTHS = 120_000
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"

_WHOLE = r"^ *([+-]?[0-9]{1,15})(\.0*)? *\z"
_EXACT = r"^ *([+-]?([0-9]{1,16}(\.[0-9]{0,18})?|\.[0-9]{1,18})) *\z"
_REAL = r"^ *([+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,2})?) *\z"


def constant(call: Call, place: int) -> str:
    """Give the literal text that stands at that place."""
    argument = call.arguments[place]
    if not isinstance(argument, Literal):
        raise TypeError(f"{call.function} has no literal at {place}")
    return str(argument.value)


def balanced(join: Callable[[Column, Column], Column], parts: Columns) -> Column:
    """Join many columns two by two, so that the tree stays shallow."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(balanced(join, parts[:half]), balanced(join, parts[half:]))


def _case(_: Call, arguments: Columns) -> Column:
    pairs = list(zip(arguments[:-1:2], arguments[1:-1:2], strict=True))
    first = F.when(*pairs[0])
    return reduce(lambda built, pair: built.when(*pair), pairs[1:], first).otherwise(arguments[-1])


def _to_flag(_: Call, arguments: Columns) -> Column:
    word = F.lower(F.trim(arguments[0]))
    return F.when(word.isin(*TRUE_WORDS), F.lit(True)).when(word.isin(*FALSE_WORDS), F.lit(False))


def _to_whole(call: Call, arguments: Columns) -> Column:
    if call.arguments[0].kind is not Kind.TEXT:
        return arguments[0]
    return F.regexp_extract(arguments[0], _WHOLE, 1).try_cast("bigint")


def _to_exact(call: Call, arguments: Columns) -> Column:
    (value,) = arguments
    decimals = EXACT[call.kind][1]
    if call.arguments[0].kind is Kind.TEXT:
        value = F.regexp_extract(value, _EXACT, 1).try_cast("decimal(38,18)")
    elif call.arguments[0].kind is Kind.REAL:
        units = _half_up(value, decimals).try_cast("bigint").cast("decimal(19,0)")
        value = units * F.lit(f"0.{'1'.rjust(decimals, '0')}").cast(f"decimal({decimals},{decimals})")
    return _fit(call, F.round(value, decimals))


def _fit(call: Call, exact: Column) -> Column:
    """Give the decimal in its kind's type, or null where it is too large.

    The bound is told before the cast and not left to it: an optimizer may drop a cast that stands in a comparison.
    """
    if call.kind not in EXACT:
        return exact
    bound = F.lit(str(10 ** EXACT[call.kind][0])).cast("decimal(38,6)")
    return F.when(F.abs(exact) < bound, exact).try_cast(engine_type(call.kind).simpleString())


def _half_up(value: Column, decimals: int) -> Column:
    """Give the value in units of that decimal as a double, rounded half away from zero as the double stands."""
    scaled = value * F.lit(float(10**decimals))
    rounded = F.signum(scaled) * F.floor(F.abs(scaled) + F.lit(0.5)).cast("double")
    return F.when(F.abs(scaled) < F.lit(WHOLE_DOUBLES), rounded).otherwise(scaled)


def _to_real(call: Call, arguments: Columns) -> Column:
    if call.arguments[0].kind is Kind.TEXT:
        return F.regexp_extract(arguments[0], _REAL, 1).try_cast("double")
    return arguments[0].cast("double")


def _to_date(call: Call, arguments: Columns) -> Column:
    return day_of_text(arguments[0], constant(call, 1))


def _to_moment(call: Call, arguments: Columns) -> Column:
    return moment_of_text(arguments[0], constant(call, 1), constant(call, 2) if len(call.arguments) > 2 else None)


def _day_start(call: Call, arguments: Columns) -> Column:
    return F.to_utc_timestamp(arguments[0].cast("timestamp"), F.lit(constant(call, 1)))


def _local_day(call: Call, arguments: Columns) -> Column:
    return F.from_utc_timestamp(arguments[0], F.lit(constant(call, 1))).cast("date")


def _within(number: Column, bound: int) -> Column:
    return F.when(number.between(F.lit(-bound), F.lit(bound)), number).cast("int")


def _calendar(day: Column) -> Column:
    return F.when(day.between(F.lit(FIRST_DAY).cast("date"), F.lit(LAST_DAY).cast("date")), day)


def _months_between(_: Call, arguments: Columns) -> Column:
    later, earlier = arguments
    months = (F.year(later) - F.year(earlier)) * F.lit(12) + F.month(later) - F.month(earlier)
    return (months - (F.day(later) < F.day(earlier)).cast("int")).cast("bigint")


def _years_between(call: Call, arguments: Columns) -> Column:
    return F.floor(_months_between(call, arguments).cast("double") / F.lit(12.0))


def _round(call: Call, arguments: Columns) -> Column:
    decimals = int(constant(call, 1))
    return _half_up(arguments[0], decimals) / F.lit(float(10**decimals))


def _floor(_: Call, arguments: Columns) -> Column:
    whole = F.floor(arguments[0])
    return F.when(whole.between(F.lit(1 - WHOLE_BOUND), F.lit(WHOLE_BOUND - 1)), whole)


def _add(call: Call, arguments: Columns) -> Column:
    if call.kind is Kind.REAL:
        return reduce(lambda left, right: left + right, arguments)
    if call.kind in WHOLE:
        return balanced(F.try_add, arguments)
    return _fit(call, balanced(lambda left, right: left + right, arguments))


def _like(call: Call, arguments: Columns) -> Column:
    return arguments[0].like(constant(call, 1))


def _in(call: Call, arguments: Columns) -> Column:
    value, *members = _signless(call, arguments)
    return value.isin(*members)


def _comparison(compare: Callable[[Column, Column], Column]) -> Rule:
    return lambda call, arguments: compare(*_signless(call, arguments))


def _signless(call: Call, arguments: Columns) -> Columns:
    """Give doubles without negative zeros, which one engine holds for less than zero."""
    real = call.arguments[0].kind is Kind.REAL
    return [argument + F.lit(0.0) for argument in arguments] if real else arguments


def _substring(_: Call, arguments: Columns) -> Column:
    return F.substring(*arguments)


def _replace(_: Call, arguments: Columns) -> Column:
    return F.replace(*arguments)


RULES: dict[str, Rule] = {
    "and": lambda _, a: balanced(lambda left, right: left & right, a),
    "or": lambda _, a: balanced(lambda left, right: left | right, a),
    "not": lambda _, a: ~a[0],
    "eq": _comparison(lambda left, right: left == right),
    "ne": _comparison(lambda left, right: left != right),
    "lt": _comparison(lambda left, right: left < right),
    "le": _comparison(lambda left, right: left <= right),
    "gt": _comparison(lambda left, right: left > right),
    "ge": _comparison(lambda left, right: left >= right),
    "in": _in,
    "like": _like,
    "is_null": lambda _, a: a[0].isNull(),
    "add": _add,
    "negate": lambda _, a: -a[0],
    "multiply": lambda _, a: a[0] * a[1],
    "divide": lambda _, a: a[0] / F.nullif(a[1] + F.lit(0.0), F.lit(0.0)),
    "case": _case,
    "to_text": lambda _, a: a[0].cast("string"),
    "to_flag": _to_flag,
    "to_count": _to_whole,
    "to_number": _to_whole,
    "to_days": _to_whole,
    "to_money": _to_exact,
    "to_rate": _to_exact,
    "to_real": _to_real,
    "to_date": _to_date,
    "to_moment": _to_moment,
    "day_start": _day_start,
    "local_day": _local_day,
    "add_days": lambda _, a: _calendar(F.date_add(a[0], _within(a[1], MAX_DAYS))),
    "add_months": lambda _, a: _calendar(F.add_months(a[0], _within(a[1], MAX_MONTHS))),
    "days_between": lambda _, a: F.datediff(a[0], a[1]).cast("bigint"),
    "months_between": _months_between,
    "years_between": _years_between,
    "year": lambda _, a: F.year(a[0]).cast("bigint"),
    "month": lambda _, a: F.month(a[0]).cast("bigint"),
    "day": lambda _, a: F.day(a[0]).cast("bigint"),
    "coalesce": lambda _, a: F.coalesce(*a),
    "nullif": _comparison(F.nullif),
    "least": lambda _, a: F.least(*a),
    "greatest": lambda _, a: F.greatest(*a),
    "abs": lambda _, a: F.abs(a[0]),
    "round": _round,
    "floor": _floor,
    "concat": lambda _, a: F.concat(*a),
    "upper": lambda _, a: F.upper(a[0]),
    "lower": lambda _, a: F.lower(a[0]),
    "trim": lambda _, a: F.trim(a[0]),
    "substring": _substring,
    "replace": _replace,
    "length": lambda _, a: F.length(a[0]).cast("bigint"),
    "starts_with": lambda _, a: F.startswith(a[0], a[1]),
}
"""One rule for every function and operator of the language."""
