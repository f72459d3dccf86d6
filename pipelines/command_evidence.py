"""Commands on the evidence bundle of a purchase: made in the workspace, checked anywhere."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines import completion
from pipelines.common import Common, command, next_step, pairs, rows

evidence = typer.Typer(help="What speaks for a purchase, for an auditor.", no_args_is_help=True, rich_markup_mode=None)
Proposal = Annotated[str, typer.Argument(help="Proposal id.", autocompletion=completion.proposals)]
Sign = Annotated[Path | None, typer.Option("--sign", help="Private key that signs the ledger's head.")]


@evidence.command("make")
@command
def make(
    common: Common,
    proposal: Proposal,
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    sign: Sign = None,
) -> None:
    """Write the evidence of a purchase as one zip; the same again gives the same bytes."""
    from pipelines.evidence import make_evidence

    with common.workspace() as space:
        made = make_evidence(space, proposal, out, sign)
    next_step(f"poolwright evidence check {out}, on any machine")
    common.answer(made, pairs(f"Evidence of {proposal}", made))


@evidence.command("check")
@command
def check(
    common: Common,
    file: Annotated[Path, typer.Argument(help="A file of `evidence make`.")],
    head: Annotated[Path | None, typer.Option("--head", help="A head of the ledger that a witness keeps.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Public key of whoever must have signed the heads.")] = None,
) -> None:
    """Check a bundle with nothing but the file: no workspace, no engine, no network; exit 1 where anything is wrong."""
    from pipelines.evidence import check_evidence

    found = check_evidence(file, head, key)
    holds = all(one.is_ok for one in found)
    names = ["check", "found", "ok"]
    lines = [(one.check, one.found, one.is_ok) for one in found]
    result = {"holds": holds, "checks": [dict(zip(names, line, strict=True)) for line in lines]}
    said = "everything holds" if holds else f"{sum(not one.is_ok for one in found)} of {len(found)} do NOT hold"
    common.answer(result, rows(f"{file}: {said}", names, lines))
    raise typer.Exit(0 if holds else 1)


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.add_typer(evidence, name="evidence", rich_help_panel="The purchase")
