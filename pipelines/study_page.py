"""The page of a label study, written as one file, whole or not at all."""

from datetime import date
from pathlib import Path

from features.labels import LabelDefinition
from features.study import StudyParameters
from features.study_tables import Study
from reports.study_page import LabelStudy, render
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError


def write_page(workspace: Workspace, as_of: date, found: Study, out: Path | None = None) -> Path:
    """Write the page of a study; give where it is.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    path = out or workspace.home / "reports" / f"label-study-{as_of}.html"
    fresh = path.with_suffix(".new")
    parameters = workspace.settings.section("label_study", StudyParameters)
    told = LabelStudy(
        as_of=as_of,
        receivables=found.receivables,
        choices=found.choices,
        curve=found.curve,
        vintages=found.vintages,
        rolls=found.rolls,
        bad_days=workspace.settings.section("labels", LabelDefinition).default_days_past_due,
        flat_share=parameters.flat_share,
        follow_days=parameters.follow_days,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(render(told), "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise ConfigurationError(f"--out {path}: {error.strerror}", "a file that can be written", "--out") from error
    return path
