"""Commands on a pool after its purchases: one for each part of its life, and `watch` for all of them with alarms."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.common import AsOf, Common, DealName, command, day, rows
from schemas.triggers import TRIGGER_STATES

if TYPE_CHECKING:
    from schemas.table import Table

app = typer.Typer(help="What a pool brings in after its purchases.", no_args_is_help=True, rich_markup_mode=None)
Since = Annotated[str, typer.Option("--since", help="First day of the series [the first purchase].")]
Every = Annotated[str, typer.Option("--every", help="Also roll forward by month or day: month, day.")]


@app.command()
@command
def collections(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Match the cash of every receivable to what fell due, day by day; --json also gives it by receivable."""
    from schemas.after_purchase import POOL_COLLECTIONS, POOL_MATCHES

    _show(common, "collections", as_of, deal, (POOL_COLLECTIONS, POOL_MATCHES))


@app.command()
@command
def turnover(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Time the servicer: cash by the day it was collected, and when it was turned over; exit 1 where some is late."""
    from schemas.after_purchase import POOL_TURNOVERS

    found = _show(common, "turnover", as_of, deal, (POOL_TURNOVERS,))
    late = [one for one in found["pool_turnovers"] if one["outstanding_amount"] > 0 and one["late_days"]]
    raise typer.Exit(1 if late else 0)


@app.command()
@command
def dilution(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Show what was refunded after the pool had bought it, and open cases that may take more."""
    from schemas.after_purchase import POOL_DILUTIONS

    _show(common, "dilution", as_of, deal, (POOL_DILUTIONS,))


@app.command()
@command
def warranties(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Screen what was bought again as of its cut-off, by what is known now; exit 1 where the seller should buy back."""
    from schemas.after_purchase import WARRANTY_BREACHES

    found = _show(common, "warranties", as_of, deal, (WARRANTY_BREACHES,))
    raise typer.Exit(1 if any(one["is_held"] for one in found["warranty_breaches"]) else 0)


@app.command()
@command
def rollforward(common: Common, as_of: AsOf, deal: DealName, since: Since = "", every: Every = "") -> None:
    """Show how the pool's unpaid principal moved, since before its first purchase and this month; exit 1 on a gap."""
    from pipelines.pool_roll import roll_series

    with common.workspace() as space, space.writing():
        found = roll_series(space, deal, day(as_of), day(since, "--since") if since else None, every)
    lines = [[one[name] for name in one if name != "deal"] for one in found]
    names = [name for name in found[0] if name != "deal"]
    common.answer({"pool_roll_forwards": found}, rows(f"Roll-forward of {deal}", names, lines))
    raise typer.Exit(1 if any(one["difference_amount"] for one in found) else 0)


@app.command()
@command
def static(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Follow each purchase by months since its cut-off: default, loss, prepayment, payment rate."""
    from schemas.after_purchase import STATIC_POOLS

    _show(common, "static", as_of, deal, (STATIC_POOLS,))


@app.command()
@command
def delinquency(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Show what the pool holds by days past due; --json also gives roll rates and what is to come."""
    from schemas.after_purchase import POOL_DELINQUENCIES, POOL_OUTLOOKS, POOL_ROLL_RATES

    _show(common, "delinquency", as_of, deal, (POOL_DELINQUENCIES, POOL_OUTLOOKS, POOL_ROLL_RATES))


@app.command()
@command
def strata(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Divide what the pool holds by balance, rate, term, seasoning, grade, region, category, ticket and age."""
    from schemas.after_purchase import POOL_STRATA

    _show(common, "strata", as_of, deal, (POOL_STRATA,))


@app.command()
@command
def drift(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Compare each purchase with the first one: default probability, rate, term, region."""
    from schemas.after_purchase import BATCH_DRIFTS

    _show(common, "drift", as_of, deal, (BATCH_DRIFTS,))


@app.command()
@command
def triggers(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Follow every trigger month by month: what it measured, where it stands; exit 1 where one is in force."""
    from pipelines.deals import read_deal
    from pipelines.pool_triggers import watch_triggers
    from pipelines.pool_watch import rows_of

    on = day(as_of)
    with common.workspace() as space, space.writing():
        now = watch_triggers(space, read_deal(space.settings.folder, deal, on), on)
        found = rows_of(space, TRIGGER_STATES, deal, on)
    names = [name for name in TRIGGER_STATES.names if name not in ("deal", "as_of")]
    lines = [[one[name] for name in names] for one in found]
    common.answer({"trigger_states": found}, rows(f"Triggers of {deal}", names, lines))
    raise typer.Exit(1 if any(one.is_fired for one in now) else 0)


@app.command()
@command
def watch(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Follow every part of the pool's life, and say what a person must look at; exit 1 on a stop."""
    from pipelines.pool_watch import rows_of, watch_pool
    from schemas.after_purchase import POOL_ALARMS

    with common.workspace() as space, space.writing():
        watch_pool(space, deal, day(as_of))
        found = rows_of(space, POOL_ALARMS, deal, day(as_of))
    found.sort(key=lambda one: (one["severity"] != "stop", one["code"], one["subject"]))
    names = ("severity", "code", "subject", "found")
    common.answer({"pool_alarms": found}, rows(f"Alarms of {deal}", names, [[one[n] for n in names] for one in found]))
    raise typer.Exit(1 if any(one["severity"] == "stop" for one in found) else 0)


def _show(
    common: Common, step: str, as_of: str, deal: str, tables: "tuple[Table, ...]"
) -> dict[str, list[dict[str, Any]]]:
    """Run a part of the pool's life and show the first of its tables; as JSON all of them."""
    from pipelines.pool_watch import STEPS, rows_of
    from pipelines.progress import told
    from pipelines.states import STATES
    from runtime.stage import execute

    on: date = day(as_of)
    with common.workspace() as space, space.writing():
        told(execute(STATES, space, on))
        STEPS[step](space, deal, on)
        found = {table.name: rows_of(space, table, deal, on) for table in tables}
    first = tables[0]
    names = [name for name in first.names if name not in ("deal", "as_of")]
    lines = [[one[name] for name in names] for one in found[first.name]]
    common.answer(found, rows(f"{first.name.replace('_', ' ')} of {deal}", names, lines))
    return found


def register(parent: typer.Typer) -> None:
    """Hang the group into the command line."""
    parent.add_typer(app, name="pool", rich_help_panel="The pool after purchase")
