"""Days and moments: the one place that knows where a local day begins."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import ConfigurationError


def zone(name: str) -> ZoneInfo:
    """Give the time zone of that IANA name.

    Raises:
        ConfigurationError: No such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"time zone {name!r}", "an IANA name such as Asia/Shanghai", "time_zone in the settings or source"
        ) from error


def day_start(day: date, time_zone: str) -> datetime:
    """Give the UTC instant at which a local day begins: what `as_of` means.

    >>> day_start(date(2025, 3, 1), "Asia/Shanghai").isoformat()
    '2025-02-28T16:00:00+00:00'
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone(time_zone)).astimezone(UTC)


def local_day(moment: datetime, time_zone: str) -> date:
    """Give the local day on which an instant falls.

    >>> local_day(datetime(2025, 2, 28, 16, tzinfo=UTC), "Asia/Shanghai").isoformat()
    '2025-03-01'
    """
    return moment.astimezone(zone(time_zone)).date()


def month_starts(first: date, last: date) -> list[date]:
    """Give the first days of the months that lie within [first, last], in order.

    >>> [d.isoformat() for d in month_starts(date(2025, 1, 15), date(2025, 3, 1))]
    ['2025-02-01', '2025-03-01']
    """
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    return [day for day in starts if first <= day <= last]


def months_after(day: date, months: int) -> date:
    """Give the same day some months later, or the last of that month where it has no such day.

    >>> months_after(date(2025, 1, 31), 1).isoformat(), months_after(date(2025, 1, 31), 12).isoformat()
    ('2025-02-28', '2026-01-31')
    """
    month = day.year * 12 + day.month - 1 + months
    year, number = month // 12, month % 12 + 1
    return date(year, number, min(day.day, monthrange(year, number)[1]))


def days_between(first: date, last: date) -> list[date]:
    """Give the days from `first` to `last`, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
