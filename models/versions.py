"""Versions of a model as plain values: who trained them, who promoted them and why, and which one scored when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.errors import ModelError

CHAMPION = "champion"
Act = Literal["promote", "rollback"]


@dataclass(frozen=True, slots=True)
class Trainer:
    """Who ran the training.

    Args:
        name: A person's, or the operating system's user.
        is_signed: Whether a person signed with their secret; else the name is only what the machine said.
    """

    name: str
    is_signed: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What a training run brings to the registry beside the model.

    Args:
        key: Identity of the run: code, lock, configuration, input snapshots, as-of, seed.
        snapshots: Snapshot of each table that was read.
        configuration: All settings of the run.
        trainer: Who ran it.
        plots: Pictures by file name.
        evidence: Files that judge the version, by name; they are kept with their hash.
    """

    key: str
    snapshots: Mapping[str, str]
    configuration: Mapping[str, object]
    trainer: Trainer
    plots: Mapping[str, bytes] = field(default_factory=dict)
    evidence: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """One act on an alias: a promotion, or a return to the version before.

    Args:
        act: promote or rollback.
        approver: Who decided.
        reason: Why, in their words.
        at: When, ISO 8601 in UTC.
        failed: Gates that the version did not pass.
        override: Why it was promoted nevertheless; empty where every gate was passed.
        alias: The name that was moved.
    """

    act: Act
    approver: str
    reason: str
    at: str
    failed: tuple[str, ...] = ()
    override: str = ""
    alias: str = CHAMPION


@dataclass(frozen=True, slots=True)
class Version:
    """A registered model version.

    Args:
        version: Its number as text: what a tag carries as `model_version`.
        run_key: The training run that made it.
        aliases: Names that point at it now, such as `champion`.
        metrics: What was measured when it was trained.
        snapshots: Snapshot of each table that it was trained on.
        trainer: Who trained it.
        promotions: Each decision that made it an alias's version, oldest first: the fields of `Decision`, `replaced`
            (the version before, empty for none) and `number` (its place among all decisions on that alias, from 1).
    """

    version: str
    run_key: str
    aliases: tuple[str, ...]
    metrics: dict[str, float]
    snapshots: dict[str, str]
    trainer: Trainer
    promotions: tuple[dict[str, Any], ...]


def history(versions: Iterable[Version], alias: str = CHAMPION) -> list[tuple[str, dict[str, Any]]]:
    """Give all decisions on an alias in order, each with the version that it chose."""
    found = [(one.version, told) for one in versions for told in one.promotions if told["alias"] == alias]
    return sorted(found, key=lambda each: int(each[1].get("number", 0)))


def version_before(versions: Iterable[Version], alias: str = CHAMPION) -> str:
    """Give the version that a rollback returns to: each rollback takes back one promotion, the latest first.

    Raises:
        ModelError: There is none before.
    """
    stack: list[str] = []
    for version, told in history(versions, alias):
        if told.get("act") == "rollback":
            stack.pop()
        else:
            stack.append(version)
    if len(stack) < 2:
        found = f"no version before {stack[0]}" if stack else f"nothing was ever {alias}"
        raise ModelError(found, f"a former {alias} to return to", "poolwright models promote another version")
    return stack[-2]
