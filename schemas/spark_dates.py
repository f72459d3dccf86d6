"""Texts in a date pattern as an engine's days and moments: a match, fixed-width cuts, a cast that never raises."""

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

from schemas.date_patterns import CENTURY_TURN, FIELDS, MONTH_NAMES, read_pattern

FRACTION = r"(\.[0-9]{1,9})?"


def day_of_text(text: Column, pattern: str) -> Column:
    """Give the day that a text writes in the pattern, or null."""
    layout = _Layout(pattern)
    return F.when(text.rlike(layout.regex), layout.day(text)).try_cast("date")


def moment_of_text(text: Column, pattern: str, time_zone: str | None) -> Column:
    """Give the moment that a text writes in the pattern, on the zone's clock or by its own offset, or null."""
    layout = _Layout(pattern)
    moment = F.when(text.rlike(layout.regex), layout.moment(text)).try_cast("timestamp")
    return moment if time_zone is None else F.to_utc_timestamp(moment, F.lit(time_zone))


class _Layout:
    """Where each field of a pattern stands in a trimmed text."""

    def __init__(self, pattern: str) -> None:
        self.starts: dict[str, int] = {}
        pieces, position = [], 1
        for part in read_pattern(pattern):
            if part in FIELDS:
                self.starts[part] = position
                pieces.append(f"({FIELDS[part]})" if part == "X" else FIELDS[part])
                pieces += [FRACTION] if part == "ss" else []
                position += len(part)
            else:
                pieces.append(re.sub(r"([^A-Za-z0-9 ])", r"\\\1", part[1:]))
                position += len(part) - 1
        self.regex = rf"^ *{''.join(pieces)} *\z"

    def day(self, text: Column) -> Column:
        return F.concat_ws("-", self._year(text), self._month(text), self._cut(text, "dd", "01"))

    def moment(self, text: Column) -> Column:
        clock = F.concat_ws(":", *(self._cut(text, field, "00") for field in ("HH", "mm", "ss")))
        parts = [self.day(text), F.lit(" "), clock]
        if "ss" in self.starts:
            parts.append(F.substring(F.regexp_extract(text, self.regex, 1), 1, 7))
        if "X" in self.starts:
            offset = F.regexp_extract(text, self.regex, 2 if "ss" in self.starts else 1)
            parts.append(F.regexp_replace(offset, r"([0-9]{2}):?([0-9]{2})\z", "$1:$2"))
        return F.concat(*parts)

    def _cut(self, text: Column, field: str, absent: str) -> Column:
        return F.substring(F.trim(text), self.starts[field], len(field)) if field in self.starts else F.lit(absent)

    def _year(self, text: Column) -> Column:
        if "yyyy" in self.starts:
            return self._cut(text, "yyyy", "")
        short = self._cut(text, "yy", "")
        return F.concat(F.when(short >= F.lit(f"{CENTURY_TURN:02}"), F.lit("19")).otherwise(F.lit("20")), short)

    def _month(self, text: Column) -> Column:
        if "MM" in self.starts:
            return self._cut(text, "MM", "")
        place = F.instr(F.lit("".join(MONTH_NAMES).lower()), F.lower(self._cut(text, "MMM", "")))
        return F.lpad(((place + 2) / 3).cast("int").cast("string"), 2, "0")
