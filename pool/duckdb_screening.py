"""The second opinion: every criterion judged again by DuckDB over the same files, to be compared cell by cell."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from pool.deal import Deal, parsed
from pool.duckdb_view import PLEDGED, TABLES, view_statements, wide_sql
from schemas.duckdb_expression import TYPES, duckdb_sql, quoted, text_literal
from schemas.errors import CatalogError
from schemas.table import Kind

SHOWN = 20
Files = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell on which the two do not agree; an empty outcome where one of them does not have the receivable."""

    receivable_id: str
    code: str
    outcome: str
    second: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two screenings compare.

    Args:
        cell_count: Receivables times criteria.
        unequal_count: Cells on which they do not agree.
        differences: The first of those, by receivable and place.
    """

    cell_count: int
    unequal_count: int
    differences: tuple[Difference, ...]


class SecondOpinion:
    """DuckDB over the files of a day's tables: it reads those, and writes nowhere but in its spill folder."""

    def __init__(self, files: Files, pledged: pa.Table, day: tuple[date, str], spill: Path, threads: int = 2) -> None:
        """Open it.

        Args:
            files: Parquet files of the tables by name; a table without files is empty.
            pledged: What pools hold: `receivable_key` and `deal`.
            day: The cut-off, and the time zone in which its day begins.
            spill: Folder for what does not fit in memory.
            threads: How many to use.
        """
        self.as_of = day[0]
        self._connection = duckdb.connect()
        settings = {
            "TimeZone": "'UTC'",
            "threads": str(threads),
            "memory_limit": "'4GB'",
            "preserve_insertion_order": "false",
            "temp_directory": text_literal(str(spill)),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        for name, value in settings.items():
            self._run(f"SET {name} = {value}")
        self._connection.register(PLEDGED, pledged.select(["receivable_key", "deal"]))
        for statement in view_statements(self._opened(files), *day):
            self._run(statement)

    def __enter__(self) -> Self:
        """Use it for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close DuckDB."""
        self._connection.close()

    def outcomes(self, deal: Deal, champion: str | None, where: str = "state.is_open") -> pa.Table:
        """Give `receivable_id` and `outcomes`, one letter a criterion in the deal's order, by receivable."""
        return self._table(f"{self._judged(deal, champion, where)} ORDER BY receivable_id")

    def compare(self, deal: Deal, champion: str | None, screenings: Sequence[str]) -> Agreement:
        """Compare with stored screenings, cell by cell.

        Args:
            deal: The deal that was applied.
            champion: The version that was `champion` then.
            screenings: Parquet files of `screenings` of the day and deal.
        """
        size = len(deal.criteria)
        first = "SELECT receivable_id, outcomes FROM " + (
            _files(screenings) if screenings else "(SELECT '' AS receivable_id, '' AS outcomes WHERE false)"
        )
        joined = f"""
            SELECT receivable_id, coalesce(a.outcomes, '') AS outcome, coalesce(b.outcomes, '') AS second
            FROM ({first}) a FULL JOIN ({self._judged(deal, champion, "state.is_open")}) b USING (receivable_id)"""
        self._run(f"CREATE OR REPLACE TEMP TABLE compared AS {joined}")
        rows = self._one("SELECT count(*) FROM compared")
        cells = f"""
            SELECT receivable_id, place, outcome[place] AS outcome, second[place] AS second
            FROM (SELECT *, unnest(range(1, {size + 1})) AS place FROM compared WHERE outcome <> second)
            WHERE outcome[place] <> second[place]"""
        unequal = self._one(f"SELECT count(*) FROM ({cells})")
        told = self._table(f"SELECT * FROM ({cells}) ORDER BY receivable_id, place LIMIT {SHOWN}").to_pylist()
        shown = [
            Difference(each["receivable_id"], deal.criteria[each["place"] - 1].code, each["outcome"], each["second"])
            for each in told
        ]
        return Agreement(rows * size, unequal, tuple(shown))

    def limit_rows(self, deal: Deal, champion: str | None, where: str) -> pa.Table:
        """Give what the limits measure of some receivables, in columns named as `pool.spark.limit_rows` names them."""
        expressions = {limit.code: parsed(limit.expression) for limit in deal.limits}
        reals = {limit.code for limit in deal.limits if limit.measure == "weighted_average"}
        kinds = {code: Kind.REAL if code in reals else each.kind for code, each in expressions.items()}
        columns = [
            f"CAST({duckdb_sql(each, quoted)} AS {TYPES[kinds[code]]}) AS {quoted(code)}"
            for code, each in expressions.items()
        ]
        own = {"state.current_principal_amount", "position.deal"}
        names = {name for each in expressions.values() for name in each.columns} | own
        wide = wide_sql(names, deal, self.as_of, champion, where)
        held = [
            '"state.receivable_id" AS receivable_id',
            '"state.receivable_key" AS receivable_key',
            'CAST("state.current_principal_amount" * 100 AS BIGINT) AS principal_minor',
            f'coalesce("position.deal" = {text_literal(deal.name)}, false) AS is_pooled',
        ]
        return self._table(f"SELECT {', '.join([*held, *columns])} FROM ({wide}) ORDER BY receivable_id")

    def _judged(self, deal: Deal, champion: str | None, where: str) -> str:
        expressions = [parsed(criterion.expression) for criterion in deal.criteria]
        names = {name for expression in expressions for name in expression.columns}
        wide = wide_sql(names, deal, self.as_of, champion, where)
        letters = " || ".join(
            f"(CASE {duckdb_sql(each, quoted)} WHEN true THEN 'P' WHEN false THEN 'F' ELSE 'U' END)"
            for each in expressions
        )
        return f'SELECT "state.receivable_id" AS receivable_id, {letters} AS outcomes FROM ({wide})'

    def _opened(self, files: Files) -> dict[str, list[str] | None]:
        """Make a view of each table's files; give the columns that they have."""
        found: dict[str, list[str] | None] = {}
        for table in TABLES:
            paths = files.get(table.name) or ()
            if paths:
                self._run(f"CREATE VIEW files_{table.name} AS SELECT * FROM {_files(paths)}")
                told = self._table(f"SELECT column_name FROM (DESCRIBE files_{table.name})")
            found[table.name] = told.column(0).to_pylist() if paths else None
        return found

    def _run(self, statement: str) -> None:
        with _said_plainly():
            self._connection.execute(statement)

    def _table(self, query: str) -> pa.Table:
        with _said_plainly():
            return self._connection.sql(query).to_arrow_table()

    def _one(self, query: str) -> int:
        return int(self._table(query).column(0)[0].as_py())


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise CatalogError(f"DuckDB: {error}", "tables that a second reader can read", "") from error


def _files(paths: Sequence[str]) -> str:
    listed = ", ".join(text_literal(path) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
