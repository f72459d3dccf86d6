"""TOP: the stages, one file each, the graph that orders them, and the command line.

Read in this order: `states`, `featurize`, `label`, `train`, `score`, `screen`, `propose` (what each stage reads and
writes), `ingest` (raw logs to tables), `common` and the `command_*` files (what a person types). Wiring only: what a
stage computes stands in the rooms below.
"""
