"""What a visitor asks for: every parameter of every page, checked whole before anything is looked up.

Free text comes from one place only, the reason of a rejection. All else is a name, a number or a day of a known shape,
so that what could mean something to a database, a shell or a browser never reaches one.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from workbench.refusal import Refusal

MOST_FIELDS = 32
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(text: object) -> date:
    if not isinstance(text, str) or not DAY.fullmatch(text):
        raise ValueError("a day is written YYYY-MM-DD")
    return date.fromisoformat(text)


Day = Annotated[date, BeforeValidator(_day)]
DealName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
Id = Annotated[str, Field(pattern=r"^[\p{L}\p{N}_.:@+-]{1,128}$")]
TableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Number = Annotated[int, Field(strict=False, ge=1, le=10_000_000)]
PersonName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=256)]
Token = Annotated[str, Field(max_length=128)]
Cash = Annotated[str, Field(pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$")]
Words = Annotated[str, Field(min_length=4, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
Back = Annotated[str, Field(max_length=1000, pattern=r"^/([^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*)?$")]
LATENESS = {"none": (0, 0), "1-29": (1, 29), "30-59": (30, 59), "60-89": (60, 89), "90+": (90, None)}
"""Bands of days past due by name, both ends inclusive."""


class Asked(BaseModel):
    """What one page is asked; nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AtPlace(Asked):
    """A page of a day and deal; the latest where none is named."""

    day: Day | None = None
    deal: DealName | None = None


class Listing(AtPlace):
    """The receivables that are looked for, how they are sorted, and which page of them."""

    search: Id | None = None
    failed: Code | None = None
    grade: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9+-]{0,3}$")] | None = None
    merchant: Id | None = None
    late: Literal["none", "1-29", "30-59", "60-89", "90+"] | None = None
    standing: Literal["eligible", "refused", "proposed", "held"] | None = None
    sort: Literal[
        "receivable_id",
        "borrower_id",
        "merchant_id",
        "grade",
        "default_probability",
        "current_principal_amount",
        "days_past_due",
        "annual_rate",
        "remaining_period_count",
        "failed_count",
    ] = "receivable_id"
    order: Literal["up", "down"] = "up"
    page: Number = 1


class Paged(AtPlace):
    """A page of a longer list."""

    page: Number = 1


class Quarantined(Paged):
    """A page of quarantined rows, of one table and code."""

    table: TableName | None = None
    code: Code | None = None


class AtVersion(AtPlace):
    """A page about a model version; the champion where none is named."""

    version: Annotated[str, Field(pattern=r"^[0-9]{1,6}$")] | None = None


class Gate(Asked):
    """The page on which one signs in, and where to go then."""

    back: Back = "/"


class Form(Asked):
    """A form that was sent, with the token that shows that a page of ours sent it."""

    token: Token


class SignIn(Form):
    """Who wants in, by which secret, and where to."""

    name: PersonName
    secret: Secret
    back: Back = "/"


class SignOut(Form):
    """The wish to leave."""


class Speak(Form):
    """The language to be shown."""

    language: Literal["en", "zh"]
    back: Back = "/"


class Decide(Form):
    """A decision, signed once more by the secret of who decides."""

    secret: Secret


class Approve(Decide):
    """An approval on a day, with the reason why near-duplicates are no hindrance where there are some."""

    on: Day
    accepted: Words | None = None


class Settle(Decide):
    """A booking on a day, against the cash that was paid."""

    on: Day
    cash: Cash


class Reject(Decide):
    """A rejection with its reason."""

    reason: Words


class Propose(Decide):
    """What to propose: a batch of a day and deal for some cash."""

    day: Day
    deal: DealName
    cash: Cash


Kind = TypeVar("Kind", bound=Asked)


def asked(kind: type[Kind], pairs: Iterable[tuple[str, str]]) -> Kind:
    """Check parameters; those that are empty count as not given.

    Raises:
        Refusal: 422; one is unknown, given twice, or not of its shape.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise Refusal(422, "refusal.asked", f"{_shown(name)} twice")
        given[name] = value
    try:
        return kind.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        wrong = ", ".join(dict.fromkeys(_shown(str(each["loc"][0])) for each in error.errors()))
        raise Refusal(422, "refusal.asked", wrong) from error


def pairs_of(body: bytes) -> list[tuple[str, str]]:
    """Take a form's fields out of what a browser sent.

    Raises:
        Refusal: 422; it is no form.
    """
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Refusal(422, "refusal.asked", "") from error


def _shown(name: str) -> str:
    """Give a parameter's name if it is a word, which a page may repeat."""
    return name if re.fullmatch(r"[a-z_]{1,32}", name) else "?"
