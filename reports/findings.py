"""What the numbers say: the verdict in plain words, what to look at, and the sentence over each picture.

The bounds below are when a page draws the eye to something; they are the report's, not the deal's, and illustrative.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reports import words
from reports.contents import LimitLine, PoolReport
from reports.shares import widest_gap

TIGHT_USE = 0.95
"""A kept limit used to this share is worth a look even where it does not bind."""

DIFFERENT_SHARE = 0.05
"""A batch that differs this much from the eligible in one part looks picked, not sampled."""

IDLE_CASH_SHARE = 0.10
"""Cash left over beyond this share of what was available is said."""

QUARANTINED_SHARE = 0.01
"""Raw rows set aside beyond this share are said."""

Level = Literal["stop", "look", "good", "calm"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at, how grave it is, and the section that shows its grounds."""

    level: Level
    text: str
    section: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the page: a level, a word, and one or two sentences."""

    level: Level
    word: str
    text: str


def limit_use(limit: LimitLine) -> float | None:
    """Give how much of a limit is used: 1 at the bound, more beyond it; None while the pool is empty."""
    value = limit.value
    if value is None:
        return None
    part, whole = (value, limit.threshold) if limit.direction == "at most" else (limit.threshold, value)
    if whole <= 0:
        return 0.0 if part <= 0 else float("inf")
    return max(part / whole, 0.0)


def limit_state(limit: LimitLine) -> str:
    """Name where a limit stands."""
    if not limit.is_kept:
        return "Breached"
    if limit.value is None:
        return "Not measured"
    return "Binds" if limit.is_binding else "Kept"


def obstacles(report: PoolReport) -> Iterator[Finding]:
    """Name everything for which the batch must not be bought."""
    broken = [limit for limit in report.limits if not limit.is_kept]
    for limit in broken:
        yield Finding("stop", f"{limit.code} is breached: {_standing(limit)}.", "limits")
    for trigger in report.triggers:
        if trigger.is_fired:
            yield Finding("stop", f"Trigger {trigger.code} is in force: {trigger.text_en}. {trigger.effect}", "limits")
    purchase = report.purchase
    if purchase is None:
        return
    if purchase.approver and purchase.approver == purchase.proposer:
        yield Finding("stop", f"{purchase.proposer} proposed and approved: two people are promised.", "purchase")
    if purchase.price > purchase.cash_available:
        missing = words.short_money(purchase.price - purchase.cash_available, report.currency)
        yield Finding("stop", f"The price is {missing} above the cash available.", "purchase")


def _standing(limit: LimitLine) -> str:
    value = words.measured(limit.value, limit.unit, limit.threshold)
    bound = words.measured(limit.threshold, limit.unit, limit.threshold)
    member = f" ({limit.worst_member})" if limit.worst_member else ""
    return f"{value}{member} against {limit.direction} {bound}"


def verdict(report: PoolReport) -> Verdict:
    """Say whether the batch can be bought, was bought, or why there is none."""
    if report.purchase is None or report.purchase.batch.count == 0:
        return _verdict_without_batch(report)
    batch = report.purchase.batch
    what = words.many(batch.count, "receivable")
    bought_for = f"batch of {what} for {words.short_money(report.purchase.price, report.currency)}"
    stops = list(obstacles(report))
    if report.purchase.status == "rejected":
        return Verdict(
            "calm", "Rejected", f"The {bought_for} was rejected by {report.purchase.approver or 'a person'}."
        )
    is_booked = report.purchase.status == "booked"
    if stops:
        said = "was bought, yet something forbids it" if is_booked else "must not be bought"
        word = "Bought against the rules" if is_booked else "Do not buy"
        return Verdict("stop", word, f"The {bought_for} {said}: {stops[0].text}")
    said, word = ("was bought", "Bought") if is_booked else ("can be bought", "Can be bought")
    return Verdict("good", word, f"The {bought_for} {said}: {_limits_clause(report.limits)}.{_waiting(report)}")


def _waiting(report: PoolReport) -> str:
    waits = {
        "proposed": " It waits for the approval of a second person.",
        "approved": " It is approved, not yet booked.",
    }
    return waits.get(report.purchase.status, "") if report.purchase else ""


def _limits_clause(limits: tuple[LimitLine, ...]) -> str:
    if not limits:
        return "the deal sets no limits"
    binding = [limit.code for limit in limits if limit.is_binding]
    if not binding:
        return "every limit is kept and none binds"
    return f"every limit is kept; {binding_said(binding)}"


def binding_said(codes: list[str]) -> str:
    """Say which limits bind."""
    return f"{listed(codes)} {'binds' if len(codes) == 1 else 'bind'}"


def listed(names: list[str]) -> str:
    """Join names as in speech.

    >>> listed(["A"]), listed(["A", "B", "C"])
    ('A', 'A, B and C')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _verdict_without_batch(report: PoolReport) -> Verdict:
    funnel = report.funnel
    nothing = "Nothing to buy"
    if funnel.opened.count == 0:
        return Verdict("calm", nothing, f"No receivable was open at the start of {words.day(report.as_of)}.")
    if funnel.eligible.count == 0:
        return Verdict("calm", nothing, f"None of {words.many(funnel.opened.count, 'open receivable')} is eligible.")
    eligible = words.many(funnel.eligible.count, "receivable")
    worth = words.short_money(funnel.eligible.principal, report.currency)
    why = [finding.text for finding in obstacles(report)]
    because = f" {why[0]}" if why else ""
    plural = "is" if funnel.eligible.count == 1 else "are"
    return Verdict("calm", nothing, f"{eligible} of {worth} {plural} eligible, and nothing was proposed.{because}")


def attention(report: PoolReport) -> tuple[Finding, ...]:
    """List what a reader should look at, gravest first; empty where nothing stands out."""
    found = (
        *obstacles(report),
        *_limits_to_watch(report),
        *_data_to_watch(report),
        *_eligibility_to_watch(report),
        *_purchase_to_watch(report),
        *_model_to_watch(report),
        *_life_to_watch(report),
    )
    return tuple(sorted(found, key=lambda one: one.level != "stop"))


SECTION_OF = {
    "pool_turnovers": "turnover",
    "pool_collections": "cash",
    "pool_matches": "cash",
    "pool_roll_forwards": "roll",
}
"""The part of the page that shows the rows which an alarm of the pool names."""


def _life_to_watch(report: PoolReport) -> Iterator[Finding]:
    for row in report.performance.alarms if report.performance else ():
        section = SECTION_OF.get(row["explained_by"], "assets")
        yield Finding(row["severity"], f"{row['code']} ({row['subject']}): {row['found']}.", section)


def _limits_to_watch(report: PoolReport) -> Iterator[Finding]:
    for limit in report.limits:
        use = limit_use(limit)
        if not limit.is_kept or use is None:
            continue
        if limit.is_binding:
            yield Finding("look", f"{limit.code} stopped the batch from growing: {_standing(limit)}.", "limits")
        elif use >= TIGHT_USE:
            yield Finding("look", f"{limit.code} is nearly used up: {_standing(limit)}.", "limits")


def _data_to_watch(report: PoolReport) -> Iterator[Finding]:
    for invariant in report.data.invariants:
        if invariant.breaches:
            cases = words.many(invariant.breaches, "case")
            yield Finding("look", f"{invariant.name} does not hold in {cases}: {invariant.meaning}", "data")
    for table in report.data.tables:
        if table.unaccounted:
            yield Finding("look", f"{table.table}: {words.many(table.unaccounted, 'row')} not accounted for.", "data")
        if table.checks_failed:
            yield Finding("look", f"{table.table}: {words.many(table.checks_failed, 'audit check')} failed.", "data")
        aside = words.share(table.quarantined, table.read)
        if aside is not None and aside > QUARANTINED_SHARE:
            yield Finding("look", f"{table.table}: {words.percent(aside)} of the rows went to quarantine.", "data")


def _eligibility_to_watch(report: PoolReport) -> Iterator[Finding]:
    undecided = sorted((c for c in report.criteria if c.unknown), key=lambda c: (-c.unknown, c.code))
    said = [f"{c.code} for {words.many(c.unknown, 'receivable')}" for c in undecided[:3]]
    if undecided:
        more = f" ({len(undecided)} criteria in all)" if len(undecided) > 3 else ""
        text = f"A value is missing to decide {listed(said)}{more}. Unknown is never a pass."
        yield Finding("look", text, "eligibility")


def _purchase_to_watch(report: PoolReport) -> Iterator[Finding]:
    gap = widest_gap(report.compositions)
    if gap is not None and abs(gap.difference) >= DIFFERENT_SHARE:
        yield Finding("look", f"The batch holds {gap} than the eligible: ask why.", "composition")
    purchase = report.purchase
    if purchase is None or purchase.cash_available <= 0:
        return
    idle = words.share(purchase.cash_available - purchase.price, purchase.cash_available)
    if idle is not None and idle > IDLE_CASH_SHARE:
        yield Finding("look", f"{words.percent(idle)} of the cash available stays idle.", "purchase")


def _model_to_watch(report: PoolReport) -> Iterator[Finding]:
    if report.model is None:
        return
    off = [g.label for g in report.model.grades if not agrees(g.predicted, g.observed.low, g.observed.high)]
    if off:
        noun = "grade" if len(off) == 1 else "grades"
        yield Finding("look", f"Predicted and observed default disagree for {noun} {listed(off)}.", "model")


def agrees(predicted: float, low: float | None, high: float | None) -> bool:
    """Tell whether a prediction lies in the interval of what was observed; without one nothing is said against it."""
    return (low is None or low <= predicted) and (high is None or predicted <= high)
