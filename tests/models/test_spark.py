"""Tagging on the engine: every open receivable once, the same bits as in plain Python, money by one rule."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from scipy.special import logit

from models.fit import TrainedModel
from models.hazard import fit_term
from models.scorer import Scorer
from models.spark import Tagging, tag_receivables
from models.term import STANDING, TERM_FILE, lifetime, standing_of
from schemas.derived import RECEIVABLE_TAGS
from schemas.errors import ModelError
from schemas.spark import conform
from tests.models.known import NAMES, World
from tests.models.test_hazard import drawn

AS_OF = date(2025, 1, 31)
LOST = 0.6
ROWS = 12_000


@pytest.fixture(scope="module")
def features(known: World) -> pd.DataFrame:
    """Give one feature row a receivable, more than one Arrow batch of them, with another day among them."""
    many = pd.concat([known.frame, known.frame.head(ROWS - len(known.frame))], ignore_index=True)
    keyed = many[["borrower_id", *NAMES]].assign(as_of=AS_OF)
    keyed.insert(0, "receivable_id", [f"R{number:06d}" for number in range(len(keyed))])
    return pd.concat([keyed, keyed.head(5).assign(as_of=date(2025, 1, 30))], ignore_index=True)


@pytest.fixture(scope="module")
def states(features: pd.DataFrame) -> pd.DataFrame:
    """Give the states of the same receivables, every tenth closed, and one open receivable without features."""
    keyed = features.loc[features["as_of"] == AS_OF, ["receivable_id"]].assign(as_of=AS_OF)
    keyed["current_principal_amount"] = [Decimal(number).scaleb(-2) for number in range(100, 100 + len(keyed))]
    keyed["is_open"] = [number % 10 != 0 for number in range(len(keyed))]
    stranger = {
        "receivable_id": "R-none",
        "as_of": AS_OF,
        "current_principal_amount": Decimal("1000.00"),
        "is_open": True,
    }
    return pd.concat([keyed, pd.DataFrame([stranger])], ignore_index=True)


def tagged(engine: SparkSession, features: pd.DataFrame, states: pd.DataFrame, files: dict[str, str]) -> pd.DataFrame:
    """Tag on the engine and collect in one order."""
    schema = "receivable_id string, as_of date, current_principal_amount decimal(18,2), is_open boolean"
    found = tag_receivables(
        engine.createDataFrame(features.where(features.notna(), None)),
        engine.createDataFrame(states, schema),
        files,
        AS_OF,
        Tagging("7", "s1", LOST),
    )
    assert conform(found, RECEIVABLE_TAGS).columns == list(RECEIVABLE_TAGS.names)
    return found.toPandas().sort_values("receivable_id", ignore_index=True)


def test_every_open_receivable_is_tagged_as_in_plain_python(
    engine: SparkSession, trained: TrainedModel, features: pd.DataFrame, states: pd.DataFrame
) -> None:
    """Rows are the open ones; probability, grade and reasons are bit for bit those of the scorer."""
    found = tagged(engine, features, states, dict(trained.files))
    is_open = states[states["is_open"]]
    wanted = is_open.merge(features[features["as_of"] == AS_OF], on=["receivable_id", "as_of"], how="left")
    wanted = wanted.sort_values("receivable_id", ignore_index=True)
    scorer = Scorer.from_files(trained.files)
    scored = scorer.score(scorer.matrix(wanted))
    assert found["receivable_id"].tolist() == wanted["receivable_id"].tolist()
    assert found["default_probability"].tolist() == scored.default_probability.tolist()
    assert found["grade"].tolist() == scored.grade.tolist()
    assert scored.reasons is not None
    told = found[[f"reason_{number}" for number in range(1, 5)]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == scored.reasons.tolist()
    assert set(found["model_version"]) == {"7"}
    assert set(found["feature_snapshot"]) == {"s1"}


def test_expected_loss_is_rounded_half_up(
    engine: SparkSession, trained: TrainedModel, features: pd.DataFrame, states: pd.DataFrame
) -> None:
    """Minor units x probability x share lost, in doubles from left to right, half a unit goes up."""
    found = tagged(engine, features, states, dict(trained.files))
    principal = states.set_index("receivable_id")["current_principal_amount"]
    for row in found.head(500).itertuples():
        minor = int(principal[row.receivable_id] * 100) * row.default_probability * LOST
        assert row.expected_loss_amount == Decimal(int(minor + 0.5)).scaleb(-2)


def test_the_whole_term_is_that_of_plain_python(
    engine: SparkSession, trained: TrainedModel, features: pd.DataFrame, states: pd.DataFrame
) -> None:
    """With a term structure a tag has lifetime probability, loss in money and life, also where nothing is known."""
    term = fit_term(*drawn(3_000), horizon_days=180, default_days=60)
    draw = np.random.default_rng(3)
    stands = features.assign(**{name: draw.integers(0, 300, len(features)).astype(float) for name in STANDING})
    stands.loc[::9, STANDING[1]] = np.nan
    found = tagged(engine, stands, states, {**trained.files, TERM_FILE: term.to_text()})
    is_open = states[states["is_open"]].sort_values("receivable_id", ignore_index=True)
    rows = is_open.merge(stands[stands["as_of"] == AS_OF], on=["receivable_id", "as_of"], how="left")
    probability = found["default_probability"].to_numpy()
    wanted = lifetime(term, standing_of(rows, logit(probability)), probability, LOST)
    assert found["lifetime_default_probability"].tolist() == wanted.default_probability.tolist()
    assert found["expected_life_months"].tolist() == wanted.life_months.tolist()
    minor = np.array([int(each * 100) for each in is_open["current_principal_amount"]])
    losses = [Decimal(int(np.floor(each + 0.5))).scaleb(-2) for each in minor * wanted.loss_share]
    assert found["lifetime_loss_amount"].tolist() == losses


def test_no_open_receivable_gives_no_tag(
    engine: SparkSession, trained: TrainedModel, features: pd.DataFrame, states: pd.DataFrame
) -> None:
    """A day on which nothing is open is an empty table, not an error."""
    assert len(tagged(engine, features.head(50), states.head(50).assign(is_open=False), dict(trained.files))) == 0


def test_a_features_table_without_a_feature_is_refused(
    engine: SparkSession, trained: TrainedModel, features: pd.DataFrame, states: pd.DataFrame
) -> None:
    """The gap is named before the engine starts."""
    with pytest.raises(ModelError, match="utilisation_now"):
        tagged(engine, features.drop(columns="utilisation_now"), states, dict(trained.files))
