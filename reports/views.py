"""What the templates lay out, prepared from the contents: rows with their shares, tiles, titles and pictures."""

from reports import charts, findings, performance_views, shares, titles, words
from reports.contents import Composition, CriterionResult, Holding, PoolReport
from reports.evidence import Measure, ModelQuality
from reports.rows import Cell, Row, Step, Stratum, Tile

SECTIONS = (
    ("purchase", "Purchase"),
    ("funnel", "Funnel"),
    ("eligibility", "Eligibility"),
    ("composition", "Composition"),
    ("limits", "Limits"),
    ("probability", "Default probability"),
    ("strata", "The pool"),
    ("late", "Lateness"),
    ("static", "Static pools"),
    ("speed", "Prepayment and life"),
    ("cash", "Collections"),
    ("turnover", "Turnover"),
    ("roll", "Roll-forward"),
    ("assets", "Dilution and breaches"),
    ("model", "Model"),
    ("data", "Data"),
    ("provenance", "Provenance"),
)
"""Every part of the page with its name, in order."""
OF_LIFE = frozenset({"strata", "late", "static", "speed", "cash", "turnover", "roll", "assets"})
"""Parts that tell of the pool's life: there are none before its first purchase."""


def view(report: PoolReport) -> dict[str, object]:
    """Prepare everything that the templates name beside the report itself."""
    stopping, passing = _divided(report.criteria)
    life = performance_views.view(report.performance, report.currency) if report.performance else {"life": None}
    shown = [one for one in SECTIONS if report.performance or one[0] not in OF_LIFE]
    return {
        **life,
        "sections": shown,
        "numbers": {name: place for place, (name, _) in enumerate(shown, 1)},
        "tiles": tiles(report),
        "steps": steps(report),
        "stopping": stopping,
        "passing": passing,
        "strata": tuple(
            _stratum(one) for one in report.compositions if {part.label for part in one.members} - {words.NOT_SAID}
        ),
        "titles": _titles(report),
        "pictures": _pictures(report),
        "model_tiles": _model_tiles(report.model) if report.model else (),
        "top_reason": max((reason.count for reason in report.model.reasons), default=0) if report.model else 0,
        "purchase_title": titles.purchase_title(report),
        "composition_finding": titles.compositions_title(report),
    }


def _divided(criteria: tuple[CriterionResult, ...]) -> tuple[tuple[CriterionResult, ...], tuple[CriterionResult, ...]]:
    """Part the criteria that refuse something, most principal first, from those that all pass."""
    stopping = sorted((c for c in criteria if c.failed + c.unknown), key=lambda c: (-c.principal, c.code))
    return tuple(stopping), tuple(c for c in criteria if not c.failed + c.unknown)


def _titles(report: PoolReport) -> dict[str, str]:
    return {
        "funnel": titles.funnel_title(report),
        "eligibility": titles.eligibility_title(report),
        "limits": titles.limits_title(report),
        "triggers": titles.triggers_title(report),
        "probability": titles.probability_title(report.probabilities),
        "model": titles.model_title(report.model) if report.model else "No model was asked",
        "data": titles.data_title(report.data),
        "invariants": titles.invariants_title(report.data),
    }


AGREEMENTS = (
    ("bins", "tenth of risk", "tenths of risk", "tenths of risk, safest first"),
    ("grades", "grade", "grades", "grade"),
)


def _pictures(report: PoolReport) -> dict[str, charts.Picture]:
    drawn = {}
    if report.probabilities.bins:
        title = titles.spread_title(report.probabilities)
        drawn["probability"] = charts.probability_picture(report.probabilities, title)
    for name, noun, nouns, axis in AGREEMENTS:
        rows = getattr(report.model, name, ())
        if rows:
            drawn[name] = charts.agreement_picture(rows, titles.agreement_title(rows, noun, nouns), axis)
    return drawn


def tiles(report: PoolReport) -> tuple[Tile, ...]:
    """Give the key figures of the purchase."""
    purchase, means = report.purchase, report.probabilities
    batch = purchase.batch if purchase else Holding()
    eligible = report.funnel.eligible
    price, cash = (purchase.price, purchase.cash_available) if purchase else (None, None)
    currency = report.currency
    return (
        Tile("Receivables", words.count(batch.count), f"of {words.count(eligible.count)} eligible"),
        Tile("Principal", words.short_money(batch.principal, currency), _of_eligible(batch, eligible)),
        Tile("Price", words.NOTHING if price is None else words.short_money(price, currency), _price_note(report)),
        Tile(
            "Cash used",
            words.NOTHING if price is None or cash is None else words.percent(words.share(price, cash)),
            "nothing proposed" if cash is None else f"of {words.short_money(cash, currency)}",
        ),
        Tile(
            "Default probability",
            words.percent(means.batch_mean, 2),
            f"eligible {words.percent(means.eligible_mean, 2)}",
        ),
        _limits_tile(report),
    )


def _limits_tile(report: PoolReport) -> Tile:
    states = [findings.limit_state(limit) for limit in report.limits]
    kept = f"{states.count('Kept') + states.count('Binds')} of {len(states)}"
    binding = [limit.code for limit in report.limits if limit.is_binding]
    if not states:
        return Tile("Limits kept", words.NOTHING, "none measured")
    if set(states) == {"Not measured"}:
        return Tile("Limits kept", words.NOTHING, "the pool is empty")
    return Tile("Limits kept", kept, findings.binding_said(binding) if binding else "none binds")


def _of_eligible(batch: Holding, eligible: Holding) -> str:
    return f"{words.percent(words.share(batch.principal, eligible.principal))} of eligible"


def _price_note(report: PoolReport) -> str:
    if report.purchase is None:
        return "nothing proposed"
    return f"{words.percent(words.share(report.purchase.price, report.purchase.batch.principal), 2)} of principal"


STEPS = (
    ("Open", "opened", "principal is left, nothing written off"),
    ("Scored", "scored", "has a default probability"),
    ("Eligible", "eligible", "passes every criterion"),
    ("Proposed", "proposed", "chosen under the limits and the cash"),
    ("Booked", "booked", "approved, and entered in the ledger"),
)


def steps(report: PoolReport) -> tuple[Step, ...]:
    """Give the steps of the funnel with what is left at each; without the scores on a day that has none."""
    found: list[Step] = []
    before = opened = report.funnel.opened.principal
    for name, field, meaning in STEPS:
        if field == "scored" and report.funnel.judged is not report.funnel.scored:
            continue
        holding: Holding = getattr(report.funnel, field)
        of_open, of_before = words.share(holding.principal, opened), words.share(holding.principal, before)
        found.append(Step(name, meaning, holding, of_open, of_before))
        before = holding.principal
    return tuple(found)


def _stratum(composition: Composition) -> Stratum:
    columns = (shares.eligible_of, shares.batch_of, shares.pool_of)
    totals = tuple(shares.total(composition, column) for column in columns)
    table = [
        (
            member.label,
            tuple(
                Cell(column(member), words.share(column(member).principal, whole.principal))
                for column, whole in zip(columns, totals, strict=True)
            ),
        )
        for member in composition.members
    ]
    longest = max((cell.share or 0.0 for _, cells in table for cell in cells[:2]), default=0.0) or 1.0
    rows = tuple(
        Row(label, cells, (cells[0].share or 0.0) / longest, (cells[1].share or 0.0) / longest)
        for label, cells in table
    )
    return Stratum(composition.trait, titles.composition_title(composition), rows, totals)


def _model_tiles(model: ModelQuality) -> tuple[Tile, ...]:
    return (
        Tile("AUC", words.figure(model.auc.value), _plain_interval(model.auc) or "0.5 is chance, 1 is perfect"),
        Tile("Gini", words.figure(model.gini.value), _plain_interval(model.gini) or "0 is chance, 1 is perfect"),
        Tile("KS", words.figure(model.ks.value), _plain_interval(model.ks) or "widest gap of good and bad"),
        Tile("Brier score", words.figure(model.brier.value, 4), _plain_interval(model.brier, 4) or "0 is perfect"),
        Tile(
            "Calibration error",
            words.points(model.calibration_error.value, 2).removeprefix("+"),
            _points_interval(model.calibration_error) or "mean distance of predicted from observed",
        ),
    )


def _plain_interval(measure: Measure, digits: int = 3) -> str:
    if measure.low is None or measure.high is None:
        return ""
    return f"95{words.SPACE}%: {words.figure(measure.low, digits)} to {words.figure(measure.high, digits)}"


def _points_interval(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return ""
    low, high = (words.points(end, 2).removeprefix("+") for end in (measure.low, measure.high))
    return f"95{words.SPACE}%: {low} to {high}"
