"""Audits: the promises of a declared table as a Great Expectations suite, run over the Parquet files that were written.

The pandas engine looks at one file at a time and at no more columns than promises need, and each column comes to it in
the cheapest form in which the promise can be seen: texts without an enumeration as present or absent, money and dates
as numbers. That no key comes twice, in all files together, is counted by Arrow. Row rules are the dataframe engine's: a
row that breaks one never gets as far as a log table.
"""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import AuditError
from schemas.table import MONEY_BOUND, Column, Kind, Table

if TYPE_CHECKING:
    import pandas as pd

CELLS = 2_000_000
"""Cells that are validated at a time: Great Expectations keeps a copy of its batch for every metric."""

UNIQUE = "expect_key_to_be_unique"
"""Our own name, in the manner of the library's, for what is counted over all files of a table."""

BOUNDED = frozenset({Kind.COUNT, Kind.NUMBER, Kind.DAYS, Kind.MONEY, Kind.RATE, Kind.REAL})


@dataclass(frozen=True, slots=True)
class Failure:
    """A promise that written rows break.

    Args:
        expectation: What was expected, by Great Expectations' name.
        column: Of which column.
        count: Rows that break it.
    """

    expectation: str
    column: str
    count: int


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What an audit found.

    Args:
        table: Name of the table.
        rows: Rows looked at.
        checked: Promises looked at, over all files.
        failures: Those that were broken.
        document: All of it as plain values, the suite's own results among them: what is kept with the run.
    """

    table: str
    rows: int
    checked: int
    failures: tuple[Failure, ...]
    document: dict[str, Any] = field(repr=False)

    @property
    def success(self) -> bool:
        """Tell whether every promise was kept."""
        return not self.failures

    def raise_failures(self) -> None:
        """Raise what was broken, if anything was.

        Raises:
            AuditError: With every broken promise.
        """
        if self.failures:
            shown = "; ".join(f"{one.column}: {one.expectation} broken by {one.count:,} rows" for one in self.failures)
            raise AuditError(
                f"{self.table}: {shown}",
                "what schemas/ declares of the table",
                "the stage that wrote it; nothing was published",
            )


def audit(table: Table, paths: Sequence[str]) -> AuditResult:
    """Run a table's suite over written Parquet files; nothing is written, nobody is called."""
    results = [*(_validated(table, path) for path in paths), _keys(table, paths)]
    broken: Counter[tuple[str, str]] = Counter()
    for result in results:
        broken.update(
            {(one["expectation"], one["column"]): one["count"] for one in result["checks"] if not one["success"]}
        )
    failures = tuple(Failure(name, column, count) for (name, column), count in sorted(broken.items()))
    rows = results[-1]["rows"]
    document = {"table": table.name, "rows": rows, "success": not failures, "files": results}
    return AuditResult(table.name, rows, sum(len(result["checks"]) for result in results), failures, document)


def _expectations(column: Column) -> Iterable[tuple[str, dict[str, Any]]]:
    if column.required:
        yield "ExpectColumnValuesToNotBeNull", {"column": column.name}
    if column.values:
        yield "ExpectColumnValuesToBeInSet", {"column": column.name, "value_set": list(column.values)}
    if column.kind in BOUNDED and (bounds := _bounds(column)):
        yield "ExpectColumnValuesToBeBetween", {"column": column.name, **bounds}


def _bounds(column: Column) -> dict[str, Any]:
    """Give the bounds that are declared, inclusive; an amount without `highest` stays below `MONEY_BOUND` in size."""
    bounds: dict[str, Any] = {"min_value": column.lowest, "max_value": column.highest}
    if column.kind is Kind.MONEY and column.highest is None:
        bounds |= {"max_value": MONEY_BOUND, "strict_max": True}
        if column.lowest is None:
            bounds |= {"min_value": -MONEY_BOUND, "strict_min": True}
    return {name: value for name, value in bounds.items() if value is not None}


def _validated(table: Table, path: str) -> dict[str, Any]:
    """Validate one file, so many columns at a time that a bounded number of cells is in memory."""
    rows = pq.read_metadata(path).num_rows
    needed = [column for column in table.columns if any(True for _ in _expectations(column))]
    width = max(1, CELLS // max(rows, 1))
    groups = [tuple(needed[start : start + width]) for start in range(0, len(needed), width)]
    checks = [check for columns in groups for check in _checks(table, path, columns)]
    return {"file": os.path.basename(path), "rows": rows, "checks": checks}  # noqa: PTH119 - a word of a path


def _keys(table: Table, paths: Sequence[str]) -> dict[str, Any]:
    """Count the rows whose key another row has too, over all files."""
    key = list(table.row_key)
    held = [pq.read_table(path, columns=key) for path in paths]
    rows = sum(part.num_rows for part in held)
    repeated = rows - pa.concat_tables(held).group_by(key).aggregate([]).num_rows if rows else 0
    found = {"expectation": UNIQUE, "column": ", ".join(key), "success": not repeated, "count": repeated}
    return {"file": "all files", "rows": rows, "checks": [found]}


def _checks(table: Table, path: str, columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    suite, definition = _prepared(table.name, columns)
    found = definition.get_batch({"dataframe": _frame(path, columns)}).validate(suite, result_format="BASIC")
    return [
        {
            "expectation": one.expectation_config.type,
            "column": one.expectation_config.kwargs["column"],
            "success": bool(one.success),
            "count": int(one.result.get("unexpected_count", 0)),
        }
        for one in found.results
    ]


@cache
def _prepared(name: str, columns: tuple[Column, ...]) -> tuple[Any, Any]:
    """Build the suite of some columns and its batch definition in an ephemeral context."""
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("audit").add_dataframe_asset(name)
    suite = gx.ExpectationSuite(name=name)
    for column in columns:
        for expectation, arguments in _expectations(column):
            suite.add_expectation(getattr(gx.expectations, expectation)(**arguments))
    return context.suites.add(suite), asset.add_batch_definition_whole_dataframe("file")


@cache
def _great_expectations() -> Any:  # noqa: ANN401 - an untyped library
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return gx


def _frame(path: str, columns: tuple[Column, ...]) -> "pd.DataFrame":
    import pandas as pd

    held = pq.read_table(path, columns=[column.name for column in columns])
    return pd.DataFrame({column.name: _series(column, held.column(column.name)) for column in columns}, copy=False)


def _series(column: Column, values: pa.ChunkedArray) -> Any:  # noqa: ANN401 - a pandas series of some kind
    """Give a column in the cheapest form that shows what is promised of it."""
    if column.values:
        return values.dictionary_encode().to_pandas()
    if column.kind in BOUNDED:
        return values.cast(pa.float64()).to_pandas()
    present = pc.if_else(pc.is_valid(values), pa.scalar(1.0), pa.scalar(None, pa.float64()))
    return present.to_pandas()


def kept_and_broken(document: Mapping[str, Any]) -> tuple[int, int]:
    """Count the checks of a kept audit document that passed and that failed."""
    checks = [check for file in document["files"] for check in file["checks"]]
    passed = sum(1 for check in checks if check["success"])
    return passed, len(checks) - passed
