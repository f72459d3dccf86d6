"""The model registry: every trained model with its numbers, data and pictures, and which version is the champion.

The only file that knows MLflow. What is stored is texts and pictures as plain artifacts: no flavour, no pickle, no
code.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from models.fit import TrainedModel
from models.versions import CHAMPION, Decision, Run, Trainer, Version, history
from schemas.errors import ModelError
from schemas.hashing import canonical_json, digest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MODEL_FOLDER = "model"
EVIDENCE_FOLDER = "evidence"
RUN_KEY = "poolwright.run_key"
MODEL_HASH = "poolwright.model_hash"
SNAPSHOTS = "poolwright.snapshots"
PROMOTIONS = "poolwright.promotions"
TRAINER = "poolwright.trainer"
EVIDENCE_HASH = "poolwright.evidence_hash"
NOBODY = '{"name":"","is_signed":false}'
LONGEST_PARAMETER = 500
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


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

    def record(self, trained: TrainedModel, run: Run) -> str:
        """Log a training run and register its model; the same run key a second time gives the version it has."""
        known = self.version_of(run.key)
        if known:
            return known
        kept = self._client.create_run(self._experiment, run_name=run.key[:16], tags={RUN_KEY: run.key})
        self._log(kept.info.run_id, trained, run)
        made = self._client.create_model_version(
            self._name,
            source=f"{kept.info.artifact_uri}/{MODEL_FOLDER}",
            run_id=kept.info.run_id,
            tags={
                RUN_KEY: run.key,
                MODEL_HASH: digest(dict(trained.files)),
                EVIDENCE_HASH: _hash(run.evidence),
                SNAPSHOTS: canonical_json(dict(run.snapshots)),
                TRAINER: canonical_json(asdict(run.trainer)),
                PROMOTIONS: "[]",
            },
        )
        self._client.set_terminated(kept.info.run_id)
        return str(made.version)

    def version_of(self, run_key: str) -> str | None:
        """Give the version that a training run made, or None."""
        known = self._client.search_model_versions(f"name = '{self._name}' and tags.`{RUN_KEY}` = '{run_key}'")
        return str(min(int(each.version) for each in known)) if known else None

    def _log(self, run_id: str, trained: TrainedModel, run: Run) -> None:
        from mlflow.entities import Metric, Param

        numbers = {**trained.metrics, **{f"count_{name}": number for name, number in trained.counts.items()}}
        metrics = [Metric(name, number, timestamp=0, step=0) for name, number in numbers.items()]
        settings = flat(trained.parameters.model_dump())
        params = [Param(name, text[:LONGEST_PARAMETER]) for name, text in settings.items()]
        self._client.log_batch(run_id, metrics, params)
        texts = {
            "configuration.json": canonical_json(dict(run.configuration)),
            "snapshots.json": canonical_json(dict(run.snapshots)),
            "importance.csv": trained.importance.to_csv(index=False),
            **{f"{MODEL_FOLDER}/{name}": text for name, text in trained.files.items()},
        }
        for name, text in texts.items():
            self._client.log_text(run_id, text, name)
        for place, files in (("plots", run.plots), (EVIDENCE_FOLDER, run.evidence)):
            self._keep(run_id, files, place)

    def _keep(self, run_id: str, files: Mapping[str, bytes], place: str | None) -> None:
        with TemporaryDirectory() as folder:
            for name, content in files.items():
                path = Path(folder, name)
                path.write_bytes(content)
                self._client.log_artifact(run_id, str(path), place)

    def attach(self, version: str, name: str, content: bytes) -> None:
        """Put a page beside a version's run, in the place of one of the same name: its card."""
        self._keep(str(self._existing(version).run_id), {name: content}, None)

    def sign(self, version: str, trainer: Trainer) -> None:
        """Keep who answers for a version's training."""
        self._client.set_model_version_tag(self._name, version, TRAINER, canonical_json(asdict(trainer)))

    def decide(self, version: str, decision: Decision) -> None:
        """Let an alias point at a version, and keep with the version who wanted it, why, and what it replaced.

        Raises:
            ModelError: No such version, or the approver or the reason is blank.
        """
        if not decision.approver.strip() or not decision.reason.strip():
            raise ModelError(
                f"approver {decision.approver!r}, reason {decision.reason!r}",
                "a promotion names its approver and its reason",
            )
        told = self._existing(version)
        replaced = str(self._aliases().get(decision.alias, ""))
        number = len(history(self.versions(), decision.alias)) + 1
        entry = {**asdict(decision), "replaced": replaced, "number": number}
        promotions = [*json.loads(told.tags.get(PROMOTIONS, "[]")), entry]
        self._client.set_model_version_tag(self._name, told.version, PROMOTIONS, canonical_json(promotions))
        self._client.set_registered_model_alias(self._name, decision.alias, told.version)

    def evidence(self, version: str) -> dict[str, bytes]:
        """Give the files that judge a version, by name.

        Raises:
            ModelError: No such version, or its evidence is not there, or not what was recorded.
        """
        told = self._existing(version)
        if EVIDENCE_HASH not in told.tags:
            raise ModelError(f"model version {told.version} without evidence", "what its training run measured")
        files = self._files(told, EVIDENCE_FOLDER) if told.tags[EVIDENCE_HASH] != _hash({}) else {}
        if _hash(files) != told.tags[EVIDENCE_HASH]:
            raise ModelError(
                f"evidence of model version {told.version} that differs from what was recorded",
                "the files of its training run, unchanged",
                "restore them from a backup, or train again",
            )
        return files

    def _existing(self, version: str) -> "ModelVersion":
        told = self._find(version)
        if told is None:
            there = ", ".join(each.version for each in self.versions()) or "none"
            raise ModelError(
                f"no model version {version!r}; registered are {there}",
                "a registered version",
                "poolwright models list",
            )
        return told

    def _files(self, told: "ModelVersion", place: str) -> dict[str, bytes]:
        from mlflow.exceptions import MlflowException

        with TemporaryDirectory() as folder:
            try:
                path = Path(self._client.download_artifacts(str(told.run_id), place, folder))
            except (MlflowException, OSError) as error:
                raise ModelError(f"no files at {told.source}", f"those of model version {told.version}") from error
            return {each.name: each.read_bytes() for each in sorted(path.iterdir())}

    def load(self, version: str = CHAMPION) -> tuple[str, dict[str, str]] | None:
        """Give the number and the texts of a version, by its number or by an alias; None where there is none.

        Raises:
            ModelError: Its texts are not there, or not those that were recorded.
        """
        told = self._find(version)
        if told is None:
            return None
        files = {name: content.decode() for name, content in self._files(told, MODEL_FOLDER).items()}
        if digest(files) != told.tags[MODEL_HASH]:
            raise ModelError(
                f"files at {told.source} that differ from those recorded",
                f"the files of model version {told.version}, unchanged",
                "restore them from a backup, or train and promote again",
            )
        return str(told.version), files

    def version(self, version: str) -> Version:
        """Describe a version, by its number or by an alias.

        Raises:
            ModelError: No such version.
        """
        return self._described(self._existing(version), self._aliases())

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
            trainer=Trainer(**json.loads(told.tags.get(TRAINER, NOBODY))),
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


def _hash(files: Mapping[str, bytes]) -> str:
    return digest({name: sha256(content).hexdigest() for name, content in files.items()})


def flat(section: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Give nested settings as dotted names, each value as JSON.

    >>> flat({"split": {"folds": 4, "salt": "1"}})
    {'split.folds': '4', 'split.salt': '"1"'}
    """
    found: dict[str, str] = {}
    for name, value in section.items():
        whole = f"{prefix}{name}"
        found |= flat(value, f"{whole}.") if isinstance(value, Mapping) else {whole: canonical_json(value)}
    return found
