# %% [markdown]
# # 1. The logs: is what came in whole, on time, and like what came in before?
#
# Opens the workspace that `POOLWRIGHT_HOME` names (`make demo` makes `demo/workspace`) and reads its published
# tables. No engine is started, nothing is written.

# %%
import matplotlib.pyplot as plt
import pandas as pd

from runtime.settings import conf_folder, load_settings, workspace
from runtime.workspace import Workspace
from schemas.house import LOG_TABLES, QUARANTINE
from schemas.lending import RECEIVABLES

space = Workspace(workspace(None), load_settings(conf_folder()))
zone = space.settings.platform.time_zone

# %% [markdown]
# How much there is of each log, from when to when, and how late it came: the days from what happened to when the
# platform's systems had it.

# %%
found = []
for table in LOG_TABLES:
    rows = space.catalog.arrow(table, columns=["happened_at", "known_at", "is_deleted"]).to_pandas()
    late = (rows["known_at"] - rows["happened_at"]).dt.total_seconds() / 86_400
    found.append(
        {
            "table": table.name,
            "rows": len(rows),
            "first": rows["happened_at"].min(),
            "last": rows["happened_at"].max(),
            "median_days_late": late.median(),
            "days_late_99_of_100": late.quantile(0.99),
            "withdrawals": int(rows["is_deleted"].sum()),
        }
    )
print(pd.DataFrame(found).round(2).to_string(index=False))

# %% [markdown]
# What was read and could not be published, by the rule that it broke. A code that is new, or grows, is a question to
# the platform before it is a model.

# %%
held = space.catalog.arrow(QUARANTINE, columns=["table_name", "code"]).to_pandas()
print(held.value_counts().rename("rows").reset_index().to_string(index=False))

# %% [markdown]
# Receivables and their principal by week of disbursement: a gap is a delivery that did not come, a step is a change
# of policy.

# %%
lent = space.catalog.arrow(
    RECEIVABLES, columns=["receivable_id", "disbursed_on", "original_principal_amount"]
).to_pandas()
lent = lent.drop_duplicates("receivable_id").assign(
    week=lambda frame: pd.to_datetime(frame["disbursed_on"]).dt.to_period("W").dt.start_time,
    principal=lambda frame: frame["original_principal_amount"].astype(float),
)
weekly = lent.groupby("week").agg(receivables=("receivable_id", "size"), principal=("principal", "sum"))
print(weekly.tail(8).round(0))

# %%
figure, axes = plt.subplots(1, 2, figsize=(11, 3))
for axis, name in zip(axes, weekly.columns, strict=True):
    axis.plot(weekly.index, weekly[name], color="#17456b")
    axis.set(title=f"{name} disbursed a week", ylim=(0, None))
    axis.tick_params(axis="x", rotation=30)
figure.tight_layout()
