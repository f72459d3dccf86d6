"""Everything that pages look at, opened once for a running workbench."""

from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.deals import read_versions
from pipelines.signing import ledger
from pool.deal import Deal
from pool.deal_versions import in_force
from pool.people import Person
from runtime.clock import stopwatch
from runtime.workspace import Workspace
from schemas import derived
from schemas.errors import ConfigurationError
from workbench.audit import AuditLog
from workbench.book import Book
from workbench.copies import Copies
from workbench.jobs import Jobs
from workbench.refusal import Refusal
from workbench.sessions import Sessions
from workbench.sheet import Place, Sheets
from workbench.shelf import Shelf
from workbench.throttle import Throttle

MOMENT_SECONDS = 10


class Desk:
    """A workspace with its ledger, sessions, audit log and background work."""

    def __init__(self, workspace: Workspace, command: tuple[str, ...] = (), options: tuple[str, ...] = ()) -> None:
        """Open the desk.

        Args:
            workspace: What is looked at.
            command: How the command line is called for this workspace, for work in the background; empty where pages
                only look.
            options: What the command line is told beside that: workspace and settings.
        """
        self.workspace = workspace
        self.zone = workspace.settings.platform.time_zone
        self.shelf = Shelf(workspace)
        self.copies = Copies(self.shelf)
        self.sheets = Sheets(self.shelf, self.copies, self.zone)
        self.book = Book(ledger(workspace), self.shelf)
        self.sessions = Sessions()
        self.throttle = Throttle()
        self.audit = AuditLog(workspace.home / "workbench" / "audit.jsonl")
        self.jobs = Jobs(command, options)

    def __enter__(self) -> Self:
        """Use the desk for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything."""
        self.jobs.close()
        self.shelf.close()
        self.book.store.close()

    @property
    def conf(self) -> Path:
        """Give the configuration folder."""
        return self.workspace.settings.folder

    def moment(self) -> int:
        """Give a number that grows every few seconds: what may have changed unseen is asked again with it."""
        return int(stopwatch() / MOMENT_SECONDS)

    def person(self, name: str) -> Person | None:
        """Give a person as the ledger knows them now."""
        return next((one for one in self.book.store.people() if one.name == name), None)

    def deal(self, name: str, on: date) -> Deal:
        """Read the version of a deal that is in force on a day; its documents are read again only when they change.

        Raises:
            Refusal: 404; there is no such document.
        """
        folder = self.conf / "deals"
        paths = [path for path in (folder / f"{name}.yaml", *sorted((folder / name).glob("*.yaml"))) if path.is_file()]
        if not paths:
            raise Refusal(404, "refusal.deal")
        stamps = tuple((path.name, path.stat().st_mtime_ns) for path in paths)
        try:
            versions: list[Deal] = self.shelf.kept(("deal", name), stamps, lambda: read_versions(self.conf, name))
            return in_force(versions, on)
        except ConfigurationError as error:
            raise Refusal(409, "refusal.document", error.found) from error

    def places(self) -> list[tuple[date, str]]:
        """List the days and deals whose screening is published, the latest first."""
        found = [(row["as_of"], str(row["deal"])) for row in self.shelf.partitions(derived.SCREENINGS)]
        return sorted(found, key=lambda one: (-one[0].toordinal(), one[1]))

    def place(self, day: date | None, deal: str | None) -> Place | None:
        """Give the place that is asked for, the latest where none is; None where nothing was screened yet.

        Raises:
            Refusal: 404; that day and deal were not screened.
        """
        there = [one for one in self.places() if day in (None, one[0]) and deal in (None, one[1])]
        if there:
            return Place(there[0][0], self.deal(there[0][1], there[0][0]))
        if day or deal:
            raise Refusal(404, "refusal.place")
        return None
