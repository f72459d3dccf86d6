"""Deal documents by name, and what the ledger and registry say about the day that a deal is applied to."""

from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame

from pipelines.score import Champion, champion
from pipelines.signing import ledger
from pool.deal import Deal, load_deal, parsed
from pool.ledger import Pledge, pledges
from runtime.workspace import Workspace
from schemas.errors import ConfigurationError, ModelError
from schemas.hashing import digest


def read_deal(conf: Path, name: str) -> Deal:
    """Read and check `conf/deals/NAME.yaml`.

    Raises:
        ConfigurationError: There is no such document, or it does not hold.
    """
    path = conf / "deals" / f"{name}.yaml"
    if not path.is_file():
        there = ", ".join(sorted(each.stem for each in path.parent.glob("*.yaml"))) or "none"
        raise ConfigurationError(f"no deal {name!r}; there are {there}", "a document in conf/deals", str(path))
    return load_deal(path.read_text("utf-8"), str(path))


def needs_tags(deal: Deal) -> bool:
    """Tell whether any criterion or limit of the deal looks at the model's word."""
    expressions = [*(each.expression for each in deal.criteria), *(each.expression for each in deal.limits)]
    return any(name.startswith("tag.") for text in expressions for name in parsed(text).columns)


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
    still = [each for each in held if each.closed_sequence is None]
    columns = {
        "receivable_key": pa.array([each.receivable_key for each in still], pa.string()),
        "deal": pa.array([each.deal for each in still], pa.string()),
    }
    return workspace.session.createDataFrame(pa.table(columns), "receivable_key string, deal string")


def pledges_hash(held: list[Pledge]) -> str:
    """Identify what the pools hold."""
    return digest(sorted([each.receivable_key, each.deal] for each in held if each.closed_sequence is None))
