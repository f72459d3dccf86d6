"""Criteria and limits computed once more from nothing but the rows and the deal document of a bundle.

DuckDB in memory, cut off from files and network. Limits are sums of whole minor units in SQL, compared as fractions:
nothing here is shared with the code that chose the batch.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from types import MappingProxyType, TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from pool.deal import Deal, Limit, parsed
from pool.duckdb_view import deal_words
from pool.evidence import asked_of
from pool.vocabulary import COLUMNS
from schemas.duckdb_expression import TYPES, duckdb_sql, quoted, text_literal
from schemas.table import Kind

SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "threads": "2",
    "memory_limit": "4GB",
    "temp_directory": "",
}
AVERAGE_DIGITS = 9
MEASURES = MappingProxyType(
    {
        "member_share": """SELECT max(part), sum(part) FROM
            (SELECT sum(principal) AS part FROM held WHERE {where} GROUP BY {value})""",
        "member_count": "SELECT count(*), 1 FROM (SELECT DISTINCT {value} FROM held WHERE {where})",
        "attribute_share": """SELECT coalesce(sum(principal) FILTER (coalesce({value}, {is_cap})), 0), sum(principal)
            FROM held WHERE {where}""",
        "total_amount": """SELECT coalesce(sum(principal) FILTER (coalesce({value}, {is_cap})), 0), 100
            FROM held WHERE {where}""",
        "weighted_average": """SELECT fsum(principal * {value}) FILTER ({value} IS NOT NULL),
            sum(principal) FILTER ({value} IS NOT NULL) FROM held WHERE {where}""",
    }
)
"""What each measure divides by what, over the receivables held."""


@dataclass(frozen=True, slots=True)
class Recounted:
    """A limit as it was computed again; no value where nothing is held."""

    limit: Limit
    before: Fraction | None
    after: Fraction | None

    @property
    def is_kept(self) -> bool:
        """Tell whether the pool with the batch keeps it, or is no worse where that is enough."""
        if self.after is None or self._is_within(self.after, Fraction(self.limit.bound)):
            return True
        maintains = self.limit.maintain_or_improve and self.before is not None
        return maintains and self._is_within(self.after, self.before or Fraction(0))

    def _is_within(self, value: Fraction, bound: Fraction) -> bool:
        return value <= bound if self.limit.is_cap else value >= bound


class Recount:
    """A bundle's rows in DuckDB."""

    def __init__(self, view: pa.Table, deal: Deal, as_of: date, champion: str | None) -> None:
        """Lay the rows and the deal's own words side by side, in the declared types."""
        self.deal = deal
        self._connection = duckdb.connect(":memory:", config=dict(SETTINGS))
        self._connection.execute("SET TimeZone = 'UTC'; SET lock_configuration = true")
        self._connection.register("given", view)
        kinds = {**COLUMNS, **{one.name: one.kind for one in deal.others}}
        told = {name: f"CAST({quoted(name)} AS {TYPES[kinds[name]]})" for name in asked_of(deal)}
        columns = {**told, **deal_words(deal, as_of, champion)}
        listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
        tagged = 'SELECT *, {model_version: CAST("tag.model_version" AS VARCHAR)} AS tag FROM given'
        self._connection.execute(f"CREATE TABLE wide AS SELECT {listed} FROM ({tagged})")

    def __enter__(self) -> Self:
        """Use it for the length of a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of DuckDB."""
        self._connection.close()

    def outcomes(self) -> dict[str, str]:
        """Give the outcomes of every receivable, one letter a criterion in the deal's order."""
        letters = " || ".join(
            f"(CASE {_sql(criterion.expression)} WHEN true THEN 'P' WHEN false THEN 'F' ELSE 'U' END)"
            for criterion in self.deal.criteria
        )
        rows = self._connection.execute(f'SELECT "state.receivable_id", {letters} FROM wide').fetchall()
        return dict(rows)

    def limits(self, bought: Collection[str]) -> tuple[Recounted, ...]:
        """Measure every limit on the pool alone and with those receivables."""
        self._hold(bought)
        return tuple(
            Recounted(limit, self._measured(limit, "is_pooled"), self._measured(limit, "true"))
            for limit in self.deal.limits
        )

    def unknown(self, bought: Collection[str]) -> tuple[str, ...]:
        """Name the averages whose value is unknown of a receivable that is bought."""
        self._hold(bought)
        averages = [limit for limit in self.deal.limits if limit.measure == "weighted_average"]
        missing = "SELECT count(*) FROM held WHERE NOT is_pooled AND {} IS NULL"
        return tuple(one.code for one in averages if self._numbers(missing.format(_column(one))) != (0,))

    def _hold(self, bought: Collection[str]) -> None:
        self._connection.register("bought", pa.table({"receivable_id": pa.array(sorted(bought), pa.string())}))
        values = [f"CAST({_sql(one.expression)} AS {TYPES[_kind(one)]}) AS {_column(one)}" for one in self.deal.limits]
        columns = [
            '"state.receivable_key" AS receivable_key',
            '"state.receivable_id" AS receivable_id',
            'CAST("state.current_principal_amount" * 100 AS BIGINT) AS principal',
            f'coalesce("position.deal" = {text_literal(self.deal.name)}, false) AS is_pooled',
            *values,
        ]
        each = f"SELECT {', '.join(columns)} FROM wide"
        self._connection.execute(
            f"""CREATE OR REPLACE TABLE held AS SELECT * FROM ({each})
            WHERE is_pooled OR receivable_id IN (SELECT receivable_id FROM bought)
            QUALIFY row_number() OVER (PARTITION BY receivable_key ORDER BY is_pooled DESC, receivable_id) = 1"""
        )

    def _measured(self, limit: Limit, where: str) -> Fraction | None:
        (whole,) = self._numbers(f"SELECT sum(principal) FROM held WHERE {where}")
        query = MEASURES[limit.measure].format(value=_column(limit), where=where, is_cap=limit.is_cap)
        part, of = self._numbers(query)
        if not whole or part is None or not of:
            return None
        if limit.measure == "weighted_average":
            return Fraction(str(round(part / of, AVERAGE_DIGITS)))
        return Fraction(int(part), int(of))

    def _numbers(self, query: str) -> tuple[float | int | None, ...]:
        (found,) = self._connection.execute(query).fetchall()
        return found


def _sql(expression: str) -> str:
    return duckdb_sql(parsed(expression), quoted)


def _kind(limit: Limit) -> Kind:
    return Kind.REAL if limit.measure == "weighted_average" else parsed(limit.expression).kind


def _column(limit: Limit) -> str:
    return quoted(f"limit {limit.code}")
