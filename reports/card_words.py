"""What a model card says: the verdict, what to look at, the sentence over each part, and its limits."""

from collections.abc import Iterator

from reports import words
from reports.card_contents import ModelCard
from reports.evidence import Measure
from reports.findings import Finding, Verdict, agrees, listed

FEATURES = 25
FOUR_FIFTHS = 0.8
MOVED = 0.1
JUDGED_ON = {
    "out_of_time": "later days, of borrowers that training never saw",
    "cross_validated": "borrowers held out fold by fold, with all of training run anew in each fold",
    "out_of_fold": "training days, of borrowers held out fold by fold; nothing was set aside to test on",
}
LIMITS = (
    "It speaks of receivables like those that it learned from: the same platform, products and borrowers.",
    "It ranks and prices; it is no ground to refuse a person alone, nor a measure of loss given default.",
    "Its horizon is fixed: what happens after it is not in the number.",
    "Applicants who were refused are not among its rows, so it cannot say how they would have paid.",
    "Intervals resample borrowers; they do not hold what a change of the economy would do.",
)


def measure(card: ModelCard, name: str) -> Measure:
    """Give a metric of the judging rows with its interval."""
    return Measure(*(card.told.metrics.get(f"{name}{end}") for end in ("", "_low", "_high")))


def between(found: Measure, digits: int) -> str:
    """Write an interval, or a dash."""
    if found.low is None or found.high is None:
        return words.NOTHING
    return f"{words.figure(found.low, digits)} to {words.figure(found.high, digits)}"


def verdict(card: ModelCard) -> Verdict:
    """Answer in a word and a sentence whether this version is fit to score."""
    auc, passed = measure(card, "auc"), len(card.gates) - len(card.failed)
    said = (
        "" if auc.value is None else f"It ranks a default above a non-default in {words.percent(auc.value, 0)} of pairs"
    )
    if auc.low is not None and auc.high is not None:
        said += f" ({words.percent(auc.low, 0)} to {words.percent(auc.high, 0)})"
    rates = (words.percent(card.told.metrics[name]) for name in ("predicted_rate", "observed_rate"))
    said += " and predicts {} default where {} defaulted. ".format(*rates)
    said = said if auc.value is not None else said.removeprefix(" and ").capitalize()
    said += f"It passes {passed} of {words.many(len(card.gates), 'gate')}"
    said += f", not {listed(list(card.failed))}." if card.failed else "."
    if card.failed and card.is_champion:
        return Verdict("look", "Scores now, past a failed gate", said)
    if card.failed:
        return Verdict("stop", "Not fit to score", said)
    return Verdict("good", "Scores now" if card.is_champion else "Fit to score", said)


def attention(card: ModelCard) -> list[Finding]:
    """List what a reader should look at, the gravest first."""
    return [*_stops(card), *_looks(card)]


def _stops(card: ModelCard) -> Iterator[Finding]:
    for gate in card.gates:
        if not gate.passed:
            yield Finding("stop", f"{gate.code}: {gate.found}.", "gates")
    if card.override:
        yield Finding("stop", f"It was promoted past its gates: {card.override}", "gates")


def _looks(card: ModelCard) -> Iterator[Finding]:
    for one in card.told.findings:
        yield Finding("look", f"{one.code}: {one.found}.", "findings")
    rated = [("tenth", card.told.calibration, "calibration"), ("grade", card.told.grades, "calibration")]
    rated += [(name, table, "parts") for name, table in sorted(card.told.parts.items())]
    for name, table, section in rated:
        off = [str(row[name]) for row in table if not agrees(row["predicted_rate"], row["low"], row["high"])]
        if off:
            yield Finding("look", f"Predicted and observed default disagree for {name} {listed(off)}.", section)
    for name, table in card.told.groups.items():
        low = [row["group"] for row in table if (row["approval_ratio"] or 1.0) < FOUR_FIFTHS]
        if low:
            yield Finding(
                "look", f"{name.capitalize()} {listed(low)} is approved under four fifths as often.", "groups"
            )


def titles(card: ModelCard) -> dict[str, str]:
    """Give the sentence over each part."""
    told = card.told
    passed = len(card.gates) - len(card.failed)
    caught = told.metrics.get("captured_top_10")
    gap = abs(told.metrics["predicted_rate"] - told.metrics["observed_rate"])
    ranked = "Only one outcome came to pass, so nothing can be ranked"
    if caught is not None:
        ranked = f"The riskiest tenth holds {words.percent(caught, 0)} of all defaults"
    return {
        "gates": f"{passed} of {words.many(len(card.gates), 'gate')} passed",
        "ranking": ranked,
        "calibration": f"Over all judging rows the prediction is {words.points(gap, 2).removeprefix('+')} off",
        "parts": "How it does by month, product, vintage and borrower",
        "groups": f"How groups fare under a cut at {words.percent(card.approval_below, 0)}",
        "features": _features_title(card),
        "stability": _stability_title(card),
        "findings": _findings_title(card),
    }


def _features_title(card: ModelCard) -> str:
    used = card.told.features
    held = words.percent(sum(row["gain"] for row in used[:FEATURES]), 0)
    return f"The first {min(FEATURES, len(used))} of {words.many(len(used), 'feature')} hold {held} of what it learned"


def _stability_title(card: ModelCard) -> str:
    if card.told.score_shift is None:
        return "There were no test rows to compare with the training rows"
    moved = sum(row["index"] > max(MOVED, row["noise"]) for row in card.told.shifts)
    index = words.figure(card.told.score_shift["index"])
    return f"The score's stability index is {index}; {words.many(moved, 'feature')} moved beyond chance"


def _findings_title(card: ModelCard) -> str:
    found = len(card.told.findings)
    return f"The leakage audit has {words.many(found, 'finding')}" if found else "The leakage audit found nothing"
