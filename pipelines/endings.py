"""The acts that end pledges: release, repurchase of what breaks a clause, clean-up call. No engine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipelines.deals import read_deal
from pipelines.signing import ledger
from pool.acts import Buyback, CleanUpCall
from pool.ledger import EntryKind, Pledge, pledges
from pool.people import Credentials
from pool.price import to_minor
from pool.store import LedgerStore, Outcome
from runtime import clock
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import CatalogError, ConfigurationError, LedgerError


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to give back to the seller.

    Args:
        names: Receivable ids or keys.
        code: The criterion that they break.
        reason: What was found.
        price: What the seller pays for all of them.
    """

    names: tuple[str, ...]
    code: str
    reason: str
    price: Decimal


def release(workspace: Workspace, deal: str, names: Sequence[str], by: Credentials, reason: str) -> Outcome:
    """End pledges without money: paid off, written off, given free.

    Raises:
        LedgerError: The pool does not hold all of them.
    """
    with ledger(workspace) as store:
        store.admit(EntryKind.RELEASED, by)
        return store.release(deal, _keys(_ever(store, deal), deal, names), by, clock.now(), reason)


def repurchase(workspace: Workspace, deal: str, as_of: date, by: Credentials, back: Wanted) -> Outcome:
    """End pledges of receivables that break a clause; the seller takes them back at a price.

    Args:
        workspace: Where.
        deal: The pool.
        as_of: Day at whose start their unpaid principal holds.
        by: Who acts.
        back: What goes back, and why.

    Raises:
        LedgerError: The pool does not hold all of them.
        ConfigurationError: The deal has no such criterion.
        CatalogError: The day was not run.
    """
    with ledger(workspace) as store:
        store.admit(EntryKind.REPURCHASED, by)
        return store.repurchase(deal, by, clock.now(), taken_back(workspace, store, deal, as_of, back))


def clean_up(workspace: Workspace, deal_name: str, as_of: date, by: Credentials, price: Decimal) -> Outcome:
    """End all pledges of a pool whose factor is at most the deal's threshold: the seller buys the rest.

    The pool factor is the unpaid principal of what the pool holds over the principal of its first purchase.

    Raises:
        LedgerError: The deal has no clean-up call, still revolves, or the pool is not small enough.
        CatalogError: The day was not run.
    """
    deal = read_deal(workspace.settings.folder, deal_name, as_of)
    with ledger(workspace) as store:
        store.admit(EntryKind.CLEANED_UP, by)
        if deal.clean_up_share is None:
            raise LedgerError(f"{deal_name} has no clean-up call", "clean_up_share in the deal document")
        if as_of < deal.calendar.revolving_end_on:
            raise LedgerError(
                f"{deal_name} revolves until {deal.calendar.revolving_end_on}", "a pool that buys no more"
            )
        history = store.history(deal_name)
        ever = pledges(history)
        held = [one.receivable_key for one in ever if one.closed_sequence is None]
        done = [entry for entry in history if entry.kind is EntryKind.CLEANED_UP]
        if done and not held:
            return Outcome(done[-1], is_new=False)
        first = min((one.bought_on for one in ever), default=as_of)
        call = CleanUpCall(
            keys=tuple(held),
            on=as_of,
            unpaid_minor=_unpaid_minor(workspace, as_of, held),
            initial_minor=sum(one.principal_minor for one in ever if one.bought_on == first),
            threshold=deal.clean_up_share,
            price_minor=to_minor(price),
        )
        return store.clean_up(deal_name, by, clock.now(), call)


def taken_back(workspace: Workspace, store: LedgerStore, deal_name: str, as_of: date, back: Wanted) -> Buyback:
    """Give what goes back to the seller with its clause and its unpaid principal at the start of a day.

    Raises:
        LedgerError: The pool never held one of them.
        ConfigurationError: The deal has no such criterion.
        CatalogError: The day was not run.
    """
    criteria = {each.code: each for each in read_deal(workspace.settings.folder, deal_name, as_of).criteria}
    if back.code not in criteria:
        raise ConfigurationError(
            f"--clause {back.code}", f"a criterion of {deal_name}: {', '.join(criteria)}", "--clause"
        )
    keys = _keys(_ever(store, deal_name), deal_name, back.names)
    return Buyback(
        keys=keys,
        price_minor=to_minor(back.price),
        code=back.code,
        clause=criteria[back.code].clause,
        reason=back.reason,
        principal_minor=_unpaid_minor(workspace, as_of, keys),
    )


def _ever(store: LedgerStore, deal: str) -> list[Pledge]:
    return pledges(store.history(deal))


def _keys(ever: Iterable[Pledge], deal: str, names: Iterable[str]) -> tuple[str, ...]:
    by_name = {name: one.receivable_key for one in ever for name in (one.receivable_id, one.receivable_key)}
    missing = sorted(set(names) - by_name.keys())
    if missing:
        raise LedgerError(f"{deal} never held {', '.join(missing[:10])}", "ids or keys of what the pool holds")
    return tuple(sorted({by_name[name] for name in names}))


def _unpaid_minor(workspace: Workspace, as_of: date, keys: Sequence[str]) -> int:
    """Add up what is unpaid of the receivables at the start of a day, in minor units."""
    place = part(derived.RECEIVABLE_STATES, as_of)
    names = ["receivable_key", "current_principal_amount"]
    states = workspace.catalog.arrow(derived.RECEIVABLE_STATES, place, names)
    unpaid = dict(zip(*(states.column(name).to_pylist() for name in names), strict=True))
    missing = [key for key in keys if key not in unpaid]
    if missing:
        raise CatalogError(
            f"no state of {missing[0]} as of {as_of}", "a day that was run", f"poolwright run --as-of {as_of}"
        )
    return sum(to_minor(unpaid[key]) for key in keys)
