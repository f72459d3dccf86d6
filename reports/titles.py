"""The sentence over each table and picture, computed from what it shows."""

from decimal import Decimal

from reports import words
from reports.contents import Composition, PoolReport
from reports.evidence import Agreement, DataQuality, DefaultProbabilities, ModelQuality
from reports.findings import DIFFERENT_SHARE, agrees, limit_use, listed
from reports.shares import batch_of, eligible_of, pool_of, total, widest_gap

ALIKE = 0.005
"""Shares of batch and eligible nearer than this are called alike."""


def funnel_title(report: PoolReport) -> str:
    """Say how much of what is open may be bought, and how much is."""
    funnel = report.funnel
    if not funnel.opened.count:
        return "No receivable was open"
    opened = words.short_money(funnel.opened.principal, report.currency)
    eligible = words.percent(words.share(funnel.eligible.principal, funnel.opened.principal), 0)
    if not funnel.proposed.count:
        return f"Of {opened} open, {eligible} is eligible and nothing is proposed"
    taken = words.percent(words.share(funnel.proposed.principal, funnel.opened.principal), 0)
    return f"Of {opened} open, {eligible} is eligible and {taken} is in the batch"


def eligibility_title(report: PoolReport) -> str:
    """Name the criterion that stands against most principal."""
    stopped = [criterion for criterion in report.criteria if criterion.failed + criterion.unknown]
    if not stopped:
        return "Every receivable passes every criterion" if report.funnel.judged.count else "Nothing was screened"
    worst = min(stopped, key=lambda criterion: (-criterion.principal, criterion.code))
    part = words.percent(words.share(worst.principal, report.funnel.refused.principal), 0)
    return f"{part} of the refused principal does not pass {worst.code}: {worst.text_en}"


def composition_title(composition: Composition) -> str:
    """Name the largest part of the batch, or of the pool where there is no batch."""
    trait = composition.trait[:1].upper() + composition.trait[1:]
    named = [member for member in composition.members if not member.is_rest]
    for name, holding in (("batch", batch_of), ("pool", pool_of), ("eligible principal", eligible_of)):
        whole = total(composition, holding).principal
        if whole > 0 and named:
            top = min(named, key=lambda m: (-holding(m).principal, m.label))
            part = words.percent(words.share(holding(top).principal, whole), 0)
            return f"{trait}: {top.label} is the largest part of the {name}, {part}"
    return f"{trait}: nothing to divide"


def limits_title(report: PoolReport) -> str:
    """Say how many limits are kept and which is nearest to its bound."""
    if not report.limits:
        return "No limit was measured"
    broken = [limit.code for limit in report.limits if not limit.is_kept]
    if broken:
        return f"{len(broken)} of {words.many(len(report.limits), 'limit')} breached: {listed(broken)}"
    used = [(use, limit.code) for limit in report.limits if (use := limit_use(limit)) is not None]
    if not used:
        return "The pool is empty: no limit can be measured"
    use, code = max(used)
    kept = "The limit is kept" if len(report.limits) == 1 else f"All {len(report.limits)} limits are kept"
    return f"{kept}; {code} is the tightest, {words.percent(use)} used"


def triggers_title(report: PoolReport) -> str:
    """Say which triggers are in force."""
    if not report.triggers:
        return "No trigger was measured"
    fired = [trigger.code for trigger in report.triggers if trigger.is_fired]
    if not fired:
        return f"None of {words.many(len(report.triggers), 'trigger')} is in force"
    return f"{listed(fired)} {'is' if len(fired) == 1 else 'are'} in force"


def probability_title(probabilities: DefaultProbabilities) -> str:
    """Compare the batch's default probability with that of the eligible."""
    batch, eligible = probabilities.batch_mean, probabilities.eligible_mean
    if eligible is None:
        return "No default probability to show"
    if batch is None:
        return f"The eligible carry {words.percent(eligible, 2)} default probability, weighted by principal"
    gap = round(batch * 10000) - round(eligible * 10000)
    word = "is as risky as" if gap == 0 else "is safer than" if gap < 0 else "is riskier than"
    ours, theirs = words.percent(batch, 2), words.percent(eligible, 2)
    return f"The batch {word} the eligible: {ours} default probability against {theirs}"


def model_title(model: ModelQuality) -> str:
    """Say how well the model separates and how far its level is off."""
    if model.auc.value is None:
        return "The model's quality was not measured"
    error = model.calibration_error.value
    off = f" and is off by {words.points(error, 2).removeprefix('+')} on average" if error is not None else ""
    return f"The model orders {words.percent(model.auc.value, 0)} of good and bad pairs rightly{off}"


def agreement_title(rows: tuple[Agreement, ...], noun: str, nouns: str) -> str:
    """Say for how many tenths or grades the prediction lies in the interval of what was observed."""
    held = sum(agrees(row.predicted, row.observed.low, row.observed.high) for row in rows)
    if held == len(rows):
        return f"In every {noun} the prediction lies within the observed interval"
    return (
        f"In {held} of {len(rows)} {noun if len(rows) == 1 else nouns} the prediction lies within the observed interval"
    )


def data_title(data: DataQuality) -> str:
    """Say what part of the rows read was published and whether each is accounted for."""
    read = sum(table.read for table in data.tables)
    if not read:
        return "No row was read"
    lost = sum(abs(table.unaccounted) for table in data.tables)
    published = words.percent(words.share(sum(table.published for table in data.tables), read))
    rest = "every row is accounted for" if not lost else f"{words.many(lost, 'row')} not accounted for"
    return f"Of {words.many(read, 'row')} read, {published} was published; {rest}"


def invariants_title(data: DataQuality) -> str:
    """Say how many promises over tables hold; one that found nothing to look at neither holds nor breaks."""
    seen = [invariant for invariant in data.invariants if invariant.checked != 0]
    broken = [invariant.name for invariant in seen if invariant.breaches]
    if not seen:
        return "No invariant was checked"
    idle = len(data.invariants) - len(seen)
    beside = f"; {idle} had nothing to look at" if idle else ""
    if broken:
        return f"{len(broken)} of {words.many(len(seen), 'invariant')} broken: {listed(broken)}{beside}"
    held = f"All {len(seen)} invariants hold" if len(seen) > 1 else "The invariant holds"
    return f"{held}{beside}"


def purchase_title(report: PoolReport) -> str:
    """Say what is paid for what, and how far the purchase has come."""
    purchase = report.purchase
    if purchase is None or purchase.batch.count == 0:
        return "Nothing was proposed"
    principal = words.short_money(purchase.batch.principal, report.currency)
    price = words.short_money(purchase.price, report.currency)
    stands = {
        "proposed": "waits for a second person",
        "approved": "is approved, not yet booked",
        "booked": "is approved and booked",
        "rejected": "was rejected",
    }
    return f"{principal} of principal for {price} {stands[purchase.status]}"


def compositions_title(report: PoolReport) -> str:
    """Say where the batch differs most from what it was chosen from."""
    gap = widest_gap(report.compositions)
    if gap is None:
        return "What the eligible and the pool consist of" if report.funnel.eligible.count else "Nothing to divide"
    if abs(gap.difference) < ALIKE:
        return "The batch divides like the eligible"
    return (
        f"The batch divides like the eligible but for {gap}"
        if abs(gap.difference) < DIFFERENT_SHARE
        else f"The batch holds {gap} than the eligible"
    )


def spread_title(probabilities: DefaultProbabilities) -> str:
    """Say how much of the batch, or of the eligible, lies in the safest half of the bins shown."""
    name, amounts = "batch", [one.batch for one in probabilities.bins]
    if not sum(amounts):
        name, amounts = "eligible principal", [one.eligible for one in probabilities.bins]
    lower = len(amounts) - len(amounts) // 2
    part = words.percent(words.share(sum(amounts[:lower], Decimal(0)), sum(amounts, Decimal(0))), 0)
    return f"{part} of the {name} lies below {words.percent(probabilities.bins[lower - 1].upper)} default probability"
