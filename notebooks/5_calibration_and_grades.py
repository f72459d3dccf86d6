# %% [markdown]
# # 5. Calibration and grades: does a probability mean what it says?
#
# The rows that judge the newest version, each with what it said and what became of it; it had not learned from them.

# %%
import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from models.evaluate import Sample, by_part, calibration_line, calibration_noise, calibration_table, wilson
from models.grade import Scale
from models.parameters import TrainingParameters
from pipelines.govern import JUDGED
from pipelines.score import registry
from runtime.settings import conf_folder, load_settings, workspace
from runtime.workspace import Workspace

space = Workspace(workspace(None), load_settings(conf_folder()))
newest = registry(space).versions()[0].version
rows = pd.read_parquet(io.BytesIO(registry(space).evidence(newest)[JUDGED]))
said, outcome = rows["default_probability"].to_numpy(), rows["is_default"].to_numpy(dtype=np.float64)
sample = Sample.of(outcome, said)
print(f"version {newest}: {len(rows):,} rows, {outcome.mean():.2%} defaulted, {said.mean():.2%} predicted")

# %% [markdown]
# By tenth of risk, and the line of outcomes on predicted log-odds: intercept 0 and slope 1 are perfect. The error is
# told beside what a perfectly calibrated model would show on so few rows.

# %%
tenths = calibration_table(sample)
error = float(np.average((tenths["predicted_rate"] - tenths["observed_rate"]).abs(), weights=tenths["row_count"]))
print(tenths.round(4).to_string(index=False))
print("intercept {:.3f}, slope {:.3f}".format(*calibration_line(sample)))
print(f"calibration error {error:.4f}; a perfect model stays under {calibration_noise(sample):.4f} in 95 of 100 cases")

# %%
ends = np.array([wilson(bad, count) for bad, count in zip(tenths["default_count"], tenths["row_count"], strict=True)])
off = np.abs(ends.T - tenths["observed_rate"].to_numpy())
figure, axis = plt.subplots(figsize=(5, 4))
axis.errorbar(tenths["predicted_rate"], tenths["observed_rate"], yerr=off, fmt="o", color="#17456b")
least, most = float(tenths["predicted_rate"].min()), float(tenths["predicted_rate"].max())
axis.plot([least, most], [least, most], color="#b9cbd8")
axis.set_yscale("symlog", linthresh=max(least, 0.001))
axis.set(title="Tenths of risk, 95 % intervals", xscale="log", xlabel="predicted", ylabel="observed", ylim=(0, None))
figure.tight_layout()

# %% [markdown]
# By grade of the master scale: the observed rate should rise from grade to grade, and its interval hold the
# prediction.

# %%
scale = Scale.of(space.settings.section("training", TrainingParameters).grades)
grades = by_part(scale.grade(said), sample, "grade")
intervals = [wilson(bad, count) for bad, count in zip(grades["default_count"], grades["row_count"], strict=True)]
grades = grades.assign(low=[low for low, _ in intervals], high=[high for _, high in intervals])
print(
    grades[["grade", "row_count", "default_count", "predicted_rate", "observed_rate", "low", "high"]]
    .round(4)
    .to_string()
)

# %% [markdown]
# By month of the observation day: a model that is right on the whole may be wrong in each half.

# %%
month = pd.to_datetime(rows["as_of"]).dt.strftime("%Y-%m").to_numpy()
print(by_part(month, sample, "month")[["month", "row_count", "predicted_rate", "observed_rate"]].round(4).to_string())
