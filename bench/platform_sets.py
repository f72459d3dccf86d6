"""Two real platforms' logs as labelled rows: ingested, states and features by the product's own stages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from models.parameters import TrainingParameters
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.ingest import ingest, load_source
from pipelines.states import STATES
from pipelines.sweep import Sweep
from pipelines.train import observe
from pipelines.training_rows import labelled
from runtime.settings import load_settings
from runtime.stage import execute
from runtime.workspace import Workspace
from schemas import lending

CONF = Path(__file__).resolve().parents[1] / "conf"
XENTE_UNTIL = date(2019, 7, 17)
GRANTED = ((date(1993, 1, 1), date(1994, 3, 31)), (date(1997, 1, 1), date(1998, 12, 31)))
"""Berka's loans whose account is known from its opening to the loan: granted in one of these stretches."""


def rows_of(name: str, folder: Path, data: Path) -> tuple[pd.DataFrame, TrainingParameters]:
    """Give a platform's labelled rows, from the folder where they are there, and how its environment trains."""
    parameters = load_settings(CONF, name).section("training", TrainingParameters)
    path = folder / f"{name}.parquet"
    if not path.exists():
        {"xente": _xente, "berka": _berka}[name](folder / f"{name}-workspace", data / name).to_parquet(path)
    return pd.read_parquet(path), parameters


@contextmanager
def _opened(home: Path, name: str, raw: Path) -> Iterator[Workspace]:
    with Workspace(home, load_settings(CONF, name)) as space, space.writing():
        ingest(space, load_source(CONF, name), raw)
        yield space


def _xente(home: Path, raw: Path) -> pd.DataFrame:
    with _opened(home, "xente", raw) as space:
        return labelled(space, observe(space, XENTE_UNTIL))


def _berka(home: Path, raw: Path) -> pd.DataFrame:
    """Look at each loan on the Monday after it was granted, before its first payment could be missed; default: in debt.

    In debt is the bank's own word at the end of 1998, finished and unpaid or running late: cash is not in the files, so
    no label can be made of it, and a loan of 1998 has had less time to fail than one of 1993.
    """
    with _opened(home, "berka", raw) as space:
        loans = space.catalog.arrow(lending.RECEIVABLES, columns=["receivable_id", "disbursed_on"]).to_pandas()
        told = space.catalog.arrow(lending.REPORTED_STATES, columns=["receivable_id", "reported_days_past_due"])
        loans = loans.merge(told.to_pandas().astype({"reported_days_past_due": "float"}), on="receivable_id")
        loans["as_of"] = [lent + timedelta(days=7 - lent.weekday()) for lent in loans["disbursed_on"]]
        loans["is_default"] = loans["reported_days_past_due"] > 0
        is_known = [any(first <= lent <= last for first, last in GRANTED) for lent in loans["disbursed_on"]]
        loans = loans.loc[is_known, ["receivable_id", "as_of", "is_default"]]
        return _features(space, sorted(set(loans["as_of"]))).merge(loans, on=["receivable_id", "as_of"])


def _features(space: Workspace, days: list[date]) -> pd.DataFrame:
    with space.scratch("berka-days") as scratch:
        sweep = Sweep(space, days, scratch)
        for day in days:
            execute(STATES, space, day)
            execute(FEATURIZE, space, day, extras={"sweep": sweep})
    found: list[pd.DataFrame] = [space.catalog.arrow(FEATURES, {"as_of": day}).to_pandas() for day in days]
    return pd.concat(found, ignore_index=True)
