"""The pool: what a deal allows, what is bought under it, and who said so.

Read in this order: `deal` (the document: `clauses`, `deal_calendar`, versions and how two differ), `vocabulary` (the
columns it may speak of), `spark` (screening; `spark_others` for a borrower's other receivables), `limits` and
`selection` (what to buy), `price`, `triggers`, `ledger` (entries and their chain), `people` (who may act), `store`
(where entries are kept).
"""
