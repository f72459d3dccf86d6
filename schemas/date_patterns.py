"""How a source writes days and moments: patterns of fixed width, such as `yyyy-MM-dd HH:mm:ss`."""

import re

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CENTURY_TURN = 50
"""Two-digit years from here on are of 19yy, those before of 20yy."""

FIELDS: dict[str, str] = {
    "yyyy": "[1-9][0-9]{3}",
    "yy": "[0-9]{2}",
    "MMM": f"(?i:{'|'.join(MONTH_NAMES)})",
    "MM": "(?:0[1-9]|1[0-2])",
    "dd": "(?:0[1-9]|[12][0-9]|3[01])",
    "HH": "(?:[01][0-9]|2[0-3])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
    "X": "(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])",
}
"""The fields of a pattern and the texts that each takes."""

_YEARS = frozenset({"yyyy", "yy"})
_MONTHS = frozenset({"MM", "MMM"})
_TOKEN = re.compile(r"'[^']*'|yyyy|yy|MMM|MM|dd|HH|mm|ss|X|.", re.DOTALL)
_PLAIN = re.compile(r"[ -~]*")
_PLAIN_LETTERS = frozenset("TZ")


def read_pattern(pattern: str) -> tuple[str, ...]:
    """Split a pattern into fields and the plain text between them (quotes taken off, marked by a leading quote).

    >>> read_pattern("yyyy-MM-dd'T'HH")
    ('yyyy', "'-", 'MM', "'-", 'dd', "'T", 'HH')
    """
    tokens = _TOKEN.findall(pattern)
    return tuple(
        token if token in FIELDS else f"'{token.strip(chr(39)) if len(token) > 1 else token}" for token in tokens
    )


def pattern_fault(pattern: str) -> str:
    """Say what is wrong with a pattern; empty where it can be read."""
    if not _PLAIN.fullmatch(pattern) or len(pattern) > 60:
        return f"the pattern {pattern!r} is not at most 60 plain characters"
    letters = [
        token for token in _TOKEN.findall(pattern) if token.isalpha() and token not in FIELDS.keys() | _PLAIN_LETTERS
    ]
    if letters:
        known = ", ".join(FIELDS)
        return f"the pattern {pattern!r} has {letters[0]!r}; the fields are {known}, other letters stand in quotes"
    fields = [token for token in read_pattern(pattern) if token in FIELDS]
    once = all(sum(field in group for field in fields) == 1 for group in (_YEARS, _MONTHS))
    if not once or len(set(fields)) < len(fields):
        return f"the pattern {pattern!r} needs one year, one month, and no field twice"
    return "" if _ends_well(fields) else f"the pattern {pattern!r} must have HH before mm before ss, and X at its end"


def _ends_well(fields: list[str]) -> bool:
    clock = [field for field in fields if field in {"HH", "mm", "ss"}]
    offset_last = "X" not in fields or fields[-1] == "X"
    return clock == ["HH", "mm", "ss"][: len(clock)] and offset_last and ("X" not in fields or bool(clock))
