"""The family of what the borrower buys: consumption."""

from dataclasses import replace

from features.authoring import CURRENCY, EVER, combined, is_set, last_of, latest, one_of, over_days, paced, windowed
from features.declarations import Aggregate, Aggregation, Difference, Direction, Feature, Ratio

CONSUMPTION = "consumption"


def _order(
    aggregation: Aggregation, subject: str, measure: str = "", *, by: str = "", flags: tuple[str, ...] = ()
) -> Aggregate:
    return Aggregate("order", aggregation, subject, measure, is_set(*flags), by=by)


def _spent(aggregation: Aggregation, subject: str = "spent_amount", by: str = "") -> Aggregate:
    return _order(aggregation, subject, "amount", by=by, flags=("is_kept",))


BOUGHT = _order(Aggregation.COUNT, "bought", flags=("is_kept",))
SPENT = _spent(Aggregation.SUM)
SIZE = _spent(Aggregation.MEAN)
LAST_SIZE = _spent(Aggregation.LAST)
ON_CREDIT = _order(Aggregation.SUM, "credit_amount", "credit_amount", flags=("is_kept",))
VIRTUAL = _order(Aggregation.SUM, "virtual_amount", "amount", flags=("is_kept", "is_virtual"))
DISPUTES = Aggregate("case", Aggregation.COUNT, "disputed", where=one_of("case_kind", "DISPUTE", "CHARGEBACK"))
REFUNDS = Aggregate("case", Aggregation.COUNT, "refund_asked", where=one_of("case_kind", "REFUND", "RETURN"))


def _bought(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    return windowed(CONSUMPTION, aggregate, windows, words, unit, direction)


def _order_share(flag: str, windows: tuple[int | None, ...], words: str, direction: Direction) -> tuple[Feature, ...]:
    share = _order(Aggregation.SHARE, flag.removeprefix("is_"), flag)
    return _bought(share, windows, f"Share of the borrower's orders {words}", "share", direction)


def _last_share(flag: str, words: str, direction: Direction) -> tuple[Feature, ...]:
    share = _order(Aggregation.SHARE, flag.removeprefix("is_"), flag)
    return latest(CONSUMPTION, share, (10,), f"Share of the borrower's orders {words}", "share", direction)


def _of_spending(part: Aggregate, subject: str, window_days: int, words: str) -> tuple[Feature, ...]:
    ratio = Ratio(subject, over_days(part, window_days), over_days(SPENT, window_days))
    sentence = f"Share of spending {words} in the last {window_days} days"
    return combined(CONSUMPTION, ratio, sentence, "share", 1, "nothing was spent in the window")


def _sizes(short: int, long: int) -> tuple[Feature, ...]:
    ratio = Ratio(f"size_to_that_of_{long}d", over_days(SIZE, short), over_days(SIZE, long))
    sentence = f"Mean size of an order kept in the last {short} days over that in the last {long}"
    return combined(CONSUMPTION, ratio, sentence, "ratio", 0, "no order kept in the short window")


def _spread(code: str, group: str, groups: str) -> tuple[Feature, ...]:
    """Declare how many groups the borrower buys from, and how evenly."""
    number = _order(Aggregation.DISTINCT, groups, by=code)
    top = _spent(Aggregation.TOP_SHARE, f"{group}_amount", code)
    evenness = _order(Aggregation.ENTROPY, groups, by=code, flags=("is_kept",))
    words = f"Entropy of orders kept over {groups}: 0 for one only, higher the more and the more evenly"
    return (
        *_bought(number, (30, 90, 180, 365), groups.capitalize(), groups),
        *_bought(top, (90, 365), f"Share of the {group} with most of the borrower's spending", "share"),
        *_bought(evenness, (90, 365), words, "nats"),
    )


CONSUMPTION_FEATURES: tuple[Feature, ...] = (
    *_bought(BOUGHT, (7, 30, 90, 180, 365), "Orders kept", "orders"),
    *_bought(SPENT, (7, 30, 90, 180, 365), "Spending on orders kept", CURRENCY),
    *_bought(SIZE, (30, 90, 180, 365), "Mean size of an order kept", CURRENCY),
    *_bought(_spent(Aggregation.MAX), (30, 90, 365), "Largest order kept", CURRENCY),
    *_bought(_spent(Aggregation.STD), (90, 365), "Deviation of the size of orders kept", CURRENCY),
    *latest(CONSUMPTION, SIZE, (5, 20), "Mean size of an order kept", CURRENCY),
    *_order_share("is_night", (30, 90, 365), "made from 22:00 to 6:00", 1),
    *_order_share("is_weekend", (90, 180, 365), "made on weekends", 0),
    *_order_share("is_virtual", (30, 90, 365), "for goods that need no delivery", 1),
    *_order_share("is_away", (90, 180, 365), "sent outside the home region", 1),
    *_order_share("is_refunded", (90, 180, 365), "with a refund or return that was not rejected", 1),
    *_order_share("is_cancelled", (90, 180, 365), "cancelled or refused", 1),
    *_last_share("is_night", "made from 22:00 to 6:00", 1),
    *_last_share("is_virtual", "for goods that need no delivery", 1),
    *_last_share("is_cancelled", "cancelled or refused", 1),
    *_spread("merchant_id", "merchant", "merchants"),
    *_spread("category_code", "category", "categories"),
    *_bought(
        _order(Aggregation.DISTINCT, "devices", by="device_id"),
        (90, 365),
        "Devices that orders were made on",
        "devices",
        1,
    ),
    *_bought(replace(BOUGHT, aggregation=Aggregation.RECENCY), EVER, "Days since the latest order kept", "days"),
    *_bought(replace(BOUGHT, aggregation=Aggregation.OLDEST), EVER, "Days since the first order kept", "days", -1),
    *_bought(
        _order(Aggregation.SHARE, "night_kept", "is_night", flags=("is_kept",)),
        (180,),
        "Share of kept orders made at night",
        "share",
        1,
    ),
    *_of_spending(ON_CREDIT, "credit_to_spent", 30, "paid on credit"),
    *_of_spending(ON_CREDIT, "credit_to_spent", 90, "paid on credit"),
    *_of_spending(ON_CREDIT, "credit_to_spent", 365, "paid on credit"),
    *_of_spending(VIRTUAL, "virtual_to_spent", 30, "for goods that need no delivery"),
    *_of_spending(VIRTUAL, "virtual_to_spent", 180, "for goods that need no delivery"),
    *paced(CONSUMPTION, BOUGHT, 30, 180, "orders"),
    *paced(CONSUMPTION, SPENT, 30, 180, "spending"),
    *paced(CONSUMPTION, SPENT, 90, 365, "spending"),
    *paced(CONSUMPTION, ON_CREDIT, 30, 180, "spending on credit", 1),
    *_sizes(30, 180),
    *_sizes(90, 365),
    *combined(
        CONSUMPTION,
        Difference("last_to_mean_size", LAST_SIZE, last_of(SIZE, 10)),
        "Size of the latest order kept less the mean of the latest ten",
        CURRENCY,
        0,
        "no order kept is known",
    ),
    *_bought(DISPUTES, (365,), "Disputes and chargebacks that the borrower raised", "cases", 1),
    *_bought(REFUNDS, (90, 365), "Refunds and returns that the borrower asked for", "cases"),
)
