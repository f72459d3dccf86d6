"""Commands about the model: train, reasons, list, show, card, compare, promote, rollback, explain."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines import completion
from pipelines.common import AsOf, Common, DryRun, command, day, next_step, rows, say
from pipelines.unattended import scheduled
from schemas.errors import ConfigurationError

models = typer.Typer(help="Registered models of default probability.", no_args_is_help=True, rich_markup_mode=None)
Version = Annotated[str, typer.Argument(help="A version number, or champion.")]
Approver = Annotated[str, typer.Option("--as", help="Who decides; their secret is asked, or is POOLWRIGHT_SECRET.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence; it is kept.")]
Folder = Annotated[Path, typer.Option("--out", help="Folder to write pictures to.")]
Signer = Annotated[str, typer.Option("--as", help="Who answers for the training; their secret is asked.")]


@scheduled
def train(
    common: Common,
    as_of: AsOf,
    signer: Signer = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Build features and labels of past days, fit and calibrate a model, audit it, register it."""
    from rich.markup import escape

    from pipelines.model_views import metrics_view
    from pipelines.signing import trainer
    from pipelines.train import train as fit

    if dry_run:
        _would_train(common, as_of)
        return
    with common.workspace() as space, space.writing():
        done = fit(space, day(as_of), trainer(space, signer))
    if not done.fresh:
        say(f"Model {done.version} was trained from these very inputs; nothing to do")
    say(
        f"Model {done.version}"
        + (" scores (champion)" if done.is_champion else " is registered and does not score yet")
    )
    if done.findings:
        say(f"The leakage audit found; whether that bars the model, its gate NO_LEAK says: models show {done.version}")
    for one in done.findings:
        said = escape(f"{one['found']}; bound: {one['bound']}; look at: {one['where']}")
        say(f"[yellow]{one['code']}[/] {said}")
    common.answer(
        {"version": done.version, "champion": done.is_champion, "metrics": done.metrics, "findings": done.findings},
        metrics_view(done.version, done.metrics),
    )
    if not done.is_champion:
        next_step(
            f"another person reads `poolwright models show {done.version}` and promotes it: "
            f"poolwright models promote {done.version} --as NAME --reason WHY"
        )


def _would_train(common: Common, as_of: str) -> None:
    from pipelines.train import would_train

    with common.workspace() as space:
        found, fits, why = would_train(space, day(as_of))
    names = ["as of", "stage", "would run", "why", "rows, about"]
    lines = [(one.as_of, one.stage.name, one.is_due, one.why, one.rows) for one in found]
    lines.append((day(as_of), "train", fits, why, None))
    title = "What a training would do; nothing was run"
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows(title, names, lines))


@models.command("list")
@command
def list_models(common: Common) -> None:
    """List the registered versions."""
    from pipelines.model_views import list_view
    from pipelines.score import registry

    with common.workspace() as space:
        found = registry(space).versions()
    common.answer(*list_view(found))


@models.command("show")
@command
def show(common: Common, version: Version) -> None:
    """Show a version: metrics with intervals, data, findings, gates as they stand now, and who promoted it."""
    from pipelines.govern import judged
    from pipelines.model_views import judgement_told, judgement_view

    with common.workspace() as space:
        found = judged(space, version)
    common.answer(judgement_told(found), judgement_view(found))


@models.command("card")
@command
def card(
    common: Common, version: Version, out: Annotated[Path, typer.Option("--out", help="HTML file to write.")]
) -> None:
    """Write a version's model card: one HTML page, with the gates as they stand now."""
    from pipelines.model_card import card as laid_out

    with common.workspace() as space:
        text = laid_out(space, version)
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"--out {out}: {error.strerror}", "a file that can be written", "--out") from error
    say(f"The card of model {version} is in {out}")
    common.answer({"version": version, "card": str(out)}, lambda console: console.print(str(out)))


@models.command("compare")
@command
def compare(
    common: Common, first: Version, second: Annotated[str, typer.Argument(help="Another version number, or champion.")]
) -> None:
    """Compare two versions on rows that neither learned from."""
    from pipelines.govern import comparison
    from pipelines.model_views import comparison_view

    with common.workspace() as space:
        found = comparison(space, first, second)
    common.answer(found.told(), comparison_view(found))


@models.command("promote")
@command
def promote(
    common: Common,
    version: Version,
    reason: Reason,
    approver: Approver,
    override: Annotated[
        str, typer.Option("--override", help="Why gates that it fails are accepted; it is kept and shown.")
    ] = "",
) -> None:
    """Make a version the champion that scores from now on, if it passes the gates; exit 1 if it does not."""
    from pipelines.govern import promote as decide
    from pipelines.model_card import keep_card
    from pipelines.model_views import gates_view, judgement_told

    with common.workspace() as space, space.writing():
        found = decide(space, version, approver, reason, override)
        if found.is_new:
            keep_card(space, found.version.version)
    accepted = "champion" in found.version.aliases
    if accepted:
        said = "scores from now on (champion)" if found.is_new else "scores already (champion); nothing to do"
        say(f"Model {found.version.version} {said}")
    else:
        say(f"Model {found.version.version} stays out: it fails {', '.join(found.failed)}")
    if found.failed and found.is_new:
        say(f"[bold red]Override[/] of {', '.join(found.failed)}: it is kept with the version")
    common.answer({**judgement_told(found), "promoted": accepted}, gates_view(found.gates))
    if accepted:
        next_step("poolwright run --as-of DATE --deal DEAL")
    raise typer.Exit(0 if accepted else 1)


@models.command("rollback")
@command
def rollback(common: Common, reason: Reason, approver: Approver) -> None:
    """Return to the champion before the present one."""
    from pipelines.govern import rollback as decide
    from pipelines.model_card import keep_card
    from pipelines.model_views import promotions_view

    with common.workspace() as space, space.writing():
        back = decide(space, approver, reason)
        keep_card(space, back.version)
    say(f"Model {back.version} scores again (champion)")
    common.answer({"version": back.version, "promotions": back.promotions}, promotions_view(back))


@models.command("explain")
@command
def explain_model(common: Common, version: Version, as_of: AsOf, out: Folder) -> None:
    """Show what moves a version's scores on a day, by family of features; write pictures."""
    from pipelines.why import overview

    with common.workspace() as space:
        found = overview(space, day(as_of), version)
    moved, pictures = found.by_family, found.pictures()
    for name, content in pictures.items():
        _write(out / name, content)
    say(f"Pictures are in {out}: {', '.join(pictures)}")
    lines = [(name, value) for name, value in moved.items()]
    common.answer(moved, rows("What moves scores", ["family", "mean absolute contribution"], lines))


@command
def reasons(
    common: Common,
    as_of: AsOf,
    receivable: Annotated[
        str,
        typer.Argument(help="Receivable id; without one, --out tells of all.", autocompletion=completion.receivables),
    ] = "",
    version: Annotated[str, typer.Option("--model", help="A version number, or champion.")] = "champion",
    language: Annotated[str, typer.Option("--language", help="Words of the reasons: en or zh.")] = "en",
    plot: Annotated[Path | None, typer.Option("--plot", help="Picture to write: how the score comes about.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="HTML page to write: what moves scores, and the receivable's reasons.")
    ] = None,
) -> None:
    """Say why the model finds a receivable risky: up to four reasons with their codes; or what moves scores at all."""
    from pipelines.model_views import reasons_view
    from pipelines.why import language_of, overview, why
    from pipelines.why_page import write_page

    spoken = language_of(language)
    if not receivable and (plot or not out):
        asked = f"--plot {plot}" if plot else "neither a receivable nor --out"
        raise ConfigurationError(
            asked, "a receivable to explain, or --out FILE for the page of all", "the command line"
        )
    with common.workspace() as space:
        found = why(space, day(as_of), receivable, version) if receivable else None
        if out:
            whole = overview(space, day(as_of), version)
            write_page(day(as_of), whole, found, out)
            say(f"The page is in {out}")
    if found and plot:
        _write(plot, found.picture(spoken))
        say(f"The picture is in {plot}")
    if found:
        common.answer(*reasons_view(found, spoken))
    else:
        common.answer({"page": str(out)}, lambda console: console.print(str(out)))


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: {error.strerror}", "a place that can be written", "the command line"
        ) from error


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command(rich_help_panel="Model")(train)
    app.command(rich_help_panel="Model")(reasons)
    app.add_typer(models, name="models", rich_help_panel="Model")
