"""How a page is laid out: the workbench's templates, every text in them escaped, in the visitor's language."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from pool.price import to_amount
from reports import words as figures
from workbench import words
from workbench.words import Language

NOTHING = figures.NOTHING
COLOURS = {
    "PROPOSED": "turn",
    "APPROVED": "turn",
    "BOOKED": "good",
    "SUBSTITUTED": "good",
    "REJECTED": "bad",
}
"""In which colour a word on a proposal is shown: somebody's turn, done, refused."""


def laid_out(template: str, language: Language, **contents: object) -> str:
    """Lay out contents by a template."""
    spoken = {name: partial(say, language) for name, say in (("t", words.say), ("named", words.named))}
    return _environment().get_template(f"{template}.html.j2").render(language=language, **spoken, **contents)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("workbench"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update({"link": link, "NOTHING": NOTHING, "colours": COLOURS})
    return environment


def amount(value: Decimal | None) -> str:
    """Write an amount to the cent."""
    return NOTHING if value is None else figures.money(value)


def count(number: int | None) -> str:
    """Write how many."""
    return NOTHING if number is None else figures.count(number)


def minor(number: int) -> str:
    """Write an amount that is given in minor units."""
    return amount(to_amount(number))


def moment(value: datetime | str | None) -> str:
    """Write an instant in UTC to the minute.

    >>> moment("2025-01-02T03:04:05")
    '2025-01-02 03:04'
    """
    if value is None:
        return NOTHING
    return (value if isinstance(value, str) else value.isoformat())[:16].replace("T", " ")


def short(text: str, length: int = 12) -> str:
    """Give the beginning of a long name or hash."""
    return text if len(text) <= length + 1 else f"{text[:length]}…"


def told(value: object) -> str:
    """Write any value of a table as a person reads it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, Decimal):
        return figures.money(value) if value == round(value, 2) else f"{value.normalize():f}"
    if isinstance(value, int):
        return figures.count(value)
    if isinstance(value, float):
        return figures.figure(value, 4)
    return value.isoformat() if isinstance(value, date) else str(value)


def link(path: str, asked: Mapping[str, object], **changed: object) -> str:
    """Give the address of a page with what it is asked; what is None is left out.

    >>> link("/pool", {"day": "2025-01-02", "page": 3}, page=None)
    '/pool?day=2025-01-02'
    """
    given = {name: value for name, value in {**asked, **changed}.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


FILTERS: dict[str, Callable[..., str]] = {
    "amount": amount,
    "count": count,
    "figure": figures.figure,
    "minor": minor,
    "moment": moment,
    "percent": figures.percent,
    "short": short,
    "told": told,
}
