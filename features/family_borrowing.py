"""The family of what the borrower owes: borrowing."""

from dataclasses import replace

from features.authoring import EVER, combined, is_set, term, windowed
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio, Term, Trend
from features.families_events import CURRENCY, SPENT, over_days

BORROWING = "borrowing"


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
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
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
