"""A lending platform whose true default probabilities are known.

It writes raw logs by day of delivery, as a platform would, and apart from them the truth (docs/simulation.md). Read:
`parameters` (every number), `people`, `shops`, `shopping` (who buys what), `risk` (the default equation), `lending`,
`schedules`, `paths`, `payments`, `servicing` (what becomes of a receivable), `behaviour`, `bureau`, `refunding` (what
else is seen), `world` (all of it), then the writers `raw_*`, `faults`, `delivery`, and `platform.simulate`, the way in.
"""
