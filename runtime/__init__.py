"""Plumbing: the only place with paths, clock, environment and network.

Read in this order: `settings`, `session` (the engine), `catalog` (stored tables), `manifest` and `stage` (what a run
is), `workspace` (all of it in one folder); then `mapping`, `raw`, `refine` (raw files to rows) and `batches` (which
files, and when again).
"""
