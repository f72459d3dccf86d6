"""The clauses of a deal: what it promises of a receivable, of the pool, of a purchase day, and when it stops."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pool.vocabulary import COLUMNS, OTHERS_COLUMNS
from schemas.expression import parse
from schemas.expression_nodes import Expression, Others
from schemas.table import Kind


def _plain(number: Decimal) -> Decimal:
    return Decimal(format(number.normalize(), "f"))


Number = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=18), AfterValidator(_plain)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=9), AfterValidator(_plain)]
Amount = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2), AfterValidator(_plain)]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,15}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Sentence = Annotated[str, Field(min_length=1, max_length=1000)]

PASSED, UNKNOWN = "P", "U"
"""Letters of a packed outcome; a criterion that fails has F."""
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


class Bounded(Clause):
    """A clause with one bound.

    Args:
        at_most: Upper bound, inclusive.
        at_least: Lower bound, inclusive; a clause has one of the two.
    """

    at_most: Number | None = None
    at_least: Number | None = None

    @property
    def bound(self) -> Decimal:
        """Give the one bound."""
        return self.at_most if self.at_most is not None else self.at_least or Decimal(0)

    @property
    def is_cap(self) -> bool:
        """Tell an upper bound from a lower one."""
        return self.at_most is not None


class Limit(Bounded):
    """A promise about the pool with the batch; every share is by unpaid principal.

    Args:
        measure: `member_share` (the largest share of one borrower, merchant, region ...), `attribute_share`,
            `weighted_average`, `member_count` (distinct members) or `total_amount` (principal).
        expression: The member's name, the attribute, or the value that is averaged.
        maintain_or_improve: Whether a pool that breaks the bound already may buy what makes it no worse.
    """

    measure: Literal["member_share", "attribute_share", "weighted_average", "member_count", "total_amount"]
    expression: Sentence
    maintain_or_improve: bool = False


class RevolvingCondition(Clause):
    """A promise that must hold on the day of a purchase.

    Args:
        requires: `deal_effective` (the version is in force and the first cut-off has come), `revolving_period` (its end
            has not), `no_trigger_fired`, or `purchase_day` (the day is a purchase day of the deal's calendar).
    """

    requires: Literal["revolving_period", "no_trigger_fired", "deal_effective", "purchase_day"]


class Step(Document):
    """Another bound of a trigger, from a month of the deal's life on.

    Args:
        from_month: Whole months since the first cut-off, from which the bound holds.
        bound: Takes the place of `at_most` or `at_least`.
    """

    from_month: int = Field(ge=1, le=600)
    bound: Number


TriggerMeasure = Literal[
    "cumulative_default_rate",
    "cumulative_loss_rate",
    "severe_delinquency_rate",
    "excess_spread",
    "payment_rate",
    "pool_balance",
    "asset_coverage",
    "idle_cash_share",
    "days_past_expected_maturity",
    "turnover_late_days",
    "ineligible_share",
]


class Trigger(Bounded):
    """A measure of the pool that stops purchases while it is beyond its bound.

    Periods are calendar months. As of a day, the latest period is measured on that day, the ones before on the first
    day of each month before it. A receivable is in default once it was ever `days_past_due` late or was written off.

    Args:
        measure: `cumulative_default_rate`: principal when bought of what is in default, over all ever bought.
            `cumulative_loss_rate`: principal written off less recoveries, over all principal ever bought.
            `severe_delinquency_rate`: unpaid principal that is `days_past_due` late now, over all unpaid.
            `excess_spread`: 12 x (interest and fees received in the month before - principal newly in default in it)
            over the unpaid principal at its start, less `annual_cost_rate`.
            `payment_rate`: principal, interest and fees received in the month before, over the unpaid principal at its
            start. `pool_balance`: unpaid principal that is not in default, in currency.
            `asset_coverage`: the same and cash, over `note_amount`. `idle_cash_share`: cash, over cash and unpaid
            principal. `days_past_expected_maturity`: days since that day, 0 before it or once nothing is owed.
            `turnover_late_days`: most days by which cash that is not turned over is beyond the calendar's
            `turnover_days`. `ineligible_share`: principal when bought of what failed a criterion at its cut-off, by all
            that is known now, over all ever bought.
        days_past_due: From how many days past due a receivable counts; only where the measure speaks of lateness.
        steps: Bounds that replace the first one as the deal ages, in order of month.
        average_months: The measure is averaged over that many periods; as many as there are while there are fewer.
        annual_cost_rate: Coupons, fees and taxes a year, as a share of unpaid principal; for `excess_spread`.
        note_amount: Principal of the notes; for `asset_coverage`.
        fire_periods: Periods in a row that must be beyond the bound before the trigger fires.
        cure_periods: Periods in a row that must be within the bound before a fired trigger ends; 0: it ends with the
            first measure within the bound, on any day; null: it never ends.
        effect: What it does when fired.
    """

    measure: TriggerMeasure
    days_past_due: int | None = Field(default=None, ge=1, le=3650)
    steps: tuple[Step, ...] = Field(default=(), max_length=60)
    average_months: int = Field(default=1, ge=1, le=12)
    annual_cost_rate: Share | None = None
    note_amount: Amount | None = None
    fire_periods: int = Field(default=1, ge=1, le=12)
    cure_periods: int | None = Field(default=0, ge=0, le=60)
    effect: Literal["STOP_PURCHASES", "ACCELERATE"]

    def bound_after(self, months: int) -> Decimal:
        """Give the bound that holds that many whole months after the deal's first cut-off."""
        return next((step.bound for step in reversed(self.steps) if step.from_month <= months), self.bound)


LATENESS = frozenset(
    {"cumulative_default_rate", "severe_delinquency_rate", "excess_spread", "pool_balance", "asset_coverage"}
)
"""Measures of a trigger that need to know from which day past due a receivable counts."""
CAPPED = frozenset(
    {
        "cumulative_default_rate",
        "cumulative_loss_rate",
        "severe_delinquency_rate",
        "idle_cash_share",
        "days_past_expected_maturity",
        "turnover_late_days",
        "ineligible_share",
    }
)
"""Measures of a trigger that are bad when high; the others are bad when low."""
_SHARES = frozenset(
    {
        "cumulative_default_rate",
        "cumulative_loss_rate",
        "severe_delinquency_rate",
        "idle_cash_share",
        "ineligible_share",
    }
)


@cache
def parsed(text: str) -> Expression:
    """Give the checked form of an expression over the deal's columns.

    Raises:
        ExpressionError: It is not one.
    """
    return parse(text, COLUMNS, others=OTHERS_COLUMNS)


def others_of(texts: Iterable[str]) -> tuple[Others, ...]:
    """Give what the expressions ask of the borrower's other receivables, each once."""
    return tuple(dict.fromkeys(each for text in texts for each in parsed(text).others))


def bound_problems(limit: Limit) -> Iterator[str]:
    """Say what is wrong with the bound of a limit."""
    place = f"limit {limit.code}"
    if (limit.at_most is None) == (limit.at_least is None):
        yield f"{place}: give at_most or at_least, one of them"
    if limit.measure in ("member_share", "total_amount") and not limit.is_cap:
        yield f"{place}: a {limit.measure} has at_most"
    if limit.measure == "member_count" and limit.is_cap:
        yield f"{place}: a member_count has at_least"
    if limit.measure.endswith("_share") and not 0 <= limit.bound <= 1:
        yield f"{place}: a share is bounded from 0 to 1"


def trigger_problems(trigger: Trigger) -> Iterator[str]:
    """Say which fields of a trigger do not fit its measure, and what is wrong with its bounds."""
    place = f"trigger {trigger.code}"
    wanted = "at_most" if trigger.measure in CAPPED else "at_least"
    if (trigger.at_most is None) == (trigger.at_least is None) or trigger.is_cap != (wanted == "at_most"):
        yield f"{place}: {trigger.measure} takes {wanted} and no other bound"
    fitting = {
        "days_past_due": trigger.measure in LATENESS,
        "annual_cost_rate": trigger.measure == "excess_spread",
        "note_amount": trigger.measure == "asset_coverage",
    }
    for field, needed in fitting.items():
        if (getattr(trigger, field) is not None) != needed:
            yield f"{place}: {trigger.measure} {'needs' if needed else 'takes no'} {field}"
    if trigger.measure in _SHARES and not all(0 <= each <= 1 for each in _bounds(trigger)):
        yield f"{place}: a share is bounded from 0 to 1"
    months = [step.from_month for step in trigger.steps]
    if months != sorted(set(months)):
        yield f"{place}: steps come in order of month, each month once"


def _bounds(trigger: Trigger) -> tuple[Decimal, ...]:
    return (trigger.bound, *(step.bound for step in trigger.steps))
