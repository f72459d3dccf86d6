"""Checked expressions as DuckDB's SQL: a second, independent reading of the language, beside the engines'.

It shares the parsed tree and the patterns of dates with the engine's compiler, and nothing else.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from schemas.duckdb_texts import day_of_text, instant_of, moment_of_text
from schemas.expression_kinds import EXACT, WHOLE, WHOLE_BOUND
from schemas.expression_nodes import Call, Expression, Literal, Name, Node
from schemas.table import Kind

Resolve = Callable[[str], str]
Rule = Callable[[Call, Sequence[str]], str]

TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.FLAG: "BOOLEAN",
    Kind.COUNT: "BIGINT",
    Kind.NUMBER: "BIGINT",
    Kind.DAYS: "BIGINT",
    Kind.MONEY: "DECIMAL(18,2)",
    Kind.RATE: "DECIMAL(9,6)",
    Kind.REAL: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.MOMENT: "TIMESTAMPTZ",
}
"""DuckDB's type of each kind."""
WIDEST = "DECIMAL(38,18)"
WHOLE_DOUBLES = 2**52
MOST_DAYS = 3_660_000
MOST_MONTHS = 120_000

_WHOLE = r"^ *([+-]?[0-9]{1,15})(\.0*)? *\z"
_EXACT = r"^ *([+-]?([0-9]{1,16}(\.[0-9]{0,18})?|\.[0-9]{1,18})) *\z"
_REAL = r"^ *([+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,2})?) *\z"


def duckdb_sql(expression: Expression, resolve: Resolve) -> str:
    """Give the expression as one SQL expression of DuckDB; null where a value cannot be had, never an error on data.

    Args:
        expression: What was parsed.
        resolve: Gives the SQL of a column, of the type that `TYPES` says of its kind.
    """
    return _compile(expression.root, resolve)


def text_literal(text: str) -> str:
    """Write a text as a literal of SQL.

    >>> text_literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Write a column's name so that it is taken letter by letter.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def _compile(node: Node, resolve: Resolve) -> str:
    if isinstance(node, Name):
        return resolve(node.name)
    if isinstance(node, Literal):
        return _literal(node)
    return RULES[node.function](node, [_compile(argument, resolve) for argument in node.arguments])


def _literal(node: Literal) -> str:
    if node.value is None:
        return f"CAST(NULL AS {TYPES[node.kind]})"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    written = format(node.value, "f") if isinstance(node.value, Decimal) else str(node.value)
    return f"CAST({text_literal(written)} AS {TYPES[node.kind]})"


def _constant(call: Call, place: int) -> str:
    argument = call.arguments[place]
    if not isinstance(argument, Literal):
        raise TypeError(f"{call.function} has no literal at {place}")
    return str(argument.value)


def _read(text: str, pattern: str, kind: str) -> str:
    return f"TRY_CAST(regexp_extract({text}, '{pattern}', 1) AS {kind})"


def _case(_: Call, arguments: Sequence[str]) -> str:
    pairs = zip(arguments[:-1:2], arguments[1:-1:2], strict=True)
    branches = " ".join(f"WHEN {test} THEN {result}" for test, result in pairs)
    return f"(CASE {branches} ELSE {arguments[-1]} END)"


def _to_flag(_: Call, arguments: Sequence[str]) -> str:
    word = f"lower(trim({arguments[0]}, ' '))"
    yes, no = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"
    return f"(CASE WHEN {word} IN {yes} THEN true WHEN {word} IN {no} THEN false END)"


def _to_whole(call: Call, arguments: Sequence[str]) -> str:
    return arguments[0] if call.arguments[0].kind is not Kind.TEXT else _read(arguments[0], _WHOLE, "BIGINT")


def _to_exact(call: Call, arguments: Sequence[str]) -> str:
    (value,) = arguments
    places = EXACT[call.kind][1]
    if call.arguments[0].kind is Kind.REAL:
        units = f"CAST(TRY_CAST({_half_up(value, places)} AS BIGINT) AS DECIMAL(19,0))"
        value = f"({units} * CAST('{Decimal(1).scaleb(-places)}' AS DECIMAL({places},{places})))"
    elif call.arguments[0].kind is Kind.TEXT:
        value = f"round({_read(value, _EXACT, WIDEST)}, {places})"
    else:
        value = f"round(CAST({value} AS {WIDEST}), {places})"
    return _fitted(call, value)


def _fitted(call: Call, value: str) -> str:
    """Give a decimal in its kind's type, null where it is too large for it."""
    bound = f"CAST('{10 ** EXACT[call.kind][0]}' AS DECIMAL(38,6))"
    return f"(CASE WHEN abs({value}) < {bound} THEN TRY_CAST({value} AS {TYPES[call.kind]}) END)"


def _half_up(value: str, places: int) -> str:
    scaled = f"({value} * CAST('{10**places}' AS DOUBLE))"
    rounded = f"sign({scaled}) * floor(abs({scaled}) + 0.5::DOUBLE)"
    return f"(CASE WHEN abs({scaled}) < {WHOLE_DOUBLES}::DOUBLE THEN {rounded} ELSE {scaled} END)"


def _to_real(call: Call, arguments: Sequence[str]) -> str:
    is_text = call.arguments[0].kind is Kind.TEXT
    return _read(arguments[0], _REAL, "DOUBLE") if is_text else f"CAST({arguments[0]} AS DOUBLE)"


def _to_moment(call: Call, arguments: Sequence[str]) -> str:
    zone = text_literal(_constant(call, 2)) if len(call.arguments) > 2 else ""
    return moment_of_text(arguments[0], _constant(call, 1), zone)


def _within(number: str, most: int) -> str:
    return f"CAST(CASE WHEN {number} BETWEEN -{most} AND {most} THEN {number} END AS INTEGER)"


def _calendar(day: str) -> str:
    return f"(CASE WHEN {day} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {day} END)"


def _add_days(_: Call, arguments: Sequence[str]) -> str:
    return _calendar(f"({arguments[0]} + {_within(arguments[1], MOST_DAYS)})")


def _add_months(_: Call, arguments: Sequence[str]) -> str:
    return _calendar(f"CAST({arguments[0]} + to_months({_within(arguments[1], MOST_MONTHS)}) AS DATE)")


def _months_between(_: Call, arguments: Sequence[str]) -> str:
    later, earlier = arguments
    months = f"(year({later}) - year({earlier})) * 12 + month({later}) - month({earlier})"
    return f"({months} - CAST(day({later}) < day({earlier}) AS BIGINT))"


def _years_between(call: Call, arguments: Sequence[str]) -> str:
    return f"CAST(floor(CAST({_months_between(call, arguments)} AS DOUBLE) / 12) AS BIGINT)"


def _floor(_: Call, arguments: Sequence[str]) -> str:
    whole = f"floor({arguments[0]})"
    inside = f"{whole} BETWEEN {1 - WHOLE_BOUND}::DOUBLE AND {WHOLE_BOUND - 1}::DOUBLE"
    return f"(CASE WHEN {inside} THEN CAST({whole} AS BIGINT) END)"


def _add(call: Call, arguments: Sequence[str]) -> str:
    total = f"({' + '.join(arguments)})"
    return total if call.kind is Kind.REAL or call.kind in WHOLE else _fitted(call, total)


def _round(call: Call, arguments: Sequence[str]) -> str:
    places = int(_constant(call, 1))
    return f"({_half_up(arguments[0], places)} / CAST('{10**places}' AS DOUBLE))"


def _between_signs(sign: str) -> Rule:
    return lambda _, arguments: f"({f' {sign} '.join(arguments)})"


def _named(name: str) -> Rule:
    return lambda _, arguments: f"{name}({', '.join(arguments)})"


RULES: dict[str, Rule] = {
    "and": _between_signs("AND"),
    "or": _between_signs("OR"),
    "not": lambda _, a: f"(NOT {a[0]})",
    "eq": _between_signs("="),
    "ne": _between_signs("<>"),
    "lt": _between_signs("<"),
    "le": _between_signs("<="),
    "gt": _between_signs(">"),
    "ge": _between_signs(">="),
    "in": lambda _, a: f"({a[0]} IN ({', '.join(a[1:])}))",
    "like": _between_signs("LIKE"),
    "is_null": lambda _, a: f"({a[0]} IS NULL)",
    "add": _add,
    "negate": lambda _, a: f"(-{a[0]})",
    "multiply": _between_signs("*"),
    "divide": lambda _, a: f"({a[0]} / nullif({a[1]}, 0::DOUBLE))",
    "case": _case,
    "to_text": lambda _, a: f"CAST({a[0]} AS VARCHAR)",
    "to_flag": _to_flag,
    "to_count": _to_whole,
    "to_number": _to_whole,
    "to_days": _to_whole,
    "to_money": _to_exact,
    "to_rate": _to_exact,
    "to_real": _to_real,
    "to_date": lambda call, a: day_of_text(a[0], _constant(call, 1)),
    "to_moment": _to_moment,
    "day_start": lambda _, a: instant_of(f"CAST({a[0]} AS TIMESTAMP)", a[1]),
    "local_day": lambda _, a: f"CAST(timezone({a[1]}, {a[0]}) AS DATE)",
    "add_days": _add_days,
    "add_months": _add_months,
    "days_between": lambda _, a: f"({a[0]} - {a[1]})",
    "months_between": _months_between,
    "years_between": _years_between,
    "year": _named("year"),
    "month": _named("month"),
    "day": _named("day"),
    "coalesce": _named("coalesce"),
    "nullif": _named("nullif"),
    "least": _named("least"),
    "greatest": _named("greatest"),
    "abs": _named("abs"),
    "round": _round,
    "floor": _floor,
    "concat": _between_signs("||"),
    "upper": _named("upper"),
    "lower": _named("lower"),
    "trim": lambda _, a: f"trim({a[0]}, ' ')",
    "substring": _named("substring"),
    "replace": _named("replace"),
    "length": _named("length"),
    "starts_with": _named("starts_with"),
}
"""One rule for every function and operator of the language."""
