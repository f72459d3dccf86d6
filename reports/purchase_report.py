"""The trustee's report of one purchase: what is bought for how much, who signed, and what it was checked by."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from reports import findings, words
from reports.contents import DealFacts, LimitLine, Status, TriggerLine
from reports.pages import page
from reports.rows import Tile
from reports.workbook import Form, Sheet

SHOWN = 40
"""Receivables that stand on the page; the workbook has all."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A word on the purchase in the ledger: what, by whom, when, and the entry's hash."""

    what: str
    actor: str
    happened_at: datetime
    entry_hash: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """A receivable of the purchase."""

    receivable_key: str
    receivable_id: str
    principal: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class PurchaseReport:
    """One purchase, told to the trustee who moves the cash.

    Args:
        deal: The deal.
        currency: Of every amount.
        proposal_id: Which purchase.
        status: How far it has come.
        period: Which purchase of the pool it is, the first being 1; None while it is not booked.
        cut_off_on: Day at whose start the receivables were judged.
        price_basis: How the price follows from the principal, in English and Chinese.
        cash: Cash that was available.
        items: The receivables, in order of their key.
        signed: The ledger's words on it, in order.
        inputs: What the list was made from, by name.
        limits: Limits with the batch, where they were published for this very list.
        triggers: Triggers on the day, likewise.
    """

    deal: DealFacts
    currency: str
    proposal_id: str
    status: Status
    period: int | None
    cut_off_on: date
    price_basis: tuple[str, str]
    cash: Decimal
    items: tuple[Bought, ...]
    signed: tuple[Signed, ...]
    inputs: tuple[tuple[str, str], ...]
    limits: tuple[LimitLine, ...] = ()
    triggers: tuple[TriggerLine, ...] = ()

    @property
    def principal(self) -> Decimal:
        """Give the principal of all receivables."""
        return sum((one.principal for one in self.items), Decimal("0.00"))

    @property
    def price(self) -> Decimal:
        """Give what is paid for all receivables."""
        return sum((one.price for one in self.items), Decimal("0.00"))


def render(told: PurchaseReport) -> str:
    """Lay out the report as one HTML text that loads nothing, works offline and prints on A4."""
    return page(
        "purchase_report.html.j2",
        told=told,
        tiles=_tiles(told),
        verdict=_verdict(told),
        shown=told.items[:SHOWN],
        more=max(len(told.items) - SHOWN, 0),
        titles={
            "people": _people_title(told),
            "checks": _checks_title(told),
            "list": f"{words.many(len(told.items), 'receivable')}, {words.money(told.principal)} of principal",
        },
    )


def sheets(told: PurchaseReport) -> list[Sheet]:
    """Give the report as sheets: the facts, the signatures, and every receivable."""
    text, amount = Form.TEXT, Form.MONEY
    facts = [
        ("Deal", told.deal.name),
        ("Deal document", told.deal.document_hash),
        ("Proposal", told.proposal_id),
        ("Status", told.status),
        ("Cut-off", told.cut_off_on.isoformat()),
        ("Receivables", str(len(told.items))),
        ("Principal", str(told.principal)),
        ("Price", str(told.price)),
        ("Price basis", told.price_basis[0]),
        ("Cash available", str(told.cash)),
        *told.inputs,
    ]
    signed = [(one.what, one.actor, one.happened_at.isoformat(), one.entry_hash, one.note) for one in told.signed]
    heads = (("Act", text), ("By", text), ("When", text), ("Ledger entry", text), ("Note", text))
    items = [(one.receivable_key, one.receivable_id, one.principal, one.price) for one in told.items]
    columns = (("Receivable key", text), ("Receivable", text), ("Principal", amount), ("Price", amount))
    return [
        Sheet("Purchase", _verdict(told).text, (("What", text), ("Which", text)), facts),
        Sheet("Signatures", _people_title(told), heads, signed),
        Sheet("Receivables", "Every receivable of the purchase, in order of its key", columns, items),
    ]


def _tiles(told: PurchaseReport) -> tuple[Tile, ...]:
    count = len(told.items)
    each = told.principal / count if count else Decimal(0)
    return (
        Tile("Receivables", words.count(count), f"{words.money(each)} each"),
        Tile("Principal 本金余额", words.short_money(told.principal, told.currency), words.money(told.principal)),
        Tile("Price 购买价款", words.short_money(told.price, told.currency), words.money(told.price)),
        Tile("Of principal", words.percent(words.share(told.price, told.principal), 2), told.price_basis[0]),
        Tile("Cash used", words.percent(words.share(told.price, told.cash)), f"of {words.money(told.cash)}"),
        Tile("Period", words.NOTHING if told.period is None else str(told.period), "purchase of the pool"),
    )


STANDS: dict[Status, tuple[findings.Level, str, str]] = {
    "proposed": ("look", "Not approved", "waits for the approval of a second person: no cash may move"),
    "approved": ("look", "Approved", "is approved and not yet booked: cash moves only with the booking"),
    "booked": ("good", "Booked", "is approved and booked"),
    "rejected": ("stop", "Rejected", "was rejected: no cash may move"),
}


def _verdict(told: PurchaseReport) -> findings.Verdict:
    level, word, said = STANDS[told.status]
    many, price = words.many(len(told.items), "receivable"), words.short_money(told.price, told.currency)
    short = told.price > told.cash
    more = " Its price is above the cash that was available." if short else ""
    return findings.Verdict("stop" if short else level, word, f"The purchase of {many} for {price} {said}.{more}")


def _people_title(told: PurchaseReport) -> str:
    people = list(dict.fromkeys(one.actor for one in told.signed))
    plural = "person has" if len(people) == 1 else "people have"
    return f"{words.count(len(people))} {plural} signed: {findings.listed(people)}" if people else "Nobody has signed"


def _checks_title(told: PurchaseReport) -> str:
    if not told.limits and not told.triggers:
        return "The checks of this list are not among the day's published ones"
    broken = [one.code for one in told.limits if not one.is_kept] + [one.code for one in told.triggers if one.is_fired]
    if broken:
        return f"{findings.listed(broken)} {'stands' if len(broken) == 1 else 'stand'} against it"
    limits, triggers = words.many(len(told.limits), "limit"), words.many(len(told.triggers), "trigger")
    return f"{limits} kept with it, and none of {triggers} in force"
