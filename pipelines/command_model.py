"""Commands about the model: train, list, show, promote."""

from collections.abc import Mapping
from typing import Annotated

import typer

from pipelines.common import AsOf, Common, command, day, rows, say

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
    for one in done.findings:
        say(f"[bold red]{one['code']}[/] {one['found']}; bound: {one['bound']}; look at: {one['where']}")
    common.answer(
        {"version": done.version, "champion": done.is_champion, "metrics": done.metrics, "findings": done.findings},
        rows(f"Model {done.version}", ["judged on", "metric", "value", "from", "to"], metric_lines(done.metrics)),
    )


SIDES = {"out_of_time": "later days", "cross_validated": "cross-validation", "out_of_fold": "training folds"}
SHOWN = (
    "auc",
    "gini",
    "ks",
    "h_measure",
    "captured_top_10",
    "brier",
    "calibration_error",
    "calibration_slope",
    "observed_rate",
    "predicted_rate",
)


def metric_lines(metrics: Mapping[str, float]) -> list[tuple[str, str, float, float | None, float | None]]:
    """Pick the metrics that people look at first, each with its 95 % interval where one was measured."""
    return [
        (words, name, metrics[f"{side}_{name}"], metrics.get(f"{side}_{name}_low"), metrics.get(f"{side}_{name}_high"))
        for side, words in SIDES.items()
        for name in SHOWN
        if f"{side}_{name}" in metrics
    ]


@models.command("list")
@command
def list_models(common: Common) -> None:
    """List the registered versions."""
    from pipelines.score import registry

    with common.workspace() as space:
        found = registry(space).versions()
    names = ["version", "aliases", "out of time AUC", "calibration error"]
    shown = ("out_of_time_auc", "out_of_time_calibration_error")
    lines = [(one.version, ", ".join(one.aliases), *(one.metrics.get(name) for name in shown)) for one in found]
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
    from models.versions import Decision
    from pipelines.score import registry
    from runtime import clock

    with common.workspace() as space:
        registry(space).decide(version, Decision("promote", approver, reason, clock.now().isoformat()))
    say(f"Model {version} scores from now on (champion)")


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command(rich_help_panel="Model")(train)
    app.add_typer(models, name="models", rich_help_panel="Model")
