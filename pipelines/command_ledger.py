"""Commands on the ledger: people, looking at what stands, and what an outside witness needs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines import completion
from pipelines.common import Common, command, rows, say
from schemas.errors import ConfigurationError

ledger = typer.Typer(help="The append-only, hash-chained pledge ledger.", no_args_is_help=True, rich_markup_mode=None)
people = typer.Typer(help="People who may act on the ledger.", no_args_is_help=True, rich_markup_mode=None)
Deal = Annotated[str, typer.Option("--deal", help="Only this pool's.", autocompletion=completion.deals)]
Out = Annotated[Path, typer.Option("--out", help="File to write.")]
HeadFile = Annotated[Path | None, typer.Option("--head", help="A head that a witness keeps.")]
PublicKey = Annotated[Path | None, typer.Option("--key", help="Public key of whoever must have signed the head.")]
PrivateKey = Annotated[Path | None, typer.Option("--sign", help="Private key that signs the head.")]
ExportFile = Annotated[
    Path | None, typer.Option("--export", help="A file of `ledger export`, in the place of a ledger.")
]


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
    with common.workspace() as space, opened(space) as store:
        by = admin_credentials(space, admin) if admin else None
        store.add_person(new_credentials(space, name), chosen, clock.now(), by)
    say(f"{name} may act as {', '.join(sorted(roles))}")


@people.command("retire")
@command
def retire(
    common: Common,
    name: Annotated[str, typer.Argument(help="Name of the person.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the ledger keeps it.")],
    admin: Annotated[str, typer.Option("--as", help="The administrator who says so.")],
) -> None:
    """End what a person may do: they left, or their secret leaked; what they did stays, and the name is nobody else's.

    The administrator's secret comes from POOLWRIGHT_ADMIN_SECRET, or is asked.
    """
    from pipelines.signing import admin_credentials
    from pipelines.signing import ledger as opened
    from runtime import clock

    with common.workspace() as space, opened(space) as store:
        done = store.retire_person(name, reason, clock.now(), admin_credentials(space, admin))
    say(f"{name} may not act any more" + ("" if done.is_new else ": it was so already"))
    common.answer(
        {"sequence": done.entry.sequence, "person": name, "new": done.is_new},
        lambda console: console.print(f"ledger entry {done.entry.sequence}"),
    )


@people.command("list")
@command
def list_people(common: Common) -> None:
    """List who may act, and as what."""
    from pipelines.signing import ledger as opened

    with common.workspace() as space, opened(space) as store:
        lines = [(one.name, ", ".join(one.role_names)) for one in store.people()]
    names = ["name", "roles"]
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows("People", names, lines))


@ledger.command("verify")
@command
def verify(common: Common, head: HeadFile = None, key: PublicKey = None, export: ExportFile = None) -> None:
    """Check the chain, its rules and what the database keeps; exit 1 and the place of the first entry that is wrong.

    With --export no workspace and no database is needed.
    """
    from pipelines.witness import verify_export, verify_ledger, witnessed

    seen = witnessed(head, key)
    if export:
        shown: dict[str, Any] = verify_export(export, seen)
    else:
        with common.workspace() as space:
            shown = verify_ledger(space, seen)
    common.answer(shown, rows("Ledger", list(shown), [list(shown.values())]))
    raise typer.Exit(0 if shown["holds"] else 1)


@ledger.command("head")
@command
def head(common: Common, out: Out, sign: PrivateKey = None) -> None:
    """Write the head of the chain for a witness outside, signed where a key is given."""
    from pipelines.signing import ledger as opened
    from pipelines.witness import read_file, write_file
    from pool.witness import head_statement
    from runtime import clock

    with common.workspace() as space, opened(space) as store:
        found = store.head()
    write_file(out, head_statement(found, clock.now(), read_file(sign) if sign else None))
    count, last = found or (0, "")
    common.answer({"sequence": count, "head": last, "signed": bool(sign)}, lambda console: console.print(last))


@ledger.command("new-key")
@command
def new_key(common: Common, out: Out) -> None:
    """Make an Ed25519 key pair: the private key in a file that only you can read, the public one beside it as .pub."""
    from pipelines.witness import write_file
    from pool.witness import new_key as made

    public = out.with_name(f"{out.name}.pub")
    for path in (out, public):
        if path.exists():
            raise ConfigurationError(f"{path} is there already", "a key is never overwritten", "another --out")
    private_pem, public_pem = made()
    write_file(out, private_pem, mode=0o600)
    write_file(public, public_pem)
    common.answer({"private": str(out), "public": str(public)}, lambda console: console.print(str(public)))


@ledger.command("positions")
@command
def positions(common: Common, deal: Deal = "") -> None:
    """Show what the pools hold: the fold of the entries."""
    from pipelines.signing import ledger as opened

    with common.workspace() as space, opened(space) as store:
        held = store.positions(deal or None)
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

    with common.workspace() as space, opened(space) as store:
        entries = store.history(deal or None)
    names = ["sequence", "kind", "deal", "proposal_id", "actor", "happened_at", "entry_hash"]
    lines = [[entry.plain[name] for name in names] for entry in entries]
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows("Ledger", names, lines))


@ledger.command("export")
@command
def export(common: Common, out: Out) -> None:
    """Write every entry as a line of canonical JSON, for a check on another machine."""
    from pipelines.signing import ledger as opened
    from pipelines.witness import write_file
    from pool.audit import export_lines

    with common.workspace() as space, opened(space) as store:
        entries = store.history()
    write_file(out, export_lines(entries))
    say(f"{len(entries)} entries are in {out}")


def cents(minor: int) -> str:
    """Write minor units as an amount.

    >>> cents(123456)
    '1,234.56'
    """
    return f"{minor // 100:,}.{minor % 100:02d}"


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.add_typer(ledger, name="ledger", rich_help_panel="The purchase")
    app.add_typer(people, name="people", rich_help_panel="The purchase")
