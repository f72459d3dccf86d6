# %% [markdown]
# # 4. The model: how good, by what, and may it score?
#
# The newest registered version, with the evidence that its training run kept.

# %%
import matplotlib.pyplot as plt
import pandas as pd

from features.catalogue import FEATURES as CATALOGUE
from models.scorer import Scorer
from pipelines.featurize import FEATURES
from pipelines.govern import judged
from pipelines.score import champion, registry
from runtime.settings import conf_folder, load_settings, workspace
from runtime.workspace import Workspace

space = Workspace(workspace(None), load_settings(conf_folder()))
versions = registry(space).versions()
print(
    pd.DataFrame([{"version": one.version, "aliases": one.aliases, "trained by": one.trainer.name} for one in versions])
)

# %%
found = judged(space, versions[0].version)
told = found.told
print(
    f"version {found.version.version}, judged on {told.rows:,} rows, {told.days[0]} to {told.days[1]}, {told.judged_on}"
)
print(pd.Series(told.metrics).round(4).to_string())

# %% [markdown]
# Gates as they stand now, and what the leakage audit found. A finding says where to look.

# %%
for gate in found.gates:
    print(f"{'passed' if gate.passed else 'FAILED'}  {gate.code}: {gate.found}")
for one in told.findings:
    print(f"{one.code}: {one.found}; look at {one.where}")

# %% [markdown]
# What carries it, with each feature's sentence. A feature that nobody can explain should not be among the first.

# %%
sentences = {feature.name: feature.sentence for feature in CATALOGUE}
carried = pd.DataFrame(told.features).head(15)
print(carried.assign(says=carried["feature"].map(sentences)).round(3).to_string(index=False))

# %% [markdown]
# How many defaults are caught when the riskiest are flagged.

# %%
lift = pd.DataFrame(told.lift)
figure, axis = plt.subplots(figsize=(5, 4))
axis.plot([0, *((lift.index + 1) / len(lift))], [0, *lift["captured_share"]], marker="o", color="#17456b")
axis.plot([0, 1], [0, 1], color="#b9cbd8")
axis.set(title="Defaults caught", xlabel="share flagged, riskiest first", ylabel="share of defaults")
figure.tight_layout()

# %% [markdown]
# Why one receivable is risky: what each feature adds to its log-odds, of the riskiest one on the last day with
# features.

# %%
day = max(part["as_of"] for part in space.catalog.partitions(FEATURES.name))
rows = space.catalog.arrow(FEATURES, {"as_of": day}).to_pandas()
scorer = Scorer.from_files(champion(space, versions[0].version).files)
features = scorer.matrix(rows)
scored = scorer.score(features, explained=False)
riskiest = int(scored.default_probability.argmax())
added = pd.Series(scorer.contributions(features[[riskiest]])[0], index=list(scorer.features)).sort_values(key=abs)
print(f"{rows['receivable_id'][riskiest]}: {scored.default_probability[riskiest]:.2%}, grade {scored.grade[riskiest]}")
print(added.iloc[::-1].head(8).round(3).to_string())
