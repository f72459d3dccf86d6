"""A workspace: one platform's tables, runs, models and ledger in one folder, with an engine that starts when needed."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runtime.manifest import RunLog
from runtime.settings import EngineSettings, Environment, Settings, StorageSettings
from schemas.errors import CatalogError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from runtime.catalog import Catalog


class Workspace:
    """Everything a stage may touch outside its own arguments."""

    def __init__(self, home: Path, settings: Settings) -> None:
        """Open the workspace, making its folder; neither engine nor catalog is started yet."""
        self.home = home
        self.settings = settings
        self.environment = Environment()
        self._closing = ExitStack()
        home.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Use the workspace for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started."""
        self._closing.close()

    @cached_property
    def engine(self) -> EngineSettings:
        """Give the engine's settings."""
        return self.settings.section("engine", EngineSettings)

    @cached_property
    def session(self) -> "SparkSession":
        """Give the engine session, started on first use."""
        from runtime.session import session

        return self._closing.enter_context(session(self.engine))

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
            CatalogError: Another batch is at work.
        """
        with (self.home / "writing.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CatalogError(
                    f"another run is writing to {self.home}", "one writing run at a time", "wait for it, then run again"
                ) from error
            self.catalog.sweep_orphans()
            yield
