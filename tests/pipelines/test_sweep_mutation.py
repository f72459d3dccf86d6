"""Nothing from the as-of day on moves a bit: logs changed, added to and withdrawn from, laid out anew, swept anew."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from features.catalogue import FEATURES
from features.states import StateConvention
from schemas.house import LOG_TABLES
from schemas.moments import day_start
from schemas.table import Column, Kind, Table
from tests.features.compare import differences
from tests.features.platform import Row, Rows
from tests.features.worlds import CONTROL_NAMES, SPOILT, cut_rows, world
from tests.oracles import features as oracle
from tests.pipelines.laid_world import Bits, bits, changed, features, opened, publish

ZONE, AS_OF = "Asia/Shanghai", date(2025, 4, 1)
CUT = day_start(AS_OF, ZONE)
TICK, MONTH = timedelta(microseconds=1), timedelta(days=30)
KEPT = ("reverses_repayment_id", "currency")


def spoilt(column: Column, value: object) -> object:
    """Give another value that the column may hold."""
    if column.values:
        return column.values[-1 if value != column.values[-1] else 0]
    return SPOILT.get(column.kind, value) if column.kind is not Kind.NUMBER else value


def correction(table: Table, row: Row, known_at: datetime, happened_at: datetime | None = None) -> Row:
    """Give a later version of a row in which all that may change has changed."""
    free = [each for each in table.columns if each.name not in (*table.key, *CONTROL_NAMES, *KEPT)]
    told = {**row, **{each.name: spoilt(each, row[each.name]) for each in free}, "known_at": known_at}
    moved = {"happened_at": happened_at} if happened_at and "happened_at" not in table.key else {}
    return {**told, **moved, "record_hash": f"changed {known_at}"}


def addition(table: Table, row: Row, number: int, happened_at: datetime, known_at: datetime) -> Row:
    """Give a row of a thing that was not known before."""
    key = table.key[0] if table.column(table.key[0]).kind is Kind.TEXT else table.key[-1]
    return {**correction(table, row, known_at), key: f"new {number} {row[key]}", "happened_at": happened_at}


def latest(table: Table, rows: Rows, at: datetime) -> list[Row]:
    """Give the last version of each thing; things of which one is known at that very moment are left alone."""
    held: dict[tuple[object, ...], Row] = {}
    for row in sorted(rows[table.name], key=lambda row: row["known_at"]):
        held[tuple(row[each] for each in table.key)] = row
    return [row for row in held.values() if row["known_at"] < at]


def mutations(rows: Rows, at: datetime) -> Rows:
    """Change, withdraw and add to every log from a moment on, by when it happened and by when it was known."""
    found: Rows = {}
    for table in LOG_TABLES:
        found[table.name] = told = []
        for number, row in enumerate(latest(table, rows, at)):
            told += (
                [correction(table, row, at)],
                [{**row, "known_at": at, "is_deleted": True, "record_hash": "gone"}],
                [correction(table, row, at, happened_at=at)],
            )[number % 3]
            told.append(addition(table, row, number, *[(row["happened_at"], at), (at, at)][number % 2]))
    return found


def ahead(rows: Rows) -> Rows:
    """Say before the cut what happens from the cut on, and after it what happened before."""
    found: Rows = {}
    times = [(CUT, CUT - TICK), (CUT + MONTH, CUT - MONTH), (CUT - TICK, CUT)]
    for table in LOG_TABLES:
        held = latest(table, rows, CUT - TICK)
        found[table.name] = [addition(table, row, -number, *times[number % 3]) for number, row in enumerate(held)]
        if "happened_at" not in table.key:
            found[table.name] += [correction(table, row, CUT - TICK, happened_at=CUT) for row in held]
    return found


class Mutated:
    """What was known at the cut, and its features then."""

    def __init__(self, home: Path, engine: SparkSession) -> None:
        """Compute features of what was known before the cut."""
        self.rows = cut_rows(world(14, AS_OF, ZONE), AS_OF, ZONE)
        self.home, self.engine = home, engine
        self.before = self.found()

    def found(self, *later: Rows) -> Bits:
        """Give the bits of all features after later batches."""
        return bits(self.told(*later))

    def told(self, *later: Rows) -> list[Row]:
        """Compute features of a workspace of its own, after later batches."""
        place = self.home / str(len(list(self.home.iterdir())))
        with opened(place, self.engine, ZONE) as space:
            for number, rows in enumerate((self.rows, *later)):
                publish(space, rows, f"batch{number}")
            return features(space, [AS_OF])[0]


@pytest.fixture(scope="module")
def mutated(engine: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Mutated:
    """Open a platform with every log."""
    return Mutated(tmp_path_factory.mktemp("mutated"), engine)


def test_the_platform_says_something_of_every_family(mutated: Mutated) -> None:
    """All else here would be idle for a family of nulls."""
    said = {name for (_, name), value in mutated.before.items() if value is not None}
    assert {each.family for each in FEATURES} == {each.family for each in FEATURES if each.name in said}
    assert all(mutated.rows[table.name] for table in LOG_TABLES)


def test_events_at_and_after_the_cut_change_no_bit(mutated: Mutated) -> None:
    """Exactly at local midnight, and a month later; known before and happening after, and the other way round."""
    later = (ahead(mutated.rows), mutations(mutated.rows, CUT), mutations(mutated.rows, CUT + MONTH))
    assert changed(mutated.found(*later), mutated.before) == set()


def test_events_a_microsecond_before_the_cut_change_every_family(mutated: Mutated) -> None:
    """The same events one microsecond earlier: the comparison above can fail, and plain loops say the same."""
    later = mutations(mutated.rows, CUT - TICK)
    told = mutated.told(later)
    moved = changed(bits(told), mutated.before)
    assert {each.family for each in FEATURES} == {each.family for each in FEATURES if each.name in moved}
    rows = {name: [*held, *later.get(name, [])] for name, held in mutated.rows.items()}
    assert not differences(told, oracle.features(rows, AS_OF, ZONE, StateConvention(), FEATURES), "receivable_id")


@pytest.mark.slow
@pytest.mark.parametrize("name", [table.name for table in LOG_TABLES])
def test_a_log_alone_changes_something_a_microsecond_before_the_cut_and_nothing_at_it(
    mutated: Mutated, name: str
) -> None:
    """No log is idle in the tests above."""
    at_cut, before = ({name: mutations(mutated.rows, each)[name]} for each in (CUT, CUT - TICK))
    assert not changed(mutated.found(at_cut), mutated.before)
    assert changed(mutated.found(before), mutated.before)
