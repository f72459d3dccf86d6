"""Settings: `conf/base.yaml`, `conf/env/NAME.yaml`, then `--set key=value`, parsed section by section by the owners."""

import getpass
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import ConfigurationError
from schemas.hashing import digest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Section = TypeVar("Section", bound=BaseModel)
PROJECT = Path(__file__).resolve().parent.parent
CARRIED = "conf"
"""Folder within `runtime/` in which a wheel carries the configuration; a checkout has it at its top."""
MODEL_FILE = "model.yaml"
OF_THE_MACHINE = frozenset({"engine", "storage", "operations", "dagster"})
"""Sections that change no answer."""


class Environment(BaseSettings):
    """Secrets and places that come from environment variables only, never from a file of the project."""

    model_config = SettingsConfigDict(env_prefix="POOLWRIGHT_", frozen=True, extra="ignore")

    pseudonym_secret: SecretStr | None = None
    pseudonym_version: str = "1"
    secret: SecretStr | None = None
    admin_secret: SecretStr | None = None
    webhook_url: SecretStr | None = None
    conf: Path | None = None
    env: str = ""
    mail_password: SecretStr | None = None

    @property
    def secret_bytes(self) -> bytes | None:
        """Give the pseudonym secret as the key it is, or None where none is set."""
        return self.pseudonym_secret.get_secret_value().encode() if self.pseudonym_secret else None


class EngineSettings(BaseModel):
    """Which dataframe engine runs the stages, and how large it may be.

    Args:
        name: `sail` (in process, no Java) or `spark`.
        master: For Apache Spark: `local[N]`, `spark://...`, `yarn`, `k8s://...`; `sc://...` for Spark Connect. Empty:
            what `spark-submit` was told, else `local[*]`.
        memory: Driver memory of Apache Spark, where `spark-submit` does not start it.
        partitions: Tasks after a shuffle.
        environment: Archive of `make dist` with Python packages, ours among them, for the workers of a cluster.
        packages: Zip of `make dist` with our packages alone: they go before those of the archive, or of the machine.
        options: Further engine settings, passed on as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="sail", pattern="^(sail|spark)$")
    master: str = ""
    memory: str = "8g"
    partitions: int = Field(default=4, ge=1)
    environment: str = ""
    packages: str = ""
    options: dict[str, str] = Field(default_factory=dict)


class PlatformSettings(BaseModel):
    """The lending platform that the workspace serves: one time zone, one currency, one originator's logs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: str = "Asia/Shanghai"
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")


class StorageSettings(BaseModel):
    """Where tables, tracking and ledger live; empty means inside the workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    catalog_url: str = ""
    warehouse: str = ""
    tracking_url: str = ""
    ledger_url: str = ""


class Settings:
    """The merged settings tree, handed out section by section in the type that the section's owner declares."""

    def __init__(self, tree: Mapping[str, Any], folder: Path) -> None:
        """Keep the merged tree and the folder that it came from."""
        self.tree = dict(tree)
        self.folder = folder

    def section(self, name: str, owner: type[Section]) -> Section:
        """Parse one section.

        Raises:
            ConfigurationError: A key is unknown or a value is not allowed; every problem is listed.
        """
        return parse(owner, self.tree.get(name) or {}, f"section {name!r} of the settings in {self.folder}")

    @property
    def platform(self) -> PlatformSettings:
        """Give the platform's time zone and currency."""
        return self.section("platform", PlatformSettings)

    @property
    def answering(self) -> dict[str, Any]:
        """Give what an answer depends on: everything that is set but engine, storage and how runs behave."""
        return {name: part for name, part in self.tree.items() if name not in OF_THE_MACHINE}

    @property
    def hash(self) -> str:
        """Give the hash of what an answer depends on."""
        return digest(self.answering)


def parse(owner: type[Section], values: object, where: str) -> Section:
    """Turn plain values into a frozen document of that type, or list every problem.

    Raises:
        ConfigurationError: With one line for each problem, naming the key.
    """
    try:
        return owner.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(map(_problem, error.errors())), f"a valid {owner.__name__}", where
        ) from error


def _problem(item: "ErrorDetails") -> str:
    """Say where a value does not fit, and which value; not that of an unknown key, perhaps a misplaced secret."""
    given = item["input"]
    is_shown = isinstance(given, str | int | float) and item["type"] != "extra_forbidden"
    place = ".".join(map(str, item["loc"])) or "document"
    return f"{place}: {item['msg']}" + (f", not {given!r}" if is_shown else "")


def conf_folder(given: Path | None = None) -> Path:
    """Find the configuration: the given folder, `./conf`, or the one that came with the installation."""
    candidates = [given] if given else [Path("conf"), Path(__file__).resolve().parent / CARRIED, PROJECT / "conf"]
    for candidate in candidates:
        if (candidate / "base.yaml").is_file():
            return candidate
    shown = ", ".join(str(candidate) for candidate in candidates)
    raise ConfigurationError(f"no base.yaml in {shown}", "a configuration folder", "--conf DIR")


def load_settings(folder: Path, environment: str = "", overrides: Sequence[str] = ()) -> Settings:
    """Read and merge base, `model.yaml` (the section `training`), environment, overrides; later ones win, key by key.

    Raises:
        ConfigurationError: A file is missing or not YAML, a section is unknown, or an override is not `key=value`.
    """
    tree = read_yaml(folder / "base.yaml")
    known = set(tree)
    if (folder / MODEL_FILE).is_file():
        tree = merge(tree, {"training": read_yaml(folder / MODEL_FILE)})
    if environment:
        tree = merge(tree, read_yaml(folder / "env" / f"{environment}.yaml"))
    for override in overrides:
        tree = merge(tree, _override(override))
    if unknown := sorted(set(tree) - known):
        raise ConfigurationError(
            f"section {', '.join(unknown)}", f"one of {', '.join(sorted(known))}", f"{folder}, or --set"
        )
    return Settings(tree, folder)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping from a file.

    Raises:
        ConfigurationError: The file is missing, is not YAML, or is not a mapping.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"no file {path}", "a YAML file there", "its name, or --conf") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: {error}", "YAML", str(path)) from error
    if not isinstance(tree, dict):
        raise ConfigurationError(f"{path} holds a {type(tree).__name__}", "a mapping of sections", str(path))
    return tree


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree over another, mapping by mapping; lists and values are replaced whole.

    >>> merge({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
    {'a': {'b': 3, 'c': 2}}
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _override(text: str) -> dict[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ConfigurationError(f"--set {text}", "--set section.key=value", "the command line")
    try:
        tree: Any = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"--set {text}", "a value that is YAML", "the command line") from error
    for key in reversed(path.strip().split(".")):
        tree = {key: tree}
    return dict(tree)


def is_submitted() -> bool:
    """Tell whether `spark-submit` started this process: master, resources and files are then what it was told."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def machine_user() -> str:
    """Give the operating system's user, or a dash where it has none; anybody may call themselves so."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "-"


def workspace(given: Path | None) -> Path:
    """Give the workspace folder: the given one, `POOLWRIGHT_HOME`, or `./workspace`."""
    return (given or Path(os.environ.get("POOLWRIGHT_HOME", "workspace"))).resolve()
