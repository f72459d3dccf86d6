"""The sweep beside plain loops: every form, window, limit and filter, over nulls, ties, corrections, huge amounts."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.declarations import Aggregate, Aggregation, Where
from features.streams import STREAMS
from features.sweep_events import EPOCH, swept
from features.sweep_program import lower
from tests.oracles.features import aggregate_value

AS_OF = date(2024, 3, 1)
MEASURES = ("amount", "credit_amount", "is_night", "is_away")
FLAGS = ("is_kept", "is_night", "is_away")
CODES = ("merchant_id", "category_code")
HUGE = 2**40
Row = dict[str, Any]


@st.composite
def events(draw: st.DrawFn) -> Row:
    """Draw an order: on some day, known then or later, perhaps withdrawn."""
    day = AS_OF - timedelta(days=draw(st.integers(-3, 400)))
    since = day + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 40])))
    until = since + timedelta(days=draw(st.sampled_from([0, 1, 30])) if draw(st.booleans()) else 5_000)
    row: Row = {"borrower_id": draw(st.sampled_from("abc")), "day": day, "since": since, "until": until}
    for name in ("amount", "credit_amount"):
        row[name] = draw(st.none() | st.integers(-5, 5) | st.integers(-HUGE, HUGE))
    for name in FLAGS:
        row[name] = draw(st.sampled_from([0, 1, None]))
    for name in CODES:
        row[name] = draw(st.sampled_from(["x", "y", "z", None]))
    return row


@st.composite
def aggregates(draw: st.DrawFn) -> Aggregate:
    """Draw an aggregate of any form."""
    kind = draw(st.sampled_from(Aggregation))
    where = tuple(Where(name) for name in draw(st.sets(st.sampled_from(FLAGS), max_size=2)))
    where += draw(st.sampled_from([(), (Where("category_code", ("x", "y")),)]))
    grouped = {Aggregation.DISTINCT, Aggregation.TOP_SHARE, Aggregation.ENTROPY}
    no_measure = {Aggregation.COUNT, Aggregation.RECENCY, Aggregation.OLDEST, Aggregation.DISTINCT}
    flags = {Aggregation.SHARE, Aggregation.STREAK, Aggregation.LONGEST}
    measure = draw(st.sampled_from(FLAGS if kind in flags else MEASURES))
    return Aggregate(
        "order",
        kind,
        f"it{draw(st.integers(0, 10**9))}",
        "" if kind in no_measure else measure,
        where,
        draw(st.sampled_from([7, 30, 365, None])),
        draw(st.sampled_from([None, None, 1, 3])),
        draw(st.sampled_from(CODES)) if kind in grouped else "",
    )


def promised(aggregate: Aggregate, rows: Sequence[Row], as_of: date) -> float | None:
    """Compute an aggregate by plain loops over what the day sees."""
    seen = [
        {**row, "age_days": (as_of - row["day"]).days, "at": place, "tie": ""}
        for place, row in enumerate(rows)
        if row["since"] < as_of <= row["until"]
    ]
    return aggregate_value(aggregate, seen)


def table(rows: Sequence[Row]) -> pa.Table:
    """Lay rows out as the sweep reads them."""
    days = {
        name: pa.array([(row[name] - EPOCH).days for row in rows], pa.int32()) for name in ("day", "since", "until")
    }
    codes = {name: pa.array([row[name] for row in rows], pa.string()) for name in ("borrower_id", *CODES)}
    whole = {name: pa.array([row[name] for row in rows], pa.int64()) for name in ("amount", "credit_amount", *FLAGS)}
    return pa.table({**codes, **days, **whole})


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Sort by borrower and day; events of one day stay as drawn."""
    return sorted(rows, key=lambda row: (row["borrower_id"], row["day"]))


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(events(), max_size=25),
    wanted=st.lists(aggregates(), min_size=1, max_size=12, unique_by=lambda each: each.subject),
    back=st.sets(st.integers(0, 60), min_size=1, max_size=3),
    most_cells=st.sampled_from([1, 20, 10**6]),
)
def test_every_form_equals_plain_loops(
    rows: list[Row], wanted: list[Aggregate], back: set[int], most_cells: int
) -> None:
    """Whatever is declared, over whatever events, as of several days at once, however few of the rows are held."""
    rows = in_order(rows)
    days = sorted(AS_OF - timedelta(days=each) for each in back)
    program = lower(wanted)
    batches = [batch.to_pylist() for batch in swept(table(rows), program, days, most_cells)]
    found = sorted(chain(*batches), key=lambda row: (row["as_of"], row["borrower_id"]))
    reach = 10**6 if any(each.window_days is None for each in wanted) else max(each.window_days or 0 for each in wanted)
    expected = []
    for day in days:
        for borrower in sorted({row["borrower_id"] for row in rows}):
            own = [row for row in rows if row["borrower_id"] == borrower]
            if any(row["since"] < day <= row["until"] and (day - row["day"]).days <= reach for row in own):
                values = {name: promised(each, own, day) for name, each in zip(program.names, wanted, strict=True)}
                expected.append({"borrower_id": borrower, "as_of": day, **values})
    assert len(found) == len(expected)
    for have, want in zip(found, expected, strict=True):
        for name, value in want.items():
            assert have[name] == (pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value), name


def test_a_deviation_of_huge_amounts_is_exact() -> None:
    """The square of the sum nearly equals number times the sum of squares: 128 bits tell them apart."""
    amounts = [2**60 + each for each in (0, 1, 2, 5)]
    row = {"borrower_id": "a", "credit_amount": 0, **dict.fromkeys(FLAGS, 1), **dict.fromkeys(CODES, "x")}
    day = AS_OF - timedelta(days=1)
    rows = [{**row, "amount": each, "day": day, "since": day, "until": AS_OF} for each in amounts]
    program = lower([Aggregate("order", Aggregation.STD, "amount", "amount", window_days=7)])
    found = next(swept(table(rows), program, [AS_OF])).column(2)[0].as_py()
    count, total, squares = len(amounts), sum(amounts), sum(each * each for each in amounts)
    scale = STREAMS["order"].column("amount").scale
    assert found == math.sqrt(count * squares - total * total) / count / scale


def test_no_events_give_no_rows() -> None:
    """An empty slice is swept into nothing, with all columns."""
    program = lower([Aggregate("order", Aggregation.COUNT, "all", window_days=7)])
    [found] = swept(table([]), program, [AS_OF])
    assert (found.num_rows, found.schema.names) == (0, ["borrower_id", "as_of", *program.names])
