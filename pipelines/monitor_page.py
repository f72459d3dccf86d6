"""The monitoring page of a day, written as one file, whole or not at all."""

from datetime import date
from pathlib import Path

from features.catalogue import FEATURES as CATALOGUE
from models.monitoring import MonitoringParameters
from pipelines.common import written
from pipelines.monitor import Monitored
from reports.monitoring_page import Monitoring, render
from runtime.workspace import Workspace


def write_page(workspace: Workspace, as_of: date, found: Monitored, out: Path | None = None) -> Path:
    """Write the page of a monitored day; give where it is.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    path = out or workspace.home / "reports" / f"monitoring-{as_of}.html"
    return written(path, laid_out(workspace, as_of, found).encode())


def laid_out(workspace: Workspace, as_of: date, found: Monitored) -> str:
    """Lay out the page of a monitored day."""
    rules = workspace.settings.section("monitoring", MonitoringParameters)
    return render(
        Monitoring(
            as_of=as_of,
            run_id=found.outcome.manifest.run,
            version=found.outcome.manifest.identity["depends"]["version"],
            alarms=found.alarms,
            drifts=found.drifts,
            agreements=found.agreements,
            sentences={feature.name: feature.sentence for feature in CATALOGUE},
            least_gain_share=rules.least_gain_share,
        )
    )
