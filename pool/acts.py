"""What people may say of a purchase and of what a pool holds, and what must be true for it to be entered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pool.chain import FOLLOWING, Act, Entry, EntryKind, check_order
from pool.purchase import control_totals, read_findings, read_items
from schemas.errors import AccessError, LedgerError
from schemas.hashing import digest

SHOWN_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Review:
    """What an approval rests on.

    Args:
        inputs: What the list would come from now, by name.
        on: The day of the approval.
        accepted: Why near-duplicates are no hindrance; empty where there are none.
        moved: Last entry by which a pool bought or let go of something, when the inputs were found: where another has
            come, nothing is entered. None where nobody looked.
    """

    inputs: Mapping[str, str]
    on: date
    accepted: str = ""
    moved: int | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"inputs": dict(self.inputs), "on": self.on.isoformat(), "accepted": self.accepted}


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a booking rests on.

    Args:
        inputs: What the list would come from now, by name.
        on: The purchase day.
        cash_minor: Cash that the pool paid, in minor units.
        screening: Content of the screening of the purchase day, which everything bought passes; empty on the cut-off
            itself, whose screening is among the inputs.
        moved: As of a review.
    """

    inputs: Mapping[str, str]
    on: date
    cash_minor: int
    screening: str = ""
    moved: int | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """Give it as plain values."""
        said = {"on": self.on.isoformat(), "cash_minor": self.cash_minor, "screening": self.screening}
        return {"inputs": dict(self.inputs), **said}


@dataclass(frozen=True, slots=True)
class Buyback:
    """What the seller takes back, and why.

    Args:
        keys: The receivables, by key.
        price_minor: What the seller pays for all of them, in minor units.
        code: The criterion that they break.
        clause: Where the contract says it.
        reason: What was found.
        principal_minor: Their unpaid principal, in minor units; what a replacement is measured by.
    """

    keys: tuple[str, ...]
    price_minor: int
    code: str
    clause: str
    reason: str
    principal_minor: int

    @property
    def payload(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "receivable_keys": sorted(set(self.keys)),
            "price_minor": self.price_minor,
            "code": self.code,
            "clause": self.clause,
            "reason": self.reason,
            "principal_minor": self.principal_minor,
        }


@dataclass(frozen=True, slots=True)
class CleanUpCall:
    """What the seller's purchase of a whole pool rests on; money in minor units.

    Args:
        keys: All that the pool holds, by key.
        on: The day at whose start the unpaid principal holds.
        unpaid_minor: Unpaid principal of what the pool holds.
        initial_minor: Principal of the pool's first purchase.
        threshold: Pool factor, unpaid over initial, up to which the deal lets the seller call.
        price_minor: What the seller pays.
    """

    keys: tuple[str, ...]
    on: date
    unpaid_minor: int
    initial_minor: int
    threshold: Decimal
    price_minor: int

    @property
    def payload(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "receivable_keys": sorted(set(self.keys)),
            "on": self.on.isoformat(),
            "unpaid_minor": self.unpaid_minor,
            "initial_minor": self.initial_minor,
            "threshold": str(self.threshold),
            "price_minor": self.price_minor,
        }


def changes(proposal: Mapping[str, Any], inputs: Mapping[str, str]) -> list[str]:
    """Say what of a proposal's inputs is no longer as it was; empty where the proposal stands.

    Args:
        proposal: Payload of the proposal's entry.
        inputs: What the list would come from now, by name.
    """
    before: Mapping[str, str] = proposal["inputs"]
    differing = [name for name in sorted({*before, *inputs}) if before.get(name) != inputs.get(name)]
    return [f"{name} was {_short(before.get(name))}, is {_short(inputs.get(name))}" for name in differing]


def _short(value: str | None) -> str:
    return value[:SHOWN_CHARACTERS] if value else "nothing"


def check_act(act: Act, past: Sequence[Entry]) -> None:
    """Refuse an act that breaks a rule of the purchase.

    Args:
        act: What somebody wants to enter.
        past: The entries on the same proposal, in order.

    Raises:
        LedgerError: Out of order, expired, or its figures do not agree.
        AccessError: A person approves what they proposed.
    """
    if act.kind in FOLLOWING:
        check_order(act.kind, act.proposal_id, past)
    proposal = past[0] if past else None
    for rule in RULES[act.kind]:
        rule(act, proposal)


def _lists_each_once(act: Act, _: Entry | None) -> None:
    items = read_items(act.payload)
    keys = {item.receivable_key for item in items}
    if not items or len(keys) < len(items):
        raise LedgerError(f"{len(items)} receivables, {len(keys)} of them distinct", "each stands once, some do")
    totals = control_totals(items)
    wrong = [name for name, value in totals.items() if act.payload[name] != value]
    if wrong or digest({"deal": act.deal, **act.payload})[:20] != act.proposal_id:
        raise LedgerError(f"proposal {act.proposal_id}: {', '.join(wrong) or 'name'}", "control totals of its own list")


def _by_another_person(act: Act, proposal: Entry | None) -> None:
    if proposal and proposal.actor == act.actor:
        raise AccessError(f"{act.actor} proposed {act.proposal_id}", "another person approves it")


def _still_stands(act: Act, proposal: Entry | None) -> None:
    found = changes(proposal.payload, act.payload["inputs"]) if proposal else []
    if found:
        raise LedgerError(
            f"proposal {act.proposal_id} has expired: {'; '.join(found)}",
            "the inputs that it was made from",
            "poolwright propose, and have the new one approved",
        )


def _in_time(act: Act, proposal: Entry | None) -> None:
    if proposal is None:
        return
    first, last = proposal.payload["as_of"], proposal.payload["valid_until"]
    if not first <= date.fromisoformat(act.payload["on"]).isoformat() <= last:
        raise LedgerError(
            f"proposal {act.proposal_id} has expired: it is for {first} to {last}, the day is {act.payload['on']}",
            "approved and settled before the next cut-off",
            "poolwright propose for a later cut-off; --on DATE names another day",
        )


def _screened_on_its_day(act: Act, proposal: Entry | None) -> None:
    """Refuse a purchase after the cut-off that rests on no screening of its day; older entries have no such word."""
    if proposal and act.payload["on"] != proposal.payload["as_of"] and act.payload.get("screening") == "":
        raise LedgerError(
            f"a purchase on {act.payload['on']} without a screening of that day",
            "every criterion holds at purchase as at the cut-off",
            f"poolwright run --as-of {act.payload['on']} --deal {act.deal}",
        )


def _near_duplicates_are_answered(act: Act, proposal: Entry | None) -> None:
    found = read_findings(proposal.payload) if proposal else ()
    if found and not act.payload["accepted"].strip():
        raise LedgerError(
            f"{len(found)} near-duplicate(s), the first {found[0].kind}: {found[0].observed}",
            "somebody looked at them and says why they are no hindrance",
            f"poolwright proposals show {act.proposal_id}; approve with --accept-near-duplicates REASON",
        )


def _cash_is_the_price(act: Act, proposal: Entry | None) -> None:
    price = proposal.payload["price_minor"] if proposal else 0
    owed = price - (act.payload["price_minor"] if act.kind is EntryKind.SUBSTITUTED else 0)
    if act.payload["cash_minor"] != owed:
        raise LedgerError(
            f"cash of {act.payload['cash_minor'] / 100:,.2f} against a price of {owed / 100:,.2f}",
            "cash and price are equal to the cent",
            "--cash, or the payment itself; nothing was booked",
        )


def _is_no_worse(act: Act, proposal: Entry | None) -> None:
    comes = proposal.payload["principal_minor"] if proposal else 0
    if comes < act.payload["principal_minor"]:
        raise LedgerError(
            f"principal of {comes / 100:,.2f} replaces {act.payload['principal_minor'] / 100:,.2f}",
            "a replacement of the same principal or more",
            "propose a larger replacement",
        )


def _says_why(act: Act, _: Entry | None) -> None:
    if not str(act.payload["reason"]).strip():
        raise LedgerError(f"{act.kind.value} without a reason", "a reason that the ledger keeps", "--reason")


def _names_a_clause(act: Act, _: Entry | None) -> None:
    if not act.payload["code"].strip() or not act.payload["clause"].strip():
        raise LedgerError("a repurchase without the clause that was breached", "code and clause of a criterion")


def _has_keys_and_a_price(act: Act, _: Entry | None) -> None:
    keys = act.payload["receivable_keys"]
    if not keys or keys != sorted(set(keys)) or act.payload.get("price_minor", 0) < 0:
        raise LedgerError(f"{len(keys)} receivables at {act.payload.get('price_minor', 0)}", "some, and no debt")


def _is_small_enough(act: Act, _: Entry | None) -> None:
    unpaid, initial = act.payload["unpaid_minor"], act.payload["initial_minor"]
    threshold = Decimal(act.payload["threshold"])
    if initial <= 0 or unpaid > threshold * initial:
        raise LedgerError(
            f"pool factor {unpaid / max(1, initial):.4f}", f"at most {threshold} of the first purchase's principal"
        )


Rule = Callable[[Act, Entry | None], None]
RULES: Mapping[EntryKind, tuple[Rule, ...]] = MappingProxyType(
    {
        EntryKind.ENROLLED: (),
        EntryKind.RETIRED: (_says_why,),
        EntryKind.PROPOSED: (_lists_each_once,),
        EntryKind.APPROVED: (_by_another_person, _still_stands, _in_time, _near_duplicates_are_answered),
        EntryKind.REJECTED: (_says_why,),
        EntryKind.BOOKED: (_still_stands, _in_time, _screened_on_its_day, _cash_is_the_price),
        EntryKind.SUBSTITUTED: (
            _has_keys_and_a_price, _names_a_clause, _says_why,
            _still_stands, _in_time, _screened_on_its_day, _is_no_worse, _cash_is_the_price,
        ),
        EntryKind.RELEASED: (_has_keys_and_a_price, _says_why),
        EntryKind.REPURCHASED: (_has_keys_and_a_price, _names_a_clause, _says_why),
        EntryKind.CLEANED_UP: (_has_keys_and_a_price, _is_small_enough),
    }
)  # fmt: skip
"""What must be true of an act and the proposal that it speaks of, before any look at what the pools hold."""
