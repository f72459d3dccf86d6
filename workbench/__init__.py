"""The workbench: a local web application in which people look at a day, and decide over its proposals.

It shows published tables, the ledger and the model registry, and starts no dataframe engine of its own. Read it so:
`command` starts it, `routes` names every page with the roles that may open it, `door` lets a visitor in or not,
`shelf` and `sheet` give rows of published files, `views_*` prepare pages, `templates/` lay them out, `words.yaml` says
everything in English and Chinese. `sessions`, `throttle`, `audit` and `headers` keep it safe.
"""
