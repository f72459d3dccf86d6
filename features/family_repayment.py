"""The family of how the borrower pays: repayment."""

from dataclasses import replace

from features.authoring import CURRENCY, EVER, combined, is_set, last_of, latest, one_of, over_days, paced, windowed
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio

REPAYMENT = "repayment"
NO_INSTALMENT = "no instalment fell due in the window"


def _due(
    aggregation: Aggregation, subject: str, measure: str = "", *flags: str, entity: str = "borrower_id"
) -> Aggregate:
    return Aggregate("instalment", aggregation, subject, measure, is_set(*flags), entity=entity)


LATENESS = _due(Aggregation.MEAN, "days_late", "days_late")
MOST_LATE = replace(LATENESS, aggregation=Aggregation.MAX)
LAST_LATENESS = _due(Aggregation.LAST, "days_late", "days_late")
LATE_SHARE = _due(Aggregation.SHARE, "late", "is_late")
COVERED = _due(Aggregation.SUM, "covered_amount", "covered_amount")
DUE = _due(Aggregation.SUM, "due_amount", "due_amount")
LATE_COUNT, CURED = _due(Aggregation.COUNT, "late", "", "is_late"), _due(Aggregation.COUNT, "cured", "", "is_cured")
IN_TIME = _due(Aggregation.STREAK, "in_time", "is_in_time")
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


def _latest(
    aggregate: Aggregate, counts: tuple[int, ...], words: str, unit: str, direction: Direction
) -> tuple[Feature, ...]:
    return latest(REPAYMENT, aggregate, counts, words, unit, direction)


def _count(
    subject: str, flag: str, windows: tuple[int | None, ...], words: str, direction: Direction
) -> tuple[Feature, ...]:
    counted = _due(Aggregation.COUNT, subject, "", flag)
    return _paid(counted, windows, f"Instalments due {words}", "instalments", direction)


def _changed(subject: str, minuend: Aggregate, subtrahend: Aggregate, words: str) -> tuple[Feature, ...]:
    return combined(REPAYMENT, Difference(subject, minuend, subtrahend), words, "days", 1, NO_INSTALMENT)


def _covered(window_days: int) -> tuple[Feature, ...]:
    ratio = Ratio("covered_to_due", over_days(COVERED, window_days), over_days(DUE, window_days))
    sentence = f"Share covered of what fell due in the last {window_days} days"
    return combined(REPAYMENT, ratio, sentence, "share", -1, NO_INSTALMENT)


def _last_covered(count: int) -> tuple[Feature, ...]:
    ratio = Ratio("covered_to_due", last_of(COVERED, count), last_of(DUE, count))
    sentence = f"Share covered of the latest {count} instalments that fell due"
    return combined(REPAYMENT, ratio, sentence, "share", -1, "no instalment fell due")


LATENESS_FEATURES: tuple[Feature, ...] = (
    *_paid(LATENESS, (30, 90, 180, 365), "Mean days late of the borrower's instalments due", "days", 1),
    *_paid(MOST_LATE, (30, 90, 180, 365), "Most days late of an instalment due", "days", 1),
    *_paid(replace(LATENESS, aggregation=Aggregation.STD), (365,), "Deviation of days late of instalments due", "days"),
    *_paid(LAST_LATENESS, EVER, "Days late of the latest instalment that fell due", "days", 1),
    *_latest(LATENESS, (5, 10, 20, 50), "Mean days late of instalments due", "days", 1),
    *_latest(MOST_LATE, (5, 10, 20, 50), "Most days late of an instalment due", "days", 1),
    *_latest(LATE_SHARE, (5, 10, 20), "Share of instalments due that were late", "share", 1),
    *_changed(
        "last_to_mean_days_late",
        LAST_LATENESS,
        over_days(LATENESS, 365),
        "Days late of the latest instalment less the mean of the last 365 days",
    ),
    *_changed(
        "last_to_mean_of_10_days_late",
        LAST_LATENESS,
        last_of(LATENESS, 10),
        "Days late of the latest instalment less the mean of the latest ten",
    ),
    *_changed(
        "recent_days_late",
        over_days(LATENESS, 90),
        over_days(LATENESS, 365),
        "Mean days late in the last 90 days less that in the last 365",
    ),
    *_changed(
        "recent_days_late",
        over_days(LATENESS, 30),
        over_days(LATENESS, 180),
        "Mean days late in the last 30 days less that in the last 180",
    ),
    *combined(
        REPAYMENT,
        Difference("worst_to_worst_days_late", over_days(MOST_LATE, 90), over_days(MOST_LATE, 365)),
        "Most days late in the last 90 days less the most in the last 365; 0 when the worst is recent or none late",
        "days",
        0,
        NO_INSTALMENT,
    ),
    *_paid(IN_TIME, EVER, "Instalments in time since the last late one", "instalments", -1),
    *_paid(
        replace(IN_TIME, aggregation=Aggregation.LONGEST), EVER, "Longest run of instalments in time", "instalments", -1
    ),
    *_paid(
        _due(Aggregation.STREAK, "late_run", "is_late"),
        EVER,
        "Instalments late one after the other, up to the latest",
        "instalments",
        1,
    ),
    *_paid(
        _due(Aggregation.LONGEST, "late_run", "is_late"),
        (365, None),
        "Longest run of late instalments",
        "instalments",
        1,
    ),
    *_paid(
        replace(LATE_COUNT, aggregation=Aggregation.RECENCY),
        EVER,
        "Days since the due day of the latest late instalment",
        "days",
        -1,
    ),
    *_paid(
        _due(Aggregation.RECENCY, "worst", "", "is_worst"),
        EVER,
        "Days since the due day of the instalment that was late by most days",
        "days",
        -1,
    ),
)

COVER_FEATURES: tuple[Feature, ...] = (
    *_paid(
        _due(Aggregation.MEAN, "days_early", "days_early"),
        (90, 180),
        "Mean days by which instalments due were covered early",
        "days",
        -1,
    ),
    *_latest(
        _due(Aggregation.MEAN, "days_early", "days_early"),
        (10,),
        "Mean days by which instalments due were covered early",
        "days",
        -1,
    ),
    *_paid(_due(Aggregation.COUNT, "due"), (90, 365), "Instalments that fell due", "instalments"),
    *_count("late", "is_late", (30, 90, 365), "that were late", 1),
    *_count("late_7", "is_late_7", (180, 365), "that were more than 7 days late", 1),
    *_count("late_30", "is_late_30", (365, None), "that were more than 30 days late", 1),
    *_count("open", "is_open", (90,), "and not covered", 1),
    *_count("partial", "is_partial", (90,), "and covered in part only", 1),
    *_count("cured", "is_cured", (365,), "that were late and then covered", 0),
    *combined(
        REPAYMENT,
        Ratio("cured_to_late", over_days(CURED, 365), over_days(LATE_COUNT, 365)),
        "Share of the late instalments due in the last 365 days that were then covered",
        "share",
        -1,
        "no instalment was late in the window",
    ),
    *_paid(LATE_SHARE, (90, 180, 365), "Share of instalments due that were late", "share", 1),
    *_paid(
        _due(Aggregation.SHARE, "late_7", "is_late_7"),
        (365,),
        "Share of instalments due that were more than 7 days late",
        "share",
        1,
    ),
    *_paid(
        _due(Aggregation.COUNT, "first_late_30", "", "is_first", "is_late_30"),
        EVER,
        "Loans whose first instalment was more than 30 days late",
        "loans",
        1,
    ),
    *_paid(
        _due(Aggregation.SHARE, "first_late", "is_late", "is_first"),
        EVER,
        "Share of loans whose first instalment was late",
        "share",
        1,
    ),
    *_covered(30),
    *_covered(90),
    *_covered(365),
    *_last_covered(5),
    *_last_covered(10),
)

PAYMENT_FEATURES: tuple[Feature, ...] = (
    *_paid(PAID, (30, 90, 180, 365), "Principal, interest and fees paid", CURRENCY),
    *_paid(PAYMENTS, (30, 90), "Payments made", "payments"),
    *_paid(replace(PAYMENTS, aggregation=Aggregation.RECENCY), EVER, "Days since the latest payment", "days"),
    *_paid(PREPAID, (365,), "Prepayments", "payments", -1),
    *_paid(VOIDED, (90, 365), "Payments that were voided", "payments", 1),
    *_paid(PENALTIES, (90, 365), "Penalties paid", CURRENCY, 1),
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
        Ratio("voided_to_paid", over_days(VOIDED, 365), over_days(PAYMENTS, 365)),
        "Payments that were voided for each that counts in the last 365 days",
        "ratio",
        1,
        "no payment in the window",
    ),
    *paced(REPAYMENT, PAID, 30, 180, "payments"),
)

OF_RECEIVABLE = "receivable_id"
RECEIVABLE_FEATURES: tuple[Feature, ...] = (
    *_paid(
        replace(LATENESS, entity=OF_RECEIVABLE), EVER, "Mean days late of this receivable's instalments due", "days", 1
    ),
    *_paid(
        replace(LAST_LATENESS, entity=OF_RECEIVABLE),
        EVER,
        "Days late of this receivable's latest instalment that fell due",
        "days",
        1,
    ),
    *_paid(
        _due(Aggregation.LAST, "first_days_late", "days_late", "is_first", entity=OF_RECEIVABLE),
        EVER,
        "Days late of this receivable's first instalment",
        "days",
        1,
    ),
    *_paid(
        replace(IN_TIME, entity=OF_RECEIVABLE),
        EVER,
        "Instalments of this receivable in time since the last late one",
        "instalments",
        -1,
    ),
    *_paid(
        replace(LATE_SHARE, entity=OF_RECEIVABLE),
        EVER,
        "Share of this receivable's instalments due that were late",
        "share",
        1,
    ),
    *_latest(
        replace(LATENESS, entity=OF_RECEIVABLE), (3,), "Mean days late of this receivable's instalments due", "days", 1
    ),
    *_paid(
        replace(PAID, entity=OF_RECEIVABLE), (30, 90), "Principal, interest and fees paid on this receivable", CURRENCY
    ),
    *_paid(replace(VOIDED, entity=OF_RECEIVABLE), EVER, "Payments on this receivable that were voided", "payments", 1),
)

REPAYMENT_FEATURES = (*LATENESS_FEATURES, *COVER_FEATURES, *PAYMENT_FEATURES, *RECEIVABLE_FEATURES)
