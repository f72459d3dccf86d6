"""The label study: a walk over days beside it, the labels of the engine, curves without a model, rows that add up."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from features.labels import LabelDefinition
from features.spark_cut import as_planned
from features.spark_known import Known
from features.spark_labels import outcomes
from features.states import StateConvention
from features.study import NEVER, Book, Counting, StudyParameters, days_past_due, first_bad, spells
from features.study_rolls import BUCKETS, ENDS
from features.study_tables import OWN, flat_after, study
from pipelines.study import EPOCH, gather
from schemas.moments import day_start
from tests.features.compare import rows_of
from tests.features.platform import Platform, Rows, logs_of
from tests.features.worlds import AS_OF, lending
from tests.oracles import study as oracle

TODAY = 260
COUNTINGS = (
    Counting(name="strict"),
    Counting(name="graced", grace_days=6),
    Counting(name="rolling", count="rolling", grace_days=2),
    Counting(name="rests", rests_on_weekends=True, holidays=(date(1970, 1, 26), date(1970, 3, 3))),
)
day = st.integers(0, TODAY + 20)
line = st.tuples(day, st.none() | day)
loan = st.tuples(st.integers(0, TODAY - 1), st.none() | day, st.lists(line, max_size=4), st.lists(day, max_size=4))


def book_of(drawn: list[tuple[int, int | None, list[tuple[int, int | None]], list[int]]]) -> Book:
    """Lay out drawn loans; nothing settles before it is lent, but ties, gaps and early payments are all there."""
    loans = pd.DataFrame(
        [
            (f"r{place}", lent, NEVER, NEVER if lost is None else max(lost, lent))
            for place, (lent, lost, _, _) in enumerate(drawn)
        ],
        columns=["receivable_id", "lent_on", "paid_off_on", "written_off_on"],
    )
    lines = [
        (place, lent + due, NEVER if paid is None else lent + paid)
        for place, (lent, _, lines, _) in enumerate(drawn)
        for due, paid in lines
    ]
    paid = sorted({(place, lent + each) for place, (lent, _, _, days) in enumerate(drawn) for each in days})
    return Book(
        TODAY,
        loans,
        pd.DataFrame(lines, columns=["loan", "due_on", "settled_on"], dtype=np.int64),
        pd.DataFrame(paid, columns=["loan", "paid_on"], dtype=np.int64),
    )


@settings(max_examples=40, deadline=None)
@given(
    drawn=st.lists(loan, min_size=1, max_size=3), counting=st.sampled_from(COUNTINGS), days=st.sampled_from([1, 5, 30])
)
def test_days_past_due_are_what_a_walk_counts(drawn: list, counting: Counting, days: int) -> None:  # type: ignore[type-arg]
    """Of every convention: on single days, and the first day in default."""
    book = book_of(drawn)
    late = spells(book, counting)
    walked = [oracle.first_bad(book, counting, place, days) for place in range(len(drawn))]
    assert first_bad(book, late, days).tolist() == walked
    for at in (0, 40, 133, TODAY):
        assert days_past_due(book, late, at).tolist() == [
            oracle.past_due(book, counting, place, at) for place in range(len(drawn))
        ]


def lent_world(seed: int) -> Rows:
    """Draw a platform with lending logs of forty borrowers."""
    platform = Platform(seed, AS_OF, "UTC")
    lending(platform, borrowers=40)
    return platform.rows


@pytest.mark.parametrize("grace", [0, 3])
def test_the_labels_own_choice_says_what_labels_say(engine: SparkSession, grace: int) -> None:
    """Windows from disbursement, put to the engine's labels: the same receivables are bad."""
    definition = LabelDefinition(default_days_past_due=5, horizon_days=60, convention=StateConvention(grace_days=grace))
    known = Known(logs_of(engine, lent_world(11)), AS_OF, "UTC", definition.convention, as_planned)
    book = gather(known, 10_000)
    over = book.loans[book.loans["lent_on"] + definition.horizon_days <= book.as_of]
    begun = [EPOCH + timedelta(days=int(each)) for each in over["lent_on"]]
    ends = [each + timedelta(days=definition.horizon_days - 1) for each in begun]
    windows = pa.table({"receivable_id": over["receivable_id"], "as_of": begun, "window_ends_on": ends})
    told = {
        row["receivable_id"]: row["is_default"]
        for row in rows_of(outcomes(engine.createDataFrame(windows), known, definition))
    }
    bad = first_bad(book, spells(book, Counting(name=OWN, grace_days=grace)), definition.default_days_past_due)
    found = dict(
        zip(over["receivable_id"], (bad < book.loans["lent_on"] + definition.horizon_days)[over.index], strict=True)
    )
    assert found == told
    assert {True, False} <= set(found.values())


def test_a_sample_by_the_hash_of_ids_keeps_whole_receivables(engine: SparkSession) -> None:
    """Fewer receivables, and of each all its instalments."""
    known = Known(logs_of(engine, lent_world(3)), AS_OF, "UTC", StateConvention(), as_planned)
    whole, part = gather(known, 10_000), gather(known, 16)
    assert 0 < len(part.loans) < len(whole.loans)
    lines = [each.loans["receivable_id"].to_numpy()[each.lines["loan"]] for each in (whole, part)]
    kept = np.isin(lines[0], part.loans["receivable_id"].to_numpy())
    assert sorted(lines[1]) == sorted(lines[0][kept])


def test_nothing_known_later_reaches_a_study(engine: SparkSession) -> None:
    """The same logs cut off at the day, row by row, give the same book."""
    rows, before = lent_world(8), AS_OF - timedelta(days=60)
    cut = day_start(before, "UTC")
    early = {name: [row for row in told if row["known_at"] < cut] for name, told in rows.items()}
    books = [
        gather(Known(logs_of(engine, told), before, "UTC", StateConvention(), as_planned), 10_000)
        for told in (rows, early)
    ]
    assert len(books[0].loans) > 5
    assert len(rows["repayments"]) > len(early["repayments"])
    for whole, part in zip(books[0][1:], books[1][1:], strict=True):
        assert sorted(map(tuple, whole.to_numpy().tolist())) == sorted(map(tuple, part.to_numpy().tolist()))


def many(number: int) -> Book:
    """Draw loans of a year and a half with four instalments each, of which one in eight stops being paid."""
    dice = np.random.default_rng(7)
    drawn = []
    for _ in range(number):
        stops = int(dice.integers(0, 4)) if dice.random() < 0.125 else 4
        late = dice.integers(-3, 20, 4).clip(0)
        lines = [(30 * k + 30, int(30 * k + 30 + late[k]) if k < stops else None) for k in range(4)]
        drawn.append((int(dice.integers(0, TODAY)), None, lines, []))
    return book_of(drawn)


PARAMETERS = StudyParameters(horizon_days=(120, 180), bad_days=(30, 60), least_receivables=5, follow_days=60)


def test_the_study_tells_every_choice_and_adds_up() -> None:
    """Harder definitions have fewer bad, longer windows more; who rolls goes somewhere."""
    definition = LabelDefinition(default_days_past_due=30, horizon_days=90, indeterminate_from_days=10)
    found = study(many(400), definition, PARAMETERS)
    own = found.choices[0]
    assert (own["counting"], own["bad_days"], own["indeterminate_from_days"]) == (OWN, 30, 10)
    shares = {
        (one["bad_days"], one["horizon_days"]): one["bad_share"]
        for one in found.choices
        if one["indeterminate_from_days"] is None
    }
    assert shares[30, 120] > shares[60, 120] > 0
    assert shares[30, 180] > shares[30, 120]
    assert 0 < own["indeterminate_share"] < 1
    assert [one["bucket"] for one in found.rolls] == list(BUCKETS)
    for row in found.rolls:
        assert set(row["to"]) == {*BUCKETS, *ENDS}
        assert sum(row["to"].values()) == pytest.approx(1)
    assert found.rolls[2]["worse_share"] > found.rolls[1]["worse_share"]


def test_curves_are_counts_where_every_receivable_has_come_so_far() -> None:
    """A vintage's point is its share; all together, the curve of the oldest month rests on who is so old."""
    book, definition = many(300), LabelDefinition(default_days_past_due=30, horizon_days=90)
    found = study(book, definition, PARAMETERS)
    bad = first_bad(book, spells(book, Counting(name=OWN)), 30)
    lent = book.loans["lent_on"].to_numpy()
    first = [one for one in found.vintages if one["vintage"] == "1970 Q1"]
    inside = lent < 90
    for one in first:
        assert one["bad_share"] == pytest.approx(((bad - lent)[inside] < 30 * one["month"]).mean())
    assert [one["bad_share"] for one in found.curve] == sorted(one["bad_share"] for one in found.curve)


def test_a_curve_is_flat_when_it_has_come_near_its_end() -> None:
    """Null for one that still rises, that never rose, and for none."""
    curve = [{"month": place, "bad_share": share} for place, share in enumerate([0.1, 0.2, 0.39, 0.4, 0.4], 1)]
    assert flat_after(curve, 0.95) == 3
    assert flat_after(curve[:2], 0.95) is None
    assert flat_after([{"month": 1, "bad_share": 0.0}], 0.95) is None
    assert flat_after([], 0.95) is None
