"""The reference of the tables and of the language's functions, written from their declarations.

`python -m schemas.reference` writes the page of the tables.
"""

from collections.abc import Sequence

from schemas.expression_others import OTHERS
from schemas.functions import FUNCTIONS, Function
from schemas.house import DERIVED_TABLES, SOURCE_TABLES
from schemas.table import MONEY_BOUND, UNITS, Column, Kind, Table

HEADER = f"""\
# Tables

Written from the declarations in `schemas/`: change those, then
`python -m schemas.reference > docs/reference/tables.md`.

- A row of a log table is a **version**: rows of one key differ in `known_at`, and the latest known before a moment is
  in force at that moment. A version that `is_deleted` withdraws the row.
- Every amount is of one currency, below {MONEY_BOUND:,} in size where no bound is given. Moments are UTC; days are the
  platform's local days.
- *Null* says what an empty value means; a column without such a meaning is never null.
"""
COLUMN_HEADS = ("Column", "Kind", "Unit", "Meaning", "Null", "Allowed")


def tables_page() -> str:
    """Give the reference page of every table as Markdown."""
    logs, derived = map(_section, SOURCE_TABLES), map(_section, DERIVED_TABLES)
    return "\n".join([HEADER, "## Log tables\n", *logs, "## Derived tables\n", *derived])


def functions_table() -> str:
    """Give every function of the expression language as a Markdown table."""
    return _markdown(("Function", "Gives", "Meaning"), [_function(each) for each in FUNCTIONS.values()])


def others_table() -> str:
    """Give every function over the borrower's other receivables as a Markdown table."""
    rows = [
        (
            f"`{each.name}({', '.join(each.parameters)})`",
            each.gives.value if each.gives else "kind of the value",
            each.meaning,
        )
        for each in OTHERS.values()
    ]
    return _markdown(("Function", "Gives", "Meaning"), rows)


def _function(function: Function) -> tuple[str, ...]:
    required = len(function.parameters) - function.optional
    names = [parameter.name for parameter in function.parameters]
    optional = "".join(f"[, {name}]" for name in names[required:])
    shown = f"`{function.name}({', '.join(names[:required])}{optional}{', ...' if function.repeats else ''})`"
    return shown, function.gives.value if function.gives else "the same kind", function.meaning


def _section(table: Table) -> str:
    keys, parts_of = (", ".join(f"`{name}`" for name in names) for names in (table.row_key, table.partition))
    rows = [_row(column) for column in table.columns]
    parts = [
        f"### {table.name}\n",
        f"{table.meaning}\n",
        f"Key: {keys}. Replaced as a whole by {parts_of}.\n",
        _markdown(COLUMN_HEADS, rows),
    ]
    if table.rules:
        rules = [(f"`{rule.code}`", f"`{rule.expression}`", rule.meaning) for rule in table.rules]
        parts.append(_markdown(("Rule", "Expression", "Meaning"), rules))
    return "\n".join(parts)


def _row(column: Column) -> tuple[str, ...]:
    return (
        f"`{column.name}`",
        column.kind.value,
        UNITS[column.kind],
        column.meaning,
        column.null_means,
        _allowed(column),
    )


def _allowed(column: Column) -> str:
    if column.refers_to:
        return f"a `{column.refers_to}`"
    if column.values:
        return ", ".join(f"`{value}`" for value in column.values)
    lowest = "" if column.lowest is None else f"at least {column.lowest:g}"
    highest = "" if column.highest is None else f"at most {column.highest:g}"
    signed = "either sign" if column.kind is Kind.MONEY and column.lowest is None else ""
    return ", ".join(part for part in (lowest, highest, signed) if part)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(tables_page())
