"""Commands on a purchase: approve, reject, settle, substitute, the acts that end pledges, and replay."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import completion
from pipelines.command_pool import Actor, amount
from pipelines.common import AsOf, Common, DealName, command, day, next_step, rows, say

if TYPE_CHECKING:
    from datetime import date

    from pipelines.endings import Wanted
    from pool.store import Outcome
    from runtime.workspace import Workspace

Proposal = Annotated[str, typer.Argument(help="Proposal id.", autocompletion=completion.proposals)]
Known = Annotated[
    str, typer.Argument(help="Proposal id, or sequence of an entry on it.", autocompletion=completion.proposals)
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")]
On = Annotated[str, typer.Option("--on", help="Day of the purchase (YYYY-MM-DD) [today].")]
Paid = Annotated[str, typer.Option("--cash", help="Money that was paid; it must be the price to the cent.")]
Price = Annotated[str, typer.Option("--price", help="Money that the seller pays for all of them.")]
Names = Annotated[list[str], typer.Option("--receivable", help="Id or key of a receivable; may be repeated.")]
Broken = Annotated[str, typer.Option("--clause", help="Code of the criterion that they break.")]
Accepted = Annotated[
    str, typer.Option("--accept-near-duplicates", help="Why near-duplicates are no hindrance; it is kept.")
]

NEXT = {
    "APPROVED": "poolwright settle {proposal} --cash PRICE --as NAME",
    "BOOKED": "poolwright report --as-of DATE --deal {deal}",
}
"""Which command comes after an act."""


@command
def approve(common: Common, proposal: Proposal, actor: Actor, on: On = "", accepted: Accepted = "") -> None:
    """Approve a proposal that stands: another person than the one who made it."""
    from pipelines import purchase
    from pipelines.signing import credentials

    with common.workspace() as space:
        by = credentials(space, actor)
        _tell(common, purchase.approve(space, proposal, by, _day(space, on), accepted))


@command
def reject(common: Common, proposal: Proposal, actor: Actor, reason: Reason) -> None:
    """Reject a proposal that is not booked yet."""
    from pipelines import purchase
    from pipelines.signing import credentials

    with common.workspace() as space:
        _tell(common, purchase.reject(space, proposal, credentials(space, actor), reason))


@command
def settle(common: Common, proposal: Proposal, actor: Actor, cash: Paid, on: On = "") -> None:
    """Book an approved purchase against the cash that was paid: its receivables belong to the pool from here on."""
    from pipelines import purchase
    from pipelines.signing import credentials

    paid = amount(cash)
    with common.workspace() as space:
        _tell(common, purchase.settle(space, proposal, credentials(space, actor), _day(space, on), paid))


@command
def substitute(  # noqa: PLR0913, PLR0917 - the options of one act
    common: Common,
    proposal: Proposal,
    receivables: Names,
    clause: Broken,
    reason: Reason,
    price: Price,
    cash: Annotated[str, typer.Option("--cash", help="Price of the replacement less what the seller pays.")],
    actor: Actor,
    on: On = "",
) -> None:
    """Book an approved purchase in the place of ineligible receivables, which the seller takes back in the same act."""
    from pipelines import purchase
    from pipelines.signing import credentials

    back, paid = _wanted(receivables, clause, reason, price), amount(cash, lowest=None)
    with common.workspace() as space:
        by = credentials(space, actor)
        _tell(common, purchase.substitute(space, proposal, by, _day(space, on), paid, back))


@command
def release(common: Common, deal: DealName, receivables: Names, reason: Reason, actor: Actor) -> None:
    """End pledges without money: paid off, written off, given free."""
    from pipelines import endings
    from pipelines.signing import credentials

    with common.workspace() as space:
        _tell(common, endings.release(space, deal, receivables, credentials(space, actor), reason))


@command
def repurchase(  # noqa: PLR0913, PLR0917 - the options of one act
    common: Common,
    deal: DealName,
    as_of: AsOf,
    receivables: Names,
    clause: Broken,
    reason: Reason,
    price: Price,
    actor: Actor,
) -> None:
    """End pledges of receivables that break a clause; the seller takes them back."""
    from pipelines import endings
    from pipelines.signing import credentials

    back = _wanted(receivables, clause, reason, price)
    with common.workspace() as space:
        _tell(common, endings.repurchase(space, deal, day(as_of), credentials(space, actor), back))


@command
def clean_up(common: Common, deal: DealName, as_of: AsOf, price: Price, actor: Actor) -> None:
    """End all pledges of a pool that has become small: the seller buys the rest."""
    from pipelines import endings
    from pipelines.signing import credentials

    paid = amount(price, "--price", lowest=0)
    with common.workspace() as space:
        _tell(common, endings.clean_up(space, deal, day(as_of), credentials(space, actor), paid))


@command
def replay(common: Common, proposal: Known) -> None:
    """Choose a purchase once more from the tables, deal and model of then; exit 1 where the list is another."""
    from pipelines.replay import differing as found
    from pipelines.replay import replay as again

    with common.workspace() as space:
        lines = again(space, proposal)
    differing = found(lines)
    names = list(lines[0])
    common.answer(
        {"proposal": proposal, "same": not differing, "differing": differing, "lines": lines},
        rows(f"Proposal {proposal}, then and now", names, [list(one.values()) for one in lines]),
    )
    if differing:
        say(f"[yellow]Not the same: {differing[0]} is the first that differs.[/] What it means: docs/replay.md")
        next_step(f"poolwright evidence make {proposal} --out purchase.zip")
    else:
        say("The same list, to the byte, from the tables, deal and model of then")
    raise typer.Exit(1 if differing else 0)


def _wanted(names: list[str], clause: str, reason: str, price: str) -> "Wanted":
    from pipelines.endings import Wanted

    return Wanted(tuple(names), clause, reason, amount(price, "--price", lowest=0))


def _day(space: "Workspace", text: str) -> "date":
    from pipelines.purchase import today

    return day(text, "--on") if text else today(space)


def _tell(common: Common, done: "Outcome") -> None:
    entry = done.entry
    say(f"{entry.kind.value} {entry.proposal_id}" + ("" if done.is_new else ": it was already; nothing to do"))
    result = {"sequence": entry.sequence, "kind": entry.kind.value, "proposal": entry.proposal_id}
    result |= {"hash": entry.entry_hash, "new": done.is_new}
    common.answer(result, lambda console: console.print(f"ledger entry {entry.sequence}"))
    if entry.kind.value in NEXT:
        next_step(NEXT[entry.kind.value].format(proposal=entry.proposal_id, deal=entry.deal))


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for function in (approve, reject, settle, substitute, release, repurchase, replay):
        app.command(rich_help_panel="The purchase")(function)
    app.command("clean-up", rich_help_panel="The purchase")(clean_up)
