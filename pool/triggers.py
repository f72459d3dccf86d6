"""Triggers over time, and revolving conditions: whether the deal may buy at all on a day.

The state of a trigger is a fold over periods: it fires when it was beyond its bound for as many periods in a row as the
deal says, and ends when it was within it for as many as the deal says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from fractions import Fraction

from pool.deal import Deal, RevolvingCondition, Trigger
from pool.standing import Standing, Value, measured


class Phase(Enum):
    """Where a trigger stands.

    `CLEAR` never fired; `PENDING` is beyond its bound, but not for long enough; `FIRED` is in force; `CURING` is in
    force and within its bound, but not for long enough; `CURED` fired once and is in force no more.
    """

    CLEAR = "CLEAR"
    PENDING = "PENDING"
    FIRED = "FIRED"
    CURING = "CURING"
    CURED = "CURED"


IN_FORCE = frozenset({Phase.FIRED, Phase.CURING})


@dataclass(frozen=True, slots=True)
class TriggerState:
    """A trigger in one period.

    Args:
        code: The trigger.
        on: The day on which the period was measured.
        value: What was measured; None where there was nothing to measure.
        average: Its mean over the periods that the deal averages, which is what is compared.
        threshold: The bound that held then.
        is_beyond: Whether the average was beyond it.
        phase: Where the trigger stood.
        since: First period of that phase.
        in_a_row: Periods in a row that were beyond, or within, as this one.
        has_fired: Whether it was ever in force.
    """

    code: str
    on: date
    value: Value
    average: Value
    threshold: Fraction
    is_beyond: bool
    phase: Phase
    since: date
    in_a_row: int
    has_fired: bool


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """A trigger on a day, as `schemas.triggers.TRIGGER_RESULTS` lays it out; no value where nothing was bought yet."""

    deal: str
    as_of: date
    code: str
    value: float | None
    threshold: float
    is_fired: bool
    phase: str
    since_on: date
    effect: str


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """A revolving condition on a day, and what was seen."""

    code: str
    is_met: bool
    observed: str


def follow(deal: Deal, trigger: Trigger, standings: Iterable[Standing]) -> list[TriggerState]:
    """Fold the standings of a pool, oldest first, into the states of a trigger."""
    states: list[TriggerState] = []
    values: list[Fraction] = []
    for one in standings:
        value = measured(trigger, deal, one)
        values += [] if value is None else [value]
        recent = values[-trigger.average_months :]
        average = None if value is None else sum(recent, Fraction(0)) / len(recent)
        bound = Fraction(trigger.bound_after(_months(deal.calendar.first_cut_off_on, one.on)))
        states.append(_advanced(trigger, states[-1] if states else None, one.on, (value, average, bound)))
    return states


def results(deal: Deal, standings: Sequence[Standing], as_of: date) -> list[TriggerResult]:
    """Give every trigger of the deal on a day, the last of the standings."""
    return [_result(deal, trigger, follow(deal, trigger, standings)[-1], as_of) for trigger in deal.triggers]


def check_revolving(
    deal: Deal, fired: Sequence[TriggerResult], as_of: date, until: date | None = None
) -> list[ConditionResult]:
    """Tell for every revolving condition of the deal whether a purchase on a day meets it.

    Args:
        deal: The deal.
        fired: Where its triggers stand on the day.
        as_of: The day: of the purchase, or the cut-off of a list that is proposed.
        until: Last day on which that list may be bought: a purchase day must come by then; None of a purchase itself.
    """
    return [_checked(deal, condition, fired, as_of, until or as_of) for condition in deal.revolving]


def _advanced(
    trigger: Trigger, before: TriggerState | None, on: date, seen: tuple[Value, Value, Fraction]
) -> TriggerState:
    value, average, bound = seen
    before = before or TriggerState(trigger.code, on, None, None, bound, False, Phase.CLEAR, on, 0, False)
    if average is None:
        return replace(before, on=on, value=None, average=None, threshold=bound)
    is_beyond = average > bound if trigger.is_cap else average < bound
    in_a_row = before.in_a_row + 1 if before.is_beyond == is_beyond and before.in_a_row else 1
    phase = _phase(trigger, before, in_a_row, is_beyond=is_beyond)
    since = before.since if before.phase is phase else on
    has_fired = before.has_fired or phase in IN_FORCE
    return TriggerState(trigger.code, on, value, average, bound, is_beyond, phase, since, in_a_row, has_fired)


def _phase(trigger: Trigger, before: TriggerState, in_a_row: int, *, is_beyond: bool) -> Phase:
    was_in_force = before.phase in IN_FORCE
    if is_beyond:
        return Phase.FIRED if was_in_force or in_a_row >= trigger.fire_periods else Phase.PENDING
    if was_in_force and (trigger.cure_periods is None or in_a_row < trigger.cure_periods):
        return Phase.CURING
    return Phase.CURED if before.has_fired else Phase.CLEAR


def _result(deal: Deal, trigger: Trigger, state: TriggerState, as_of: date) -> TriggerResult:
    value = None if state.average is None else float(state.average)
    is_fired = state.phase in IN_FORCE
    threshold = float(state.threshold)
    return TriggerResult(
        deal.name, as_of, trigger.code, value, threshold, is_fired, state.phase.value, state.since, trigger.effect
    )


def _months(first: date, day: date) -> int:
    """Count the whole months from one day to another; 0 before the first."""
    months = (day.year - first.year) * 12 + day.month - first.month - (day.day < first.day)
    return max(0, months)


def _checked(
    deal: Deal, condition: RevolvingCondition, fired: Sequence[TriggerResult], as_of: date, until: date
) -> ConditionResult:
    if condition.requires == "revolving_period":
        end = deal.calendar.revolving_end_on
        return ConditionResult(condition.code, as_of < end, f"as_of={as_of}; revolving_end_on={end}")
    if condition.requires == "deal_effective":
        first = max(deal.effective_on, deal.calendar.first_cut_off_on)
        return ConditionResult(condition.code, as_of >= first, f"as_of={as_of}; first_day={first}")
    if condition.requires == "purchase_day":
        coming = deal.calendar.days_of("purchase", as_of, until)
        seen = f"as_of={as_of}; purchase_day={coming[0] if coming else f'none by {until}'}"
        return ConditionResult(condition.code, bool(coming), seen)
    codes = [f"{result.code} ({result.phase} since {result.since_on})" for result in fired if result.is_fired]
    return ConditionResult(condition.code, not codes, "fired=" + (", ".join(codes) or "none"))
