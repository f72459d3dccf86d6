"""A workspace: one platform's tables, runs, models and ledger in one folder, with an engine that starts when needed."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runtime.lock import hold
from runtime.manifest import RunLog
from runtime.operations import OperationsSettings
from runtime.settings import EngineSettings, Environment, Settings, StorageSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from runtime.catalog import Catalog


class Workspace:
    """Everything a stage may touch outside its own arguments."""

    def __init__(self, home: Path, settings: Settings, tell: Callable[[str], None] = lambda _: None) -> None:
        """Open the workspace, making its folder; neither engine nor catalog is started yet.

        Args:
            home: Its folder.
            settings: The merged settings.
            tell: Told, in a sentence, what somebody who watches should know: a wait, a recovery, another try.
        """
        self.scoring_version = "champion"
        """Alias or version of the model that scores: in a replay that of then, empty where none did."""
        self.home = home
        self.settings = settings
        self.tell = tell
        self.environment = Environment()
        self._engine = ExitStack()
        self._closing = ExitStack()
        home.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Use the workspace for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started."""
        self._engine.close()
        self._closing.close()

    @cached_property
    def engine(self) -> EngineSettings:
        """Give the engine's settings."""
        return self.settings.section("engine", EngineSettings)

    @cached_property
    def session(self) -> "SparkSession":
        """Give the engine session, started on first use."""
        from runtime.session import session

        return self._engine.enter_context(session(self.engine))

    def renew(self) -> None:
        """Let go of an engine that answers no more: the next use of `session` starts another."""
        lost, self._engine = self._engine, ExitStack()
        self.__dict__.pop("session", None)
        try:
            lost.close()
        except Exception as error:  # noqa: BLE001 - one that is gone cannot be closed in order
            self.tell(f"The lost engine did not close in order: {type(error).__name__}")

    @cached_property
    def operations(self) -> OperationsSettings:
        """Give how unattended runs behave."""
        return self.settings.section("operations", OperationsSettings)

    @cached_property
    def storage(self) -> StorageSettings:
        """Give the addresses of catalog, tracking and ledger."""
        return self.settings.section("storage", StorageSettings)

    @cached_property
    def catalog(self) -> "Catalog":
        """Give the stored tables."""
        from runtime.catalog import Catalog

        catalog = Catalog(self.home, self.storage.catalog_url, self.storage.warehouse)
        self._closing.callback(catalog.close)
        return catalog

    @cached_property
    def runs(self) -> RunLog:
        """Give the run manifests."""
        return RunLog(self.home)

    @property
    def ledger_url(self) -> str:
        """Give the address of the pledge ledger's database."""
        return self.storage.ledger_url or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def tracking_url(self) -> str:
        """Give the address of the model tracking database."""
        return self.storage.tracking_url or f"sqlite:///{self.home / 'mlflow.db'}"

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give an empty folder for intermediate files, and remove it afterwards."""
        folder = self.home / "scratch" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for one writing batch, clearing what a killed one left.

        Raises:
            BusyError: Another batch is at work, and did not end while this one was to wait.
        """
        with hold(self.home, self.operations.wait_seconds, self.tell) as left:
            if left:
                self.tell(f"Recovered the workspace from {left}: it died; what it left half-written is cleared")
            self.catalog.sweep_orphans()
            yield
