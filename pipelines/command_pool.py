"""Commands for the day: screen, propose a purchase, explain a receivable, write the report."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.common import AsOf, Common, DealName, Receivable, command, day, next_step, rows, say
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from pool.aims import Aim

Cash = Annotated[str, typer.Option("--cash", help="Money that the purchase may use.")]
Objective = Annotated[str, typer.Option("--objective", help="cash, yield, loss or sample: what the batch is for.")]
Actor = Annotated[str, typer.Option("--as", help="Who acts; the secret is POOLWRIGHT_SECRET, else asked.")]


@command
def screen(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Screen every open receivable against a deal's criteria, and say why receivables fail, each with an example."""
    from pipelines.daily import plan, run_day
    from pipelines.funnel import examples, funnel_of

    with common.workspace() as space, space.writing():
        run_day(space, day(as_of), deal, plan(deal, "screen"))
        funnel = funnel_of(space, day(as_of), deal)
        refused = examples(space, day(as_of), deal)
    names = ["code", "criterion", "failed", "unknown", "example"]
    found = [
        (one.criterion.code, one.criterion.text_en, one.failed, one.unknown, refused.get(one.criterion.code))
        for one in funnel.steps
    ]
    title = (
        f"{deal}: {funnel.eligible_count:,} of {funnel.open_count:,} open receivables are eligible; why not the others"
    )
    common.answer([dict(zip(names, line, strict=True)) for line in found], rows(title, names, found))
    if refused:
        next_step(f"poolwright explain {min(refused.values())} --as-of {as_of} --deal {deal}")


@command
def explain(common: Common, receivable: Receivable, as_of: AsOf, deal: DealName) -> None:
    """Show one receivable against every criterion: clause, value, threshold, outcome."""
    from pipelines.explain import explained

    with common.workspace() as space:
        found = explained(space, day(as_of), deal, receivable)
    names = ["code", "outcome", "clause", "criterion", "observed", "threshold"]
    common.answer([dict(zip(names, line, strict=True)) for line in found.lines], rows(receivable, names, found.lines))
    say(f"As screened by run {found.run}, from " + ", ".join(f"{n} {kept}" for n, kept in found.snapshots.items()))


@command
def recheck(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Judge a published screening again on DuckDB over the files that it read; exit 1 where any cell differs."""
    from pipelines.recheck import recheck as judged_again

    with common.workspace() as space:
        found = judged_again(space, day(as_of), deal)
    counts = [("outcomes", found.cells), ("values seen where it does not pass", found.values)]
    lines = [(name, one.cell_count, one.unequal_count) for name, one in counts]
    names = ["receivable", "criterion", "published", "second opinion"]
    unequal = [(d.receivable_id, d.code, d.outcome, d.second) for _, one in counts for d in one.differences]
    result = {
        "run": found.run,
        "receivables": found.cells.cell_count // found.criterion_count,
        "criteria": found.criterion_count,
        "cells": found.cells.cell_count,
        "cells_unequal": found.cells.unequal_count,
        "values": found.values.cell_count,
        "values_unequal": found.values.unequal_count,
        "differences": [dict(zip(names, line, strict=True)) for line in unequal],
    }

    def show(console: "Console") -> None:
        title = f"{result['receivables']:,} receivables x {result['criteria']} criteria of {deal}, judged again"
        rows(title, ["", "compared", "unequal"], lines)(console)
        if unequal:
            rows("The first that differ", names, unequal)(console)

    common.answer(result, show)
    raise typer.Exit(0 if found.is_equal else 1)


@command
def propose(
    common: Common, as_of: AsOf, deal: DealName, cash: Cash, actor: Actor, objective: Objective = "cash"
) -> None:
    """Choose a batch under all limits for an aim, and enter it in the ledger as a proposal."""
    from pipelines.propose import propose as choose
    from pipelines.proposed import shown
    from pipelines.signing import credentials

    with common.workspace() as space, space.writing():
        done = choose(space, day(as_of), deal, amount(cash), credentials(space, actor), _aim(objective))
    for reason in done.reasons:
        say(f"[yellow]{reason}[/]")
    common.answer(done.figures, shown(f"Proposal {done.proposal_id or '(nothing to buy)'}", done.figures))
    if not done.reasons:
        next_step(
            f"another person reads `poolwright proposals show {done.proposal_id}` and approves it: "
            f"poolwright approve {done.proposal_id} --as ANOTHER"
        )
    raise typer.Exit(1 if done.reasons else 0)


@command
def worst_pool(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Show how loose a deal is: the worst pool that its criteria and limits allow, beside the pool that there is."""
    from pipelines.worst_pool import lines, worst_of

    with common.workspace() as space, space.writing():
        found = lines(worst_of(space, day(as_of), deal))
    common.answer(found, rows(f"The worst pool of {deal}", list(found[0]), [list(one.values()) for one in found]))


@command
def rollforward(
    common: Common,
    first: Annotated[str, typer.Option("--from", help="First day of the series.")],
    last: Annotated[str, typer.Option("--to", help="Last day of the series.")],
) -> None:
    """Show how unpaid principal moved from month start to month start, every movement named."""
    from pipelines.roll_forward import roll, series
    from schemas.moments import month_starts

    days = month_starts(day(first, "--from"), day(last, "--to"))
    if len(days) < 2:
        raise ConfigurationError(
            f"--from {first} --to {last}", "a span of two month starts or more", "the command line"
        )
    with common.workspace() as space, space.writing():
        roll(space, days)
        found = series(space, days)
    names = list(found[0]) if found else []
    lines = [list(one.values()) for one in found]
    common.answer(found, rows("Roll-forward", names, lines))
    raise typer.Exit(1 if any(one["difference_amount"] for one in found) else 0)


def _aim(text: str) -> "Aim":
    from pool.aims import Aim

    try:
        return Aim(text)
    except ValueError as error:
        known = ", ".join(each.value for each in Aim)
        raise ConfigurationError(f"--objective {text}", f"one of {known}", "the command line") from error


def amount(text: str, option: str = "--cash", lowest: Decimal | float | None = Decimal("0.01")) -> Decimal:
    """Read an amount of money from the command line.

    Raises:
        ConfigurationError: No amount, more than two decimals, or below the lowest allowed.
    """
    try:
        given = Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise ConfigurationError(f"{option} {text}", "an amount such as 1000000.00", "the command line") from error
    if not given.is_finite() or given != round(given, 2) or (lowest is not None and given < lowest):
        least = f" of at least {lowest}" if lowest is not None else ""
        raise ConfigurationError(f"{option} {text}", f"an amount{least} with at most two decimals", "the command line")
    return given


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for function in (screen, explain, recheck, propose, worst_pool, rollforward):
        app.command(rich_help_panel="The day")(function)
