"""The ground: what every table is, and the language in which sources, rules and deals speak of its columns.

It promises one truth for each table: `table` is the vocabulary of declarations, `house` lists all tables (`parties`,
`events`, `lending`, `derived`), and from them come the engine's types, shape and row checks (`spark`), the audit of
written files (`expectations`) and the reference page (`reference`). `errors`, `moments` and `hashing` are shared by all
floors. The language: `expression` parses and checks a text into its own tree, `functions` says what it has,
`expression_others` what a deal may ask of a borrower's other receivables, `expression_written` gives its plain form,
`spark_expression` makes an engine column of it. `document` reads YAML without surprises.
"""
