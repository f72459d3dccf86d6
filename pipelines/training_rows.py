"""The rows that a model is trained and judged on: features, outcomes, and what divides them in tables."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from models.assess import Frame
from pipelines.featurize import FEATURES
from runtime.workspace import Workspace
from schemas import derived, lending, parties
from schemas.errors import ModelError
from schemas.moments import local_day
from schemas.table import Table

if TYPE_CHECKING:
    import pandas as pd

FIRST_LOAN = "own__is_first_loan"
PARTS = {"product": "part_product", "vintage": "part_vintage", "borrower": "part_borrower"}
PROTECTED = {"gender": "part_gender"}
"""Mapped attributes whose groups must be treated alike; no feature is made of them."""


def training_rows(workspace: Workspace, days: Sequence[date]) -> Frame:
    """Join features and labels of the observation days, and say of each row its product, vintage and borrower."""
    rows = divided(workspace, labelled(workspace, days))
    protected = {name: column for name, column in PROTECTED.items() if rows[column].notna().any()}
    return Frame(rows, PARTS, protected, (days[0] - first_log(workspace)).days)


def first_log(workspace: Workspace) -> date:
    """Give the local day of the first loan of the logs.

    Raises:
        ModelError: There is none.
    """
    happened = workspace.catalog.arrow(lending.RECEIVABLES, columns=["happened_at"])
    if happened.num_rows == 0:
        raise ModelError("no receivables in the workspace", "logs to learn from", "poolwright ingest first")
    return local_day(pa.compute.min(happened.column(0)).as_py(), workspace.settings.platform.time_zone)


def labelled(workspace: Workspace, days: Sequence[date], snapshots: Mapping[str, str] | None = None) -> "pd.DataFrame":
    """Join features and labels of some days into one frame, as they are now or as of snapshots by table.

    Raises:
        ModelError: There is no such row.
    """
    label_columns = ["receivable_id", "as_of", "is_default"]
    parts = []
    for day in days:
        features, labels = (
            workspace.catalog.arrow(table, {"as_of": day}, columns, int(snapshots[table.name]) if snapshots else None)
            for table, columns in ((FEATURES, None), (derived.LABELS, label_columns))
        )
        parts.append(features.join(labels, ["receivable_id", "as_of"], join_type="inner").combine_chunks())
    joined = pa.concat_tables(parts).sort_by([("as_of", "ascending"), ("receivable_id", "ascending")])
    if joined.num_rows == 0:
        raise ModelError("no labelled receivable on any observation day", "at least one", "ingest more history")
    frame: pd.DataFrame = joined.to_pandas()
    return frame


def divided(workspace: Workspace, rows: "pd.DataFrame") -> "pd.DataFrame":
    """Add what divides the tables, by the latest known version of each receivable and borrower."""
    loans = _latest(workspace, lending.RECEIVABLES, "receivable_id", ["product_code", "disbursed_on"])
    people = _latest(workspace, parties.BORROWERS, "borrower_id", ["gender"])
    lent = rows["receivable_id"].map(loans["disbursed_on"])
    first = rows[FIRST_LOAN].astype("float64") > 0
    return rows.assign(
        part_product=rows["receivable_id"].map(loans["product_code"]),
        part_vintage=lent.map(_quarter, na_action="ignore"),
        part_borrower=first.map({True: "first loan", False: "had loans before"}),
        part_gender=rows["borrower_id"].map(people["gender"]),
    )


def _latest(workspace: Workspace, table: Table, key: str, names: Sequence[str]) -> "pd.DataFrame":
    versions = workspace.catalog.arrow(table, columns=[key, "known_at", *names]).sort_by("known_at").to_pandas()
    found: pd.DataFrame = versions.drop_duplicates(key, keep="last").set_index(key)
    return found


def _quarter(day: date) -> str:
    """Give the quarter of a day.

    >>> _quarter(date(2025, 8, 31))
    '2025 Q3'
    """
    return f"{day.year} Q{(day.month + 2) // 3}"
