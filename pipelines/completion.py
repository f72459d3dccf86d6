"""What a shell may complete: names of documents, proposals, model versions, receivable ids.

A shell asks while somebody types, so nothing here starts an engine or opens a catalog; where nothing is found, nothing
is offered.
"""

from collections.abc import Iterable
from pathlib import Path

import typer

from schemas.errors import ConfigurationError

MOST = 30


def deals(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the names of deals that begin so."""
    return _documents(ctx, "deals", incomplete)


def sources(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the names of source mappings that begin so."""
    return _documents(ctx, "sources", incomplete)


def environments(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the names of settings that may be laid over the base."""
    return _documents(ctx, "env", incomplete)


def proposals(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give the proposals of the workspace's own ledger that begin so."""
    path = _home(ctx) / "ledger.db"
    if not path.is_file():
        return []
    from pool.ledger import EntryKind
    from pool.store import LedgerStore

    with LedgerStore(f"sqlite:///{path}") as store:
        found = dict.fromkeys(entry.proposal_id for entry in store.history() if entry.kind is EntryKind.PROPOSED)
    return _starting(reversed(found), incomplete)


def receivables(ctx: typer.Context, incomplete: str) -> list[str]:
    """Give receivable ids that begin so, from the states that were written last."""
    files = (_home(ctx) / "warehouse" / "poolwright" / "receivable_states" / "data").glob("*/*.parquet")
    newest = max(files, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        return []
    import pyarrow.parquet as pq

    return _starting(pq.read_table(newest, columns=["receivable_id"]).column(0).to_pylist(), incomplete)


def _documents(ctx: typer.Context, kind: str, incomplete: str) -> list[str]:
    from runtime.settings import conf_folder

    try:
        folder = conf_folder(ctx.params.get("conf"))
    except ConfigurationError:
        return []
    return _starting(sorted(path.stem for path in (folder / kind).glob("*.yaml")), incomplete)


def _home(ctx: typer.Context) -> Path:
    from runtime.settings import workspace

    return workspace(ctx.params.get("home"))


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    """Give the first names that begin so.

    >>> _starting(["north", "south", "northwest"], "nor")
    ['north', 'northwest']
    """
    return [name for name in names if name.startswith(incomplete)][:MOST]
