"""Texts in a date pattern as DuckDB's days and moments, and clocks on the wall as instants."""

import re

from schemas.date_patterns import CENTURY_TURN, FIELDS, MONTH_NAMES, read_pattern

FRACTION = r"(\.[0-9]{1,9})?"
LONGEST_TURN = "INTERVAL 3 HOUR"
"""No clock is ever set back by more."""


def day_of_text(text: str, pattern: str) -> str:
    """Give the SQL of the day that a text writes in the pattern; null where it does not."""
    return _Pattern(text, pattern).cast("DATE", clock="")


def moment_of_text(text: str, pattern: str, zone: str) -> str:
    """Give the SQL of the moment that a text writes, as the zone's clock (a literal) or, where empty, by its offset."""
    read = _Pattern(text, pattern)
    if zone:
        return instant_of(read.cast("TIMESTAMP", read.clock()), zone)
    return read.cast("TIMESTAMPTZ", f"{read.clock()} || {read.offset()}")


def instant_of(clock: str, zone: str) -> str:
    """Give the SQL of the instant at which a clock of the zone shows that: the first of two, or moved on by a gap.

    DuckDB takes the second of two; the first is found by the offset that held before the clock was set back.
    """
    later = f"timezone({zone}, {clock})"
    before = f"({later} - {LONGEST_TURN})"
    earlier = f"timezone('UTC', {clock} - (timezone({zone}, {before}) - timezone('UTC', {before})))"
    return f"(CASE WHEN timezone({zone}, {earlier}) = {clock} THEN {earlier} ELSE {later} END)"


class _Pattern:
    """The parts of a text, each cut out by its own group of one regular expression."""

    def __init__(self, text: str, pattern: str) -> None:
        self.text = text
        self.groups: dict[str, int] = {}
        pieces = []
        for part in read_pattern(pattern):
            if part in FIELDS:
                self.groups[part] = len(self.groups) + 1
                pieces.append(f"({FIELDS[part]})")
                if part == "ss":
                    self.groups["fraction"] = self.groups[part] + 1
                    pieces.append(FRACTION)
            else:
                pieces.append(re.sub(r"([^A-Za-z0-9 ])", r"\\\1", part[1:]))
        self.regex = f"^ *{''.join(pieces)} *\\z".replace("'", "''")

    def cast(self, kind: str, clock: str) -> str:
        """Put day and clock together where the text has the pattern, and read them as that type."""
        written = f"{self._year()} || '-' || {self._month()} || '-' || {self._cut('dd', '01')}{clock}"
        matches = f"regexp_matches({self.text}, '{self.regex}')"
        return f"(CASE WHEN {matches} THEN TRY_CAST({written} AS {kind}) END)"

    def clock(self) -> str:
        parts = [self._cut(field, "00") for field in ("HH", "mm", "ss")]
        fraction = f" || substr({self._cut('fraction', '')}, 1, 7)" if "fraction" in self.groups else ""
        return f" || ' ' || {' || chr(58) || '.join(parts)}{fraction}"

    def offset(self) -> str:
        return (
            f"regexp_replace(replace({self._cut('X', 'Z')}, 'Z', '+00:00'), '([0-9][0-9]):?([0-9][0-9])$', '\\1:\\2')"
        )

    def _cut(self, field: str, absent: str) -> str:
        if field not in self.groups:
            return f"'{absent}'"
        return f"regexp_extract({self.text}, '{self.regex}', {self.groups[field]})"

    def _year(self) -> str:
        if "yyyy" in self.groups:
            return self._cut("yyyy", "")
        short = self._cut("yy", "")
        return f"(CASE WHEN {short} >= '{CENTURY_TURN:02}' THEN '19' ELSE '20' END || {short})"

    def _month(self) -> str:
        if "MM" in self.groups:
            return self._cut("MM", "")
        names = ", ".join(f"'{name.lower()}'" for name in MONTH_NAMES)
        return f"lpad(CAST(list_position([{names}], lower({self._cut('MMM', '')})) AS VARCHAR), 2, '0')"
