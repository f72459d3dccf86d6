"""When people buy: seasons, weekdays, sale days, hours."""

from datetime import date, timedelta

import numpy as np

from simulate.arrays import DAY, Flags, Floats, Ints

WEEKDAYS = (0.95, 0.94, 0.95, 0.98, 1.05, 1.16, 1.12)
SALE_DAYS = {(6, 16): 2.0, (6, 17): 2.5, (6, 18): 5.0, (11, 1): 2.5, (11, 10): 2.5, (11, 11): 6.0, (12, 12): 2.5}


def day_weights(first_day: date, days: int) -> Floats:
    """Give each day's share of the year's buying, relative to an ordinary day."""
    calendar = [first_day + timedelta(days=n) for n in range(days)]
    season = np.array([1.0 + 0.12 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 330) / 365.25) for day in calendar])
    weekday = np.array([WEEKDAYS[day.weekday()] for day in calendar])
    sale = np.array([SALE_DAYS.get((day.month, day.day), 1.0) for day in calendar])
    return np.asarray(season * weekday * sale, dtype=np.float64)


def draw_days(rng: np.random.Generator, starts: Ints, weights: Floats) -> Ints:
    """Draw a day for each event, not before its start, in proportion to the days' weights."""
    bounds = np.concatenate(([0.0], np.cumsum(weights)))
    low = bounds[starts]
    point = low + rng.random(starts.size) * (bounds[-1] - low)
    day = np.searchsorted(bounds, point, side="right").astype(np.int64) - 1
    return np.asarray(np.minimum(day, weights.size - 1))


def draw_seconds(rng: np.random.Generator, at_night: Flags) -> Ints:
    """Draw a second of the day: night is 00:00-05:59, the rest peaks at noon and in the evening."""
    size = at_night.size
    noon = rng.triangular(6.0, 12.5, 18.0, size)
    evening = rng.triangular(14.0, 20.5, 24.0, size)
    hour = np.where(at_night, rng.triangular(0.0, 0.5, 6.0, size), np.where(rng.random(size) < 0.45, noon, evening))
    return np.asarray(np.minimum(np.floor(hour * 3600).astype(np.int64), DAY - 1))
