"""Families of who is behind a receivable and what it says itself: merchant, credit report, profile, own terms."""

from dataclasses import replace

from features.authoring import EVER, combined, is_set, one_of, term, windowed
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio, Smoothed, Term
from features.families_events import CURRENCY
from features.family_repayment import LATENESS, REPAYMENT

MERCHANT, REPORT, PROFILE, OWN = "merchant", "credit_report", "profile", "own"
NO_MERCHANT = "the receivable has no merchant, or it is not known"


def _bad_rate(entity: str, words: str, weight: int) -> tuple[Feature, ...]:
    rows = Aggregate("loan", Aggregation.COUNT, "seasoned", where=is_set("is_seasoned"), entity=entity)
    cases = replace(rows, subject="seasoned_bad", where=is_set("is_seasoned", "is_bad"))
    sentence = f"Share of loans {words}, 60 days old or older, that were ever 30 days past due or lost, smoothed"
    nothing = "the platform has no such loan yet, or the receivable has no such group"
    return combined(MERCHANT, Smoothed("bad_share", cases, rows, weight), sentence, "share", 1, nothing)


SOLD = Aggregate("order", Aggregation.COUNT, "sold", entity="merchant_id", window_days=180)
RETURNED = replace(SOLD, subject="returned", where=is_set("is_refunded"))
DISPUTED = Aggregate(
    "case", Aggregation.COUNT, "disputed", where=one_of("case_kind", "DISPUTE", "CHARGEBACK"), entity="merchant_id"
)

MERCHANT_FEATURES: tuple[Feature, ...] = (
    *_bad_rate("merchant_id", "sold by the merchant", 50),
    *_bad_rate("region_code", "in the region", 200),
    *_bad_rate("category_code", "for the category", 200),
    *combined(
        MERCHANT,
        Smoothed("returned_share", RETURNED, SOLD),
        "Share of the merchant's orders in the last 180 days with a refund or return that was not rejected, smoothed",
        "share",
        1,
        "the platform had no order, or the receivable has no merchant",
    ),
    *windowed(
        MERCHANT,
        replace(SOLD, subject="sold_kept", where=is_set("is_kept")),
        (30, 180),
        "Orders that the merchant sold",
        "orders",
    ),
    *windowed(MERCHANT, DISPUTED, (365,), "Disputes and chargebacks against the merchant", "cases", 1),
    *windowed(
        MERCHANT,
        replace(LATENESS, entity="merchant_id"),
        (180,),
        "Mean days late of instalments due on the merchant's loans",
        "days",
        1,
    ),
    term(MERCHANT, "merchant", "age_days", "Days since the merchant joined", "days", -1, NO_MERCHANT),
    term(MERCHANT, "merchant", "is_active", "Whether the merchant is active", "flag", -1, NO_MERCHANT),
    term(MERCHANT, "merchant", "is_under_review", "Whether the merchant is under fraud review", "flag", 1, NO_MERCHANT),
    term(MERCHANT, "merchant", "is_blacklisted", "Whether the merchant is on the blacklist", "flag", 1, NO_MERCHANT),
)


def _reported(subject: str, measure: str, aggregation: Aggregation = Aggregation.LAST) -> Aggregate:
    return Aggregate("report", aggregation, subject, measure)


def _last(subject: str, measure: str, words: str, unit: str, direction: Direction) -> tuple[Feature, ...]:
    return windowed(REPORT, _reported(subject, measure), EVER, words, unit, direction)


LAST_INQUIRIES = _reported("inquiries_3m", "inquiry_3m")
REPORT_FEATURES: tuple[Feature, ...] = (
    *_last("score", "bureau_score", "The bureau's latest score", "points", -1),
    *_last(
        "inquiries_3m", "inquiry_3m", "Inquiries by lenders within three months by the latest report", "inquiries", 1
    ),
    *_last(
        "inquiries_12m", "inquiry_12m", "Inquiries by lenders within twelve months by the latest report", "inquiries", 1
    ),
    *_last("active_lenders", "active_lender", "Lenders with an open balance by the latest report", "lenders", 1),
    *_last("active_balance", "active_balance", "Balance with all lenders by the latest report", CURRENCY, 1),
    *_last("overdue_amount", "overdue_amount", "Overdue with any lender by the latest report", CURRENCY, 1),
    *_last(
        "worst_bucket", "worst_bucket", "Worst delinquency bucket within 24 months by the latest report", "bucket", 1
    ),
    *windowed(REPORT, _reported("score", "bureau_score", Aggregation.MIN), (365,), "Lowest bureau score", "points", -1),
    *windowed(REPORT, _reported("seen", "", Aggregation.RECENCY), EVER, "Days since the latest credit report", "days"),
    *combined(
        REPORT,
        Difference(
            "last_to_mean_score",
            _reported("score", "bureau_score"),
            replace(_reported("score", "bureau_score", Aggregation.MEAN), window_days=365),
        ),
        "The bureau's latest score less its mean in the last 365 days",
        "points",
        -1,
        "no score in the window",
    ),
    *combined(
        REPORT,
        Ratio("inquiries_3m_to_12m", LAST_INQUIRIES, _reported("inquiries_12m", "inquiry_12m")),
        "Share of the twelve months' inquiries made in the last three, by the latest report",
        "share",
        1,
        "no inquiry is known",
    ),
    *combined(
        REPORT,
        Ratio(
            "balance_to_income", _reported("active_balance", "active_balance"), Term("profile", "annual_income_amount")
        ),
        "Balance with all lenders over yearly income",
        "ratio",
        1,
        "balance or income is not known",
    ),
)

PROFILE_FEATURES: tuple[Feature, ...] = (
    term(PROFILE, "profile", "age_years", "Age of the borrower", "years", 0, "the birthday is not known"),
    term(PROFILE, "profile", "tenure_days", "Days since the borrower joined", "days", -1, "not known"),
    term(
        PROFILE,
        "profile",
        "annual_income_amount",
        "Yearly income as declared or verified",
        CURRENCY,
        -1,
        "not declared",
    ),
    term(
        PROFILE,
        "profile",
        "is_income_unknown",
        "Whether no income was declared",
        "flag",
        0,
        "the borrower is not known",
    ),
    term(PROFILE, "profile", "is_enterprise", "Whether the borrower is an enterprise", "flag", 0, "not said"),
    term(PROFILE, "profile", "is_verified", "Whether the identity was verified", "flag", -1, "not checked"),
    term(PROFILE, "profile", "kyc_factor_count", "Identity factors checked", "factors", -1, "not checked"),
    term(
        PROFILE, "profile", "is_related_party", "Whether the borrower belongs to the originator", "flag", 0, "not known"
    ),
    term(PROFILE, "profile", "is_insolvent", "Whether the borrower is in personal insolvency", "flag", 1, "not known"),
    term(
        PROFILE,
        "profile",
        "is_blacklisted",
        "Whether the borrower is on the blacklist",
        "flag",
        1,
        "the borrower is not known",
    ),
)


def _own(column: str, words: str, unit: str, direction: Direction = 0, null_means: str = "") -> Feature:
    return term(OWN, "own", column, words, unit, direction, null_means)


PRINCIPAL, OWED = Term("own", "original_principal_amount"), Term("own", "current_principal_amount")
INSTALMENT = Term("own", "instalment_amount")
NO_INCOME = "the income is not known"

OWN_FEATURES: tuple[Feature, ...] = (
    _own("original_principal_amount", "Principal at disbursement", CURRENCY),
    _own("current_principal_amount", "Principal owed now", CURRENCY),
    _own("arrears_amount", "Due and not covered", CURRENCY, 1),
    _own("annual_rate", "All-in annual rate", "annual decimal", 1, "not said"),
    _own("days_past_due", "Days past due now", "days", 1),
    _own("worst_days_past_due", "Most days past due ever", "days", 1),
    _own("late_count", "Instalments that were late", "instalments", 1),
    _own("paid_period_count", "Instalments covered", "instalments", -1),
    _own("remaining_period_count", "Instalments left", "instalments"),
    _own("term_number", "Instalments in the original schedule", "instalments"),
    _own("extension_count", "Extensions so far", "extensions", 1),
    _own("restructure_count", "Restructurings so far", "restructurings", 1),
    _own("instalment_amount", "Mean instalment", CURRENCY, 0, "no schedule and no term"),
    _own("age_days", "Days since the contract", "days"),
    _own("days_since_paid", "Days since the latest payment", "days", 0, "nothing was paid yet"),
    _own(
        "days_to_next_due",
        "Days until the first instalment not covered falls due; negative when past",
        "days",
        0,
        "no schedule",
    ),
    _own("days_to_final_due", "Days until the last instalment falls due", "days", 0, "no schedule"),
    _own("loan_number", "Which of the borrower's loans it is, from 1", "position"),
    _own("days_since_previous_loan", "Days from the borrower's previous loan to this one", "days", 0, "the first loan"),
    _own("is_first_loan", "Whether it is the borrower's first loan", "flag", 1),
    _own("is_auto_debit", "Whether a debit mandate is in force", "flag", -1, "not said"),
    _own("is_cash_loan", "Whether it has no merchant", "flag"),
    _own("is_disputed", "Whether a dispute or chargeback is open", "flag", 1),
    _own("is_refund_open", "Whether a refund or return is open", "flag"),
    *combined(
        OWN, Ratio("owed_share", OWED, PRINCIPAL), "Share of the principal still owed", "share", 0, "no principal"
    ),
    *combined(
        OWN,
        Ratio("arrears_to_owed", Term("own", "arrears_amount"), OWED),
        "Arrears over principal owed",
        "ratio",
        1,
        "nothing is owed",
    ),
    *combined(
        OWN,
        Ratio("instalment_to_income", INSTALMENT, Term("profile", "annual_income_amount")),
        "Mean instalment over yearly income",
        "ratio",
        1,
        NO_INCOME,
    ),
    *combined(
        OWN,
        Ratio("principal_to_mean_loan", PRINCIPAL, Aggregate("loan", Aggregation.MEAN, "principal", "principal")),
        "Principal over the mean principal of the borrower's loans",
        "ratio",
        1,
        "no loan was taken before the day",
    ),
    *combined(
        OWN,
        Ratio(
            "principal_to_mean_order",
            PRINCIPAL,
            Aggregate("order", Aggregation.MEAN, "spent_amount", "amount", is_set("is_kept"), 365),
        ),
        "Principal over the borrower's mean order in the last 365 days",
        "ratio",
        1,
        "no order in the window",
    ),
    *windowed(
        REPAYMENT,
        replace(LATENESS, entity="receivable_id"),
        EVER,
        "Mean days late of this receivable's instalments due",
        "days",
        1,
    ),
    *windowed(
        REPAYMENT,
        Aggregate("instalment", Aggregation.LAST, "days_late", "days_late", entity="receivable_id"),
        EVER,
        "Days late of this receivable's latest instalment that fell due",
        "days",
        1,
    ),
)
