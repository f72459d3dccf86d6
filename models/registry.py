"""The model registry: every trained model with its numbers, data and pictures, and which version is the champion.

The only file that knows MLflow. What is stored is texts and pictures as plain artifacts: no flavour, no pickle, no
code.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from models.fit import TrainedModel
from schemas.errors import ModelError
from schemas.hashing import canonical_json, digest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
MODEL_FOLDER = "model"
RUN_KEY = "poolwright.run_key"
MODEL_HASH = "poolwright.model_hash"
SNAPSHOTS = "poolwright.snapshots"
PROMOTIONS = "poolwright.promotions"
LONGEST_PARAMETER = 500
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@dataclass(frozen=True, slots=True)
class Version:
    """A registered model version.

    Args:
        version: Its number as text: what a tag carries as `model_version`.
        run_key: The training run that made it.
        aliases: Names that point at it now, such as `champion`.
        metrics: What was measured when it was trained.
        snapshots: Snapshot of each table that it was trained on.
        promotions: alias, approver, reason and replaced version of each promotion, oldest first.
    """

    version: str
    run_key: str
    aliases: tuple[str, ...]
    metrics: dict[str, float]
    snapshots: dict[str, str]
    promotions: tuple[dict[str, str], ...]


class Registry:
    """Where model versions are kept: MLflow on a database (`sqlite:///...`) or behind a server's address."""

    def __init__(self, uri: str, artifact_root: str | Path | None, experiment: str = "default-probability") -> None:
        """Open the registry, making it where there is none.

        Args:
            uri: Of the tracking and registry store.
            artifact_root: Folder or URI of the artifacts, fixed once; None where a server decides.
            experiment: Name of the experiment and of the registered model.
        """
        self._client = _client(uri)
        self._name = experiment
        location = artifact_root.absolute().as_uri() if isinstance(artifact_root, Path) else artifact_root
        found = self._client.get_experiment_by_name(experiment)
        made = found.experiment_id if found else self._client.create_experiment(experiment, artifact_location=location)
        self._experiment: str = made
        if not self._client.search_registered_models(f"name = '{experiment}'"):
            self._client.create_registered_model(experiment)

    def record(
        self,
        trained: TrainedModel,
        *,
        run_key: str,
        snapshots: Mapping[str, str],
        configuration: Mapping[str, object],
        plots: Mapping[str, bytes],
    ) -> str:
        """Log a training run and register its model; the same run key a second time gives the version it has.

        Args:
            trained: The model with its numbers.
            run_key: Identity of the training run: code, lock, configuration, input snapshots, as-of, seed.
            snapshots: Snapshot of each table that was read.
            configuration: All settings of the run.
            plots: Pictures by file name.

        Returns:
            The version's number.
        """
        known = self._client.search_model_versions(f"name = '{self._name}' and tags.`{RUN_KEY}` = '{run_key}'")
        if known:
            return str(min(int(each.version) for each in known))
        run = self._client.create_run(self._experiment, run_name=run_key[:16], tags={RUN_KEY: run_key})
        self._log(run.info.run_id, trained, snapshots, configuration, plots)
        made = self._client.create_model_version(
            self._name,
            source=f"{run.info.artifact_uri}/{MODEL_FOLDER}",
            run_id=run.info.run_id,
            tags={
                RUN_KEY: run_key,
                MODEL_HASH: digest(dict(trained.files)),
                SNAPSHOTS: canonical_json(dict(snapshots)),
                PROMOTIONS: "[]",
            },
        )
        self._client.set_terminated(run.info.run_id)
        return str(made.version)

    def _log(
        self,
        run_id: str,
        trained: TrainedModel,
        snapshots: Mapping[str, str],
        configuration: Mapping[str, object],
        plots: Mapping[str, bytes],
    ) -> None:
        from mlflow.entities import Metric, Param

        numbers = {**trained.metrics, **{f"count_{name}": number for name, number in trained.counts.items()}}
        metrics = [Metric(name, number, timestamp=0, step=0) for name, number in numbers.items()]
        settings = _flat(trained.parameters.model_dump())
        params = [Param(name, text[:LONGEST_PARAMETER]) for name, text in settings.items()]
        self._client.log_batch(run_id, metrics, params)
        texts = {
            "configuration.json": canonical_json(dict(configuration)),
            "snapshots.json": canonical_json(dict(snapshots)),
            "importance.csv": trained.importance.to_csv(index=False),
            **{f"{MODEL_FOLDER}/{name}": text for name, text in trained.files.items()},
        }
        for name, text in texts.items():
            self._client.log_text(run_id, text, name)
        with TemporaryDirectory() as folder:
            for name, picture in plots.items():
                path = Path(folder, name)
                path.write_bytes(picture)
                self._client.log_artifact(run_id, str(path), "plots")

    def promote(self, version: str, alias: str = CHAMPION, *, approver: str, reason: str) -> None:
        """Let an alias point at a version, and keep with the version who wanted it and why.

        Raises:
            ModelError: No such version, or the approver or the reason is blank.
        """
        if not approver.strip() or not reason.strip():
            raise ModelError(
                f"approver {approver!r}, reason {reason!r}", "a promotion names its approver and its reason"
            )
        told = self._find(version)
        if told is None:
            there = ", ".join(each.version for each in self.versions()) or "none"
            raise ModelError(f"no model version {version!r}; registered are {there}", "a registered version")
        replaced = str(self._aliases().get(alias, ""))
        entry = {"alias": alias, "approver": approver, "reason": reason, "replaced": replaced}
        promotions = [*json.loads(told.tags.get(PROMOTIONS, "[]")), entry]
        self._client.set_model_version_tag(self._name, told.version, PROMOTIONS, canonical_json(promotions))
        self._client.set_registered_model_alias(self._name, alias, told.version)

    def load(self, version: str = CHAMPION) -> tuple[str, dict[str, str]] | None:
        """Give the number and the texts of a version, by its number or by an alias; None where there is none.

        Raises:
            ModelError: Its texts are not there, or not those that were recorded.
        """
        from mlflow.exceptions import MlflowException

        told = self._find(version)
        if told is None:
            return None
        with TemporaryDirectory() as folder:
            try:
                path = Path(self._client.download_artifacts(str(told.run_id), MODEL_FOLDER, folder))
            except (MlflowException, OSError) as error:
                raise ModelError(f"no files at {told.source}", f"those of model version {told.version}") from error
            files = {each.name: each.read_text(encoding="utf-8") for each in sorted(path.iterdir())}
        if digest(files) != told.tags[MODEL_HASH]:
            raise ModelError(
                f"files at {told.source} that differ from those recorded",
                f"the files of model version {told.version}, unchanged",
                "restore them from a backup, or train and promote again",
            )
        return str(told.version), files

    def versions(self) -> list[Version]:
        """Give all registered versions, newest first."""
        aliases = self._aliases()
        found = self._client.search_model_versions(f"name = '{self._name}'")
        return [self._described(each, aliases) for each in sorted(found, key=lambda each: -int(each.version))]

    def _described(self, told: "ModelVersion", aliases: Mapping[str, str]) -> Version:
        return Version(
            version=str(told.version),
            run_key=told.tags[RUN_KEY],
            aliases=tuple(sorted(name for name, number in aliases.items() if str(number) == str(told.version))),
            metrics=dict(self._client.get_run(str(told.run_id)).data.metrics),
            snapshots=json.loads(told.tags[SNAPSHOTS]),
            promotions=tuple(json.loads(told.tags[PROMOTIONS])),
        )

    def _find(self, version: str) -> "ModelVersion | None":
        number = version if version.isdecimal() else self._aliases().get(version)
        found = self._client.search_model_versions(f"name = '{self._name}'")
        return next((each for each in found if number is not None and int(each.version) == int(number)), None)

    def _aliases(self) -> dict[str, str]:
        found: dict[str, str] = self._client.get_registered_model(self._name).aliases
        return found


def _client(uri: str) -> "MlflowClient":
    os.environ.update(QUIET)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _flat(section: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Give nested settings as dotted names."""
    found: dict[str, str] = {}
    for name, value in section.items():
        whole = f"{prefix}{name}"
        found |= _flat(value, f"{whole}.") if isinstance(value, Mapping) else {whole: canonical_json(value)}
    return found
