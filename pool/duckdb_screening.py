"""The second opinion: every criterion judged again by DuckDB over the same files, to be compared cell by cell."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from pool.deal import Deal, parsed
from pool.duckdb_observed import observed_sql
from pool.duckdb_view import PLEDGED, TABLES, view_statements, wide_sql
from pool.vocabulary import COLUMNS
from schemas.duckdb_expression import TYPES, duckdb_sql, quoted, text_literal
from schemas.errors import CatalogError
from schemas.table import Kind

SHOWN = 20
Files = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell on which the two do not agree; an empty text where one of them does not have it.

    Args:
        receivable_id: The receivable.
        code: The criterion.
        outcome: What the first says: a letter, or letter and values seen.
        second: What the second says.
    """

    receivable_id: str
    code: str
    outcome: str
    second: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two screenings compare.

    Args:
        cell_count: Cells compared: receivables times criteria; of values seen, cells that do not pass.
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

    def outcomes(
        self, deal: Deal, champion: str | None, where: str = "state.is_open", also: Collection[str] = ()
    ) -> pa.Table:
        """Give `receivable_id` and `outcomes`, one letter a criterion in the deal's order, by receivable.

        Args:
            deal: The deal.
            champion: The version that was `champion` then.
            where: Which receivables, as a condition on `state`.
            also: What else is asked of them, by dotted name: columns of that name.
        """
        return self._table(f"{self._judged(deal, champion, where, also)} ORDER BY receivable_id")

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

    def compare_values(self, deal: Deal, champion: str | None, failures: Sequence[str]) -> Agreement:
        """Compare with stored failures: outcome and values seen of every cell that does not pass, on either side.

        Args:
            deal: The deal that was applied.
            champion: The version that was `champion` then.
            failures: Parquet files of `screening_failures` of the day and deal.
        """
        empty = "(SELECT '' AS receivable_id, '' AS code, '' AS outcome, '' AS observed WHERE false)"
        first = "SELECT receivable_id, code, concat(outcome, ': ', observed) AS seen FROM "
        first += _files(failures) if failures else empty
        self._run(
            f"""CREATE OR REPLACE TEMP TABLE compared AS
            SELECT receivable_id, code, coalesce(a.seen, '') AS outcome, coalesce(b.seen, '') AS second
            FROM ({first}) a FULL JOIN ({self._failing(deal, champion)}) b USING (receivable_id, code)"""
        )
        cells = self._one("SELECT count(*) FROM compared")
        unequal = self._one("SELECT count(*) FROM compared WHERE outcome <> second")
        told = self._table(f"SELECT * FROM compared WHERE outcome <> second ORDER BY receivable_id, code LIMIT {SHOWN}")
        return Agreement(cells, unequal, tuple(Difference(**each) for each in told.to_pylist()))

    def wide(self, names: Collection[str], deal: Deal, champion: str | None, receivable_ids: pa.Array) -> pa.Table:
        """Give the wide rows of some open receivables and of all open ones that the deal's pool holds, by receivable.

        Args:
            names: What is asked of them, by dotted name.
            deal: The deal.
            champion: The version that was `champion` then.
            receivable_ids: The receivables.
        """
        self._connection.register("asked_for", pa.table({"receivable_id": receivable_ids}))
        pooled = f"SELECT receivable_key FROM {PLEDGED} WHERE deal = {text_literal(deal.name)}"
        where = f"""state.is_open AND (state.receivable_id IN (SELECT receivable_id FROM asked_for)
            OR state.receivable_key IN ({pooled}))"""
        return self._table(f"{wide_sql(names, deal, self.as_of, champion, where)} ORDER BY state.receivable_id")

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

    def _judged(self, deal: Deal, champion: str | None, where: str, also: Collection[str] = ()) -> str:
        expressions = [parsed(criterion.expression) for criterion in deal.criteria]
        names = {name for expression in expressions for name in expression.columns} | {*also}
        wide = wide_sql(names, deal, self.as_of, champion, where)
        letters = [
            f"CASE {duckdb_sql(each, quoted)} WHEN true THEN 'P' WHEN false THEN 'F' ELSE 'U' END"
            for each in expressions
        ]
        packed = ", ".join(["''", *letters])
        columns = ['"state.receivable_id" AS receivable_id', f"concat({packed}) AS outcomes", *map(quoted, also)]
        return f"SELECT {', '.join(columns)} FROM ({wide})"

    def _failing(self, deal: Deal, champion: str | None) -> str:
        kinds = {**COLUMNS, **{each.name: each.kind for each in deal.others}}
        expressions = {criterion.code: parsed(criterion.expression) for criterion in deal.criteria}
        names = {name for expression in expressions.values() for name in expression.columns}
        entries = []
        for code, each in expressions.items():
            told = duckdb_sql(each, quoted)
            seen = f"CASE WHEN {told} IS NULL THEN 'U: ' ELSE 'F: ' END || {observed_sql(each, kinds)}"
            entries.append(f"CASE WHEN {told} THEN NULL ELSE {{'code': {text_literal(code)}, 'seen': {seen}}} END")
        wide = wide_sql(names, deal, self.as_of, champion, "state.is_open")
        failing = f"unnest(list_filter([{', '.join(entries)}], lambda x: x IS NOT NULL)) AS each"
        each_one = f'SELECT "state.receivable_id" AS receivable_id, {failing} FROM ({wide})'
        return f"SELECT receivable_id, each.code AS code, each.seen AS seen FROM ({each_one})"

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
