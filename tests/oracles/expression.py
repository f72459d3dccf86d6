"""The expression language in plain Python over one row at a time: slow, obvious, without the engine's rules."""

import calendar
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from schemas.expression import Call, Expression, Literal, Name, Node
from schemas.table import Kind

Row = Mapping[str, Any]
MONTHS = [name.lower() for name in calendar.month_abbr]


def evaluate(expression: Expression, row: Row) -> Any:
    """Give the value of the expression for a row; None is null."""
    return value_of(expression.root, row)


def value_of(node: Node, row: Row) -> Any:
    if isinstance(node, Literal):
        return float(node.value) if isinstance(node.value, Decimal) and node.kind is Kind.REAL else node.value
    if isinstance(node, Name):
        return row[node.name]
    if node.function in LOGIC:
        return LOGIC[node.function](node, row)
    values = [value_of(argument, row) for argument in node.arguments]
    if any(value is None for value in values):
        return None
    return PLAIN[node.function](node, *values)


def conjunction(node: Call, row: Row) -> bool | None:
    values = [value_of(argument, row) for argument in node.arguments]
    return False if False in values else None if None in values else True


def disjunction(node: Call, row: Row) -> bool | None:
    values = [value_of(argument, row) for argument in node.arguments]
    return True if True in values else None if None in values else False


def case(node: Call, row: Row) -> Any:
    for place in range(0, len(node.arguments) - 1, 2):
        if value_of(node.arguments[place], row) is True:
            return value_of(node.arguments[place + 1], row)
    return value_of(node.arguments[-1], row)


def coalesce(node: Call, row: Row) -> Any:
    return next((value for value in present(node, row)), None)


def present(node: Call, row: Row) -> list[Any]:
    return [value for argument in node.arguments if (value := value_of(argument, row)) is not None]


def nullif(node: Call, row: Row) -> Any:
    left, right = (value_of(argument, row) for argument in node.arguments)
    return None if left == right else left


LOGIC: dict[str, Callable[[Call, Row], Any]] = {
    "and": conjunction,
    "or": disjunction,
    "case": case,
    "coalesce": coalesce,
    "nullif": nullif,
    "least": lambda node, row: min(present(node, row), default=None),
    "greatest": lambda node, row: max(present(node, row), default=None),
    "is_null": lambda node, row: value_of(node.arguments[0], row) is None,
}


def like(_: Call, text: str, pattern: str) -> bool:
    signs = {"%": ".*", "_": "."}
    return re.fullmatch("".join(signs.get(sign, re.escape(sign)) for sign in pattern), text, re.DOTALL) is not None


def bounded(node: Call, value: Any) -> Any:
    """Give null for what the kind cannot hold, and no negative zero."""
    limits = {Kind.MONEY: Decimal(10) ** 16, Kind.RATE: Decimal(1000)}
    return None if node.kind in limits and abs(value) >= limits[node.kind] else value + 0


def to_flag(_: Call, text: str) -> bool | None:
    words = {
        **dict.fromkeys(["true", "t", "yes", "y", "1"], True),
        **dict.fromkeys(["false", "f", "no", "n", "0"], False),
    }
    return words.get(text.strip(" ").lower())


def to_whole(_: Call, value: str | int) -> int | None:
    if isinstance(value, int):
        return value
    found = re.fullmatch(r"([+-]?[0-9]{1,15})(?:\.0*)?", value.strip(" "))
    return int(found[1]) if found else None


def to_exact(node: Call, value: str | float | Decimal) -> Any:
    places = {Kind.MONEY: 2, Kind.RATE: 6}[node.kind]
    unit = Decimal(1).scaleb(-places)
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?([0-9]{1,16}(\.[0-9]{0,18})?|\.[0-9]{1,18})", value.strip(" ")):
            return None
        return bounded(node, Decimal(value.strip(" ")).quantize(unit, ROUND_HALF_UP))
    if isinstance(value, float):
        return bounded(node, Decimal(units(value, places)).scaleb(-places))
    return bounded(node, Decimal(value).quantize(unit, ROUND_HALF_UP))


def units(value: float, places: int) -> int:
    scaled = value * 10.0**places
    return int(math.copysign(math.floor(abs(scaled) + 0.5), scaled))


def to_real(_: Call, value: Any) -> float | None:
    if not isinstance(value, str):
        return float(value)
    plain = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?", value.strip(" "))
    return float(value) if plain else None


def to_date(_: Call, text: str, pattern: str) -> date | None:
    read = read_clock(text, pattern)
    return None if read is None else read[0].date()


def to_moment(_: Call, text: str, pattern: str, zone: str | None = None) -> datetime | None:
    read = read_clock(text, pattern)
    if read is None:
        return None
    clock, offset = read
    return clock.replace(tzinfo=UTC) - offset if zone is None else clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


FIELDS = {
    "yyyy": r"(?P<year>[1-9]\d{3})",
    "yy": r"(?P<short>\d\d)",
    "MMM": r"(?P<word>[A-Za-z]{3})",
    "MM": r"(?P<month>\d\d)",
    "dd": r"(?P<day>\d\d)",
    "HH": r"(?P<hour>\d\d)",
    "mm": r"(?P<minute>\d\d)",
    "ss": r"(?P<second>\d\d)(\.(?P<fraction>\d{1,9}))?",
    "X": r"(?P<offset>Z|[+-]\d\d:?\d\d)",
}


def read_clock(text: str, pattern: str) -> tuple[datetime, timedelta] | None:
    regex = re.sub("|".join(FIELDS), lambda found: FIELDS[found[0]], re.sub(r"([./ ])", r"\\\1", pattern))
    found = re.fullmatch(regex, text.strip(" "), re.ASCII)
    if not found:
        return None
    got = {name: value for name, value in found.groupdict().items() if value is not None}
    year = int(got["year"]) if "year" in got else int(got["short"]) + (1900 if int(got["short"]) >= 50 else 2000)
    word = got.get("word", "").lower()
    try:
        month = int(got["month"]) if "month" in got else MONTHS.index(word)
        micros = int(got.get("fraction", "0").ljust(6, "0")[:6])
        hour, minute, second = (int(got.get(name, "0")) for name in ("hour", "minute", "second"))
        clock = datetime(year, month, int(got.get("day", "1")), hour, minute, second, micros)  # noqa: DTZ001
        return clock, offset_of(got.get("offset", "Z"))
    except ValueError:
        return None


def offset_of(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def add_days(_: Call, day: date, number: int) -> date | None:
    try:
        return day + timedelta(days=number)
    except OverflowError:
        return None


def add_months(_: Call, day: date, number: int) -> date | None:
    months = day.year * 12 + day.month - 1 + number
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        return None
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def months_between(_: Call, later: date, earlier: date) -> int:
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (later.day < earlier.day)


def divide(_: Call, left: float, right: float) -> float | None:
    return None if right == 0 else left / right


def floor(_: Call, value: float) -> int | None:
    return math.floor(value) if abs(math.floor(value)) < 10**15 else None


def to_text(_: Call, value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


PLAIN: dict[str, Callable[..., Any]] = {
    "not": lambda _, value: not value,
    "eq": lambda _, left, right: left == right,
    "ne": lambda _, left, right: left != right,
    "lt": lambda _, left, right: left < right,
    "le": lambda _, left, right: left <= right,
    "gt": lambda _, left, right: left > right,
    "ge": lambda _, left, right: left >= right,
    "in": lambda _, value, *members: value in members,
    "like": like,
    "add": lambda node, *terms: bounded(node, reduce(add, terms)),
    "negate": lambda _, value: -value,
    "multiply": lambda _, left, right: left * right,
    "divide": divide,
    "to_text": to_text,
    "to_flag": to_flag,
    "to_count": to_whole,
    "to_number": to_whole,
    "to_days": to_whole,
    "to_money": to_exact,
    "to_rate": to_exact,
    "to_real": to_real,
    "to_date": to_date,
    "to_moment": to_moment,
    "day_start": lambda _, day, zone: datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC),
    "local_day": lambda _, moment, zone: moment.astimezone(ZoneInfo(zone)).date(),
    "add_days": add_days,
    "add_months": add_months,
    "days_between": lambda _, later, earlier: (later - earlier).days,
    "months_between": months_between,
    "years_between": lambda node, later, earlier: months_between(node, later, earlier) // 12,
    "year": lambda _, day: day.year,
    "month": lambda _, day: day.month,
    "day": lambda _, day: day.day,
    "abs": lambda _, value: abs(value),
    "round": lambda _, value, places: units(value, places) / 10.0**places,
    "floor": floor,
    "concat": lambda _, *texts: "".join(texts),
    "upper": lambda _, text: text.upper(),
    "lower": lambda _, text: text.lower(),
    "trim": lambda _, text: text.strip(" "),
    "substring": lambda _, text, start, length: text[start - 1 : start - 1 + length],
    "replace": lambda _, text, old, new: text.replace(old, new),
    "length": lambda _, text: len(text),
    "starts_with": lambda _, text, start: text.startswith(start),
}
