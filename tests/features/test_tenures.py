"""Cash matched to instalments, static pools and hindsight on the engine, beside plain loops over the same rows."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from features.labels import LabelDefinition
from features.spark_cut import as_planned
from features.spark_hindsight import hindsight, learned
from features.spark_known import Known
from features.spark_states import receivable_states
from features.spark_static import AMOUNTS, static_months
from features.spark_tenures import CASH, HOLDING, by_holding, cash, daily, matched_lines, standing
from features.states import StateConvention
from pipelines.pool_life import HELD
from pipelines.pool_season import MONTHS
from schemas.moments import day_start, months_after
from tests.features.compare import differences, rows_of
from tests.features.platform import Rows, logs_of
from tests.features.worlds import AS_OF, ZONES, lending_world, world
from tests.oracles import after_purchase as oracle
from tests.oracles import states as states_oracle

Row = dict[str, Any]
CONVENTIONS = (StateConvention(), StateConvention(grace_days=3, covering_kinds=("REFUND", "CORRECTION")))
LOOSE = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
PROPERTY = given(seed=st.integers(0, 10_000), time_zone=st.sampled_from(ZONES), convention=st.sampled_from(CONVENTIONS))


def held_rows(rows: Rows) -> list[Row]:
    """Put some receivables into two purchases, some of which have left the pool."""
    names = sorted({row["receivable_id"] for row in rows["receivables"]})
    found = []
    for number, name in enumerate(names[:20]):
        bought_on = AS_OF - timedelta(days=(210, 95)[number % 2])
        ended = number % 5 == 0
        until = bought_on + timedelta(days=70) if ended else AS_OF
        held = {"purchase_id": f"p{number % 2}", "receivable_id": name, "bought_on": bought_on, "until_on": until}
        found.append({**held, "is_ended": ended, "bought_units": 1000 + number})
    return found


def units(value: Decimal) -> int:
    return int(value * 100)


@LOOSE
@PROPERTY
def test_every_cent_is_matched_as_a_walk_over_the_cash_matches_it(
    engine: SparkSession, seed: int, time_zone: str, convention: StateConvention
) -> None:
    """Instalment by instalment, day by day, receivable by receivable; nothing collected is lost on the way."""
    rows = lending_world(seed, AS_OF, time_zone)
    held = held_rows(rows)
    if not held:
        return
    known = Known(logs_of(engine, rows), AS_OF, time_zone, convention, as_planned)
    frame = standing(engine.createDataFrame(pa.Table.from_pylist(held, HELD)), known)
    lines, received = matched_lines(frame, known), cash(frame, known)
    expected = oracle.holdings(rows, held, AS_OF, time_zone, convention)
    promised = [
        {**{name: each.held[name] for name in HOLDING}, "period_number": line["period_number"],
         "expected_on": line["expected_on"], **{f"{name}_units": units(line[name]) for name in oracle.OF_DUE}}
        for each in expected for line in each.lines()
    ]  # fmt: skip
    assert not differences(rows_of(lines), promised, *HOLDING, "period_number")
    summed = rows_of(by_holding(frame, lines, received, known))
    for row in summed:
        assert row["due_units"] == row["covered_units"] + row["fallen_away_units"] + row["open_units"]
        whole = row["covered_units"] + row["ahead_units"] + row["unmatched_units"]
        assert whole == row["cash_units"] + row["refund_units"]
        assert row["unmatched_units"] >= 0
        assert (row["open_since_on"] is None) == (row["open_units"] == 0)
    came: dict[date, int] = defaultdict(int)
    for each in expected:
        for day, payment in each.cash():
            came[day] += units(
                sum((payment[f"{n}_amount"] for n in ("principal", "interest", "fee", "penalty")), Decimal(0))
            )
        for day, amount in oracle.recoveries(each, time_zone):
            came[day] += units(amount)
    days = rows_of(daily(lines, received))
    assert {row["happened_on"]: sum(row[n] for n in CASH) for row in days if any(row[n] for n in CASH)} == {
        day: amount for day, amount in came.items() if amount
    }
    assert sum(row["due_units"] for row in days) == sum(row["due_units"] for row in summed)


@LOOSE
@PROPERTY
def test_static_pools_are_those_of_a_walk_through_the_months(
    engine: SparkSession, seed: int, time_zone: str, convention: StateConvention
) -> None:
    """Every amount of every month of every purchase; opening of a month is closing and leaving of the one before."""
    rows = lending_world(seed, AS_OF, time_zone)
    held = held_rows(rows)
    if not held:
        return
    months = engine.createDataFrame(pa.Table.from_pylist(months_of(held), MONTHS))
    known = Known(logs_of(engine, rows), AS_OF, time_zone, convention, as_planned)
    frame = standing(engine.createDataFrame(pa.Table.from_pylist(held, HELD)), known)
    definition = LabelDefinition(default_days_past_due=20, convention=convention)
    found = rows_of(static_months(frame, months, known, definition))
    promised: dict[tuple[str, int], Row] = defaultdict(
        lambda: {f"{name}_units": 0 for name in AMOUNTS} | {"opening_count": 0}
    )
    for each in oracle.holdings(rows, held, AS_OF, time_zone, convention):
        for number, first, last, _ in each.months(AS_OF):
            cell = promised[each.held["purchase_id"], number]
            told = each.month(first, last)
            cell["opening_count"] += told["opening"] > 0
            for name in AMOUNTS:
                cell[f"{name}_units"] += units(told[name])
    wanted = [{"purchase_id": name, "month_number": number, **cell} for (name, number), cell in promised.items()]
    cells = [{name: row[name] for name in row if not name.startswith("defaulted")} for row in found]
    assert not differences(cells, wanted, "purchase_id", "month_number")
    assert sum(row["defaulted_count"] or 0 for row in found) == in_default(rows, held, time_zone, definition)


def months_of(held: list[Row]) -> list[Row]:
    """Lay out the months of each purchase; 0 is all before."""
    found = []
    for name, start in sorted({(row["purchase_id"], row["bought_on"]) for row in held}):
        found.append((name, 0, date(1900, 1, 1), start, True))
        for number in range(1, 10):
            first, last = months_after(start, number - 1), months_after(start, number)
            if first < AS_OF:
                found.append((name, number, first, min(last, AS_OF), last <= AS_OF))
    return [dict(zip(MONTHS.names, row, strict=True)) for row in found]


def in_default(rows: Rows, held: list[Row], time_zone: str, definition: LabelDefinition) -> int:
    """Count holdings with a day in them at whose start they were in default, by labels of windows of every length."""
    count = 0
    known = states_oracle.cut(rows, AS_OF, time_zone)
    for each in held:
        row = next((r for r in known["receivables"] if r["receivable_id"] == each["receivable_id"]), None)
        if row is None:
            continue
        contract = states_oracle.Contract(row, known, AS_OF, time_zone, definition.convention)
        last = min(each["until_on"], AS_OF) - timedelta(days=1)
        count += was_bad(contract, each["bought_on"], last, definition)
    return count


def was_bad(contract: states_oracle.Contract, first: date, last: date, definition: LabelDefinition) -> bool:
    """Walk the days from first to last."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        losses = [row for row in contract.adjusted if row["adjustment_kind"] in definition.convention.writing_off_kinds]
        if any(contract.moved_on[id(row)] == day for row in losses):
            return True
        if contract.lines:
            late = [
                (day - line["due_on"]).days
                for line, settled in zip(contract.lines, contract.settled, strict=True)
                if line["due_on"] < day <= (settled or date.max)
            ]
            counted = [n for n in late if n > definition.convention.grace_days]
            if max(counted, default=0) >= definition.default_days_past_due:
                return True
        told = {row["reported_on"]: row["reported_days_past_due"] for row in contract.told}
        if not contract.lines and (told.get(day - timedelta(days=1)) or 0) >= definition.default_days_past_due:
            return True
    return False


@LOOSE
@given(seed=st.integers(0, 10_000), time_zone=st.sampled_from(ZONES))
def test_hindsight_is_the_past_day_had_all_been_known_at_once(engine: SparkSession, seed: int, time_zone: str) -> None:
    """States in hindsight are those of rows that were known when they happened, by the versions known now."""
    rows, then = world(seed, AS_OF, time_zone), AS_OF - timedelta(days=100)
    everyone = sorted({row["borrower_id"] for row in rows["receivables"]})
    if not everyone:
        return
    chosen = everyone[: len(everyone) // 2 + 1]
    logs = logs_of(engine, rows)
    borrowers = engine.createDataFrame(pa.table({"borrower_id": chosen}))
    seen = hindsight(logs, borrowers, then, AS_OF, time_zone)
    found = rows_of(receivable_states(seen, then, time_zone, StateConvention()))
    at_once = known_at_once(rows, then, time_zone)
    promised = states_oracle.states(at_once, then, time_zone, StateConvention())
    mine = [row for row in promised if row["borrower_id"] in chosen]
    assert not differences(found, mine, "receivable_id")


def known_at_once(rows: Rows, then: date, time_zone: str) -> Rows:
    """Give of every key the version that is known now, as if it had been known when it happened."""
    start, end = day_start(then, time_zone), day_start(AS_OF, time_zone)
    before = start - timedelta(microseconds=1)
    told: Rows = {}
    for name, each in rows.items():
        kept: dict[Any, Row] = {}
        for row in each:
            is_voiding = name == "repayments" and row.get("reverses_repayment_id") is not None
            if row["known_at"] < end and (row["happened_at"] < start or is_voiding):
                key = tuple(row[column] for column in states_oracle.TABLES[name].key)
                if key not in kept or row["known_at"] > kept[key]["known_at"]:
                    kept[key] = row
        known = kept.values()
        told[name] = [{**row, "known_at": before, "happened_at": min(row["happened_at"], before)} for row in known]
    return told


def test_what_was_learned_later_is_named_with_its_day(engine: SparkSession) -> None:
    """A row about the time before the cut-off that came after it is evidence, with its latest day; others are not."""
    rows, then = world(11, AS_OF, "UTC"), AS_OF - timedelta(days=60)
    start, end = day_start(then, "UTC"), day_start(AS_OF, "UTC")
    found = {
        row["receivable_id"]: dict(part.split(" ") for part in row["learned_from"].split(", "))
        for row in rows_of(learned(logs_of(engine, rows), then, AS_OF, "UTC"))
    }
    owner = {row["receivable_id"]: row["borrower_id"] for row in rows["receivables"]}
    late: dict[str, date] = {}
    for row in rows["instalments"]:
        if row["happened_at"] < start <= row["known_at"] < end:
            who = owner[row["receivable_id"]]
            late[who] = max(late.get(who, date.min), row["known_at"].date())
    standing = {row["receivable_id"] for row in states_oracle.cut(rows, AS_OF, "UTC")["receivables"]}
    told = {name: parts["instalments"] for name, parts in found.items() if "instalments" in parts}
    assert late
    assert told == {name: str(late[owner[name]]) for name in standing if owner[name] in late}
