"""Families of what the borrower does: consumption and behaviour."""

from dataclasses import replace

from features.authoring import EVER, combined, is_set, one_of, windowed
from features.declarations import Aggregate, Aggregation, Direction, Feature, Ratio, Trend

CONSUMPTION, BEHAVIOUR = "consumption", "behaviour"
CURRENCY = "currency units"


def _order(
    aggregation: Aggregation, subject: str, measure: str = "", *, by: str = "", flags: tuple[str, ...] = ()
) -> Aggregate:
    return Aggregate("order", aggregation, subject, measure, is_set(*flags), by=by)


def _spent(aggregation: Aggregation, subject: str = "spent_amount", by: str = "") -> Aggregate:
    return _order(aggregation, subject, "amount", by=by, flags=("is_kept",))


BOUGHT = _order(Aggregation.COUNT, "bought", flags=("is_kept",))
SPENT = _spent(Aggregation.SUM)
ON_CREDIT = _order(Aggregation.SUM, "credit_amount", "credit_amount", flags=("is_kept",))
VIRTUAL = _order(Aggregation.SUM, "virtual_amount", "amount", flags=("is_kept", "is_virtual"))


def over_days(aggregate: Aggregate, window_days: int) -> Aggregate:
    """Give an aggregate over another window."""
    return replace(aggregate, window_days=window_days)


def _order_share(flag: str, windows: tuple[int | None, ...], words: str, direction: Direction) -> tuple[Feature, ...]:
    share = _order(Aggregation.SHARE, flag.removeprefix("is_"), flag)
    return windowed(CONSUMPTION, share, windows, f"Share of the borrower's orders {words}", "share", direction)


def _of_spending(part: Aggregate, subject: str, window_days: int, words: str) -> tuple[Feature, ...]:
    ratio = Ratio(subject, over_days(part, window_days), over_days(SPENT, window_days))
    sentence = f"Share of spending {words} in the last {window_days} days"
    return combined(CONSUMPTION, ratio, sentence, "share", 1, "nothing was spent in the window")


def _pace(
    family: str, aggregate: Aggregate, short: int, long: int, words: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    trend = Trend(over_days(aggregate, short), over_days(aggregate, long))
    sentence = f"Daily pace of {words} in the last {short} days over that of the last {long}"
    return combined(family, trend, sentence, "ratio", direction, "nothing in the long window")


CONSUMPTION_FEATURES: tuple[Feature, ...] = (
    *windowed(CONSUMPTION, BOUGHT, (7, 30, 90, 180, 365), "Orders kept", "orders"),
    *windowed(CONSUMPTION, SPENT, (30, 90, 180, 365), "Spending on orders kept", CURRENCY),
    *windowed(CONSUMPTION, _spent(Aggregation.MEAN), (90, 365), "Mean size of an order kept", CURRENCY),
    *windowed(CONSUMPTION, _spent(Aggregation.MAX), (90, 365), "Largest order kept", CURRENCY),
    *windowed(CONSUMPTION, _spent(Aggregation.STD), (365,), "Deviation of the size of orders kept", CURRENCY),
    *_order_share("is_night", (90, 365), "made from 22:00 to 6:00", 1),
    *_order_share("is_weekend", (180,), "made on weekends", 0),
    *_order_share("is_virtual", (90, 365), "for goods that need no delivery", 1),
    *_order_share("is_away", (180,), "sent outside the home region", 1),
    *_order_share("is_refunded", (180, 365), "with a refund or return that was not rejected", 1),
    *_order_share("is_cancelled", (180,), "cancelled or refused", 1),
    *windowed(
        CONSUMPTION, _order(Aggregation.DISTINCT, "merchants", by="merchant_id"), (90, 365), "Merchants", "merchants"
    ),
    *windowed(
        CONSUMPTION,
        _order(Aggregation.DISTINCT, "categories", by="category_code"),
        (90, 365),
        "Categories",
        "categories",
    ),
    *windowed(
        CONSUMPTION,
        _spent(Aggregation.TOP_SHARE, "merchant_amount", "merchant_id"),
        (365,),
        "Share of the merchant with most of the borrower's spending",
        "share",
    ),
    *windowed(
        CONSUMPTION,
        _spent(Aggregation.TOP_SHARE, "category_amount", "category_code"),
        (365,),
        "Share of the category with most of the borrower's spending",
        "share",
    ),
    *windowed(
        CONSUMPTION,
        _order(Aggregation.RECENCY, "bought", flags=("is_kept",)),
        EVER,
        "Days since the latest order kept",
        "days",
    ),
    *windowed(
        CONSUMPTION,
        _order(Aggregation.SHARE, "night_kept", "is_night", flags=("is_kept",)),
        (180,),
        "Share of kept orders made at night",
        "share",
        1,
    ),
    *_of_spending(ON_CREDIT, "credit_to_spent", 90, "paid on credit"),
    *_of_spending(ON_CREDIT, "credit_to_spent", 365, "paid on credit"),
    *_of_spending(VIRTUAL, "virtual_to_spent", 180, "for goods that need no delivery"),
    *_pace(CONSUMPTION, BOUGHT, 30, 180, "orders"),
    *_pace(CONSUMPTION, SPENT, 30, 180, "spending"),
    *_pace(CONSUMPTION, SPENT, 90, 365, "spending"),
)


def _done(event_type: str, subject: str, aggregation: Aggregation = Aggregation.COUNT) -> Aggregate:
    return Aggregate("behaviour", aggregation, subject, where=one_of("event_type", event_type))


LOGIN, CREDIT_PAGE = _done("LOGIN", "login"), _done("CREDIT_PAGE", "credit_page")
FAILURE = _done("PAYMENT_FAILURE", "payment_failure")
ACTIVE_DAYS = Aggregate("behaviour", Aggregation.DISTINCT, "active_days", by="active_day")
DEVICES = Aggregate("behaviour", Aggregation.DISTINCT, "devices", by="device_id")
SESSIONS = Aggregate("behaviour", Aggregation.DISTINCT, "sessions", by="session_id")
NIGHTS = Aggregate("behaviour", Aggregation.SHARE, "night", "is_night")
LOWEST_BALANCE = Aggregate("behaviour", Aggregation.MIN, "balance", "balance")
CREDITED = replace(_done("ACCOUNT_CREDIT", "account_credit_amount", Aggregation.SUM), measure="amount")
DEBITED = replace(_done("ACCOUNT_DEBIT", "account_debit_amount", Aggregation.SUM), measure="amount")


def _did(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    return windowed(BEHAVIOUR, aggregate, windows, words, unit, direction)


BEHAVIOUR_FEATURES: tuple[Feature, ...] = (
    *_did(LOGIN, (7, 30, 90), "Logins", "logins"),
    *_did(ACTIVE_DAYS, (30, 90), "Days with anything done in the app", "days"),
    *_did(SESSIONS, (30,), "Visits", "visits"),
    *_did(DEVICES, (90, 365), "Devices used", "devices", 1),
    *_did(CREDIT_PAGE, (7, 30, 90, 180), "Views of pages that offer credit", "views", 1),
    *_did(FAILURE, (30, 90, 180, 365), "Payments that failed", "failures", 1),
    *_did(_done("BILL_VIEW", "bill_view"), (30, 90), "Views of the bill", "views"),
    *_did(_done("BROWSE", "browse"), (30,), "Browsing events", "events"),
    *_did(_done("PROFILE_CHANGE", "profile_change"), (90, 365), "Changes of the profile", "changes", 1),
    *_did(_done("CARD_BINDING", "card_binding"), (90, 365), "Cards bound", "cards"),
    *_did(NIGHTS, (90,), "Share of what was done from 22:00 to 6:00", "share", 1),
    *_did(_done("LOGIN", "login", Aggregation.RECENCY), EVER, "Days since the latest login", "days"),
    *_did(
        _done("PAYMENT_FAILURE", "payment_failure", Aggregation.RECENCY),
        EVER,
        "Days since the latest failed payment",
        "days",
        -1,
    ),
    *_did(
        _done("CREDIT_PAGE", "credit_page", Aggregation.RECENCY),
        EVER,
        "Days since the latest view of credit pages",
        "days",
        -1,
    ),
    *_did(CREDITED, (90,), "Account credits", CURRENCY),
    *_did(DEBITED, (90,), "Account debits", CURRENCY),
    *_did(LOWEST_BALANCE, (90,), "Lowest account balance", CURRENCY, -1),
    *_pace(BEHAVIOUR, LOGIN, 30, 180, "logins"),
    *_pace(BEHAVIOUR, CREDIT_PAGE, 30, 180, "views of credit pages", 1),
    *_pace(BEHAVIOUR, FAILURE, 30, 180, "failed payments", 1),
    *combined(
        BEHAVIOUR,
        Ratio("credit_page_per_login", over_days(CREDIT_PAGE, 90), over_days(LOGIN, 90)),
        "Views of credit pages for each login in the last 90 days",
        "ratio",
        1,
        "no login in the window",
    ),
    *combined(
        BEHAVIOUR,
        Ratio("failure_per_login", over_days(FAILURE, 180), over_days(LOGIN, 180)),
        "Failed payments for each login in the last 180 days",
        "ratio",
        1,
        "no login in the window",
    ),
)
