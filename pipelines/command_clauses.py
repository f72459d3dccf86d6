"""Commands that ask what the clauses of a deal cost: the funnel, and what other thresholds would change."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.common import SHARED, AsOf, Common, DealName, command, day, offered, rows

if TYPE_CHECKING:
    from decimal import Decimal

    from rich.console import Console

    from pipelines.what_if import Asked
    from pool.funnel import Step

SETS = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="CODE=VALUE: another threshold of a criterion (CODE.NUMBER=VALUE where it has several), or a whole "
        "expression; may be repeated. section.key=value overrides one setting.",
    ),
]
Drops = Annotated[list[str] | None, typer.Option("--drop", help="Code of a criterion to leave out; may be repeated.")]
HELD = {
    "receivables": "count",
    "amount": "amount",
    "default probability": "default_probability",
    "annual rate": "annual_rate",
    "instalments left": "remaining_periods",
}
"""What is told of receivables taken together, by the name that it has in a table."""


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


def what_if(common: Common, as_of: AsOf, deal: DealName, drop: Drops = None) -> None:
    """Say what other thresholds would let in and shut out, beside what is eligible now; nothing is changed."""
    from pipelines.what_if import what_if as judged
    from pool.altered import is_wanted

    wanted = [one for one in common.overrides if is_wanted(one)]
    settings = replace(common, overrides=tuple(one for one in common.overrides if not is_wanted(one)))
    with settings.workspace() as space:
        asked = judged(space, day(as_of), deal, wanted, drop or [])
    found = asked.found
    result = {"deal": deal, "as_of": as_of, "changes": [asdict(one) for one in asked.alterations]}
    common.answer({**result, **asdict(found), "sentences": asked.sentences}, lambda console: _show(console, asked))


def _show(console: "Console", asked: "Asked") -> None:
    found = asked.found
    effects = [*found.alone, *([found.together] if len(found.alone) > 1 else [])]
    lines = [
        (one.code or "together", one.pass_more, one.pass_less, one.gained.count, f"{one.gained.amount:,}",
         one.lost.count, f"{one.lost.amount:,}")
        for one in effects
    ]  # fmt: skip
    heads = ["criterion", "pass more", "pass less", "let in", "its amount", "shut out", "their amount"]
    right = dict.fromkeys(("its amount", "their amount"), "right")
    rows("What changes", heads, lines, **right)(console)
    groups = {"eligible now": found.present, "let in": found.together.gained, "shut out": found.together.lost}
    held = {name: asdict(one) for name, one in {**groups, "eligible then": found.then}.items()}
    named = [
        (name, *(f"{one[column]:,}" if column == "amount" else one[column] for column in HELD.values()))
        for name, one in held.items()
    ]
    rows("Beside what is eligible", ["", *HELD], named, amount="right")(console)
    for sentence in asked.sentences:
        console.print(sentence, highlight=False)


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
    app.command(rich_help_panel="The day")(funnel)
    asks = offered(what_if, {**SHARED, "overrides": (SETS, None)}, what_if)
    app.command("what-if", rich_help_panel="The day")(asks)
