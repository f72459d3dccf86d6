"""The model against the truth of the simulated platform, on receivables that training never saw."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr
from pyspark.sql import SparkSession

from models.evaluate import Sample, calibration_error, gini
from models.parameters import TrainingParameters
from models.scorer import Scorer
from models.split import out_of_time
from pipelines.featurize import FEATURES
from pipelines.ingest import ingest, load_source
from pipelines.score import champion
from pipelines.train import train
from runtime.settings import Environment, load_settings
from runtime.workspace import Workspace
from schemas.derived import LABELS
from simulate.platform import simulate

ROOT = Path(__file__).resolve().parents[2]
FIRST, LAST = date(2024, 1, 1), date(2025, 10, 1)
BORROWERS = 7000
SETTINGS = ["observation.every=quarter", "training.split.test_borrower_share=0.5"]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_model_reaches_nine_tenths_of_what_the_truth_reaches(tmp_path: Path, engine: SparkSession) -> None:
    """Gini at least 90 % of the true probabilities' on the same later receivables; calibration error below 0.01."""
    simulate(tmp_path / "raw", BORROWERS, (LAST - FIRST).days, 11, FIRST)
    settings = load_settings(ROOT / "conf", "", SETTINGS)
    with Workspace(tmp_path / "workspace", settings) as space:
        space.__dict__["session"] = engine
        space.environment = Environment(pseudonym_secret=SecretStr("for-simulated-people-only"))
        ingest(space, load_source(ROOT / "conf", "simulated"), tmp_path / "raw")
        trained = train(space, LAST)
        rows = held_out(space, settings.section("training", TrainingParameters))
        scorer = Scorer.from_files(champion(space, trained.version).files)
    truth = pq.read_table(
        tmp_path / "raw" / "truth" / "truth.parquet", columns=["receivable_id", "default_probability"]
    )
    told = dict(zip(*(truth.column(name).to_pylist() for name in truth.column_names), strict=True))
    true = np.array([told[name] for name in rows.column("receivable_id").to_pylist()])
    outcome = rows.column("is_default").to_numpy(zero_copy_only=False).astype(float)
    scored = scorer.score(scorer.matrix(rows), explained=False).default_probability
    current = rows.column("own__days_past_due").to_numpy(zero_copy_only=False) == 0
    for name, chosen in (("all", np.ones(len(outcome), bool)), ("not past due", current)):
        ours, best = (Sample.of(outcome[chosen], each[chosen]) for each in (scored, true))
        figures = f"{name}: {chosen.sum()} rows, {int(outcome[chosen].sum())} defaults"
        figures += f", Gini {gini(ours):.4f} against {gini(best):.4f}, calibration error {calibration_error(ours):.4f}"
        print(figures)  # noqa: T201 - the figure that is promised
        assert gini(ours) >= 0.9 * gini(best), figures
        assert calibration_error(ours) < 0.01, figures


def held_out(space: Workspace, parameters: TrainingParameters) -> pa.Table:
    """Give the rows of features and outcomes that training set aside: later days, other borrowers."""
    days = [part["as_of"] for part in space.catalog.partitions("labels")]
    names = ["receivable_id", "as_of", "is_default"]
    parts = [
        space.catalog.arrow(FEATURES, {"as_of": day}).join(
            space.catalog.arrow(LABELS, {"as_of": day}, names), ["receivable_id", "as_of"], join_type="inner"
        )
        for day in days
    ]
    rows = pa.concat_tables(parts)
    rows = rows.filter(pa.compute.is_valid(rows.column("is_default")))
    frame = rows.select(["borrower_id", "as_of"]).to_pandas()
    split = out_of_time(frame["borrower_id"].to_numpy(), frame["as_of"].to_numpy().astype("datetime64[D]"), parameters)
    return rows.filter(pa.array(split.test))
