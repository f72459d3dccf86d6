# %% [markdown]
# # 2. The features: what is missing, what has moved, what ranks defaults
#
# The rows are those that training would learn from and be judged on: features and labels of the observation days.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from features.catalogue import FEATURES
from models.leakage import single_aucs
from models.matrix import matrix
from models.stability import feature_shifts
from pipelines.training_rows import labelled
from runtime.settings import conf_folder, load_settings, workspace
from runtime.workspace import Workspace

space = Workspace(workspace(None), load_settings(conf_folder()))
days = sorted(part["as_of"] for part in space.catalog.partitions("labels"))
rows = labelled(space, days)
rows = rows[rows["is_default"].notna()]
names = [feature.name for feature in FEATURES]
print(f"{len(rows):,} labelled rows of {len(days)} days, {len(names)} features")

# %% [markdown]
# The families of the catalogue, and how often their features say nothing. What a null means stands in the catalogue
# (`poolwright features describe NAME`).

# %%
known = pd.DataFrame({"family": [each.family for each in FEATURES], "missing": rows[names].isna().mean().to_numpy()})
print(known.groupby("family")["missing"].agg(["size", "mean", "max"]).round(3))

# %% [markdown]
# Which features moved most from the first observation day to the last: the stability index with its interval, beside
# what it stays under where nothing moved (`noise`). What grows with the calendar leads.

# %%
ends = [rows[rows["as_of"] == day] for day in (rows["as_of"].min(), rows["as_of"].max())]
who = tuple(each["borrower_id"].to_numpy(dtype=object) for each in ends)
moved = feature_shifts(matrix(ends[0], names), matrix(ends[1], names), names, (who[0], who[1]))
print(
    moved.head(10)[["feature", "index", "low", "high", "noise", "missing_before", "missing_after"]].round(3).to_string()
)

# %% [markdown]
# How well each feature ranks defaults alone, in whichever direction. Far above the others is a leak until proven
# otherwise.

# %%
outcome = rows["is_default"].to_numpy(dtype=np.float64)
alone = single_aucs(matrix(rows, names), outcome, names)
print(alone.head(10).round(3).to_string())

# %% [markdown]
# The strongest one by tenths: the default rate should rise or fall as its sentence says.

# %%
first = next(each for each in FEATURES if each.name == alone["feature"][0])
values = rows[first.name].astype(float)
tenth = pd.qcut(values.rank(method="first"), 10, labels=False) + 1
by_tenth = pd.DataFrame({"value": values, "default_rate": outcome, "tenth": tenth}).groupby("tenth").mean()
print(first.sentence)
print(by_tenth.round(4))

# %%
figure, axis = plt.subplots(figsize=(7, 3))
axis.bar(by_tenth.index, by_tenth["default_rate"], color="#17456b")
axis.set(title=first.name, xlabel="tenth of the value, lowest first", ylabel="default rate", xticks=by_tenth.index)
figure.tight_layout()
