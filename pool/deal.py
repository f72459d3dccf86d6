"""The deal: a dated document that says what a pool may hold, at what price, and when it stops buying."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import Field, ValidationError

from pool.clauses import (
    MEASURES,
    Amount,
    Clause,
    Criterion,
    Document,
    Limit,
    Name,
    RevolvingCondition,
    Sentence,
    Share,
    Trigger,
    bound_problems,
    others_of,
    parsed,
    trigger_problems,
)
from pool.deal_calendar import Calendar, calendar_problems
from schemas.document import read_yaml
from schemas.errors import ConfigurationError, ExpressionError
from schemas.expression_nodes import Others
from schemas.hashing import digest
from schemas.table import Kind

__all__ = ["CHAMPION", "MEASURES", "Criterion", "Deal", "Limit", "RevolvingCondition", "Trigger", "load_deal", "parsed"]


CHAMPION = "champion"


class Parties(Document):
    """Who does what in the deal."""

    originator: Sentence
    manager: Sentence
    trustee: Sentence
    servicer: Sentence
    custodian: Sentence


class Account(Document):
    """An account through which the deal's money goes.

    Args:
        kind: `SUBSCRIPTION` (what holders paid in), `COLLECTION` (what borrowers pay), `PRINCIPAL` and `INCOME` (the
            two parts of it), `RESERVE`, `DEPOSIT` (a servicer's security), `SUPERVISED` (a servicer's, under control).
        bank: Who keeps it.
        text_en: What it is for, in English.
        text_zh: What it is for, in Chinese.
    """

    kind: Literal["SUBSCRIPTION", "COLLECTION", "PRINCIPAL", "INCOME", "RESERVE", "DEPOSIT", "SUPERVISED"]
    bank: Sentence
    text_en: Sentence
    text_zh: Sentence


class PriceRule(Document):
    """The price of a receivable: unpaid principal less a discount."""

    discount_rate: Share


class BatchBounds(Document):
    """How small and how large one purchase may be, in principal."""

    minimum_amount: Amount
    maximum_amount: Amount


class Deal(Document):
    """What a pool may hold, in the words of its contract; its hash enters every entry of the ledger.

    Args:
        version: From 1; a later version has a later `effective_on`.
        effective_on: First day on which this version is applied.
        illustrative: Whether thresholds are examples and not those of a signed contract.
        approved_models: Registered versions whose tags count, or `champion` for the one in force.
        score_max_age_days: How old a tag may be.
        loss_given_default: Share of principal lost when a receivable defaults.
        clean_up_share: Pool factor at which the seller may buy what is left; null where the deal lets nobody.
    """

    name: Name
    version: int = Field(ge=1)
    effective_on: date
    illustrative: bool
    note: Sentence
    currency: str = Field(pattern="^[A-Z]{3}$")
    parties: Parties
    accounts: tuple[Account, ...] = Field(default=(), max_length=20)
    calendar: Calendar
    criteria: tuple[Criterion, ...] = Field(min_length=1, max_length=200)
    limits: tuple[Limit, ...] = Field(max_length=100)
    revolving: tuple[RevolvingCondition, ...]
    triggers: tuple[Trigger, ...]
    price: PriceRule
    batch: BatchBounds
    approved_models: tuple[Sentence, ...] = Field(min_length=1)
    score_max_age_days: int = Field(ge=0)
    loss_given_default: Share
    clean_up_share: Share | None = None

    @property
    def expressions(self) -> tuple[str, ...]:
        """Give the expressions of its criteria and limits."""
        return (*(each.expression for each in self.criteria), *(each.expression for each in self.limits))

    @property
    def others(self) -> tuple[Others, ...]:
        """Give what its expressions ask of a borrower's other receivables, each once."""
        return others_of(self.expressions)

    @property
    def hash(self) -> str:
        """Give the SHA-256 of the deal's content; layout, comments and fields left at their default do not enter it."""
        return digest(self.model_dump(mode="json", exclude_defaults=True))


def load_deal(text: str, name: str = "the deal document") -> Deal:
    """Read a deal and check it whole: names, bounds, order of days, and the type of every expression.

    Raises:
        ConfigurationError: With all problems found, one a line.
    """
    return checked_deal(read_yaml(text, name), name)


def checked_deal(document: object, name: str) -> Deal:
    """Give plain values as a deal, checked whole.

    Raises:
        ConfigurationError: With all problems found, one a line.
    """
    try:
        deal = Deal.model_validate(document)
    except ValidationError as error:
        problems = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors()]
        raise _refusal(name, problems) from error
    problems = list(_problems(deal))
    if problems:
        raise _refusal(name, problems)
    return deal


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) or "document"


def _refusal(name: str, problems: list[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{name}: {len(problems)} problem(s)\n" + "\n".join(f"  - {each}" for each in problems),
        "a deal document as docs/deals.md describes it",
        name,
    )


def _problems(deal: Deal) -> Iterator[str]:
    yield from _repeated_codes(deal)
    yield from calendar_problems(deal.calendar)
    if deal.batch.minimum_amount > deal.batch.maximum_amount:
        yield "batch: minimum_amount is above maximum_amount"
    for criterion in deal.criteria:
        yield from _mistyped(f"criterion {criterion.code}", criterion.expression, frozenset({Kind.FLAG}))
    for limit in deal.limits:
        yield from _mistyped(f"limit {limit.code}", limit.expression, MEASURES[limit.measure])
        yield from bound_problems(limit)
    for trigger in deal.triggers:
        yield from trigger_problems(trigger)
        if trigger.measure == "turnover_late_days" and deal.calendar.turnover_days is None:
            yield f"trigger {trigger.code}: turnover_late_days needs the calendar's turnover_days"


def _repeated_codes(deal: Deal) -> Iterator[str]:
    parts: tuple[tuple[str, tuple[Clause, ...]], ...] = (
        ("criterion", deal.criteria),
        ("limit", deal.limits),
        ("revolving condition", deal.revolving),
        ("trigger", deal.triggers),
    )
    for what, clauses in parts:
        codes = [clause.code for clause in clauses]
        yield from (f"{what} {code}: the code stands twice" for code in sorted(set(codes)) if codes.count(code) > 1)


def _mistyped(place: str, expression: str, kinds: frozenset[Kind]) -> Iterator[str]:
    try:
        kind = parsed(expression).kind
    except ExpressionError as error:
        yield f"{place}: {error.found} (promised: {error.promised})"
        return
    if kind not in kinds:
        wanted = " or ".join(sorted(each.value for each in kinds))
        yield f"{place}: the expression is a {kind.value}, where a {wanted} is needed"
