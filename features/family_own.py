"""The families of what the receivable says itself and what is known of its borrower: own terms and profile."""

from features.authoring import CURRENCY, combined, is_set, over_days, term
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio, Term
from features.family_behaviour import LAST_BALANCE
from features.family_borrowing import LIMIT
from features.family_consumption import SPENT

PROFILE, OWN = "profile", "own"

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
FIRST = "the first loan"


def _against(
    previous: str, subject: str, term_of: Term, words: str, direction: Direction, other: str = "the mean"
) -> tuple[Feature, ...]:
    """Declare one of its terms over what the borrower's earlier loans had."""
    ratio, sentence = (
        Ratio(subject, term_of, Term("own", previous)),
        f"{words} over {other} of the borrower's earlier loans",
    )
    return combined(OWN, ratio, sentence, "ratio", direction, FIRST)


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
    *_against("previous_principal_amount", "principal_to_previous", PRINCIPAL, "Principal", 1),
    *_against("previous_largest_amount", "principal_to_largest", PRINCIPAL, "Principal", 1, "the largest principal"),
    *_against("previous_term_number", "term_to_previous", Term("own", "term_number"), "Number of instalments", 0),
    *combined(
        OWN,
        Difference("rate_to_previous", Term("own", "annual_rate"), Term("own", "previous_annual_rate")),
        "Annual rate less the mean of the borrower's earlier loans",
        "annual decimal",
        1,
        "the first loan, or no rate is known",
    ),
    _own("previous_worst_days", "Most days past due ever of the borrower's earlier loans", "days", 1, FIRST),
    _own("previous_open_count", "Earlier loans of the borrower that are still open", "loans", 1, FIRST),
    *combined(
        OWN,
        Ratio("instalment_to_spent", INSTALMENT, over_days(SPENT, 30)),
        "Mean instalment over the borrower's spending in the last 30 days",
        "ratio",
        1,
        "nothing was spent in the window",
    ),
    *combined(
        OWN,
        Ratio("instalment_to_balance", INSTALMENT, LAST_BALANCE),
        "Mean instalment over the borrower's latest account balance",
        "ratio",
        1,
        "no balance above zero is known",
    ),
    *combined(
        OWN,
        Ratio("principal_to_limit", PRINCIPAL, LIMIT),
        "Principal over the limits of all of the borrower's credit lines",
        "ratio",
        1,
        "no credit line with a limit is known",
    ),
)
