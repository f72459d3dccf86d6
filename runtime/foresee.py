"""What a stage would do, and why, before anything is run: no engine is started and nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from runtime.manifest import Manifest
from runtime.stage import Stage, manifest_of, stands
from runtime.workspace import Workspace
from schemas.lending import RECEIVABLES

COUNTED_BY = RECEIVABLES.key[0]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a stage would do for a day.

    Args:
        stage: Which.
        as_of: For which day.
        is_due: Whether it would run.
        why: What has changed since it last ran, or that nothing has.
        rows: About how many rows it would write, by its last run; before its first, no more than the receivables that
            were ever lent; None where nothing tells.
    """

    stage: Stage
    as_of: date
    is_due: bool
    why: str
    rows: int | None


def foresee(
    stage: Stage,
    workspace: Workspace,
    as_of: date,
    deal: str,
    depends: Mapping[str, str],
    history: Sequence[Manifest],
) -> Foreseen:
    """Say whether a stage would run for a day as the workspace stands, and why.

    Args:
        stage: Which.
        workspace: Where.
        as_of: For which day.
        deal: For which deal, where the stage knows deals.
        depends: What its answer depends on beside tables.
        history: The workspace's runs, oldest first.
    """
    wanted = manifest_of(stage, workspace, as_of, deal, depends)
    same = next((one for one in history if one.run == wanted.run), None)
    rows = _rows(stage, workspace, deal, history)
    if same and same.status == "finished":
        is_due = not stands(same, workspace)
        return Foreseen(stage, as_of, is_due, "its output was replaced" if is_due else "stands already", rows)
    if same:
        return Foreseen(stage, as_of, True, "it was begun and did not finish", rows)
    before = next(
        (one for one in reversed(history) if (one.stage, one.subject) == (wanted.stage, wanted.subject)), None
    )
    why = f"changed: {', '.join(changes(before.identity, wanted.identity))}" if before else "it never ran"
    return Foreseen(stage, as_of, True, why, rows)


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Name what differs between two identities of runs.

    >>> changes({"code": "a", "inputs": {"x": 1, "y": 2}}, {"code": "a", "inputs": {"x": 1, "y": 3}})
    ['y']
    """
    found: list[str] = []
    for name in sorted({*before, *after}):
        left, right = before.get(name), after.get(name)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            prefix = "setting " if name == "settings" else ""
            found += [f"{prefix}{key}" for key in sorted({*left, *right}) if left.get(key) != right.get(key)]
        elif left != right:
            found.append({"lock": "packages"}.get(name, name))
    return found


def _rows(stage: Stage, workspace: Workspace, deal: str, history: Sequence[Manifest]) -> int | None:
    named = deal if stage.per_deal else ""
    before = [
        one
        for one in history
        if one.stage == stage.name and one.status == "finished" and one.subject.get("deal", "") == named
    ]
    if before:
        return sum(int(output["rows"]) for output in before[-1].outputs.values())
    if any(COUNTED_BY in table.key for table in stage.writes):
        return workspace.catalog.row_count(RECEIVABLES.name)
    return None
