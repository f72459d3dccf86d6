"""The pool's alarms: what of its life after purchase a person must look at. Thresholds are configuration (`pool`)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pool.price import to_amount
from pool.turnover import Turnover

Severity = Literal["look", "stop"]


class WatchRule(BaseModel):
    """When an alarm fires, and how grave it is: `look` asks for a person's eye, `stop` also makes the command fail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Severity
    threshold: float


def _look(threshold: float) -> WatchRule:
    return WatchRule(severity="look", threshold=threshold)


def _stop(threshold: float) -> WatchRule:
    return WatchRule(severity="stop", threshold=threshold)


class WatchParameters(BaseModel):
    """Where the watch over a pool speaks up (section `pool`). Illustrative thresholds.

    Args:
        default_days_past_due: From how many days past due a static pool counts a receivable as in default.
        dilution_factor: Months of refunds that the dilution reserve should hold.
        shortfall_days: The days before the as-of day whose dues are looked at for a shortfall.
        cash_not_turned_over: Share of all cash collected that is later than the deal allows.
        turnover_unknown: Days of cash for which no statement of the account says anything.
        turned_over_beyond: Share of all cash collected that was turned over beyond it.
        collections_short: Share of what fell due in those days that is open.
        cash_unmatched: Share of all cash that meets no instalment.
        dilution: Refunded after sale, as a share of all principal bought.
        warranty_breached: Receivables that were not eligible at their cut-off, by what is known now.
        roll_forward_open: Currency units that moved without a name, either way.
        batch_drifted: Stability index of a trait of a batch against the first purchase, where above its noise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_days_past_due: int = Field(default=90, ge=1)
    dilution_factor: float = Field(default=2.0, ge=0)
    shortfall_days: int = Field(default=30, ge=1)
    cash_not_turned_over: WatchRule = _stop(0)
    turnover_unknown: WatchRule = _look(0)
    turned_over_beyond: WatchRule = _look(0.001)
    collections_short: WatchRule = _look(0.10)
    cash_unmatched: WatchRule = _look(0.01)
    dilution: WatchRule = _look(0.03)
    warranty_breached: WatchRule = _look(0)
    roll_forward_open: WatchRule = _stop(0)
    batch_drifted: WatchRule = _look(0.25)


@dataclass(frozen=True, slots=True)
class PoolAlarm:
    """One thing that a person must look at.

    Args:
        code: Which rule.
        subject: Of what.
        severity: look or stop.
        found: What was found, in a sentence.
        value: What was measured.
        threshold: What it was measured against.
        table: The table whose rows explain it.
    """

    code: str
    subject: str
    severity: Severity
    found: str
    value: float
    threshold: float
    table: str


@dataclass(frozen=True, slots=True)
class Drifted:
    """How far a trait of a purchase lies from the first purchase."""

    purchase_id: str
    trait: str
    index: float
    low: float
    high: float
    noise: float


@dataclass(frozen=True, slots=True)
class PoolLife:
    """What the alarms are decided by; amounts in minor units.

    Args:
        as_of: The day.
        allowed_days: Days within which cash must be turned over; None where the deal says none.
        turnover: Collections beside turnover.
        has_statement: Whether any statement of the pool's account was brought in.
        due: What fell due in the days that are looked at.
        open: Of that, still to be paid.
        cash: All cash that pays principal, interest and fees.
        unmatched: Of that, what meets no instalment.
        bought: All principal ever bought.
        refunded: Refunded after sale.
        breached: Receivables that were not eligible at their cut-off.
        breached_unpaid: Their unpaid principal, where the pool still holds them.
        difference: What moved without a name.
        drifts: Traits of later purchases.
    """

    as_of: date
    allowed_days: int | None
    turnover: Turnover
    has_statement: bool
    due: int
    open: int
    cash: int
    unmatched: int
    bought: int
    refunded: int
    breached: int
    breached_unpaid: int
    difference: int
    drifts: Sequence[Drifted] = field(default=())


def pool_alarms(life: PoolLife, rules: WatchParameters) -> list[PoolAlarm]:
    """Give every alarm that fires, those that stop first, in the order of their codes and subjects."""
    found = [*_turnover(life, rules), *_collections(life, rules), *_assets(life, rules), *_drifts(life, rules)]
    return sorted(found, key=lambda one: (one.severity != "stop", one.code, one.subject))


def _turnover(life: PoolLife, rules: WatchParameters) -> Iterator[PoolAlarm]:
    days, collected = life.turnover.days, sum(one.collected for one in life.turnover.days)
    table = "pool_turnovers"
    if life.allowed_days is not None and not life.has_statement:
        said = f"{len(days)} days of cash, {_money(collected)} in all, and no statement of the pool's account"
        yield from _fired("TURNOVER_UNKNOWN", "account", rules.turnover_unknown, said, len(days), table)
    elif life.allowed_days is not None:
        late = [one for one in days if one.outstanding > 0 and one.late_days(life.allowed_days, life.as_of)]
        amount = sum(one.outstanding for one in late)
        if late:
            most = late[0].late_days(life.allowed_days, life.as_of)
            said = f"{_money(amount)} of {len(late)} days was not turned over within {life.allowed_days} days; "
            said += f"the oldest is of {late[0].collected_on}, {most} days late"
            value = amount / collected if collected > 0 else 1.0
            yield from _fired("CASH_NOT_TURNED_OVER", "servicer", rules.cash_not_turned_over, said, value, table)
    if life.turnover.beyond > 0:
        said = f"{_money(life.turnover.beyond)} was turned over of which no collection is known"
        value = life.turnover.beyond / collected if collected > 0 else 1.0
        yield from _fired("TURNED_OVER_BEYOND", "account", rules.turned_over_beyond, said, value, table)


def _collections(life: PoolLife, rules: WatchParameters) -> Iterator[PoolAlarm]:
    if life.due > 0:
        said = f"{_money(life.open)} of {_money(life.due)} that fell due in {rules.shortfall_days} days is open"
        rule = rules.collections_short
        yield from _fired("COLLECTIONS_SHORT", "pool", rule, said, life.open / life.due, "pool_collections")
    if life.cash > 0:
        said = f"{_money(life.unmatched)} of {_money(life.cash)} collected meets no instalment"
        rule = rules.cash_unmatched
        yield from _fired("CASH_UNMATCHED", "pool", rule, said, life.unmatched / life.cash, "pool_matches")


def _assets(life: PoolLife, rules: WatchParameters) -> Iterator[PoolAlarm]:
    if life.bought > 0:
        said = f"{_money(life.refunded)} was refunded after sale, of {_money(life.bought)} bought"
        yield from _fired("DILUTION", "pool", rules.dilution, said, life.refunded / life.bought, "pool_dilutions")
    said = f"{life.breached:,} receivables were not eligible at their cut-off by what is known now; "
    said += f"the pool still holds {_money(life.breached_unpaid)} of them"
    rule = rules.warranty_breached
    yield from _fired("WARRANTY_BREACHED", "pool", rule, said, life.breached, "warranty_breaches")
    said = f"{_money(life.difference)} moved without a name"
    value = abs(life.difference) / 100
    yield from _fired("ROLL_FORWARD_OPEN", "pool", rules.roll_forward_open, said, value, "pool_roll_forwards")


def _drifts(life: PoolLife, rules: WatchParameters) -> Iterator[PoolAlarm]:
    for one in (each for each in life.drifts if each.index > each.noise):
        said = (
            f"index {one.index:.3f} ({one.low:.3f} to {one.high:.3f}) against the first purchase, noise {one.noise:.3f}"
        )
        subject = f"{one.trait} of {one.purchase_id}"
        yield from _fired("BATCH_DRIFTED", subject, rules.batch_drifted, said, one.index, "batch_drifts")


def _fired(code: str, subject: str, rule: WatchRule, said: str, value: float, table: str) -> Iterator[PoolAlarm]:
    if value > rule.threshold:
        yield PoolAlarm(code, subject, rule.severity, said, float(value), rule.threshold, table)


def _money(minor: int) -> str:
    return f"{to_amount(minor):,}"
