"""The deal: a dated document that says what a pool may hold, at what price, and when it stops buying."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pool.document import read_yaml
from pool.vocabulary import COLUMNS
from schemas.errors import ConfigurationError, ExpressionError
from schemas.expression import parse
from schemas.expression_nodes import Expression
from schemas.hashing import digest
from schemas.table import Kind


def _plain(number: Decimal) -> Decimal:
    return Decimal(format(number.normalize(), "f"))


Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=18), AfterValidator(_plain)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=9), AfterValidator(_plain)]
Amount = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2), AfterValidator(_plain)]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,15}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Sentence = Annotated[str, Field(min_length=1, max_length=1000)]
CHAMPION = "champion"

NUMERIC = frozenset({Kind.COUNT, Kind.NUMBER, Kind.DAYS, Kind.MONEY, Kind.RATE, Kind.REAL})
MEASURES = {
    "member_share": frozenset({Kind.TEXT}),
    "attribute_share": frozenset({Kind.FLAG}),
    "weighted_average": NUMERIC,
    "member_count": frozenset({Kind.TEXT}),
    "total_amount": frozenset({Kind.FLAG}),
}
"""Kinds that the expression of a limit may have, by what the limit measures."""


class Document(BaseModel):
    """A part of a deal: nothing in it changes, nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Clause(Document):
    """A numbered promise of the deal in two languages.

    Args:
        code: Short name that results carry.
        clause: Where the contract says it.
        text_en: The promise in English.
        text_zh: The promise in Chinese.
    """

    code: Code
    clause: Sentence
    text_en: Sentence
    text_zh: Sentence


class Criterion(Clause):
    """A promise about one receivable, true where the receivable may be bought."""

    expression: Sentence


class Limit(Clause):
    """A promise about the pool with the batch; every share is by unpaid principal.

    Args:
        measure: `member_share` (the largest share of one borrower, merchant, region ...), `attribute_share`,
            `weighted_average`, `member_count` (distinct members) or `total_amount` (principal).
        expression: The member's name, the attribute, or the value that is averaged.
        at_most: Upper bound, inclusive.
        at_least: Lower bound, inclusive; a limit has one bound.
    """

    measure: Literal["member_share", "attribute_share", "weighted_average", "member_count", "total_amount"]
    expression: Sentence
    at_most: Number | None = None
    at_least: Number | None = None

    @property
    def bound(self) -> Decimal:
        """Give the one bound of the limit."""
        return self.at_most if self.at_most is not None else self.at_least or Decimal(0)

    @property
    def is_cap(self) -> bool:
        """Tell an upper bound from a lower one."""
        return self.at_most is not None


class RevolvingCondition(Clause):
    """A promise that must hold on the day of a purchase."""

    requires: Literal["revolving_period", "no_trigger_fired", "deal_effective"]


class Trigger(Clause):
    """A measure of the pool that stops purchases when it passes its bound.

    Args:
        measure: `cumulative_default_rate` (principal when bought of what was ever that late or written off, over all
            principal ever bought) or `severe_delinquency_rate` (unpaid principal that late now, over all unpaid).
        days_past_due: From how many days past due a receivable counts.
        at_most: The bound; above it the trigger fires.
        effect: What it does when fired.
    """

    measure: Literal["cumulative_default_rate", "severe_delinquency_rate"]
    days_past_due: int = Field(ge=1)
    at_most: Share
    effect: Literal["STOP_PURCHASES", "ACCELERATE"]


class Parties(Document):
    """Who does what in the deal."""

    originator: Sentence
    manager: Sentence
    trustee: Sentence
    servicer: Sentence
    custodian: Sentence


class Calendar(Document):
    """The deal's days.

    Args:
        first_cut_off_on: First day at whose start receivables are judged.
        purchase_every_days: Days between purchases.
        revolving_end_on: First day on which nothing more is bought.
        expected_maturity_on: Day by which the notes should be repaid.
        legal_final_on: Day by which the notes must be repaid.
    """

    first_cut_off_on: date
    purchase_every_days: int = Field(ge=1)
    revolving_end_on: date
    expected_maturity_on: date
    legal_final_on: date


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
    def hash(self) -> str:
        """Give the SHA-256 of the deal's content; layout and comments of the file do not enter it."""
        return digest(self.model_dump(mode="json"))


def load_deal(text: str, name: str = "the deal document") -> Deal:
    """Read a deal and check it whole: names, bounds, order of days, and the type of every expression.

    Raises:
        ConfigurationError: With all problems found, one a line.
    """
    document = read_yaml(text, name)
    try:
        deal = Deal.model_validate(document)
    except ValidationError as error:
        problems = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors()]
        raise _refusal(name, problems) from error
    problems = list(_problems(deal))
    if problems:
        raise _refusal(name, problems)
    return deal


@cache
def parsed(text: str) -> Expression:
    """Give the checked form of an expression over the deal's columns.

    Raises:
        ExpressionError: It is not one.
    """
    return parse(text, COLUMNS)


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
    yield from _disordered_days(deal)
    if deal.batch.minimum_amount > deal.batch.maximum_amount:
        yield "batch: minimum_amount is above maximum_amount"
    for criterion in deal.criteria:
        yield from _mistyped(f"criterion {criterion.code}", criterion.expression, frozenset({Kind.FLAG}))
    for limit in deal.limits:
        yield from _mistyped(f"limit {limit.code}", limit.expression, MEASURES[limit.measure])
        yield from _misbounded(limit)


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


def _disordered_days(deal: Deal) -> Iterator[str]:
    days = deal.calendar
    order = [days.first_cut_off_on, days.revolving_end_on, days.expected_maturity_on, days.legal_final_on]
    if order != sorted(order):
        yield "calendar: first cut-off, end of revolving, expected maturity and legal final must come in this order"


def _mistyped(place: str, expression: str, kinds: frozenset[Kind]) -> Iterator[str]:
    try:
        kind = parsed(expression).kind
    except ExpressionError as error:
        yield f"{place}: {error.found} (promised: {error.promised})"
        return
    if kind not in kinds:
        wanted = " or ".join(sorted(each.value for each in kinds))
        yield f"{place}: the expression is a {kind.value}, where a {wanted} is needed"


def _misbounded(limit: Limit) -> Iterator[str]:
    if (limit.at_most is None) == (limit.at_least is None):
        yield f"limit {limit.code}: give at_most or at_least, one of them"
    if limit.measure in ("member_share", "total_amount") and not limit.is_cap:
        yield f"limit {limit.code}: a {limit.measure} has at_most"
    if limit.measure == "member_count" and limit.is_cap:
        yield f"limit {limit.code}: a member_count has at_least"
    if limit.measure.endswith("_share") and not 0 <= limit.bound <= 1:
        yield f"limit {limit.code}: a share is bounded from 0 to 1"
