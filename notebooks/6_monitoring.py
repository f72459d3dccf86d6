# %% [markdown]
# # 6. Monitoring: is it time to retrain?
#
# What `poolwright monitor` kept of its latest day, and how it looked on the days before.

# %%
import matplotlib.pyplot as plt

from runtime.settings import conf_folder, load_settings, workspace
from runtime.workspace import Workspace
from schemas.watched import AGREEMENTS, ALARMS, DRIFTS

space = Workspace(workspace(None), load_settings(conf_folder()))
days = sorted(part["as_of"] for part in space.catalog.partitions(DRIFTS.name))
if not days:
    raise SystemExit("no monitored day in this workspace: run poolwright monitor --as-of DATE first")
drifts, agreements, alarms = (space.catalog.arrow(table).to_pandas() for table in (DRIFTS, AGREEMENTS, ALARMS))
print(f"monitored on {', '.join(map(str, days))}")

# %% [markdown]
# The alarms of the latest day. Each names the row that explains it; thresholds are `monitoring` in the settings.

# %%
latest = alarms[alarms["as_of"] == days[-1]]
print(latest[["severity", "code", "subject", "found"]].to_string(index=False))

# %% [markdown]
# The score's shift since training by day, and the features that moved most. A calm score over moving features says
# that the model leans on what did not move; a moving score asks for a new anchor, or a new model.

# %%
print(drifts[drifts["subject"] == "score"][["as_of", "model_version", "stability_index", "noise"]].round(4).to_string())
today = drifts[(drifts["as_of"] == days[-1]) & (drifts["subject"] != "score")]
first = today.sort_values("stability_index", ascending=False).head(10)
shown = ["subject", "gain_share", "stability_index", "low", "high", "missing_before_share", "missing_after_share"]
print(first[shown].round(3).to_string(index=False))

# %% [markdown]
# Predicted beside realised: scoring days whose horizon is over, vintages, grades, and the bought pool at each age.

# %%
told = agreements[agreements["as_of"] == days[-1]].assign(
    predicted=lambda frame: frame["expected_defaults"] / frame["row_count"],
    realised=lambda frame: frame["default_count"] / frame["row_count"],
)
shown = ["kind", "part", "after_days", "horizon_days", "row_count", "predicted", "realised", "low_share", "high_share"]
print(told.sort_values(["kind", "part", "after_days"])[shown].round(4).to_string(index=False))

# %%
figure, axis = plt.subplots(figsize=(7, 3.5))
for cohort, grown in told[told["kind"] == "pool"].sort_values("after_days").groupby("part"):
    share = grown["default_count"] / grown["expected_defaults"]
    axis.plot([0, *grown["after_days"]], [0, *share], marker="o", label=str(cohort))
axis.axhline(1, color="#b9cbd8")
axis.set(title="Bought pool: realised over predicted defaults", xlabel="days since purchase", ylim=(0, None))
axis.legend(*axis.get_legend_handles_labels(), fontsize=8)
figure.tight_layout()
