"""The audit of later data on a workspace: quiet over the house's features, loud over one that counts the future."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.leakage import SEES_LATER
from pipelines import later_data
from pipelines.featurize import FEATURES, FEATURIZE
from runtime.stage import Task
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import MONDAY, Chain

DAY = MONDAY - timedelta(days=40)
pytestmark = pytest.mark.timeout(900)


def leaky(task: Task) -> Mapping[str, DataFrame]:
    """Build the features, one of which counts all receivables that the logs hold, whenever they were made."""
    (features,) = FEATURIZE.run(task).values()
    return {FEATURES.name: features.withColumn("own__age_days", F.lit(float(task.inputs["receivables"].count())))}


@pytest.mark.slow
def test_the_features_of_the_house_see_nothing_later(call: Call, trained: Chain) -> None:
    """Forty days of later logs change no value of any feature; the command says so and exits 0."""
    answer = call("features", "audit", "--as-of", DAY.isoformat(), *on(trained), "--json")
    assert (answer.code, json.loads(answer.out)) == (0, [])


def test_a_feature_that_counts_what_is_to_come_is_named(
    call: Call, trained: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It alone of all features is found, with a value before and after, and the command exits 1."""
    monkeypatch.setattr(later_data, "FEATURIZE", replace(FEATURIZE, name="featurize_with_a_leak", run=leaky))
    answer = call("features", "audit", "--as-of", DAY.isoformat(), *on(trained), "--json")
    (found,) = json.loads(answer.out)
    assert (answer.code, found["code"]) == (1, SEES_LATER)
    assert found["found"].startswith("own__age_days of ")
    assert DAY.isoformat() in found["bound"]
