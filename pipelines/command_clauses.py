"""Commands that ask what the clauses of a deal cost: the funnel."""

from typing import TYPE_CHECKING

import typer

from pipelines.common import AsOf, Common, DealName, command, day, rows

if TYPE_CHECKING:
    from decimal import Decimal

    from pool.funnel import Step


@command
def funnel(common: Common, as_of: AsOf, deal: DealName) -> None:
    """Show how criteria, one after the other, leave fewer receivables, and what each stops that no other stops."""
    from pipelines.funnel import funnel_of

    with common.workspace() as space:
        found = funnel_of(space, day(as_of), deal)
    lines = [_step(one) for one in found.steps]
    result = {"deal": deal, "as_of": as_of, "open": found.open_count, "open_amount": found.open_amount}
    title = f"The funnel of {deal} as of {as_of}: {found.open_count:,} open receivables of {found.open_amount:,}"
    heads = ["code", "criterion", "fail", "unknown", "amount", "only this", "its amount", "left", "left amount"]
    shown = [[f"{v:,}" if n.endswith("amount") else v for n, v in one.items()] for one in lines]
    right = dict.fromkeys((one for one in heads if "amount" in one), "right")
    common.answer({**result, "criteria": lines}, rows(title, heads, shown, **right))


def _step(one: "Step") -> dict[str, "str | int | Decimal"]:
    return {
        "code": one.criterion.code,
        "criterion": one.criterion.text_en,
        "failed": one.failed,
        "unknown": one.unknown,
        "amount": one.amount,
        "only": one.only_count,
        "only_amount": one.only_amount,
        "left": one.left_count,
        "left_amount": one.left_amount,
    }


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for function in (funnel,):
        app.command(rich_help_panel="The day")(function)
