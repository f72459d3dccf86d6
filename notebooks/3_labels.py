# %% [markdown]
# # 3. The label: what counts as default, and what each choice would change
#
# A label is what became of a receivable in the performance window after an observation day. Stored are the verdict
# and the most days past due within the window, so other definitions of bad can be tried on the same rows.

# %%
import matplotlib.pyplot as plt
import pandas as pd

from features.labels import LabelDefinition
from pipelines.training_rows import divided
from runtime.settings import conf_folder, load_settings, workspace
from runtime.workspace import Workspace
from schemas.derived import LABELS, RECEIVABLE_STATES

space = Workspace(workspace(None), load_settings(conf_folder()))
print(space.settings.section("labels", LabelDefinition))
labels = space.catalog.arrow(LABELS).to_pandas()
print(f"{len(labels):,} labels, {labels['is_default'].isna().sum():,} of them not known")

# %% [markdown]
# Default rate by observation day.

# %%
known = labels.dropna(subset=["is_default"]).assign(bad=lambda frame: frame["is_default"].astype(float))
print(known.groupby("as_of")["bad"].agg(receivables="size", default_rate="mean").round(4))

# %% [markdown]
# The same rows under other definitions: how the default rate falls as more days past due are asked for. Where the
# curve turns flat, who gets that far seldom comes back: a sound definition lies there.

# %%
thresholds = [1, 4, 8, 15, 30, 45, 60, 90, 120]
worst = known["window_worst_days_past_due"]
by_definition = pd.DataFrame({"share_bad": [(worst >= days).mean() for days in thresholds]}, index=thresholds)
by_definition["of_the_step_before"] = by_definition["share_bad"] / by_definition["share_bad"].shift()
print(by_definition.round(4))

# %%
figure, axis = plt.subplots(figsize=(7, 3))
axis.plot(by_definition.index, by_definition["share_bad"], marker="o", color="#17456b")
axis.set(title="Share bad by definition", xlabel="days past due in the window, at least", ylim=(0, None))
figure.tight_layout()

# %% [markdown]
# Roll rates: where receivables of an observation day stood on the next one, by bucket of days past due. Each row adds
# up to 1; `closed` was paid off, or written off.

# %%
days = sorted(part["as_of"] for part in space.catalog.partitions("labels"))
edges, buckets = [-1, 0, 7, 30, 60, 90, 10_000], ["current", "1-7", "8-30", "31-60", "61-90", "90+"]
stood = [
    space.catalog.arrow(RECEIVABLE_STATES, {"as_of": day})
    .to_pandas()
    .set_index("receivable_id")
    .assign(bucket=lambda frame: pd.cut(frame["days_past_due"], edges, labels=buckets).astype(str))
    for day in (days[0], days[-1])
]
before = stood[0][stood[0]["is_open"]]
after = stood[1].reindex(before.index)
moved = after["bucket"].where(after["is_open"].fillna(value=False).astype(bool), "closed")
rolled = pd.crosstab(before["bucket"], moved, normalize="index")
print(f"{days[0]} to {days[-1]}")
print(rolled.reindex(index=buckets, columns=[*buckets, "closed"]).dropna(how="all").fillna(0).round(3))

# %% [markdown]
# Default rate by quarter of disbursement and product: vintages that differ are worth a look before they are learned
# from.

# %%
first_loan = known.assign(own__is_first_loan=0.0)
parts = divided(space, first_loan)
print(parts.pivot_table(index="part_vintage", columns="part_product", values="bad", aggfunc=["size", "mean"]).round(3))
