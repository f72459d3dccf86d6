"""The family of how the borrower pays: repayment."""

from dataclasses import replace

from features.authoring import EVER, combined, is_set, one_of, windowed
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio, Trend
from features.families_events import CURRENCY, over_days

REPAYMENT = "repayment"
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
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
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
