"""The family of what the borrower owes: borrowing."""

from dataclasses import replace

from features.authoring import CURRENCY, EVER, combined, is_set, last_of, latest, over_days, paced, term, windowed
from features.declarations import Aggregate, Aggregation, Definition, Difference, Direction, Feature, Ratio, Term
from features.family_behaviour import CREDITED, LAST_BALANCE
from features.family_consumption import ON_CREDIT, SPENT
from features.family_repayment import PAID

BORROWING = "borrowing"


def _loan(aggregation: Aggregation, subject: str, measure: str = "", *flags: str) -> Aggregate:
    return Aggregate("loan", aggregation, subject, measure, is_set(*flags))


def _statement(aggregation: Aggregation, subject: str, measure: str, *flags: str) -> Aggregate:
    return Aggregate("statement", aggregation, subject, measure, is_set(*flags))


OWED = _loan(Aggregation.SUM, "owed_principal", "owed_principal")
LENT = _loan(Aggregation.SUM, "principal", "principal")
RATE = _loan(Aggregation.MEAN, "annual_rate", "annual_rate")
UTILISATION = _statement(Aggregation.MEAN, "utilisation", "utilisation")
LAST_UTILISATION = _statement(Aggregation.LAST, "utilisation", "utilisation")
USED = _statement(Aggregation.SUM, "used_now", "used_amount", "is_latest")
LIMIT = _statement(Aggregation.SUM, "limit_now", "limit_amount", "is_latest")
DUE_SOON, LEFT_TO_PAY = Term("obligation", "due_next_30d_amount"), Term("obligation", "left_to_pay_amount")
NO_LINE = "no statement of a credit line with a limit is known"
NOTHING_SPENT = "nothing was spent in the window"
NOTHING_LEFT = "nothing is left to pay"


def _owes(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    return windowed(BORROWING, aggregate, windows, words, unit, direction)


def _ratio(
    subject: str, numerator: Definition, denominator: Definition, words: str, null_means: str, direction: Direction = 1
) -> tuple[Feature, ...]:
    return combined(BORROWING, Ratio(subject, numerator, denominator), words, "ratio", direction, null_means)


def _over_spending(
    part: Aggregate, subject: str, window_days: int, words: str, direction: Direction
) -> tuple[Feature, ...]:
    ratio = Ratio(subject, over_days(part, window_days), over_days(SPENT, window_days))
    sentence = f"{words} over spending in the last {window_days} days"
    return combined(BORROWING, ratio, sentence, "ratio", direction, NOTHING_SPENT)


LOAN_FEATURES: tuple[Feature, ...] = (
    *_owes(_loan(Aggregation.COUNT, "taken"), (7, 30, 90, 180, 365, None), "Loans taken", "loans"),
    *_owes(_loan(Aggregation.COUNT, "open", "", "is_open"), EVER, "Open loans among those taken", "loans", 1),
    *_owes(_loan(Aggregation.COUNT, "cash", "", "is_cash"), (30, 180), "Cash loans taken", "loans", 1),
    *_owes(LENT, (30, 90, 180, 365), "Principal lent", CURRENCY),
    *_owes(OWED, EVER, "Principal owed on loans taken", CURRENCY, 1),
    *_owes(_loan(Aggregation.SUM, "arrears_amount", "arrears"), EVER, "Arrears on loans taken", CURRENCY, 1),
    *_owes(_loan(Aggregation.MEAN, "principal", "principal"), EVER, "Mean principal of loans taken", CURRENCY),
    *_owes(_loan(Aggregation.MAX, "principal", "principal"), EVER, "Largest principal of a loan taken", CURRENCY),
    *latest(
        BORROWING, _loan(Aggregation.MEAN, "principal", "principal"), (5,), "Mean principal of loans taken", CURRENCY
    ),
    *_owes(RATE, EVER, "Mean annual rate of loans taken", "annual decimal", 1),
    *combined(
        BORROWING,
        Difference("last_to_mean_rate", _loan(Aggregation.LAST, "annual_rate", "annual_rate"), RATE),
        "Annual rate of the latest loan less the mean of all",
        "annual decimal",
        1,
        "no rate is known",
    ),
    *_owes(
        _loan(Aggregation.MAX, "days_past_due", "days_past_due"),
        EVER,
        "Most days past due now of any loan taken",
        "days",
        1,
    ),
    *_owes(
        _loan(Aggregation.MAX, "worst_days", "worst_days"),
        (365, None),
        "Most days past due ever of any loan taken",
        "days",
        1,
    ),
    *latest(
        BORROWING,
        _loan(Aggregation.MAX, "worst_days", "worst_days"),
        (3,),
        "Most days past due ever of loans taken",
        "days",
        1,
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
    *_owes(_loan(Aggregation.OLDEST, "taken"), EVER, "Days since the first loan was taken", "days", -1),
    *_owes(
        _loan(Aggregation.RECENCY, "bad", "", "is_bad"),
        EVER,
        "Days since the latest loan that went bad was taken",
        "days",
        -1,
    ),
    *paced(BORROWING, LENT, 30, 180, "borrowing", 1),
    *_ratio("owed_to_lent", OWED, LENT, "Share still owed of all that was ever lent", "nothing was lent"),
)

LINE_FEATURES: tuple[Feature, ...] = (
    *_owes(UTILISATION, (30, 90, 180, 365), "Mean share of the limit in use, over statements", "share", 1),
    *_owes(
        replace(UTILISATION, aggregation=Aggregation.MAX),
        (30, 90, 180, 365),
        "Largest share of the limit in use",
        "share",
        1,
    ),
    *_owes(
        replace(UTILISATION, aggregation=Aggregation.STD), (365,), "Deviation of the share of the limit in use", "share"
    ),
    *_owes(LAST_UTILISATION, EVER, "Share of the limit in use by the latest statement", "share", 1),
    *_owes(
        _statement(Aggregation.SHARE, "nearly_full", "is_nearly_full"),
        (180, 365),
        "Share of statements with at least nine tenths of the limit in use",
        "share",
        1,
    ),
    *_owes(
        _statement(Aggregation.STREAK, "nearly_full", "is_nearly_full"),
        EVER,
        "Latest statements, one after the other, with at least nine tenths of the limit in use",
        "statements",
        1,
    ),
    *_owes(
        _statement(Aggregation.COUNT, "raised", "", "is_raised"), (365,), "Times that a limit was raised", "times", 0
    ),
    *_owes(_statement(Aggregation.COUNT, "cut", "", "is_cut"), (365,), "Times that a limit was cut", "times", 1),
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
    *combined(
        BORROWING,
        Difference("last_to_mean_of_5_utilisation", LAST_UTILISATION, last_of(UTILISATION, 5)),
        "Share of the limit in use by the latest statement less the mean of the latest five",
        "share",
        1,
        NO_LINE,
    ),
    *combined(
        BORROWING,
        Difference("recent_utilisation", over_days(UTILISATION, 30), over_days(UTILISATION, 365)),
        "Mean share of the limit in use in the last 30 days less that in the last 365",
        "share",
        1,
        NO_LINE,
    ),
)

BURDEN_FEATURES: tuple[Feature, ...] = (
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
    *_ratio(
        "due_to_spent",
        DUE_SOON,
        over_days(SPENT, 30),
        "What falls due in the next 30 days over spending in the last 30",
        f"{NOTHING_LEFT}, or nothing was spent",
    ),
    *_ratio(
        "due_to_paid",
        DUE_SOON,
        over_days(PAID, 30),
        "What falls due in the next 30 days over what was paid in the last 30",
        f"{NOTHING_LEFT}, or nothing was paid",
    ),
    *_ratio(
        "due_to_credited",
        DUE_SOON,
        over_days(CREDITED, 30),
        "What falls due in the next 30 days over account credits in the last 30",
        f"{NOTHING_LEFT}, or nothing was credited",
    ),
    *_ratio(
        "due_to_balance",
        DUE_SOON,
        LAST_BALANCE,
        "What falls due in the next 30 days over the latest account balance",
        f"{NOTHING_LEFT}, or no balance above zero is known",
    ),
    *_ratio(
        "left_to_paid_90d",
        LEFT_TO_PAY,
        over_days(PAID, 90),
        "All that is left to pay over what was paid in the last 90 days: quarters until it is paid at that pace",
        f"{NOTHING_LEFT}, or nothing was paid",
    ),
    *_over_spending(LENT, "lent_to_spent", 30, "Principal lent", 1),
    *_over_spending(LENT, "lent_to_spent", 90, "Principal lent", 1),
    *_over_spending(LENT, "lent_to_spent", 365, "Principal lent", 1),
    *_over_spending(PAID, "paid_to_spent", 30, "Repayments", 0),
    *_over_spending(PAID, "paid_to_spent", 90, "Repayments", 0),
    *_ratio("spent_to_limit", over_days(SPENT, 30), LIMIT, "Spending in the last 30 days over limits", NO_LINE, 0),
    *_ratio("spent_to_limit", over_days(SPENT, 90), LIMIT, "Spending in the last 90 days over limits", NO_LINE, 0),
    *_ratio(
        "credit_to_limit",
        over_days(ON_CREDIT, 30),
        LIMIT,
        "Spending on credit in the last 30 days over limits",
        NO_LINE,
    ),
)

BORROWING_FEATURES = (*LOAN_FEATURES, *LINE_FEATURES, *BURDEN_FEATURES)
