"""The families of whom the receivable is tied to: its merchant, region and category, and who shares a device."""

from dataclasses import replace

from features.authoring import CURRENCY, combined, is_set, one_of, over_days, paced, term, windowed
from features.declarations import Aggregate, Aggregation, Direction, Feature, Ratio, Smoothed
from features.family_repayment import LATENESS

MERCHANT, SHARED_DEVICE = "merchant", "shared_device"
NO_MERCHANT = "the receivable has no merchant, or it is not known"
NO_GROUP = "the platform has no such loan yet, or the receivable has no such group"
NO_BAD_GROUP = "no such loan of the platform was bad yet, or the receivable has no such group"
NO_DEVICE = "no device of the borrower is known"


def _bad_rate(entity: str, words: str, weight: int) -> tuple[Feature, ...]:
    rows = Aggregate("loan", Aggregation.COUNT, "seasoned", where=is_set("is_seasoned"), entity=entity)
    cases = replace(rows, subject="seasoned_bad", where=is_set("is_seasoned", "is_bad"))
    bad = f"Share of loans {words}, 60 days old or older, that were ever 30 days past due or lost"
    ratio = Smoothed("bad_ratio", cases, rows, weight, is_relative=True)
    return combined(MERCHANT, ratio, f"{bad}, smoothed, over the platform's share", "ratio", 1, NO_BAD_GROUP)


SOLD = Aggregate("order", Aggregation.COUNT, "sold", entity="merchant_id", window_days=180)
KEPT = replace(SOLD, subject="sold_kept", where=is_set("is_kept"))
RETURNED = replace(SOLD, subject="returned", where=is_set("is_refunded"))
CANCELLED = replace(SOLD, subject="cancelled", where=is_set("is_cancelled"))
BUYERS = replace(SOLD, aggregation=Aggregation.DISTINCT, subject="buyers", by="borrower_id")
TOP_BUYER = replace(KEPT, aggregation=Aggregation.TOP_SHARE, subject="buyer_amount", measure="amount", by="borrower_id")
SALE = replace(KEPT, aggregation=Aggregation.MEAN, subject="sold_amount", measure="amount")
AT_NIGHT = replace(SOLD, aggregation=Aggregation.SHARE, subject="night", measure="is_night")
FELL_DUE = Aggregate("instalment", Aggregation.COUNT, "due", window_days=180, entity="merchant_id")
FELL_LATE = replace(FELL_DUE, subject="late_7", where=is_set("is_late_7"))
DISPUTED = Aggregate(
    "case", Aggregation.COUNT, "disputed", where=one_of("case_kind", "DISPUTE", "CHARGEBACK"), entity="merchant_id"
)


def _sold(
    aggregate: Aggregate, windows: tuple[int | None, ...], words: str, unit: str, direction: Direction = 0
) -> tuple[Feature, ...]:
    return windowed(MERCHANT, aggregate, windows, words, unit, direction)


def _of_orders(part: Aggregate, subject: str, window_days: int, words: str) -> tuple[Feature, ...]:
    share = Smoothed(subject, over_days(part, window_days), over_days(SOLD, window_days))
    sentence = f"Share of the merchant's orders in the last {window_days} days {words}, smoothed"
    return combined(
        MERCHANT, share, sentence, "share", 1, "the platform had no order, or the receivable has no merchant"
    )


def _late_rate(entity: str, words: str, weight: int) -> tuple[Feature, ...]:
    share = Smoothed("late_7_share", replace(FELL_LATE, entity=entity), replace(FELL_DUE, entity=entity), weight)
    sentence = f"Share of instalments due in the last 180 days {words} that were more than 7 days late, smoothed"
    return combined(MERCHANT, share, sentence, "share", 1, NO_GROUP)


MERCHANT_FEATURES: tuple[Feature, ...] = (
    *_bad_rate("merchant_id", "sold by the merchant", 50),
    *_bad_rate("region_code", "in the region", 200),
    *_bad_rate("category_code", "for the category", 200),
    *_late_rate("merchant_id", "on the merchant's loans", 50),
    *_of_orders(RETURNED, "returned_share", 30, "with a refund or return that was not rejected"),
    *_of_orders(RETURNED, "returned_share", 180, "with a refund or return that was not rejected"),
    *_of_orders(CANCELLED, "cancelled_share", 180, "that were cancelled or refused"),
    *_sold(KEPT, (30, 90, 180), "Orders that the merchant sold", "orders"),
    *_sold(SALE, (180,), "Mean size of an order that the merchant sold", CURRENCY),
    *_sold(BUYERS, (180,), "Borrowers who ordered from the merchant", "borrowers", -1),
    *_sold(TOP_BUYER, (180,), "Share of the borrower who bought most from the merchant", "share", 1),
    *_sold(AT_NIGHT, (180,), "Share of the merchant's orders made from 22:00 to 6:00", "share", 1),
    *paced(MERCHANT, KEPT, 30, 180, "orders that the merchant sold"),
    *_sold(DISPUTED, (90, 365), "Disputes and chargebacks against the merchant", "cases", 1),
    *combined(
        MERCHANT,
        Ratio("disputed_to_sold", over_days(DISPUTED, 180), over_days(SOLD, 180)),
        "Disputes and chargebacks for each order of the merchant in the last 180 days",
        "ratio",
        1,
        "the merchant had no order in the window, or the receivable has no merchant",
    ),
    *_sold(
        replace(LATENESS, entity="merchant_id"),
        (90, 180, 365),
        "Mean days late of instalments due on the merchant's loans",
        "days",
        1,
    ),
    term(MERCHANT, "merchant", "age_days", "Days since the merchant joined", "days", -1, NO_MERCHANT),
    term(MERCHANT, "merchant", "is_active", "Whether the merchant is active", "flag", -1, NO_MERCHANT),
    term(MERCHANT, "merchant", "is_under_review", "Whether the merchant is under fraud review", "flag", 1, NO_MERCHANT),
    term(MERCHANT, "merchant", "is_blacklisted", "Whether the merchant is on the blacklist", "flag", 1, NO_MERCHANT),
)

DEVICE_FEATURES: tuple[Feature, ...] = (
    term(
        SHARED_DEVICE,
        "device",
        "other_borrower_count",
        "Other borrowers who used a device that the borrower used, of devices of at most 50 people",
        "borrowers",
        1,
        NO_DEVICE,
    ),
    term(
        SHARED_DEVICE,
        "device",
        "other_loan_count",
        "Loans, 60 days old or older, of the others who used such a device",
        "loans",
        0,
        NO_DEVICE,
    ),
    term(
        SHARED_DEVICE,
        "device",
        "smoothed_bad_ratio",
        "Share of these loans that were ever 30 days past due or lost, smoothed, over the platform's share",
        "ratio",
        1,
        f"{NO_DEVICE}, or no such loan of the platform was bad yet",
    ),
    term(
        SHARED_DEVICE,
        "device",
        "blacklisted_count",
        "Devices of the borrower that are on the blacklist",
        "devices",
        1,
        NO_DEVICE,
    ),
)
