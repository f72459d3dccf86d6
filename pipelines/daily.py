"""The daily batch: the stages in the order in which they read each other."""

from collections.abc import Sequence
from datetime import date

from pipelines.deals import champion_for, read_deal
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.progress import told
from pipelines.reconcile import RECONCILE
from pipelines.score import SCORE
from pipelines.screen import SCREEN, extras
from pipelines.states import STATES
from pipelines.sweep import Sweep
from pool.deal import Deal
from runtime.stage import Outcome, Stage, execute
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError
from schemas.hashing import digest

Given = tuple[dict[str, object], dict[str, str]]
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
    deal = read_deal(workspace.settings.folder, deal_name, as_of) if deal_name else None
    outcomes = []
    with workspace.scratch(f"sweep-{as_of}") as scratch:
        sweep = Sweep(workspace, [as_of], scratch)
        for stage in stages:
            given = _given(workspace, stage, deal, sweep)
            if given is not None:
                named = deal_name if stage.per_deal else ""
                outcomes.append(told(execute(stage, workspace, as_of, named, *given)))
    return outcomes


def _given(workspace: Workspace, stage: Stage, deal: Deal | None, sweep: Sweep) -> Given | None:
    """Give a stage what it needs beside tables, and what of it the answer depends on; None where it cannot run."""
    if stage is FEATURIZE:
        return {"sweep": sweep}, {}
    if stage is SCREEN and deal:
        return extras(workspace, deal)
    if stage is not SCORE:
        return {}, {}
    model = champion_for(workspace, deal)
    if model is None:
        return None
    snapshot = str(workspace.catalog.snapshot(FEATURES.name))
    depends = {"model": digest(dict(model.files)), "version": model.version}
    return {"model": model, "feature_snapshot": snapshot}, depends
