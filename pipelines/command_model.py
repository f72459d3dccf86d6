"""Commands about the model: train, list, show, promote."""

from typing import Annotated

import typer

from pipelines.common import AsOf, Common, command, day, pairs, rows, say

models = typer.Typer(help="Registered models of default probability.", no_args_is_help=True, rich_markup_mode=None)
Version = Annotated[str, typer.Argument(help="A version number, or champion.")]


@command
def train(common: Common, as_of: AsOf) -> None:
    """Build features and labels of past days, fit and calibrate a model, register it."""
    from pipelines.train import train as fit

    with common.workspace() as space, space.writing():
        done = fit(space, day(as_of))
    if not done.fresh:
        say(f"Model {done.version} was trained from these very inputs; nothing to do")
    say(f"Model {done.version}" + (" scores from now on (champion)" if done.is_champion else " is registered"))
    common.answer(
        {"version": done.version, "champion": done.is_champion, "metrics": done.metrics},
        pairs(f"Model {done.version}, out of time", done.metrics),
    )


@models.command("list")
@command
def list_models(common: Common) -> None:
    """List the registered versions."""
    from pipelines.score import registry

    with common.workspace() as space:
        found = registry(space).versions()
    names = ["version", "aliases", "metrics"]
    lines = [
        (one.version, ", ".join(one.aliases), ", ".join(f"{k} {v:.4f}" for k, v in one.metrics.items()))
        for one in found
    ]
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows("Models", names, lines))


@models.command("promote")
@command
def promote(
    common: Common,
    version: Version,
    reason: Annotated[str, typer.Option(help="Why, in a sentence; it is kept.")],
    approver: Annotated[str, typer.Option("--as", help="Who decides.")],
) -> None:
    """Make a version the champion that scores from now on."""
    from pipelines.score import registry

    with common.workspace() as space:
        registry(space).promote(version, "champion", approver=approver, reason=reason)
    say(f"Model {version} scores from now on (champion)")


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command(rich_help_panel="Model")(train)
    app.add_typer(models, name="models", rich_help_panel="Model")
