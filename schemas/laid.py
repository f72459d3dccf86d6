"""Logs laid out for the feature sweep: the same rows by borrower bucket, with their days worked out.

A copy in another order, made from published logs and thrown away at will: no stage but the sweep reads it.
"""

from schemas.table import Column, Kind, Table, count, date, flag, moment, number, text

COLUMNS = (
    text("layer", "The run that laid it: the base, or what came after."),
    number("borrower_bucket", "Part of the borrowers, by the hash of their id."),
    text("borrower_id", "Whose event it is."),
    moment("happened_at", "When it happened."),
    moment("known_at", "When the platform knew it."),
    Column("key_hash", Kind.NUMBER, "Hash of the event's key; orders events of one moment."),
    date("day", "Local day on which it happened."),
    date("since", "Local day after which as-of days see it: the later of happening and knowing."),
    flag("is_deleted", "Whether this version withdraws the event."),
    flag("is_revision", "Whether other versions of the event may be known."),
)


def _laid(name: str, meaning: str, *columns: Column) -> Table:
    """Declare a laid-out log; a run replaces or adds one layer."""
    return Table(name, meaning, (*COLUMNS, *columns), ("key_hash", "known_at"), ("layer", "borrower_bucket"))


def _code(name: str) -> Column:
    return text(name, "As in the log.", "as in the log")


def _whole(name: str) -> Column:
    return Column(name, Kind.NUMBER, "A measure or flag of the stream, in whole units.", "as in the stream")


LAID_ORDERS = _laid(
    "laid_orders",
    "A version of an order.",
    *map(_code, ("merchant_id", "category_code", "device_id", "region_code")),
    *map(_whole, ("amount", "credit_amount", "is_kept", "is_cancelled", "is_virtual", "is_night", "is_weekend")),
)
LAID_BEHAVIOUR = _laid(
    "laid_behaviour",
    "A version of a thing done in the app.",
    *map(_code, ("event_type", "session_id", "device_id")),
    *map(_whole, ("is_night", "is_weekend", "is_working_time", "amount", "balance")),
)
LAID_REFUNDS = _laid(
    "laid_refunds",
    "A version of a refund or return of an order, under the order's borrower.",
    Column("order_hash", Kind.NUMBER, "The order's key_hash."),
    count("is_standing", "1 where it was not rejected."),
)
LAID_HOMES = _laid("laid_homes", "A version of a borrower, with the home region.", _code("home_code"))
LAID_STATEMENTS = _laid(
    "laid_statements",
    "A version of a statement of a credit line.",
    Column("line_hash", Kind.NUMBER, "Hash of the credit line."),
    *map(_whole, ("limit_amount", "used_amount", "utilisation", "is_nearly_full", "is_frozen")),
)
LAID_REPORTS = _laid(
    "laid_reports",
    "A version of a credit bureau's report.",
    *map(_whole, ("bureau_score", "inquiry_3m", "inquiry_12m", "active_lender")),
    *map(_whole, ("active_balance", "overdue_amount", "worst_bucket")),
)
LAID_TABLES = (LAID_ORDERS, LAID_BEHAVIOUR, LAID_REFUNDS, LAID_HOMES, LAID_STATEMENTS, LAID_REPORTS)
