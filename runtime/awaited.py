"""Rows in quarantine for an id that no batch had: of which batches it is there by now."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from runtime.refine_checks import UNKNOWN_REFERENCE
from schemas.house import QUARANTINE, TABLES

if TYPE_CHECKING:
    from runtime.catalog import Catalog

Waiting = Mapping[tuple[str, str], Mapping[str, Counter[str]]]


def awaited(catalog: "Catalog", source: str) -> dict[str, int]:
    """Give the batches of a source that hold quarantined rows whose reference is published now, with how many rows.

    Such a batch has to be published anew from its raw files: no row is made from what quarantine keeps of it, since the
    personal columns are not in it.
    """
    found: Counter[str] = Counter()
    for (table, key), waiting in _waiting(catalog, source).items():
        ids = catalog.arrow(TABLES[table], columns=[key]).column(key)
        wanted = pa.array(waiting, pa.string())
        for arrived in pc.unique(ids.filter(pc.is_in(ids, value_set=wanted))).to_pylist():
            found += waiting[arrived]
    return dict(sorted(found.items()))


def _waiting(catalog: "Catalog", source: str) -> Waiting:
    """Give, by table and key column referred to and by id, how many rows of each batch wait for it."""
    columns = ["batch", "source", "code", "table_name", "column_name", "unknown_id"]
    rows = catalog.arrow(QUARANTINE, columns=columns)
    rows = rows.filter(
        pc.and_(pc.equal(rows.column("source"), source), pc.equal(rows.column("code"), UNKNOWN_REFERENCE))
    )
    waiting: defaultdict[tuple[str, str], defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows.to_pylist():
        if row["unknown_id"] is not None:
            table, key = TABLES[row["table_name"]].column(row["column_name"]).refers_to.split(".")
            waiting[table, key][row["unknown_id"]][row["batch"]] += 1
    return waiting
