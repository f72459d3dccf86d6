"""Public credit data as labelled rows: what was known at application, the outcome, and who trains and who tests."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from models.parameters import FeatureNote
from models.rows import Rows, labelled_rows

SETS = ("give_me_some_credit", "taiwan", "hmeq", "german", "lending_club_2011")
FOLDS, SEED = 5, 0
FIRST_TEST_YEAR = 2011
AT_APPLICATION = (
    *("loan_amnt", "funded_amnt", "funded_amnt_inv", "term", "int_rate", "installment", "grade", "sub_grade"),
    *("emp_length", "home_ownership", "annual_inc", "verification_status", "purpose", "addr_state", "dti"),
    *("delinq_2yrs", "inq_last_6mths", "mths_since_last_delinq", "mths_since_last_record", "open_acc", "pub_rec"),
    *("revol_bal", "revol_util", "total_acc", "pub_rec_bankruptcies"),
)
"""Columns of Lending Club that were known when a loan was asked for."""


@dataclass(frozen=True, slots=True)
class CreditSet:
    """One set.

    Args:
        name: Its name.
        frame: Its features; categories as texts.
        outcome: 1 default, 0 none.
        folds: Rows that train and rows that test, once for each fold.
    """

    name: str
    frame: pd.DataFrame
    outcome: np.ndarray
    folds: list[tuple[np.ndarray, np.ndarray]]

    @property
    def categories(self) -> list[str]:
        """Name the categorical features."""
        return [name for name in self.frame if self.frame[name].dtype == object]

    @property
    def tested(self) -> np.ndarray:
        """Tell which rows test in some fold."""
        found = np.zeros(len(self.outcome), dtype=bool)
        for _, test in self.folds:
            found[test] = True
        return found

    def rows(self) -> Rows:
        """Give all rows as training takes them: each its own borrower, all of one day."""
        number = [f"{place:07d}" for place in range(len(self.frame))]
        keys = {"receivable_id": number, "borrower_id": number, "as_of": date(2020, 1, 1)}
        notes = [FeatureNote(name, is_category=name in self.categories) for name in self.frame]
        return labelled_rows(self.frame.assign(**keys, is_default=self.outcome.astype(bool)), notes)[0]


def load(name: str, data: Path) -> CreditSet:
    """Read a set from the folder of real data."""
    frame, outcome, year = {
        "give_me_some_credit": _give_me_some_credit,
        "taiwan": _taiwan,
        "hmeq": _hmeq,
        "german": _german,
        "lending_club_2011": _lending_club,
    }[name](data)
    if year is not None:
        folds = [(np.flatnonzero(year < FIRST_TEST_YEAR), np.flatnonzero(year == FIRST_TEST_YEAR))]
    else:
        folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(frame, outcome))
    return CreditSet(name, frame, outcome, folds)


def _give_me_some_credit(data: Path) -> tuple[pd.DataFrame, np.ndarray, None]:
    told = pd.read_parquet(data / "tabular" / "give_me_some_credit" / "cs-training.parquet")
    return told.drop(columns=["id", "SeriousDlqin2yrs"]), told["SeriousDlqin2yrs"].to_numpy(), None


def _taiwan(data: Path) -> tuple[pd.DataFrame, np.ndarray, None]:
    told = pd.read_parquet(data / "tabular" / "uci_taiwan_credit_card_default" / "UCI_Credit_Card.parquet")
    frame = told.drop(columns=["ID", "class"])
    return frame.astype(dict.fromkeys(("SEX", "EDUCATION", "MARRIAGE"), str)), told["class"].to_numpy(), None


def _hmeq(data: Path) -> tuple[pd.DataFrame, np.ndarray, None]:
    told = pd.read_parquet(data / "tabular" / "hmeq" / "hmeq.parquet")
    return told.drop(columns=["BAD"]), told["BAD"].to_numpy(), None


def _german(data: Path) -> tuple[pd.DataFrame, np.ndarray, None]:
    told = pd.read_parquet(data / "tabular" / "uci_german_credit" / "german.parquet")
    return told.drop(columns=["CLASSIFICATION"]), (told["CLASSIFICATION"] == 0).to_numpy().astype(int), None


def _lending_club(data: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    files = sorted((data / "lending_club_2007_2011").glob("*.parquet"))
    told = pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)
    issued, first = (pd.to_datetime(told[name], format="mixed") for name in ("issue_d", "earliest_cr_line"))
    frame = told[list(AT_APPLICATION)].copy()
    frame["history_days"] = (issued - first).dt.days
    frame["term"] = frame["term"].astype(str).str.extract(r"(\d+)")[0].astype(float)
    is_bad = told["loan_status"].str.contains("Charged Off").to_numpy().astype(int)
    return frame, is_bad, issued.dt.year.to_numpy()
