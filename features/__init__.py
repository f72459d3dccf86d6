"""A borrower as of a moment: receivable states, feature definitions, their catalogue, labels, and the as-of compiler.

What it promises: nothing known or happened at or after the start of the as-of day is in any of it. Read `states` and
`labels` for the conventions, `declarations`, `streams` and `catalogue` for what features are, `spark_cut` for the cut,
`spark_allotment` for which instalment was covered when, then `spark_states`, `spark_labels` and `spark`. `phrases` says
features as reasons, in words of `lexicon` and `lexicon_terms`.
"""
