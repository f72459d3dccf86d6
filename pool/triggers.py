"""Triggers and revolving conditions: whether the deal may buy at all on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pool.deal import Deal, RevolvingCondition, Trigger


@dataclass(frozen=True, slots=True)
class Holding:
    """A receivable that the pool ever bought, as of a day; money in minor units.

    Args:
        bought_principal_minor: Principal when bought.
        current_principal_minor: Principal unpaid now; 0 when it left the pool.
        days_past_due: Now.
        worst_days_past_due: Ever.
        is_written_off: Whether principal was written off.
    """

    bought_principal_minor: int
    current_principal_minor: int
    days_past_due: int
    worst_days_past_due: int
    is_written_off: bool


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """A trigger on a day, as `schemas.derived.TRIGGER_RESULTS` lays it out; no value where nothing was bought yet."""

    deal: str
    as_of: date
    code: str
    value: float | None
    threshold: float
    is_fired: bool
    effect: str


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """A revolving condition on a day, and what was seen."""

    code: str
    is_met: bool
    observed: str


def evaluate_triggers(deal: Deal, holdings: Iterable[Holding], as_of: date) -> list[TriggerResult]:
    """Measure every trigger of the deal on what the pool ever bought."""
    pool = list(holdings)
    return [_evaluated(deal.name, trigger, pool, as_of) for trigger in deal.triggers]


def check_revolving(deal: Deal, fired: Sequence[TriggerResult], as_of: date) -> list[ConditionResult]:
    """Tell for every revolving condition of the deal whether a purchase on the day meets it."""
    return [_checked(deal, condition, fired, as_of) for condition in deal.revolving]


def _evaluated(deal: str, trigger: Trigger, pool: list[Holding], as_of: date) -> TriggerResult:
    late_from = trigger.days_past_due or 0
    if trigger.measure == "cumulative_default_rate":
        whole = sum(each.bought_principal_minor for each in pool)
        part = sum(each.bought_principal_minor for each in pool if _defaulted(each, trigger))
    else:
        whole = sum(each.current_principal_minor for each in pool)
        part = sum(each.current_principal_minor for each in pool if each.days_past_due >= late_from)
    is_fired = part * 10**9 > int(trigger.bound * 10**9) * whole
    value = part / whole if whole else None
    return TriggerResult(deal, as_of, trigger.code, value, float(trigger.bound), is_fired, trigger.effect)


def _defaulted(holding: Holding, trigger: Trigger) -> bool:
    return holding.is_written_off or holding.worst_days_past_due >= (trigger.days_past_due or 0)


def _checked(deal: Deal, condition: RevolvingCondition, fired: Sequence[TriggerResult], as_of: date) -> ConditionResult:
    if condition.requires == "revolving_period":
        end = deal.calendar.revolving_end_on
        return ConditionResult(condition.code, as_of < end, f"as_of={as_of}; revolving_end_on={end}")
    if condition.requires == "deal_effective":
        first = max(deal.effective_on, deal.calendar.first_cut_off_on)
        return ConditionResult(condition.code, as_of >= first, f"as_of={as_of}; first_day={first}")
    if condition.requires == "purchase_day":
        is_one = bool(deal.calendar.days_of("purchase", as_of, as_of))
        return ConditionResult(condition.code, is_one, f"as_of={as_of}")
    codes = [result.code for result in fired if result.is_fired]
    return ConditionResult(condition.code, not codes, "fired=" + (", ".join(codes) or "none"))
