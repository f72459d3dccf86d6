"""The daily batch: the stages in the order in which they read each other."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import product

from rich.markup import escape

from pipelines.common import say
from pipelines.deals import champion_for, read_deal
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.progress import bar, told
from pipelines.reconcile import RECONCILE
from pipelines.score import SCORE
from pipelines.screen import SCREEN, depends, extras
from pipelines.states import STATES
from pipelines.sweep import Sweep
from pool.deal import Deal
from runtime.operations import tried
from runtime.stage import Outcome, Stage, execute
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError
from schemas.hashing import digest

Given = Callable[[], Mapping[str, object]]
Done = Callable[[Outcome], None]
DAILY = (STATES, RECONCILE, FEATURIZE, SCORE, SCREEN)


def plan(deal: str, to: str = "") -> tuple[Stage, ...]:
    """Give the stages of a day, up to the named one; without a deal none that needs one.

    Raises:
        ConfigurationError: There is no such stage.
    """
    stages = [stage for stage in DAILY if deal or not stage.per_deal]
    names = [stage.name for stage in stages]
    if to and to not in names:
        raise ConfigurationError(f"--to {to}", f"one of {', '.join(names)}", "the command line")
    return tuple(stages[: names.index(to) + 1] if to else stages)


def run_day(workspace: Workspace, as_of: date, deal_name: str, stages: Sequence[Stage]) -> list[Outcome]:
    """Run the stages for a day; each that has run on these very inputs is left alone."""
    return run_days(workspace, [as_of], deal_name, stages)


def run_days(
    workspace: Workspace, days: Sequence[date], deal_name: str, stages: Sequence[Stage], done: Done = lambda _: None
) -> list[Outcome]:
    """Run the stages for some days, one after the other; the logs are swept for all of them in one pass.

    A stage whose failure may pass by itself, a lost engine or a busy database, is tried again.

    Args:
        workspace: Where.
        days: As-of days.
        deal_name: Name of the deal; empty where no stage needs one.
        stages: What to run, in the order in which they read each other.
        done: Told each outcome when it stands.
    """
    outcomes = []
    with workspace.scratch(f"sweep-{days[0]}-{len(days)}") as scratch, bar("run") as move:
        sweep = Sweep(workspace, days, scratch)
        for place, (as_of, stage) in enumerate(product(days, stages)):
            move(f"{stage.name} {as_of}", place / (len(days) * len(stages)))
            deal = read_deal(workspace.settings.folder, deal_name, as_of) if deal_name else None
            depends = depends_of(workspace, stage, deal)
            if depends is not None:
                given = partial(_given, workspace, stage, deal, sweep)
                named = deal_name if stage.per_deal else ""
                outcomes.append(told(_tried(workspace, stage, as_of, named, given, depends)))
                done(outcomes[-1])
    return outcomes


def _tried(
    workspace: Workspace, stage: Stage, as_of: date, deal: str, given: Given, depends: Mapping[str, str]
) -> Outcome:
    def failed(error: Exception, pause: float) -> None:
        what = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        say(
            f"[yellow]{stage.name} {as_of} failed and is tried again in {pause:g} s[/]: {escape(what)}", level="warning"
        )
        workspace.renew()

    return tried(lambda: execute(stage, workspace, as_of, deal, given(), depends), workspace.operations.retries, failed)


def _given(workspace: Workspace, stage: Stage, deal: Deal | None, sweep: Sweep) -> dict[str, object]:
    """Give a stage what it needs beside tables."""
    if stage is FEATURIZE:
        return {"sweep": sweep}
    if stage is SCREEN and deal:
        return extras(workspace, deal)
    if stage is not SCORE:
        return {}
    snapshot = str(workspace.catalog.snapshot(FEATURES.name))
    return {"model": champion_for(workspace, deal), "feature_snapshot": snapshot}


def depends_of(workspace: Workspace, stage: Stage, deal: Deal | None) -> dict[str, str] | None:
    """Identify what a stage's answer depends on beside tables; None where it cannot run: no model, and none needed."""
    if stage is SCREEN and deal:
        return depends(workspace, deal)
    if stage is not SCORE:
        return {}
    model = champion_for(workspace, deal)
    return None if model is None else {"model": digest(dict(model.files)), "version": model.version}
