"""The family of what the borrower does in the app: behaviour."""

from dataclasses import replace

from features.authoring import CURRENCY, EVER, combined, latest, one_of, over_days, paced, windowed
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio

BEHAVIOUR = "behaviour"
ALL_WINDOWS = (7, 30, 90, 180, 365)


def _done(event_type: str, subject: str, aggregation: Aggregation = Aggregation.COUNT) -> Aggregate:
    return Aggregate("behaviour", aggregation, subject, where=one_of("event_type", event_type))


DONE = Aggregate("behaviour", Aggregation.COUNT, "done")
LOGIN, CREDIT_PAGE = _done("LOGIN", "login"), _done("CREDIT_PAGE", "credit_page")
FAILURE, CHANGE = _done("PAYMENT_FAILURE", "payment_failure"), _done("PROFILE_CHANGE", "profile_change")
ACTIVE_DAYS = Aggregate("behaviour", Aggregation.DISTINCT, "active_days", by="active_day")
DEVICES = Aggregate("behaviour", Aggregation.DISTINCT, "devices", by="device_id")
SESSIONS = Aggregate("behaviour", Aggregation.DISTINCT, "sessions", by="session_id")
KINDS = Aggregate("behaviour", Aggregation.ENTROPY, "event_types", by="event_type")
NIGHTS = Aggregate("behaviour", Aggregation.SHARE, "night", "is_night")
WEEKENDS = Aggregate("behaviour", Aggregation.SHARE, "weekend", "is_weekend")
WORKING_TIME = Aggregate("behaviour", Aggregation.SHARE, "working_time", "is_working_time")
BALANCE = Aggregate("behaviour", Aggregation.MEAN, "balance", "balance")
LAST_BALANCE = replace(BALANCE, aggregation=Aggregation.LAST)
CREDITED = replace(_done("ACCOUNT_CREDIT", "account_credit_amount", Aggregation.SUM), measure="amount")
DEBITED = replace(_done("ACCOUNT_DEBIT", "account_debit_amount", Aggregation.SUM), measure="amount")
FIRST_LOGIN, LAST_LOGIN = (replace(LOGIN, aggregation=each) for each in (Aggregation.OLDEST, Aggregation.RECENCY))


def _did(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    return windowed(BEHAVIOUR, aggregate, windows, words, unit, direction)


def _since(aggregate: Aggregate, words: str, direction: Direction = 0) -> tuple[Feature, ...]:
    return _did(
        replace(aggregate, aggregation=Aggregation.RECENCY), EVER, f"Days since the latest {words}", "days", direction
    )


def _per_login(aggregate: Aggregate, subject: str, window_days: int, words: str) -> tuple[Feature, ...]:
    ratio = Ratio(subject, over_days(aggregate, window_days), over_days(LOGIN, window_days))
    sentence = f"{words} for each login in the last {window_days} days"
    return combined(BEHAVIOUR, ratio, sentence, "ratio", 1, "no login in the window")


BEHAVIOUR_FEATURES: tuple[Feature, ...] = (
    *_did(LOGIN, ALL_WINDOWS, "Logins", "logins"),
    *_did(ACTIVE_DAYS, ALL_WINDOWS, "Days with anything done in the app", "days"),
    *_did(SESSIONS, (7, 30, 90), "Visits", "visits"),
    *_did(DEVICES, (30, 90, 365), "Devices used", "devices", 1),
    *_did(CREDIT_PAGE, ALL_WINDOWS, "Views of pages that offer credit", "views", 1),
    *_did(FAILURE, ALL_WINDOWS, "Payments that failed", "failures", 1),
    *_did(_done("BILL_VIEW", "bill_view"), (7, 30, 90), "Views of the bill", "views"),
    *_did(_done("BROWSE", "browse"), (7, 30, 90), "Browsing events", "events"),
    *_did(CHANGE, (30, 90, 180, 365), "Changes of the profile", "changes", 1),
    *_did(_done("CARD_BINDING", "card_binding"), (30, 90, 365), "Cards bound", "cards"),
    *_did(NIGHTS, (30, 90, 365), "Share of what was done from 22:00 to 6:00", "share", 1),
    *latest(BEHAVIOUR, NIGHTS, (20, 50), "Share of what was done from 22:00 to 6:00", "share", 1),
    *_did(WEEKENDS, (90,), "Share of what was done on weekends", "share"),
    *_did(WORKING_TIME, (90,), "Share of what was done on Monday to Friday from 9:00 to 18:00", "share"),
    *_did(KINDS, (90,), "Entropy of what was done over kinds of events", "nats"),
    *_since(LOGIN, "login"),
    *_since(FAILURE, "failed payment", -1),
    *_since(CREDIT_PAGE, "view of credit pages", -1),
    *_since(CHANGE, "change of the profile", -1),
    *_did(CREDITED, (30, 90), "Account credits", CURRENCY),
    *_did(DEBITED, (30, 90), "Account debits", CURRENCY),
    *_did(replace(BALANCE, aggregation=Aggregation.MIN), (30, 90), "Lowest account balance", CURRENCY, -1),
    *_did(BALANCE, (90,), "Mean account balance", CURRENCY, -1),
    *_did(LAST_BALANCE, EVER, "Latest account balance", CURRENCY, -1),
    *paced(BEHAVIOUR, LOGIN, 30, 180, "logins"),
    *paced(BEHAVIOUR, CREDIT_PAGE, 30, 180, "views of credit pages", 1),
    *paced(BEHAVIOUR, FAILURE, 30, 180, "failed payments", 1),
    *paced(BEHAVIOUR, CREDITED, 30, 180, "account credits", -1),
    *_per_login(CREDIT_PAGE, "credit_page_per_login", 90, "Views of credit pages"),
    *_per_login(FAILURE, "failure_per_login", 180, "Failed payments"),
    *combined(
        BEHAVIOUR,
        Ratio("credit_page_to_done", over_days(CREDIT_PAGE, 30), over_days(DONE, 30)),
        "Share of views of credit pages in all that was done in the last 30 days",
        "share",
        1,
        "nothing was done in the window",
    ),
    *combined(
        BEHAVIOUR,
        Difference("login_span", FIRST_LOGIN, LAST_LOGIN),
        "Days from the first login to the latest",
        "days",
        -1,
        "no login is known",
    ),
    *combined(
        BEHAVIOUR,
        Ratio("debit_to_credit", over_days(DEBITED, 90), over_days(CREDITED, 90)),
        "Account debits over account credits in the last 90 days",
        "ratio",
        1,
        "nothing was credited in the window",
    ),
    *combined(
        BEHAVIOUR,
        Difference("last_to_mean_balance", LAST_BALANCE, over_days(BALANCE, 90)),
        "Latest account balance less the mean of the last 90 days",
        CURRENCY,
        -1,
        "no balance is known in the window",
    ),
)
