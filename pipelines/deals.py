"""Deal documents by name, and what the ledger and registry say about the day that a deal is applied to."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame

from pipelines.score import Champion, champion
from pipelines.signing import ledger
from pool.deal import Deal, load_deal, parsed
from pool.deal_versions import in_force, in_sequence
from pool.ledger import Pledge, pledges
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError, ModelError
from schemas.hashing import digest

APPROVED = "deal.approves_model"
"""The one word of the deal that is about a tag."""


def document_of(conf: Path, name: str, deal_hash: str) -> str:
    """Give the text of the version of a deal that has that hash, whether it is in force or not.

    Raises:
        ConfigurationError: No document of the deal has it.
    """
    for path in _documents(conf, name):
        text = path.read_text("utf-8")
        if load_deal(text, str(path)).hash == deal_hash:
            return text
    raise ConfigurationError(
        f"no version of deal {name!r} with hash {deal_hash[:16]}",
        "the document that was applied, unchanged",
        f"put it back into {conf / 'deals' / name}",
    )


def read_versions(conf: Path, name: str) -> list[Deal]:
    """Read and check every version of a deal, in order: `conf/deals/NAME.yaml` and `conf/deals/NAME/*.yaml`.

    Raises:
        ConfigurationError: There is no such document, one does not hold, or the versions do not follow one another.
    """
    found = [read_document(path) for path in _documents(conf, name)]
    if not found:
        there = ", ".join(deal_names(conf)) or "none"
        raise ConfigurationError(
            f"no deal {name!r}; there are {there}", "a document in conf/deals", str(conf / "deals")
        )
    return in_sequence(found, name)


def _documents(conf: Path, name: str) -> list[Path]:
    folder = conf / "deals"
    paths = [folder / f"{name}.yaml", *sorted((folder / name).glob("*.yaml"))] if name.isidentifier() else []
    return [path for path in paths if path.is_file()]


def read_document(path: Path) -> Deal:
    """Read and check one document.

    Raises:
        ConfigurationError: It is no text, or does not hold.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: {error}", "a document in UTF-8", str(path)) from error
    return load_deal(text, str(path))


def deal_names(conf: Path) -> list[str]:
    """Give the names of all deals in conf/deals."""
    folder = conf / "deals"
    return sorted(
        {path.stem for path in folder.glob("*.yaml")} | {path.parent.name for path in folder.glob("*/*.yaml")}
    )


def read_deal(conf: Path, name: str, on: date) -> Deal:
    """Read the version of a deal that is in force on a day.

    Raises:
        ConfigurationError: As `read_versions`.
    """
    return in_force(read_versions(conf, name), on)


def needs_tags(deal: Deal) -> bool:
    """Tell whether any criterion or limit of the deal looks at the model's word."""
    return _look_at_tags(deal.expressions)


def judges_tags(deal: Deal) -> bool:
    """Tell whether any criterion of the deal does."""
    return _look_at_tags(each.expression for each in deal.criteria)


def _look_at_tags(texts: Iterable[str]) -> bool:
    return any(name.startswith("tag.") or name == APPROVED for text in texts for name in parsed(text).columns)


def champion_for(workspace: Workspace, deal: Deal | None) -> Champion | None:
    """Load the champion; None where there is none and the deal can do without.

    Raises:
        ModelError: There is no model and the deal asks for its word.
    """
    try:
        return champion(workspace)
    except ModelError:
        if deal is None or needs_tags(deal):
            raise
        return None


def all_pledges(workspace: Workspace) -> list[Pledge]:
    """Give every pledge that any pool ever opened."""
    with ledger(workspace) as store:
        return pledges(store.history())


def pledged(workspace: Workspace, held: list[Pledge]) -> DataFrame:
    """Give the open pledges as an engine frame: `receivable_key` and `deal`."""
    return workspace.session.createDataFrame(pledge_rows(held), "receivable_key string, deal string")


def pledge_rows(held: list[Pledge]) -> pa.Table:
    """Give the open pledges as rows: `receivable_key` and `deal`."""
    still = [each for each in held if each.closed_sequence is None]
    columns = {
        "receivable_key": pa.array([each.receivable_key for each in still], pa.string()),
        "deal": pa.array([each.deal for each in still], pa.string()),
    }
    return pa.table(columns)


def pledges_hash(held: list[Pledge]) -> str:
    """Identify what the pools hold."""
    return digest(sorted([each.receivable_key, each.deal] for each in held if each.closed_sequence is None))
