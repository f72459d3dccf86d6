"""Default probability: how likely an open receivable is to default within the horizon, and why.

Read in this order: `parameters` (what a training run decides beforehand), `split` (who trains, who tests), `fit` (from
a frame to a `TrainedModel`) with `boost` (the boosters), `calibrate`, `grade` and `explain` (from a booster's score to
a probability, a grade and reasons), `scorer` (the one path by which anything is ever scored), `spark` (that path on the
engine), `evaluate` with `hmeasure`, `delong`, `stability`, `fairness` and `plots` (how good it is), `leakage` and
`probe` (what speaks against it), `assess` (all of that as a version's evidence), `compare` and `gates` (whether it may
score), `versions` and `registry` (where versions are kept and promoted).

What is kept of a model is text: LightGBM's own booster text and one JSON file. No pickle is written or read.
"""
