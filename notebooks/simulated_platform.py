# %% [markdown]
# # The simulated platform, before any file is written
#
# How often do receivables default, how well does the truth itself tell them apart, how does the population shift?

# %%
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from models.evaluate import Sample, auc
from simulate.platform import simulate

# %% [markdown]
# A small platform: two thousand borrowers, twenty months. The truth stands in a file of its own that no stage reads.

# %%
folder = Path(tempfile.mkdtemp())
summary = simulate(folder, 2000, 600, 7, date(2024, 1, 1))
truth = pd.read_parquet(folder / "truth" / "truth.parquet")
print(f"{summary.orders:,} orders, {summary.receivables:,} receivables")

# %% [markdown]
# Only receivables whose 180 days are over have an outcome.

# %%
known = truth.dropna(subset=["is_default"]).assign(is_default=lambda frame: frame["is_default"].astype(float))
sample = Sample.of(known["is_default"].to_numpy(), known["default_probability"].to_numpy())
print(f"default rate {known['is_default'].mean():.2%}, AUC of the truth {auc(sample):.3f}")

# %% [markdown]
# Predicted and realised defaults by quarter of disbursement: newer cohorts are riskier.

# %%
quarter = pd.PeriodIndex(pd.to_datetime(known["disbursed_on"]), freq="Q")
by_quarter = known.groupby(quarter)[["default_probability", "is_default"]].mean()
print(by_quarter.round(4).assign(count=known.groupby(quarter).size()))
print(f"largest gap {np.abs(by_quarter['default_probability'] - by_quarter['is_default']).max():.2%}")
