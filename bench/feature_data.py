"""Transactions for the feature benchmark: heavy-tailed borrowers, a year of days, month by month in bounded memory."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EVENTS_PER_BORROWER = 100
MERCHANTS, CATEGORIES, CHANNELS = 5_000, 20, 5
MONTHS = 12
YEAR_START = np.datetime64("2024-01-01", "us").astype(np.int64)
DAY = 86_400_000_000
DAYS = 365
LATE_SHARE, LATE = 0.01, 3 * DAY
REFUND_SHARE = 0.03
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def write(folder: Path, events: int, seed: int = 0) -> Path:
    """Write so many transactions as plain monthly files, unless they stand already; give their folder."""
    place = folder / f"transactions_{events}"
    if (place / "ready").exists():
        return place
    for month in range(MONTHS):
        path = place / f"month=2024-{month + 1:02d}" / "part.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        dice = np.random.default_rng([seed, events, month])
        pq.write_table(_month(dice, month, events), path, compression="zstd", row_group_size=500_000)
    (place / "ready").touch()
    return place


def _month(dice: np.random.Generator, month: int, events: int) -> pa.Table:
    number = events // MONTHS + (1 if month < events % MONTHS else 0)
    borrowers = events // EVENTS_PER_BORROWER
    day = DAYS * month // MONTHS + dice.integers(0, DAYS * (month + 1) // MONTHS - DAYS * month // MONTHS, number)
    happened = YEAR_START + day * DAY + dice.integers(0, DAY // 1_000_000, number) * 1_000_000
    known = happened + np.where(dice.random(number) < LATE_SHARE, LATE, dice.integers(1, 60_000_000, number))
    cents = np.maximum(np.exp(3.2 + 1.1 * dice.standard_normal(number)) * 100, 1).astype(np.int64)
    return pa.table(
        {
            "event_id": pa.array([f"e{month:02d}{each:08x}" for each in range(number)]),
            "borrower_id": _ids("b", borrowers, dice.random(number) ** 2.2),
            "merchant_id": _ids("m", MERCHANTS, dice.random(number) ** 1.7),
            "category_code": _ids("c", CATEGORIES, dice.random(number) ** 1.3),
            "channel_code": _ids("w", CHANNELS, dice.random(number) ** 1.4),
            "amount": _money(cents),
            "happened_at": pa.array(happened, pa.timestamp("us", "UTC")),
            "known_at": pa.array(known, pa.timestamp("us", "UTC")),
            "is_refund": pa.array(dice.random(number) < REFUND_SHARE),
        }
    )


def _money(cents: np.ndarray) -> pa.Array:
    """Give whole hundredths above zero as decimals: their bits are the same."""
    halves = np.stack([cents, np.zeros_like(cents)], axis=1)
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(halves)])


def _ids(prefix: str, kinds: int, place: np.ndarray) -> pa.Array:
    """Give text ids, the low numbers most often."""
    names = pa.array([prefix + _base36(number) for number in range(kinds)])
    return names.take(pa.array((place * kinds).astype(np.int64)))


def _base36(number: int) -> str:
    digits = ""
    for _ in range(8):
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits
