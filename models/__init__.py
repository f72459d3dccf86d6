"""Default probability: how likely an open receivable is to default within the horizon, and why.

Read in this order: `parameters` (what a training run decides beforehand), `matrix` and `rows` (what it is given),
`split` (who trains, who tests), `fit` (from a frame to a `TrainedModel`) with `tune` (the shape of trees), `blend`
(members, their weights and their calibration) and its parts `select`, `boost`, `scorecard`, `points`, `stack`,
`calibrate`, `grade`, `bounds` and `explain`; `challenge` (others on the same folds), `scorer` (the one path by which
anything is ever scored) with `forest` and `walk` (boosters, compiled), `hazard` and `term` (when default comes),
`spark` (all on the engine), `measured`, `evaluate` with `hmeasure`, `delong`, `stability`, `fairness`, `plots` and
`plots_why` (how good it is, and why), `leakage` and `probe` (what speaks against it), `assess` (all of that as a
version's evidence), `compare` and `gates` (whether it may score), `versions` and `registry` (where versions are kept),
`monitoring` (whether it still is what it was).

What is kept of a model is text: LightGBM's own booster texts, a points table and one JSON file. No pickle is written
or read.
"""
