"""The pool report as sheets of a workbook: the same tables, with whole numbers instead of rounded words."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from reports import findings, titles, views
from reports import performance_titles as life_titles
from reports.contents import Holding, PoolReport
from reports.performance import Performance, Row
from reports.shares import batch_of, eligible_of, pool_of
from reports.workbook import Form, Sheet

T, C, M, S, N, D = Form.TEXT, Form.COUNT, Form.MONEY, Form.SHARE, Form.NUMBER, Form.DAY
Heads = tuple[tuple[str, Form], ...]
FORMS = {
    "_amount": M,
    "rate_mean": S,
    "probability_mean": S,
    "_count": C,
    "_on": D,
    "_days": C,
    "_number": C,
    "_share": S,
    "_rate": S,
    "_probability": S,
}
"""Form of a stored column, by the end of its name."""


def sheets(report: PoolReport) -> list[Sheet]:
    """Give every table of a report as a sheet, the summary first."""
    return [
        *_decision(report),
        *(_life(report.performance, report.currency) if report.performance else ()),
        *_evidence(report),
    ]


def _decision(report: PoolReport) -> Iterator[Sheet]:
    verdict = findings.verdict(report)
    facts: list[tuple[str, str]] = [
        ("Deal", f"{report.deal.name}, version {report.deal.version}"),
        ("As of the start of", report.as_of.isoformat()),
        ("Currency", report.currency),
        ("Verdict", verdict.word),
        ("", verdict.text),
        *((one.name, f"{one.value} ({one.note})") for one in views.tiles(report)),
        *(("Stop" if one.level == "stop" else "Look", one.text) for one in findings.attention(report)),
    ]
    yield Sheet("Summary", verdict.text, (("What", T), ("Says", T)), facts)
    steps = [
        (one.name, one.holding.count, one.holding.principal, one.of_open, one.of_before) for one in views.steps(report)
    ]
    heads: Heads = (("Step", T), ("Receivables", C), ("Principal", M), ("Of open", S), ("Of the step before", S))
    yield Sheet("Funnel", titles.funnel_title(report), heads, steps)
    criteria = [
        (one.code, one.clause, one.text_en, one.text_zh, one.failed, one.unknown, one.only_reason, one.principal)
        for one in report.criteria
    ]
    heads = (
        ("Criterion", T),
        ("Clause", T),
        ("Promise", T),
        ("承诺", T),
        ("Fail", C),
        ("Unknown", C),
        ("Only reason", C),
    )
    yield Sheet("Eligibility", titles.eligibility_title(report), (*heads, ("Principal", M)), criteria)
    yield Sheet("Composition", titles.compositions_title(report), COMPARED, list(_compared(report)))
    limits = [(*(getattr(one, name) for name in LIMIT), findings.limit_state(one)) for one in report.limits]
    heads = (("Limit", T), ("Promise", T), ("承诺", T), ("Before", N), ("With batch", N), ("Bound is", T), ("Bound", N))
    yield Sheet("Limits", titles.limits_title(report), (*heads, ("Headroom", N), ("Nearest", T), ("Stands", T)), limits)
    fired = [(o.code, o.text_en, o.text_zh, o.value, o.threshold, o.effect, o.is_fired) for o in report.triggers]
    heads = (("Trigger", T), ("Promise", T), ("承诺", T), ("Measured", N), ("Bound", N), ("Effect", T), ("In force", T))
    yield Sheet("Triggers", titles.triggers_title(report), heads, fired)


LIMIT = (
    "code", "text_en", "text_zh", "value_before", "value_after", "direction", "threshold", "headroom", "worst_member",
)  # fmt: skip
COMPARED = (
    ("Trait", T), ("Part", T), ("Eligible", C), ("Eligible principal", M), ("Batch", C), ("Batch principal", M),
    ("Pool", C), ("Pool principal", M),
)  # fmt: skip


def _compared(report: PoolReport) -> Iterator[tuple[Any, ...]]:
    def pair(holding: Holding) -> tuple[int, Decimal]:
        return holding.count, holding.principal

    for one in report.compositions:
        for part in one.members:
            yield one.trait, part.label, *(v for of in (eligible_of, batch_of, pool_of) for v in pair(of(part)))


def _life(told: Performance, currency: str) -> Iterator[Sheet]:
    stored = (
        ("Strata", life_titles.strata_title(told, currency), told.strata),
        ("Delinquency", life_titles.late_title(told), told.delinquencies),
        ("Delinquency by month", life_titles.late_title(told), told.history),
        ("Roll rates", life_titles.rolls_title(told.rolls), told.rolls),
        ("Static pools", life_titles.static_title(told), told.static),
        ("Outlook", life_titles.outlook_title(told, currency), told.outlook),
        ("Collections", life_titles.cash_title(told, currency), told.collections),
        ("Turnover", life_titles.turnover_title(told, currency), told.turnovers),
        ("Roll-forward", life_titles.roll_title(told, currency), told.roll_forwards),
        ("Dilution", life_titles.dilution_title(told, currency), told.dilutions),
        ("Warranty breaches", life_titles.breaches_title(told, currency), told.breaches),
        ("Batch drift", life_titles.drift_title(told), told.drifts),
        ("Alarms", "What of the pool a person must look at", told.alarms),
    )
    for name, title, rows in stored:
        yield _stored(name, title, rows)
    yield Sheet("Static rates", life_titles.speed_title(told), RATES, list(_rates(told)))


RATES = (
    ("Purchase", T), ("Bought on", D), ("Month", C), ("In default", S), ("Lost", S), ("Prepaid", S), ("Still owed", S),
    ("SMM", S), ("CPR", S), ("ABS", S), ("Payment rate", S), ("Yield a year", S),
)  # fmt: skip
RATE_NAMES = (
    "number", "default_rate", "loss_rate", "prepaid_rate", "factor", "smm", "cpr", "abs_speed", "payment_rate",
    "annual_yield",
)  # fmt: skip


def _rates(told: Performance) -> Iterator[tuple[Any, ...]]:
    for one in told.vintages:
        for rates in one.rates:
            yield one.purchase_id, one.bought_on, *(getattr(rates, name) for name in RATE_NAMES)
    for rates in told.together:
        yield "all together", None, *(getattr(rates, name) for name in RATE_NAMES)


def _stored(name: str, title: str, rows: Sequence[Row]) -> Sheet:
    """Give published rows as they are, without the deal and day that all share."""
    names = [one for one in (rows[0] if rows else ()) if one != "deal" and not (one == "as_of" and name != HISTORY)]
    columns = tuple((one.replace("_", " "), _form(one, rows)) for one in names)
    return Sheet(name, title, columns, [[row[one] for one in names] for row in rows])


HISTORY = "Delinquency by month"


def _form(name: str, rows: Sequence[Row]) -> Form:
    for end, form in FORMS.items():
        if name.endswith(end):
            return form
    value = next((row[name] for row in rows if row[name] is not None), "")
    if isinstance(value, date):
        return D
    return N if isinstance(value, float) else C if isinstance(value, int) and not isinstance(value, bool) else T


def _evidence(report: PoolReport) -> Iterator[Sheet]:
    if report.model:
        rows = [
            (kind, one.label, one.count, one.predicted, one.observed.value, one.observed.low, one.observed.high)
            for kind, table in (("tenth", report.model.bins), ("grade", report.model.grades))
            for one in table
        ]
        heads: Heads = (
            ("By", T),
            ("Part", T),
            ("Receivables", C),
            ("Predicted", S),
            ("Observed", S),
            ("From", S),
            ("To", S),
        )
        yield Sheet("Model", titles.model_title(report.model), heads, rows)
    tables = [
        (t.table, t.read, t.filtered, t.merged, t.published, t.quarantined, t.checks_passed, t.checks_failed)
        for t in report.data.tables
    ]
    names = ("Read", "Filtered", "Merged", "Published", "Quarantined", "Checks kept", "Checks broken")
    yield Sheet("Data", titles.data_title(report.data), (("Table", T), *((one, C) for one in names)), tables)
    kept = [(one.name, one.meaning, one.checked, one.breaches) for one in report.data.invariants]
    promised: Heads = (("Invariant", T), ("Promise", T), ("Looked at", C), ("Breaches", C))
    yield Sheet("Invariants", titles.invariants_title(report.data), promised, kept)
    made = [("Run", report.run_id), ("Engine", report.provenance.engine), ("Code", report.provenance.code_version)]
    made += [("Deal document", report.deal.document_hash), ("Model", report.model.version if report.model else "none")]
    made += [(one.table, one.snapshot) for one in report.provenance.snapshots]
    yield Sheet("Provenance", "With these, the run can be made again", (("What", T), ("Which", T)), made)
