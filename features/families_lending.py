"""Families of how the borrower owes and pays: repayment and borrowing."""

from dataclasses import replace

from features.authoring import EVER, combined, is_set, one_of, term, windowed
from features.declarations import Aggregate, Aggregation, Difference, Feature, Ratio, Term, Trend
from features.families_events import CURRENCY, SPENT, over_days

REPAYMENT, BORROWING = "repayment", "borrowing"
NO_INSTALMENT = "no instalment fell due in the window"


def _due(
    aggregation: Aggregation, subject: str, measure: str = "", *flags: str, entity: str = "borrower_id"
) -> Aggregate:
    return Aggregate("instalment", aggregation, subject, measure, is_set(*flags), entity=entity)


LATENESS = _due(Aggregation.MEAN, "days_late", "days_late")
LAST_LATENESS = _due(Aggregation.LAST, "days_late", "days_late")
COVERED = _due(Aggregation.SUM, "covered_amount", "covered_amount")
DUE = _due(Aggregation.SUM, "due_amount", "due_amount")
PAID = Aggregate("repayment", Aggregation.SUM, "paid_amount", "paid_amount", one_of("kind", "PAYMENT"))
VOIDED = Aggregate("repayment", Aggregation.COUNT, "voided", where=one_of("kind", "VOIDING"))
DEBITS = Aggregate("repayment", Aggregation.COUNT, "auto_debit", where=one_of("method", "AUTO_DEBIT"))
PAYMENTS = Aggregate("repayment", Aggregation.COUNT, "paid", where=one_of("kind", "PAYMENT"))
PREPAID = Aggregate("repayment", Aggregation.COUNT, "prepayment", where=one_of("method", "PREPAYMENT"))
PENALTIES = Aggregate("repayment", Aggregation.SUM, "penalty_amount", "penalty_amount")


def _paid(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: int = 0
) -> tuple[Feature, ...]:
    return windowed(REPAYMENT, aggregate, windows, words, unit, direction)


REPAYMENT_FEATURES: tuple[Feature, ...] = (
    *_paid(LATENESS, (90, 180, 365), "Mean days late of the borrower's instalments due", "days", 1),
    *_paid(
        replace(LATENESS, aggregation=Aggregation.MAX),
        (30, 90, 180, 365),
        "Most days late of an instalment due",
        "days",
        1,
    ),
    *_paid(replace(LATENESS, aggregation=Aggregation.STD), (365,), "Deviation of days late of instalments due", "days"),
    *_paid(LAST_LATENESS, EVER, "Days late of the latest instalment that fell due", "days", 1),
    *_paid(
        _due(Aggregation.MEAN, "days_early", "days_early"),
        (180,),
        "Mean days by which instalments due were covered early",
        "days",
        -1,
    ),
    *_paid(_due(Aggregation.COUNT, "due"), (90, 365), "Instalments that fell due", "instalments"),
    *_paid(
        _due(Aggregation.COUNT, "late", "", "is_late"),
        (30, 90, 365),
        "Instalments due that were late",
        "instalments",
        1,
    ),
    *_paid(
        _due(Aggregation.COUNT, "late_7", "", "is_late_7"),
        (180, 365),
        "Instalments due that were more than 7 days late",
        "instalments",
        1,
    ),
    *_paid(
        _due(Aggregation.COUNT, "late_30", "", "is_late_30"),
        (365,),
        "Instalments due that were more than 30 days late",
        "instalments",
        1,
    ),
    *_paid(_due(Aggregation.COUNT, "open", "", "is_open"), (90,), "Instalments due and not covered", "instalments", 1),
    *_paid(
        _due(Aggregation.COUNT, "partial", "", "is_partial"),
        (90,),
        "Instalments due and covered in part only",
        "instalments",
        1,
    ),
    *_paid(
        _due(Aggregation.SHARE, "late", "is_late"),
        (90, 180, 365),
        "Share of instalments due that were late",
        "share",
        1,
    ),
    *_paid(
        _due(Aggregation.SHARE, "late_7", "is_late_7"),
        (365,),
        "Share of instalments due that were more than 7 days late",
        "share",
        1,
    ),
    *_paid(
        _due(Aggregation.COUNT, "in_streak", "", "is_in_streak"),
        EVER,
        "Instalments covered in time since the last late one",
        "instalments",
        -1,
    ),
    *_paid(
        _due(Aggregation.RECENCY, "late", "", "is_late"),
        EVER,
        "Days since the due day of the latest late instalment",
        "days",
        -1,
    ),
    *combined(
        REPAYMENT,
        Difference("last_to_mean_days_late", LAST_LATENESS, over_days(LATENESS, 365)),
        "Days late of the latest instalment less the mean of the last 365 days",
        "days",
        1,
        NO_INSTALMENT,
    ),
    *combined(
        REPAYMENT,
        Difference("recent_days_late", over_days(LATENESS, 90), over_days(LATENESS, 365)),
        "Mean days late in the last 90 days less that in the last 365",
        "days",
        1,
        NO_INSTALMENT,
    ),
    *combined(
        REPAYMENT,
        Ratio("covered_to_due", over_days(COVERED, 90), over_days(DUE, 90)),
        "Share covered of what fell due in the last 90 days",
        "share",
        -1,
        NO_INSTALMENT,
    ),
    *combined(
        REPAYMENT,
        Ratio("covered_to_due", over_days(COVERED, 365), over_days(DUE, 365)),
        "Share covered of what fell due in the last 365 days",
        "share",
        -1,
        NO_INSTALMENT,
    ),
    *_paid(PAID, (30, 90, 180), "Principal, interest and fees paid", CURRENCY),
    *_paid(PAYMENTS, (90,), "Payments made", "payments"),
    *_paid(replace(PAYMENTS, aggregation=Aggregation.RECENCY), EVER, "Days since the latest payment", "days"),
    *_paid(PREPAID, (365,), "Prepayments", "payments", -1),
    *_paid(VOIDED, (90, 365), "Payments that were voided", "payments", 1),
    *_paid(PENALTIES, (365,), "Penalties paid", CURRENCY, 1),
    *combined(
        REPAYMENT,
        Ratio("auto_debit_to_paid", over_days(DEBITS, 180), over_days(PAYMENTS, 180)),
        "Share of payments in the last 180 days made by automatic debit",
        "share",
        0,
        "no payment in the window",
    ),
    *combined(
        REPAYMENT,
        Trend(over_days(PAID, 30), over_days(PAID, 180)),
        "Daily pace of payments in the last 30 days over that of the last 180",
        "ratio",
        0,
        "nothing was paid in the long window",
    ),
)


def _loan(aggregation: Aggregation, subject: str, measure: str = "", *flags: str) -> Aggregate:
    return Aggregate("loan", aggregation, subject, measure, is_set(*flags))


def _statement(aggregation: Aggregation, subject: str, measure: str, *flags: str) -> Aggregate:
    return Aggregate("statement", aggregation, subject, measure, is_set(*flags))


OWED = _loan(Aggregation.SUM, "owed_principal", "owed_principal")
LENT = _loan(Aggregation.SUM, "principal", "principal")
UTILISATION = _statement(Aggregation.MEAN, "utilisation", "utilisation")
LAST_UTILISATION = _statement(Aggregation.LAST, "utilisation", "utilisation")
USED = _statement(Aggregation.SUM, "used_now", "used_amount", "is_latest")
LIMIT = _statement(Aggregation.SUM, "limit_now", "limit_amount", "is_latest")
DUE_SOON = Term("obligation", "due_next_30d_amount")
NO_LINE = "no statement of a credit line with a limit is known"


def _owes(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: int = 0
) -> tuple[Feature, ...]:
    return windowed(BORROWING, aggregate, windows, words, unit, direction)


BORROWING_FEATURES: tuple[Feature, ...] = (
    *_owes(_loan(Aggregation.COUNT, "taken"), (30, 90, 365, None), "Loans taken", "loans"),
    *_owes(_loan(Aggregation.COUNT, "open", "", "is_open"), EVER, "Open loans among those taken", "loans", 1),
    *_owes(_loan(Aggregation.COUNT, "cash", "", "is_cash"), (180,), "Cash loans taken", "loans", 1),
    *_owes(LENT, (90, 365), "Principal lent", CURRENCY),
    *_owes(OWED, EVER, "Principal owed on loans taken", CURRENCY, 1),
    *_owes(_loan(Aggregation.SUM, "arrears_amount", "arrears"), EVER, "Arrears on loans taken", CURRENCY, 1),
    *_owes(_loan(Aggregation.MEAN, "principal", "principal"), EVER, "Mean principal of loans taken", CURRENCY),
    *_owes(
        _loan(Aggregation.MAX, "days_past_due", "days_past_due"),
        EVER,
        "Most days past due now of any loan taken",
        "days",
        1,
    ),
    *_owes(
        _loan(Aggregation.MAX, "worst_days", "worst_days"), EVER, "Most days past due ever of any loan taken", "days", 1
    ),
    *_owes(
        _loan(Aggregation.COUNT, "late_now", "", "is_late"), EVER, "Loans past due now among those taken", "loans", 1
    ),
    *_owes(
        _loan(Aggregation.COUNT, "bad", "", "is_bad"),
        EVER,
        "Loans that were ever 30 days past due or written off among those taken",
        "loans",
        1,
    ),
    *_owes(
        _loan(Aggregation.COUNT, "prepaid", "", "is_prepaid"),
        EVER,
        "Loans paid in full before their time among those taken",
        "loans",
        -1,
    ),
    *_owes(
        _loan(Aggregation.SUM, "late_number", "late_number"), EVER, "Late instalments of loans taken", "instalments", 1
    ),
    *_owes(_loan(Aggregation.RECENCY, "taken"), EVER, "Days since the latest loan was taken", "days"),
    *combined(
        BORROWING,
        Trend(over_days(LENT, 30), over_days(LENT, 180)),
        "Daily pace of borrowing in the last 30 days over that of the last 180",
        "ratio",
        1,
        "nothing was lent in the long window",
    ),
    *combined(
        BORROWING,
        Ratio("owed_to_lent", OWED, LENT),
        "Share still owed of all that was ever lent",
        "share",
        1,
        "nothing was lent",
    ),
    *_owes(UTILISATION, (180,), "Mean share of the limit in use, over statements", "share", 1),
    *_owes(replace(UTILISATION, aggregation=Aggregation.MAX), (180,), "Largest share of the limit in use", "share", 1),
    *_owes(LAST_UTILISATION, EVER, "Share of the limit in use by the latest statement", "share", 1),
    *_owes(LIMIT, EVER, "Limits of all credit lines, by their latest statements", CURRENCY, -1),
    *_owes(
        _statement(Aggregation.COUNT, "frozen_now", "", "is_frozen", "is_latest"),
        EVER,
        "Credit lines that are frozen, of those known",
        "lines",
        1,
    ),
    *combined(
        BORROWING,
        Ratio("used_to_limit", USED, LIMIT),
        "Share in use of the limits of all credit lines",
        "share",
        1,
        NO_LINE,
    ),
    *combined(
        BORROWING,
        Difference("last_to_mean_utilisation", LAST_UTILISATION, over_days(UTILISATION, 180)),
        "Share of the limit in use by the latest statement less the mean of the last 180 days",
        "share",
        1,
        NO_LINE,
    ),
    term(
        BORROWING,
        "obligation",
        "due_next_30d_amount",
        "What falls due for the borrower in the next 30 days",
        CURRENCY,
        1,
        "no instalment is left to pay",
    ),
    term(
        BORROWING,
        "obligation",
        "left_to_pay_amount",
        "All that is left to pay by the schedules of the borrower's open loans",
        CURRENCY,
        1,
        "no instalment is left to pay",
    ),
    *combined(
        BORROWING,
        Ratio("due_to_spent", DUE_SOON, over_days(SPENT, 30)),
        "What falls due in the next 30 days over spending in the last 30",
        "ratio",
        1,
        "nothing is left to pay, or nothing was spent",
    ),
    *combined(
        BORROWING,
        Ratio("lent_to_spent", over_days(LENT, 90), over_days(SPENT, 90)),
        "Principal lent over spending in the last 90 days",
        "ratio",
        1,
        "nothing was spent in the window",
    ),
)
