"""Which version scores: compared on common rows, put through the gates, promoted by a second person, taken back."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from models.assess import Assessment
from models.compare import Comparison, compare
from models.gates import Gate, failed, judge
from models.grade import Scale
from models.parameters import TrainingParameters
from models.rows import WEIGHT
from models.scorer import Scorer
from models.versions import CHAMPION, Decision, Trainer, Version, version_before
from pipelines.featurize import FEATURES
from pipelines.score import champion, registry
from pipelines.signing import signed
from pool.people import Role
from runtime import clock
from runtime.workspace import Workspace
from schemas.errors import AccessError, ModelError

ASSESSMENT, JUDGED, CONFIGURATION = "assessment.json", "judged.parquet", "configuration.json"
KEYS = ["receivable_id", "as_of"]
APPROVERS = frozenset({Role.APPROVER})
BOTH = "what each version said of rows that it had not learned from, when it was trained"
ANEW = "rows that judged the newer version, scored anew by the older one; none is from a day that it learned from"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A version with its evidence and its gates, as they stand now; `is_new` where it has just become champion."""

    version: Version
    told: Assessment
    gates: tuple[Gate, ...]
    is_new: bool = False

    @property
    def failed(self) -> tuple[str, ...]:
        """Name the gates that it does not pass."""
        return failed(self.gates)


def assessment(workspace: Workspace, version: str) -> Assessment:
    """Read the evidence of a version."""
    return Assessment.from_text(registry(workspace).evidence(version)[ASSESSMENT].decode())


def judged(workspace: Workspace, version: str) -> Judgement:
    """Put a version through the gates; its rival is the champion, or for the champion the version that it replaced."""
    known = registry(workspace).version(version)
    told = assessment(workspace, known.version)
    bounds = workspace.settings.section("training", TrainingParameters).gates
    return Judgement(known, told, judge(told, known.trainer, bounds, _rivalry(workspace, known)))


def _rivalry(workspace: Workspace, known: Version) -> Comparison | str | None:
    rival = registry(workspace).load(CHAMPION)
    other = rival[0] if rival else ""
    if CHAMPION in known.aliases:
        other = next((told["replaced"] for told in reversed(known.promotions) if told["alias"] == CHAMPION), "")
    if not other or other == known.version:
        return None
    try:
        return comparison(workspace, other, known.version)
    except ModelError as error:
        return error.found


def comparison(workspace: Workspace, first: str, second: str) -> Comparison:
    """Compare two versions on rows that neither learned from.

    Raises:
        ModelError: There are no such rows of both outcomes.
    """
    store = registry(workspace)
    numbers = (store.version(first).version, store.version(second).version)
    sides = [pd.read_parquet(io.BytesIO(store.evidence(one)[JUDGED])) for one in numbers]
    rows = sides[0].merge(sides[1], on=[*KEYS, "borrower_id"], suffixes=("_before", ""))
    rows = rows.rename(columns={"default_probability_before": "first", "default_probability": "second"})
    source = BOTH
    if rows["is_default"].nunique() < 2:
        rows, source = _scored_anew(workspace, numbers, sides), ANEW
    scale = Scale.of(workspace.settings.section("training", TrainingParameters).grades)
    return compare(rows, numbers, scale, source)


def _scored_anew(workspace: Workspace, numbers: tuple[str, str], sides: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Let the older version score the newer one's judging rows, by the features that are stored of those days."""
    ends = [assessment(workspace, one).days[3] for one in numbers]
    old, new = (0, 1) if ends[0] <= ends[1] else (1, 0)
    later = sides[new][sides[new]["as_of"].astype(str) > ends[old]]
    scorer = Scorer.from_files(champion(workspace, numbers[old]).files, threads=2)
    gone = [name for name in scorer.features if name not in FEATURES.names]
    if gone or later.empty:
        why = f"features {', '.join(gone)} are no longer made" if gone else "no judging row is from a later day"
        raise ModelError(
            f"versions {numbers[0]} and {numbers[1]} share no judging rows, and {why}", "rows to compare them on"
        )
    names = [*KEYS, *scorer.features]
    parts = [workspace.catalog.arrow(FEATURES, {"as_of": day}, names) for day in sorted(set(later["as_of"]))]
    found = later.merge(pa.concat_tables(parts).to_pandas(), on=KEYS)
    said = scorer.score(scorer.matrix(found), explained=False).default_probability
    before = found["default_probability"].to_numpy(dtype=np.float64)
    first, second = (said, before) if old == 0 else (before, said)
    kept = [name for name in ("borrower_id", "is_default", WEIGHT) if name in found]
    return found[kept].assign(first=first, second=second)


def promote(workspace: Workspace, version: str, by: str, reason: str, override: str = "") -> Judgement:
    """Make a version the champion, if it passes the gates or its approver says in writing why it may not have to.

    Args:
        workspace: Where.
        version: Which.
        by: The approver, who is asked for their secret.
        reason: Why, in writing.
        override: Why the gates that it fails are accepted; without it a failed gate keeps the version out.

    Returns:
        The judgement; the version is champion if nothing failed or an override was given. A champion stays what it is,
        and nothing is decided.

    Raises:
        AccessError: The approver may not, or trained the version.
        ModelError: No such version, or too short a reason.
    """
    known = registry(workspace).version(version)
    _written(workspace, reason, override)
    approver = signed(workspace, by, APPROVERS)
    found = judged(workspace, known.version)
    if found.version.trainer == Trainer(approver, is_signed=True):
        raise AccessError(f"{approver} trained version {found.version.version}", "another person approves it")
    if CHAMPION in found.version.aliases or (found.failed and not override):
        return found
    accepted = override if found.failed else ""
    decision = Decision("promote", approver, reason, clock.now().isoformat(), found.failed, accepted)
    registry(workspace).decide(found.version.version, decision)
    return Judgement(registry(workspace).version(found.version.version), found.told, found.gates, is_new=True)


def rollback(workspace: Workspace, by: str, reason: str) -> Version:
    """Return to the champion before, which was approved once; give it.

    Raises:
        AccessError: The approver may not.
        ModelError: There is none before, or too short a reason.
    """
    _written(workspace, reason, "")
    approver = signed(workspace, by, APPROVERS)
    store = registry(workspace)
    before = version_before(store.versions())
    store.decide(before, Decision("rollback", approver, reason, clock.now().isoformat()))
    return store.version(before)


def _written(workspace: Workspace, reason: str, override: str) -> None:
    least = workspace.settings.section("training", TrainingParameters).gates.reason_length
    for option, text in (("--reason", reason), ("--override", override)):
        if len(text.strip()) < least and (text or option == "--reason"):
            raise ModelError(
                f"{option} {text!r} of {len(text.strip())} characters",
                f"a reason that a reader understands later, of at least {least} characters",
                f"{option}, or training.gates.reason_length in conf/model.yaml",
            )
