"""Commands on the ledger: people, approval, settlement, release, and looking at what stands."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import completion
from pipelines.command_pool import Actor
from pipelines.common import Common, command, next_step, rows, say
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from pool.ledger import Entry

ledger = typer.Typer(help="The append-only, hash-chained pledge ledger.", no_args_is_help=True, rich_markup_mode=None)
people = typer.Typer(help="People who may act on the ledger.", no_args_is_help=True, rich_markup_mode=None)
Proposal = Annotated[str, typer.Argument(help="Proposal id.", autocompletion=completion.proposals)]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")]
Deal = Annotated[str, typer.Option("--deal", help="Only this pool's.", autocompletion=completion.deals)]
NEXT = {
    "approve": "poolwright settle {proposal} --as NAME",
    "book": "poolwright report --as-of DATE --deal {deal}",
}
"""Which command comes after an act."""


@command
def approve(common: Common, proposal: Proposal, actor: Actor) -> None:
    """Approve a proposal: another person than the one who made it."""
    _act(common, "approve", proposal, actor)


@command
def reject(common: Common, proposal: Proposal, actor: Actor, reason: Reason) -> None:
    """Reject a proposal that is not booked yet."""
    _act(common, "reject", proposal, actor, reason=reason)


@command
def settle(common: Common, proposal: Proposal, actor: Actor) -> None:
    """Book an approved purchase: its receivables belong to the pool from here on."""
    _act(common, "book", proposal, actor)


def _act(common: Common, verb: str, proposal: str, actor: str, **more: str) -> None:
    from pipelines.signing import credentials
    from pipelines.signing import ledger as opened
    from runtime import clock

    with common.workspace() as space:
        store = opened(space)
        done = getattr(store, verb)(proposal, credentials(space, actor), clock.now(), **more)
        store.close()
    entry = done.entry
    say(f"{entry.kind.value} {proposal}" + ("" if done.is_new else ": it was already; nothing to do"))
    if verb in NEXT:
        next_step(NEXT[verb].format(proposal=proposal, deal=entry.deal))
    result = {"sequence": entry.sequence, "kind": entry.kind.value, "proposal": proposal, "hash": entry.entry_hash}
    common.answer({**result, "new": done.is_new}, lambda console: console.print(f"ledger entry {entry.sequence}"))


@people.command("add")
@command
def add(
    common: Common,
    name: Annotated[str, typer.Argument(help="Name of the person.")],
    roles: Annotated[list[str], typer.Option("--role", help="viewer, proposer, approver or admin; may be repeated.")],
    admin: Annotated[str, typer.Option("--as", help="The administrator who adds; not for the first person.")] = "",
) -> None:
    """Enrol a person; the first one must be an administrator.

    The person's secret comes from POOLWRIGHT_SECRET, the administrator's from POOLWRIGHT_ADMIN_SECRET, or is asked.
    """
    from pipelines.signing import admin_credentials, new_credentials
    from pipelines.signing import ledger as opened
    from pool.people import Role
    from runtime import clock

    if unknown := sorted(set(roles) - {role.value for role in Role}):
        known = ", ".join(role.value for role in Role)
        raise ConfigurationError(f"--role {', '.join(unknown)}", f"one of {known}", "the command line")
    chosen = frozenset(Role(role) for role in roles)
    with common.workspace() as space:
        store = opened(space)
        by = admin_credentials(space, admin) if admin else None
        store.add_person(new_credentials(space, name), chosen, clock.now(), by)
        store.close()
    say(f"{name} may act as {', '.join(sorted(roles))}")


@ledger.command("verify")
@command
def verify(common: Common) -> None:
    """Check the whole chain; exit 1 and the place of the first entry that does not hold."""
    from pipelines.signing import ledger as opened

    with common.workspace() as space:
        store = opened(space)
        wrong, head, known = store.verify(), store.head(), len(store.people())
        store.close()
    count, last = head or (0, "")
    shown = {"holds": wrong is None, "first_wrong": wrong, "entries": count, "head": last, "people": known}
    common.answer(shown, rows("Ledger", list(shown), [list(shown.values())]))
    raise typer.Exit(0 if wrong is None else 1)


@ledger.command("positions")
@command
def positions(common: Common, deal: Deal = "") -> None:
    """Show what the pools hold: the fold of the entries."""
    from pipelines.signing import ledger as opened

    with common.workspace() as space:
        store = opened(space)
        held = store.positions(deal or None)
        store.close()
    names = ["deal", "receivable", "principal", "price", "bought_on", "purchase"]
    lines = [
        (
            one.deal,
            one.receivable_id,
            *map(cents, (one.principal_minor, one.price_minor)),
            one.bought_on,
            one.purchase_id,
        )
        for one in held
    ]
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows("Positions", names, lines))


@ledger.command("history")
@command
def history(common: Common, deal: Deal = "") -> None:
    """Show the entries in order."""
    from pipelines.signing import ledger as opened

    with common.workspace() as space:
        store = opened(space)
        entries = store.history(deal or None)
        store.close()
    names = ["sequence", "kind", "deal", "proposal_id", "actor", "happened_at", "entry_hash"]
    lines = [[plain_entry(entry)[name] for name in names] for entry in entries]
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows("Ledger", names, lines))


@ledger.command("export")
@command
def export(
    common: Common, out: Annotated[Path, typer.Option("--out", help="File to write, one JSON object a line.")]
) -> None:
    """Write every entry as a line of canonical JSON, for an outside witness."""
    from pipelines.signing import ledger as opened
    from schemas.hashing import canonical_json

    with common.workspace() as space:
        store = opened(space)
        entries = store.history()
        store.close()
    try:
        out.write_text("".join(f"{canonical_json(plain_entry(entry))}\n" for entry in entries), "utf-8")
    except OSError as error:
        raise ConfigurationError(f"--out {out}: {error.strerror}", "a file that can be written", "--out") from error
    say(f"{len(entries)} entries are in {out}")


def cents(minor: int) -> str:
    """Write minor units as an amount.

    >>> cents(123456)
    '1,234.56'
    """
    return f"{minor // 100:,}.{minor % 100:02d}"


def plain_entry(entry: "Entry") -> dict[str, Any]:
    """Give an entry as plain values."""
    held = {name: getattr(entry, name) for name in PLAIN}
    told = {"kind": entry.kind.value, "happened_at": entry.happened_at.isoformat(), "payload": dict(entry.payload)}
    return {**held, **told}


PLAIN = ("sequence", "deal", "proposal_id", "actor", "previous_hash", "entry_hash")


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for function in (approve, reject, settle):
        app.command(rich_help_panel="The purchase")(function)
    app.add_typer(ledger, name="ledger", rich_help_panel="The purchase")
    app.add_typer(people, name="people", rich_help_panel="The purchase")
