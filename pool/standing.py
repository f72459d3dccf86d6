"""What a pool showed on a day, and what a trigger measures of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from pool.deal import Deal, Trigger

Value = Fraction | None


@dataclass(frozen=True, slots=True)
class Late:
    """What is late from some days past due on; money in minor units.

    Args:
        late: Unpaid principal that is that late now.
        defaulted: Principal when bought of what was ever that late, or written off, while the pool held it.
        default_unpaid: Unpaid principal of what is held and was ever that late, or written off.
        newly: Principal at the start of the month before of what came into default in it.
    """

    late: int = 0
    defaulted: int = 0
    default_unpaid: int = 0
    newly: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a pool showed at the start of a day, by what was known then; money in minor units.

    Args:
        on: The day.
        bought: Principal of all ever bought, when bought.
        unpaid: Unpaid principal of what the pool holds.
        lost: Principal written off less recoveries, while the pool held it.
        opening: Unpaid principal one month before; 0 where the pool held nothing then.
        received: Principal, interest, fees and penalties paid in the month before.
        gains: Of that, interest, fees and penalties.
        lateness: What is late, by days past due from which it counts.
        cash: Cash that the pool had; None where nobody said.
        turnover_late_days: Most days by which cash that is not turned over is late; None where it was not looked at.
        ineligible: Principal when bought of what was not eligible at its cut-off; None where it was not looked at.
    """

    on: date
    bought: int = 0
    unpaid: int = 0
    lost: int = 0
    opening: int = 0
    received: int = 0
    gains: int = 0
    lateness: Mapping[int, Late] = field(default_factory=dict)
    cash: int | None = None
    turnover_late_days: int | None = None
    ineligible: int | None = None


def measured(trigger: Trigger, deal: Deal, standing: Standing) -> Value:
    """Give what a trigger measures of a standing, exactly; None where nothing was bought, or nobody knows."""
    if not standing.bought:
        return None
    late = standing.lateness.get(trigger.days_past_due or 0, Late())
    return MEASURES[trigger.measure](trigger, deal, standing, late)


def late_from(deal: Deal) -> tuple[int, ...]:
    """Give the days past due from which the deal's triggers count, in order."""
    return tuple(sorted({each.days_past_due for each in deal.triggers if each.days_past_due}))


def _excess_spread(trigger: Trigger, deal: Deal, one: Standing, late: Late) -> Value:
    del deal
    brought = _share(12 * (one.gains - late.newly), one.opening)
    return None if brought is None else brought - Fraction(trigger.annual_cost_rate or 0)


def _coverage(trigger: Trigger, deal: Deal, one: Standing, late: Late) -> Value:
    del deal
    if one.cash is None or not trigger.note_amount:
        return None
    return _share(one.unpaid - late.default_unpaid + one.cash, int(trigger.note_amount * 100))


def _idle(trigger: Trigger, deal: Deal, one: Standing, late: Late) -> Value:
    del trigger, deal, late
    return None if one.cash is None else _share(one.cash, one.cash + one.unpaid)


def _past_maturity(trigger: Trigger, deal: Deal, one: Standing, late: Late) -> Value:
    del trigger, late
    past = (one.on - deal.calendar.expected_maturity_on).days
    return Fraction(max(0, past)) if one.unpaid else Fraction(0)


def _days(days: int | None) -> Value:
    return None if days is None else Fraction(days)


def _share(part: int | None, whole: int) -> Value:
    return None if part is None or whole <= 0 else Fraction(part, whole)


MEASURES: Mapping[str, Callable[[Trigger, Deal, Standing, Late], Value]] = MappingProxyType(
    {
        "cumulative_default_rate": lambda _t, _d, one, late: _share(late.defaulted, one.bought),
        "cumulative_loss_rate": lambda _t, _d, one, _l: _share(one.lost, one.bought),
        "severe_delinquency_rate": lambda _t, _d, one, late: _share(late.late, one.unpaid),
        "excess_spread": _excess_spread,
        "payment_rate": lambda _t, _d, one, _l: _share(one.received, one.opening),
        "pool_balance": lambda _t, _d, one, late: Fraction(one.unpaid - late.default_unpaid, 100),
        "asset_coverage": _coverage,
        "idle_cash_share": _idle,
        "days_past_expected_maturity": _past_maturity,
        "turnover_late_days": lambda _t, _d, one, _l: _days(one.turnover_late_days),
        "ineligible_share": lambda _t, _d, one, _l: _share(one.ineligible, one.bought),
    }
)
"""What each measure of a trigger is; `pool.clauses.Trigger` says it in words."""
