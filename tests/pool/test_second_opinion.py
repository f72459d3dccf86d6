"""The second opinion: DuckDB over the same files judges every cell as the engine does, and as plain Python does."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from features.spark import visible
from pool.deal import Criterion, Deal, load_deal
from pool.duckdb_screening import Agreement, Difference, SecondOpinion
from pool.spark import limit_rows, screen
from pool.spark_others import with_others
from pool.spark_view import Tables, screening_view
from schemas import derived
from schemas.spark import struct_type
from tests.oracles import pool as oracle
from tests.pool.platforms import LOGS, TABLES, Platform, cut, random_deal, seen_day
from tests.pool.worlds import AS_OF, CHAMPION, DEALS, ZONE, Row, demo_deal

RANDOM = settings(
    deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck), max_examples=25
)


def by_duckdb(platform: Platform, deals: list[Deal], folder: Path) -> list[dict[str, str]]:
    with SecondOpinion(platform.write(folder), platform.pledges(), seen_day(), folder) as second:
        found = [second.outcomes(deal, CHAMPION).to_pylist() for deal in deals]
    return [{row["receivable_id"]: row["outcomes"] for row in rows} for rows in found]


def by_plain_python(platform: Platform, deal: Deal) -> dict[str, str]:
    return {row["state.receivable_id"]: letters for row, (letters, _) in judged_by_plain_python(platform, deal)}


def judged_by_plain_python(platform: Platform, deal: Deal) -> list[tuple[Row, tuple[str, dict[str, str]]]]:
    """Give every open receivable's wide row with its letters and what was seen."""
    logs = {table.name: platform.visible(table) for table in LOGS}
    rows = platform.rows
    wide = oracle.wide_rows(logs, rows["receivable_states"], rows["receivable_tags"], platform.pledged, cut())
    every = oracle.all_rows(rows["receivable_states"], logs["receivables"])
    return [(row, oracle.judge(deal, row, AS_OF, CHAMPION, every)) for row in wide]


@cache
def real_deals() -> tuple[Deal, ...]:
    return tuple(load_deal(path.read_text("utf-8"), path.stem) for path in sorted(DEALS.glob("*.yaml")))


@RANDOM
@given(seed=st.integers(0, 2**32))
def test_duckdb_judges_random_platforms_as_plain_python_does(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Versions, withdrawals, what is known too late, lists, pledges, random criteria and those of the deals."""
    real = real_deals()
    platform, deals = Platform(seed), [random_deal(seed), real[seed % len(real)], real[seed // 7 % len(real)]]
    found = by_duckdb(platform, deals, tmp_path_factory.mktemp("second"))
    assert found == [by_plain_python(platform, deal) for deal in deals]


@settings(RANDOM, max_examples=2)
@given(seed=st.integers(0, 2**32))
def test_engine_and_duckdb_agree_on_every_cell_and_every_limit(
    engine: SparkSession, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """The engine's screening, written, and the second opinion on the same files: no cell differs, no limit's value."""
    platform, deal, folder = Platform(seed), random_deal(seed), tmp_path_factory.mktemp("both")
    files = platform.write(folder)
    frames = {table.name: engine.read.schema(struct_type(table)).parquet(*files[table.name]) for table in TABLES}
    logs = {table.name: visible(frames[table.name], table, AS_OF, ZONE) for table in LOGS}
    pledged = engine.createDataFrame(platform.pledges(), "receivable_key string, deal string")
    states, tags = frames["receivable_states"], frames["receivable_tags"]
    view = screening_view(Tables(logs, states, tags, pledged, AS_OF, ZONE))
    view = with_others(view, states, logs["receivables"], deal.others)
    screenings, failures = screen(view, deal, AS_OF, CHAMPION)
    stored, seen = folder / "screenings.parquet", folder / "failures.parquet"
    pq.write_table(screenings.toArrow(), stored)
    pq.write_table(failures.toArrow(), seen)
    with SecondOpinion(files, platform.pledges(), seen_day(), folder) as second:
        agreement = second.compare(deal, CHAMPION, [str(stored)])
        values = second.compare_values(deal, CHAMPION, [str(seen)])
        theirs = second.limit_rows(deal, CHAMPION, "state.is_open")
    assert (agreement.unequal_count, agreement.differences) == (0, ())
    assert (values.unequal_count, values.differences) == (0, ())
    assert values.cell_count == failures.count() > 0
    assert agreement.cell_count == 40 * sum(row["is_open"] for row in platform.rows["receivable_states"])
    ours = limit_rows(view, screenings, deal).toArrow().select(theirs.column_names).to_pylist()
    held = {row["receivable_id"] for row in ours}
    assert [row for row in theirs.to_pylist() if row["receivable_id"] in held] == sorted(
        ours, key=lambda row: row["receivable_id"]
    )


def test_a_changed_cell_and_a_missing_receivable_are_told(tmp_path: Path) -> None:
    """One letter changed, one receivable taken out: exactly those cells differ, by code."""
    platform, deal = Platform(5), random_deal(5, size=6)
    files = platform.write(tmp_path)
    with SecondOpinion(files, platform.pledges(), seen_day(), tmp_path) as second:
        told = second.outcomes(deal, CHAMPION)
        rows = told.to_pylist()
        letter = rows[0]["outcomes"][2]
        wrong = {"P": "F", "F": "U", "U": "P"}[letter]
        rows[0]["outcomes"] = rows[0]["outcomes"][:2] + wrong + rows[0]["outcomes"][3:]
        gone = rows.pop(1)
        stored = tmp_path / "screenings.parquet"
        pq.write_table(told.from_pylist(rows, schema=told.schema), stored)
        agreement = second.compare(deal, CHAMPION, [str(stored)])
        nothing = second.compare(deal, CHAMPION, [])
    changed = Difference(rows[0]["receivable_id"], "X2", wrong, letter)
    missing = {Difference(gone["receivable_id"], f"X{place}", "", gone["outcomes"][place]) for place in range(6)}
    assert agreement.unequal_count == 7
    assert set(agreement.differences) == {changed, *missing}
    assert nothing.unequal_count == nothing.cell_count == 6 * told.num_rows


@settings(RANDOM, max_examples=5)
@given(seed=st.integers(0, 2**32))
def test_values_seen_are_those_of_plain_python(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Written the same, value by value; one that is changed, one that is gone and one too many are told."""
    platform, deal, folder = Platform(seed), random_deal(seed), tmp_path_factory.mktemp("values")
    lines = [
        {"receivable_id": name, "code": code, "outcome": letter, "observed": seen}
        for name, code, letter, seen in failures_by_plain_python(platform, deal)
    ]
    stored = folder / "failures.parquet"
    with SecondOpinion(platform.write(folder), platform.pledges(), seen_day(), folder) as second:
        pq.write_table(pa.Table.from_pylist(lines), stored)
        assert second.compare_values(deal, CHAMPION, [str(stored)]) == Agreement(len(lines), 0, ())
        changed, gone, added = lines[0] | {"observed": "?"}, lines[1], lines[0] | {"receivable_id": "x"}
        pq.write_table(pa.Table.from_pylist([changed, *lines[2:], added]), stored)
        told = second.compare_values(deal, CHAMPION, [str(stored)])
        nothing = second.compare_values(deal, CHAMPION, [])
    assert (told.cell_count, told.unequal_count) == (len(lines) + 1, 3)
    assert {(one.receivable_id, one.code) for one in told.differences} == {
        (row["receivable_id"], row["code"]) for row in (changed, gone, added)
    }
    assert nothing.unequal_count == nothing.cell_count == len(lines)


def failures_by_plain_python(platform: Platform, deal: Deal) -> Iterator[tuple[str, str, str, str]]:
    """Give receivable, criterion, letter and values seen of every cell that does not pass."""
    for row, (letters, seen) in judged_by_plain_python(platform, deal):
        for criterion, letter in zip(deal.criteria, letters, strict=True):
            if letter != "P":
                yield row["state.receivable_id"], criterion.code, letter, seen[criterion.code]


def test_tables_without_files_are_empty(tmp_path: Path) -> None:
    """A platform without orders, reports and lists: nothing of them is known, and nobody is listed."""
    platform, deal = Platform(9), random_deal(9)
    files = platform.write(tmp_path)
    left_out = ("orders", "credit_reports", "blacklist", "merchants")
    for name in left_out:
        platform.rows[name] = []
    kept = {name: paths for name, paths in files.items() if name not in left_out}
    with SecondOpinion(kept, platform.pledges(), seen_day(), tmp_path) as second:
        found = {row["receivable_id"]: row["outcomes"] for row in second.outcomes(deal, CHAMPION).to_pylist()}
    assert found == by_plain_python(platform, deal)
    assert derived.RECEIVABLE_STATES.name in kept


def test_a_text_in_a_question_about_others_stays_a_text(tmp_path: Path) -> None:
    """Quotes of either sort in a criterion end neither a name nor a literal in the second reader's SQL."""
    platform = Platform(5)
    evil = """a" FROM read_text('/etc/passwd') -- ' || (SELECT 1) || '"""
    told = evil.replace("'", "''")
    texts = [f"NOT others_exist(receivable.purpose = '{told}')", f"others_count(receivable.purpose <> '{told}') >= 0"]
    asked = [
        Criterion(code=f"X{n}", clause="1", text_en="x", text_zh="x", expression=one) for n, one in enumerate(texts)
    ]
    deal = demo_deal().model_copy(update={"criteria": tuple(asked)})
    assert by_duckdb(platform, [deal], tmp_path) == [by_plain_python(platform, deal)]
