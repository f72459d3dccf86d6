"""The family of what credit bureaus say: credit report."""

from dataclasses import replace

from features.authoring import CURRENCY, EVER, combined, last_of, windowed
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio, Term
from features.family_borrowing import OWED

REPORT = "credit_report"


def _reported(subject: str, measure: str, aggregation: Aggregation = Aggregation.LAST) -> Aggregate:
    return Aggregate("report", aggregation, subject, measure)


def _said(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    return windowed(REPORT, aggregate, windows, words, unit, direction)


def _changed(subject: str, measure: str, words: str, unit: str, direction: Direction) -> tuple[Feature, ...]:
    """Declare how the latest report differs from the mean of the latest few, and so from those before it."""
    last, mean = _reported(subject, measure), last_of(_reported(subject, measure, Aggregation.MEAN), 3)
    sentence = f"{words} by the latest report less the mean of the latest three"
    change = Difference(f"last_to_mean_of_3_{subject}", last, mean)
    return combined(REPORT, change, sentence, unit, direction, "no report that says it is known")


SCORE, INQUIRIES = _reported("score", "bureau_score"), _reported("inquiries_3m", "inquiry_3m")
BALANCE, OVERDUE = _reported("active_balance", "active_balance"), _reported("overdue_amount", "overdue_amount")
LENDERS, BUCKET = _reported("active_lenders", "active_lender"), _reported("worst_bucket", "worst_bucket")
SEEN = _reported("seen", "", Aggregation.RECENCY)
INCOME = Term("profile", "annual_income_amount")

REPORT_FEATURES: tuple[Feature, ...] = (
    *_said(SCORE, EVER, "The bureau's latest score", "points", -1),
    *_said(INQUIRIES, EVER, "Inquiries by lenders within three months by the latest report", "inquiries", 1),
    *_said(
        _reported("inquiries_12m", "inquiry_12m"),
        EVER,
        "Inquiries by lenders within twelve months by the latest report",
        "inquiries",
        1,
    ),
    *_said(LENDERS, EVER, "Lenders with an open balance by the latest report", "lenders", 1),
    *_said(BALANCE, EVER, "Balance with all lenders by the latest report", CURRENCY, 1),
    *_said(OVERDUE, EVER, "Overdue with any lender by the latest report", CURRENCY, 1),
    *_said(BUCKET, EVER, "Worst delinquency bucket within 24 months by the latest report", "bucket", 1),
    *_said(replace(SCORE, aggregation=Aggregation.MIN), (365,), "Lowest bureau score", "points", -1),
    *_said(replace(OVERDUE, aggregation=Aggregation.MAX), (365,), "Most overdue by any report", CURRENCY, 1),
    *_said(replace(BUCKET, aggregation=Aggregation.MAX), EVER, "Worst delinquency bucket by any report", "bucket", 1),
    *_said(replace(INQUIRIES, aggregation=Aggregation.MAX), (365,), "Most inquiries by any report", "inquiries", 1),
    *_said(replace(LENDERS, aggregation=Aggregation.MAX), (365,), "Most lenders by any report", "lenders", 1),
    *_said(replace(SEEN, aggregation=Aggregation.COUNT), (90, 365), "Credit reports fetched", "reports"),
    *_said(SEEN, EVER, "Days since the latest credit report", "days"),
    *_said(replace(SEEN, aggregation=Aggregation.OLDEST), EVER, "Days since the first credit report", "days", -1),
    *_changed("score", "bureau_score", "The bureau's score", "points", -1),
    *_changed("inquiries_3m", "inquiry_3m", "Inquiries within three months", "inquiries", 1),
    *_changed("active_lenders", "active_lender", "Lenders with an open balance", "lenders", 1),
    *_changed("active_balance", "active_balance", "Balance with all lenders", CURRENCY, 1),
    *_changed("overdue_amount", "overdue_amount", "Overdue with any lender", CURRENCY, 1),
    *combined(
        REPORT,
        Difference("last_to_mean_score", SCORE, replace(SCORE, aggregation=Aggregation.MEAN, window_days=365)),
        "The bureau's latest score less its mean in the last 365 days",
        "points",
        -1,
        "no score in the window",
    ),
    *combined(
        REPORT,
        Ratio("inquiries_3m_to_12m", INQUIRIES, _reported("inquiries_12m", "inquiry_12m")),
        "Share of the twelve months' inquiries made in the last three, by the latest report",
        "share",
        1,
        "no inquiry is known",
    ),
    *combined(
        REPORT,
        Ratio("balance_to_income", BALANCE, INCOME),
        "Balance with all lenders over yearly income",
        "ratio",
        1,
        "balance or income is not known",
    ),
    *combined(
        REPORT,
        Ratio("overdue_to_balance", OVERDUE, BALANCE),
        "Share overdue of the balance with all lenders, by the latest report",
        "share",
        1,
        "no balance is known",
    ),
    *combined(
        REPORT,
        Ratio("balance_per_lender", BALANCE, LENDERS),
        "Balance for each lender with an open one, by the latest report",
        CURRENCY,
        0,
        "no lender with an open balance is known",
    ),
    *combined(
        REPORT,
        Ratio("owed_here_to_balance", OWED, BALANCE),
        "Principal owed on this platform over the balance with all lenders",
        "ratio",
        0,
        "no balance is known",
    ),
)
