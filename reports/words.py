"""How values are written for a reader: thousands apart, units said, nothing rounded into a lie."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from reports.contents import Unit

SPACE = "\u00a0"
MINUS = "\u2212"
NOTHING = "\u2013"
NOT_SAID = "not said"
"""The part of a composition whose trait nobody told."""
SCALES = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"))


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


def count(number: int) -> str:
    """Write how many.

    >>> count(3412)
    '3,412'
    """
    return _signed(f"{number:,}")


def many(number: int, noun: str, plural: str = "") -> str:
    r"""Write how many of what.

    >>> many(1, "receivable"), many(3412, "receivable"), many(2, "entry", "entries")
    ('1\xa0receivable', '3,412\xa0receivables', '2\xa0entries')
    """
    return f"{count(number)}{SPACE}{noun if number == 1 else plural or noun + 's'}"


def money(amount: Decimal) -> str:
    """Write an amount to the cent."""
    return _signed(f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}")


def whole_money(amount: Decimal) -> str:
    """Write an amount in whole currency units, for tables."""
    return _signed(f"{amount.quantize(Decimal(1), ROUND_HALF_UP):,}")


def short_money(amount: Decimal, currency: str) -> str:
    """Write an amount for a sentence: three digits and a scale, or whole units when small.

    >>> short_money(Decimal("9981204.37"), "CNY").split()
    ['CNY', '9.98', 'm']
    """
    for scale, word in SCALES:
        if abs(amount) >= scale:
            scaled = amount / scale
            digits = 2 - min(len(str(int(abs(scaled)))) - 1, 2)
            return SPACE.join((currency, _signed(f"{_rounded(scaled, digits):,}"), word))
    return SPACE.join((currency, whole_money(amount)))


def compact(number: float) -> str:
    """Write a number for a picture's scale: three digits at most, no trailing noughts.

    >>> compact(20_000_000).split(), compact(318_827.6).split(), compact(0), compact(450)
    (['20', 'm'], ['319', 'k'], '0', '450')
    """
    for scale, word in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(number) >= scale:
            return _signed(f"{number / scale:.3g}{SPACE}{word}")
    return _signed(f"{number:.3g}")


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def share(part: Decimal | int, whole: Decimal | int) -> float | None:
    """Give part of whole as a fraction of 1, or None where there is no whole."""
    return float(Decimal(part) / Decimal(whole)) if whole else None


def percent(fraction: float | None, digits: int = 1) -> str:
    r"""Write a fraction of 1 as a percentage; a little is never written as nothing, nor almost all as all.

    >>> percent(0.61, 0), percent(0.00001), percent(0.99999)
    ('61\xa0%', '<0.1\xa0%', '>99.9\xa0%')
    """
    if fraction is None:
        return NOTHING
    step = 10.0**-digits
    scaled = fraction * 100
    if 0 < scaled < step / 2:
        return f"<{step:.{digits}f}{SPACE}%"
    if 100 - step / 2 <= scaled < 100:
        return f">{100 - step:.{digits}f}{SPACE}%"
    return _signed(f"{_zero_unsigned(scaled, digits):,.{digits}f}{SPACE}%")


def _zero_unsigned(number: float, digits: int) -> float:
    return round(number, digits) + 0.0


def points(difference: float | None, digits: int = 1) -> str:
    """Write a difference of two shares in percentage points, with its sign."""
    if difference is None:
        return NOTHING
    return _signed(f"{_zero_unsigned(difference * 100, digits):+.{digits}f}{SPACE}pp")


def figure(number: float | None, digits: int = 3) -> str:
    """Write a plain number."""
    return NOTHING if number is None else _signed(f"{_zero_unsigned(number, digits):,.{digits}f}")


def share_digits(threshold: float) -> int:
    """Tell how many digits a percentage needs so that distances to this threshold can be seen."""
    return 2 if abs(threshold) >= 0.01 else 3


def measured(number: float | None, unit: Unit, threshold: float) -> str:
    """Write the value of a limit or trigger in its unit, as finely as its threshold needs."""
    if number is None:
        return NOTHING
    match unit:
        case Unit.SHARE | Unit.RATE:
            return percent(number, share_digits(threshold))
        case Unit.MONEY:
            return whole_money(Decimal(repr(number)))
        case Unit.COUNT:
            return figure(number, 0)
        case Unit.DAYS:
            return f"{figure(number, 0 if float(number).is_integer() else 1)}{SPACE}d"
        case Unit.NUMBER:
            return figure(number, 0 if float(number).is_integer() else 2)


def headroom(number: float | None, unit: Unit, threshold: float) -> str:
    """Write a distance to a limit: shares in percentage points, all else in its own unit."""
    if number is not None and unit in (Unit.SHARE, Unit.RATE):
        return points(number, share_digits(threshold)).removeprefix("+")
    return measured(number, unit, threshold)


def day(value: date) -> str:
    """Write a day so that no reader can mistake month for day: 5 March 2025."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
