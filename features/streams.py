"""The streams of events and the row-level frames that definitions may name: what each holds, in which unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MONEY_SCALE = 100
SHARE_SCALE = 1_000_000
SEASONED_DAYS = 60
"""A loan younger than this says little yet about how loans end."""
BAD_DAYS = 30
"""A loan that ever was this many days past due counts as bad where groups of loans are compared."""
NIGHT_FROM_HOUR, NIGHT_UNTIL_HOUR = 22, 6
"""Night is from 22:00 to 6:00 of the platform's wall clock."""
WORK_FROM_HOUR, WORK_UNTIL_HOUR = 9, 18
"""Working time is from 9:00 to 18:00 of the platform's wall clock, Monday to Friday."""
FULL_SHARE = 0.9
"""A credit line of which so much is in use is nearly full."""
MOST_SHARERS = 50
"""A device of more borrowers than this belongs to a shop or a lab, and tells nothing of who knows whom."""


@dataclass(frozen=True, slots=True)
class StreamColumn:
    """A column of a stream.

    Args:
        name: Its name.
        role: `entity` to aggregate for, `code` to filter or group by, `measure` to add up.
        meaning: What it says of an event.
        scale: A measure is stored as a whole number of 1/scale units, so that sums do not depend on their order;
            a flag is a measure of 0 and 1.
    """

    name: str
    role: Literal["entity", "code", "measure"]
    meaning: str
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Stream:
    """Events, cut as of the day, each placed on a local day before it.

    Args:
        name: First part of feature names.
        meaning: What one row is.
        day: Which day places it in a window.
        tables: Logs that it is made of.
        columns: What a row tells.
        is_ordered: Whether the order of its events is kept, for last values, streaks and the latest k.
    """

    name: str
    meaning: str
    day: str
    tables: tuple[str, ...]
    columns: tuple[StreamColumn, ...]
    is_ordered: bool = False

    @property
    def stored(self) -> tuple[str, ...]:
        """Give the names of a prepared row's columns: its own, its age, and its place in order."""
        place = ("_at", "_tie") if self.is_ordered else ()
        return (*dict.fromkeys(column.name for column in self.columns), "age_days", *place)

    def column(self, name: str) -> StreamColumn:
        """Give the column of that name, or raise `KeyError`."""
        return {column.name: column for column in self.columns}[name]


def _entities(*names: str) -> tuple[StreamColumn, ...]:
    return tuple(StreamColumn(name, "entity", f"The {name.rpartition('_')[0]} in question.") for name in names)


def _code(name: str, meaning: str) -> StreamColumn:
    return StreamColumn(name, "code", meaning)


def _money(name: str, meaning: str) -> StreamColumn:
    return StreamColumn(name, "measure", meaning, MONEY_SCALE)


def _share(name: str, meaning: str) -> StreamColumn:
    return StreamColumn(name, "measure", meaning, SHARE_SCALE)


def _whole(name: str, meaning: str) -> StreamColumn:
    return StreamColumn(name, "measure", meaning)


ORDER = Stream(
    "order",
    "An order in the version in force.",
    "local day of happened_at",
    ("orders", "borrowers", "refunds_disputes"),
    (
        *_entities("borrower_id", "merchant_id"),
        _code("borrower_id", "Who bought."),
        _code("merchant_id", "Who sold."),
        _code("category_code", "What was bought."),
        _code("device_id", "The device that it was made on."),
        _money("amount", "What was to be paid in all."),
        _money("credit_amount", "The part on credit."),
        _whole("is_kept", "Neither cancelled nor refused."),
        _whole("is_cancelled", "Cancelled or refused."),
        _whole("is_virtual", "Needs no delivery."),
        _whole("is_night", "Made from 22:00 to 6:00."),
        _whole("is_weekend", "Made on a Saturday or Sunday."),
        _whole("is_away", "Sent outside the borrower's home region; null where either is not known."),
        _whole("is_refunded", "A refund or return that was not rejected is known."),
    ),
    is_ordered=True,
)

BEHAVIOUR = Stream(
    "behaviour",
    "A thing done in the app.",
    "local day of happened_at",
    ("behaviour_events",),
    (
        *_entities("borrower_id"),
        _code("event_type", "What was done."),
        _code("session_id", "The visit."),
        _code("device_id", "The device."),
        _code("active_day", "The local day, as a code to count."),
        _whole("is_night", "Done from 22:00 to 6:00."),
        _whole("is_weekend", "Done on a Saturday or Sunday."),
        _whole("is_working_time", "Done from 9:00 to 18:00, Monday to Friday."),
        _money("amount", "Amount moved on an account."),
        _money("balance", "Balance after it."),
    ),
    is_ordered=True,
)

REPAYMENT = Stream(
    "repayment",
    "A payment that counts, or the voiding of one.",
    "value_on",
    ("repayments", "receivables"),
    (
        *_entities("borrower_id", "receivable_id"),
        _code("kind", "PAYMENT, or VOIDING of one; the voided payment itself is not in the stream."),
        _code("method", "How it was paid."),
        _money("paid_amount", "Principal, interest and fees paid; 0 for a voiding."),
        _money("penalty_amount", "Penalties paid; 0 for a voiding."),
    ),
    is_ordered=True,
)

INSTALMENT = Stream(
    "instalment",
    "An instalment in force that fell due before the day, with cash allotted as receivable states do.",
    "due_on",
    ("instalments", "repayments", "adjustments", "receivables"),
    (
        *_entities("borrower_id", "receivable_id", "merchant_id"),
        _money("due_amount", "Principal, interest and fees due."),
        _money("covered_amount", "The part that cash covers."),
        _whole("days_late", "Days from due day to cover, or so far; 0 when not late."),
        _whole("days_early", "Days by which cover came before the due day; 0 when it did not."),
        _whole("is_in_time", "Neither was nor is late."),
        _whole("is_late", "Was or is late."),
        _whole("is_late_7", "Was or is more than 7 days late."),
        _whole("is_late_30", "Was or is more than 30 days late."),
        _whole("is_open", "Not covered."),
        _whole("is_partial", "Not covered, but partly."),
        _whole("is_cured", "Was late, and is covered."),
        _whole("is_first", "Period 1 of its schedule."),
        _whole("is_worst", "Late by as many days as the borrower ever was."),
    ),
    is_ordered=True,
)

LOAN = Stream(
    "loan",
    "A receivable with its state as of the day.",
    "originated_on",
    ("receivables", "receivable_states"),
    (
        *_entities("borrower_id", "merchant_id", "region_code", "category_code"),
        _money("principal", "Principal at disbursement."),
        _money("owed_principal", "Principal still owed; 0 when closed or written off."),
        _money("arrears", "Due and not covered."),
        _share("annual_rate", "All-in annual rate."),
        _whole("days_past_due", "Days past due."),
        _whole("worst_days", "Worst days past due ever."),
        _whole("late_number", "How many instalments were late."),
        _whole("is_open", "Open."),
        _whole("is_late", "Past due."),
        _whole("is_bad", "Was ever 30 days past due, or was written off."),
        _whole("is_seasoned", "Originated 60 days ago or longer."),
        _whole("is_written_off", "Written off, at least in part."),
        _whole("is_prepaid", "Paid in full before its time."),
        _whole("is_cash", "Without merchant."),
    ),
    is_ordered=True,
)

STATEMENT = Stream(
    "statement",
    "The state of a borrower's credit line at a moment.",
    "local day of happened_at",
    ("credit_accounts",),
    (
        *_entities("borrower_id"),
        _money("limit_amount", "Credit limit."),
        _money("used_amount", "Part in use."),
        _share("utilisation", "Used over limit; null without a limit."),
        _whole("is_nearly_full", "At least nine tenths of the limit are in use; null without a limit."),
        _whole("is_raised", "The limit is higher than in the line's statement before; null in the first one."),
        _whole("is_cut", "The limit is lower than in the line's statement before; null in the first one."),
        _whole("is_frozen", "The line is frozen."),
        _whole("is_latest", "No later statement of its line is known."),
    ),
    is_ordered=True,
)

REPORT = Stream(
    "report",
    "A credit bureau's report.",
    "local day of happened_at",
    ("credit_reports",),
    (
        *_entities("borrower_id"),
        _money("bureau_score", "The bureau's score."),
        _whole("inquiry_3m", "Inquiries in three months."),
        _whole("inquiry_12m", "Inquiries in twelve months."),
        _whole("active_lender", "Lenders with an open balance."),
        _money("active_balance", "Balance with all lenders."),
        _money("overdue_amount", "Overdue with any lender."),
        _whole("worst_bucket", "Worst delinquency bucket in 24 months."),
    ),
    is_ordered=True,
)

CASE = Stream(
    "case",
    "A refund, return, dispute or chargeback.",
    "local day of happened_at",
    ("refunds_disputes", "orders"),
    (
        *_entities("borrower_id", "merchant_id"),
        _code("case_kind", "What is asked."),
        _code("case_status", "Where it stands."),
        _money("amount", "Amount in question."),
    ),
)

STREAMS: Mapping[str, Stream] = {
    each.name: each for each in (ORDER, BEHAVIOUR, REPAYMENT, INSTALMENT, LOAN, STATEMENT, REPORT, CASE)
}

FRAMES: Mapping[str, tuple[str, str]] = {
    "own": ("receivable_id", "The receivable's own terms and state."),
    "obligation": ("borrower_id", "What falls due for the borrower in the 30 days from the as-of day."),
    "profile": ("borrower_id", "What the platform knows about the borrower."),
    "merchant": ("merchant_id", "What the platform knows about the merchant."),
    "device": ("borrower_id", "How others fared who used a device of the borrower's, of devices of at most 50 people."),
}
"""Row-level frames: the column that one row belongs to, and what they tell."""

FRAME_TABLES: Mapping[str, tuple[str, ...]] = {
    "own": ("receivables", "receivable_states", "instalments"),
    "obligation": ("instalments", "receivable_states"),
    "profile": ("borrowers", "blacklist"),
    "merchant": ("merchants", "blacklist"),
    "device": ("behaviour_events", "orders", "receivables", "receivable_states"),
}
"""Tables that each frame is made of."""
