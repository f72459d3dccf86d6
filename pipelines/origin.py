"""What a purchase list came from, kept when it is proposed: enough to choose it once more from nothing else."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.common import written
from pipelines.deals import champion_for
from pipelines.signing import ledger
from pool.aims import Aim
from pool.deal import Deal, load_deal
from runtime.manifest import code_version, lock_version
from runtime.stage import INGEST
from runtime.workspace import Workspace
from schemas.errors import CatalogError
from schemas.hashing import canonical_json
from schemas.house import SOURCE_TABLES

FOLDER = "origins"


class Origin(BaseModel):
    """What a purchase list came from.

    Args:
        deal: The deal document, without fields at their default; its hash is that of the deal.
        model_version: Registered version of the model that scored; empty where the deal asks for none.
        cash: Cash that was available, as text.
        aim: What the batch was for.
        entries: How many entries the ledger had.
        secrets: Fingerprint of the pseudonym secret of every ingest batch that had one.
        snapshots: Snapshot of every log table that held rows.
        settings: The settings that an answer depends on.
        code: Hash of the source files that chose it.
        packages: Hash of the pinned packages that it was chosen with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    deal: dict[str, Any]
    model_version: str
    cash: str
    aim: Aim
    entries: int
    secrets: dict[str, str]
    snapshots: dict[str, int]
    settings: dict[str, Any]
    code: str
    packages: str

    @property
    def document(self) -> str:
        """Give the deal document as a text that reads as the same deal."""
        return canonical_json(self.deal)


def origin_now(workspace: Workspace, deal: Deal, cash: str, aim: Aim) -> Origin:
    """Give what a purchase list would come from as things stand now."""
    model = champion_for(workspace, deal)
    with ledger(workspace) as store:
        head = store.head()
    found = {table.name: workspace.catalog.snapshot(table.name) for table in SOURCE_TABLES}
    return Origin(
        deal=json.loads(canonical_json(deal.model_dump(mode="json", exclude_defaults=True))),
        model_version=model.version if model else "",
        cash=cash,
        aim=aim,
        entries=head[0] if head else 0,
        secrets=secrets_of(workspace),
        snapshots={name: snapshot for name, snapshot in found.items() if snapshot is not None},
        settings=workspace.settings.answering,
        code=code_version(),
        packages=lock_version(),
    )


def keep_origin(workspace: Workspace, proposal_id: str, origin: Origin) -> None:
    """Keep what a purchase list came from."""
    written(_path(workspace, proposal_id), canonical_json(origin.model_dump(mode="json")).encode(), "--home")


def origin_of(workspace: Workspace, proposal_id: str) -> Origin:
    """Read what a purchase list came from.

    Raises:
        CatalogError: It was not kept, or is no longer as it was written.
    """
    path = _path(workspace, proposal_id)
    if not path.is_file():
        raise CatalogError(
            f"nothing kept of what proposal {proposal_id} came from",
            "a file that `poolwright propose` writes",
            f"bring {path} back from a backup of the workspace",
        )
    try:
        origin = Origin.model_validate_json(path.read_text("utf-8"))
        load_deal(origin.document, str(path))
    except (ValidationError, ValueError) as error:
        raise CatalogError(
            f"{path}: {str(error).splitlines()[0]}", "what `poolwright propose` wrote", "a backup of the workspace"
        ) from error
    return origin


def kept_document(workspace: Workspace, deal_hash: str) -> str | None:
    """Give the deal document that has that hash as some proposal's origin keeps it; None where none does.

    Raises:
        CatalogError: An origin is no longer as it was written.
    """
    for path in sorted((workspace.home / FOLDER).glob("*.json")):
        text = origin_of(workspace, path.stem).document
        if load_deal(text, str(path)).hash == deal_hash:
            return text
    return None


def secrets_of(workspace: Workspace) -> dict[str, str]:
    """Give the fingerprint of the pseudonym secret of every ingest batch that had one."""
    ingested = [one for one in workspace.runs.all() if one.stage == INGEST]
    return {one.subject["batch"]: one.identity["secret"] for one in ingested if one.identity.get("secret")}


def _path(workspace: Workspace, proposal_id: str) -> Path:
    return workspace.home / FOLDER / f"{proposal_id}.json"
