"""The page of a label study, written as one file, whole or not at all."""

from datetime import date
from pathlib import Path

from features.labels import LabelDefinition
from features.study import StudyParameters
from features.study_tables import Study
from pipelines.common import written
from reports.study_page import LabelStudy, render
from runtime.workspace import Workspace


def write_page(workspace: Workspace, as_of: date, found: Study, out: Path | None = None) -> Path:
    """Write the page of a study; give where it is.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    path = out or workspace.home / "reports" / f"label-study-{as_of}.html"
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
    return written(path, render(told).encode())
