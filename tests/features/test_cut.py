"""The as-of cut: what is visible at the start of a day, and what is not."""

from datetime import date, timedelta

import pytest
from pyspark.sql import SparkSession

from features.spark_cut import local_day, read_visible, visible
from schemas.errors import SchemaError
from schemas.house import TABLES
from schemas.moments import day_start
from tests.features.compare import rows_of
from tests.features.platform import Row, event, frame

ZONE, AS_OF = "Asia/Shanghai", date(2025, 3, 1)
CUT = day_start(AS_OF, ZONE)
TICK, HOUR = timedelta(microseconds=1), timedelta(hours=1)
BLACKLIST = TABLES["blacklist"]


def entry(name: str, happened: timedelta, known: timedelta, reason: str = "", *, is_deleted: bool = False) -> Row:
    """Put a subject on the list, so long after the cut."""
    subject = {"entry_id": name, "subject_type": "DEVICE", "subject_id": "d", "reason_code": reason}
    row = event(CUT + happened, CUT + known, **subject, record_hash=f"{reason}{known}")
    return {**row, "is_deleted": is_deleted}


ROWS = [
    entry("just before", -TICK, -TICK, "seen"),
    entry("happens at the cut", timedelta(0), timedelta(0)),
    entry("known at the cut", -HOUR, timedelta(0)),
    entry("corrected", -HOUR, -HOUR, "old"),
    entry("corrected", -HOUR, -TICK, "new"),
    entry("corrected later", -HOUR, -HOUR, "old"),
    entry("corrected later", -HOUR, timedelta(0), "new"),
    entry("withdrawn", -HOUR, -HOUR),
    entry("withdrawn", -HOUR, -TICK, is_deleted=True),
    entry("withdrawn later", -HOUR, -HOUR, "seen"),
    entry("withdrawn later", -HOUR, HOUR, is_deleted=True),
    entry("brought back", -HOUR, -HOUR, is_deleted=True),
    entry("brought back", -HOUR, -TICK, "seen"),
]


def test_the_latest_version_known_before_the_cut_is_visible(engine: SparkSession) -> None:
    """Exclusive at both times, to the microsecond; a tombstone takes a row away, and a later version brings it back."""
    found = rows_of(visible(frame(engine, BLACKLIST, ROWS), BLACKLIST, AS_OF, ZONE))
    assert {row["entry_id"]: row["reason_code"] for row in found} == {
        "just before": "seen",
        "corrected": "new",
        "corrected later": "old",
        "withdrawn later": "seen",
        "brought back": "seen",
    }
    assert len(found) == 5


def test_of_two_versions_of_one_moment_the_same_one_stands_always(engine: SparkSession) -> None:
    """Ingest publishes no such pair; if one were there, the order of rows would not decide."""
    pair = [entry("pair", -HOUR, -HOUR, "one"), entry("pair", -HOUR, -HOUR, "two")]
    found = [
        [row["reason_code"] for row in rows_of(visible(frame(engine, BLACKLIST, rows), BLACKLIST, AS_OF, ZONE))]
        for rows in (pair, pair[::-1])
    ]
    assert len(found[0]) == 1
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Shanghai", date(2025, 3, 1)),
        ("America/New_York", date(2025, 3, 10)),
        ("Europe/Berlin", date(2025, 10, 27)),
    ],
)
def test_a_local_day_begins_at_local_midnight(engine: SparkSession, zone: str, day: date) -> None:
    """Also on the day after clocks change: the last microsecond belongs to the day before."""
    midnight = day_start(day, zone)
    rows = [{**entry("a", -HOUR, -HOUR), "happened_at": at} for at in (midnight - TICK, midnight)]
    days = frame(engine, BLACKLIST, rows).select(local_day("happened_at", zone).alias("day"))
    assert [row["day"] for row in rows_of(days)] == [day - timedelta(days=1), day]


def test_a_log_that_was_not_handed_in_is_named(engine: SparkSession) -> None:
    """The error says which log is missing and which are there."""
    logs = {"blacklist": frame(engine, BLACKLIST, [])}
    with pytest.raises(SchemaError, match=r"(?s)logs blacklist.*a log orders"):
        read_visible(logs, "orders", AS_OF, ZONE)
