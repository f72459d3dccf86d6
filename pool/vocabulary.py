"""The columns that a deal document may speak of: `group.name`, each with its kind and meaning."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from schemas import derived, events, lending, parties
from schemas.hashing import digest
from schemas.table import PROVENANCE, Column, Kind, count, date, days, flag, money, text

HIDDEN = frozenset({*(column.name for column in PROVENANCE), "is_deleted"})
"""Columns about the record, not about the thing: no criterion may speak of them."""

BLACKLIST = (
    flag("is_borrower_listed", "The borrower is on the blacklist at the cut-off.", "no blacklist was given"),
    flag("is_merchant_listed", "The merchant is on the blacklist at the cut-off.", "no blacklist was given"),
    flag("is_device_listed", "The order's device is on the blacklist at the cut-off.", "no blacklist was given"),
)
EXPOSURE = (
    days("max_days_past_due", "Most days past due now over all of the borrower's unpaid receivables."),
    days("worst_days_past_due", "Most days past due ever over all of the borrower's receivables."),
    money("total_principal_amount", "Unpaid principal of all of the borrower's receivables."),
    count("open_count", "Open receivables of the borrower."),
    count("written_off_count", "Written-off receivables of the borrower."),
)
POSITION = (
    flag("is_pledged", "Some pool of ours holds the receivable already."),
    text("deal", "The pool that holds it.", "none"),
)
DEAL = (
    date("as_of", "The cut-off: the day at whose start the receivable is judged."),
    date("revolving_end_on", "First day on which the deal buys no more."),
    date("expected_maturity_on", "Day by which the notes should be repaid."),
    date("legal_final_on", "Day by which the notes must be repaid."),
    text("currency", "Currency of the deal."),
    days("score_max_age_days", "How old a tag may be."),
    flag("approves_model", "The tag came from a model version that the deal approves.", "the receivable has no tag"),
)

GROUPS: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "receivable": lending.RECEIVABLES.columns,
        "state": derived.RECEIVABLE_STATES.columns,
        "tag": derived.RECEIVABLE_TAGS.columns,
        "borrower": parties.BORROWERS.columns,
        "merchant": parties.MERCHANTS.columns,
        "order": events.ORDERS.columns,
        "report": parties.CREDIT_REPORTS.columns,
        "blacklist": BLACKLIST,
        "exposure": EXPOSURE,
        "position": POSITION,
        "deal": DEAL,
    }
)
"""Groups of columns: `report` is the borrower's latest credit report, `exposure` sums over all their receivables."""


def visible_columns(group: str) -> tuple[Column, ...]:
    """Give the columns of a group that a deal may speak of."""
    return tuple(column for column in GROUPS[group] if column.name not in HIDDEN)


COLUMNS: Mapping[str, Kind] = MappingProxyType(
    {f"{group}.{column.name}": column.kind for group in GROUPS for column in visible_columns(group)}
)
"""Kind of every column that an expression of a deal may name."""


OTHERS_COLUMNS: Mapping[str, Kind] = MappingProxyType(
    {name: kind for name, kind in COLUMNS.items() if name.partition(".")[0] in ("receivable", "state")}
)
"""What an expression may name of the borrower's other receivables."""


def engine_name(column: str) -> str:
    """Give the name of an expression's column in the wide frame of the engine.

    >>> engine_name("state.days_past_due"), engine_name("others_count(state.is_open)")
    ('state__days_past_due', 'others__71b205bf90d5682b')
    """
    if column.startswith("others_"):
        return f"others__{digest(column)[:16]}"
    return column.replace(".", "__", 1)


def in_order(columns: Iterable[str]) -> tuple[str, ...]:
    """Put column names in the vocabulary's order, so that what is shown never depends on a set's order."""
    wanted = frozenset(columns)
    known = tuple(name for name in COLUMNS if name in wanted)
    return (*known, *sorted(wanted.difference(known)))
