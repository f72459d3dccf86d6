"""Text in a spreadsheet: none is taken for a formula, wherever the spreadsheet cuts a line into cells."""

import re

_BEGINS = re.compile(
    r"(^|[;\t\r\n])(?= *[\t\r\n]|(?<=[;\t\r\n])\Z|[\s\x00-\x1f\x22]*['=+\-@|%\uff1d\uff0b\uff0d\uff20])"
)
"""Where a cell may begin (a semicolon cuts a CSV in half of Europe) with what some spreadsheet takes for a formula."""
_GUARDED = re.compile(r"(^|[;\t\r\n])'")


def as_cell(text: str) -> str:
    """Give a text that no spreadsheet takes for a formula: an apostrophe stands before what looks like one.

    >>> as_cell("=1+1"), as_cell("a=1"), as_cell(" -5"), as_cell("a;=1+1")
    ("'=1+1", 'a=1', "' -5", "a;'=1+1")
    """
    return _BEGINS.sub(r"\1'", text)


def from_cell(text: str) -> str:
    """Give the text that `as_cell` made that of.

    >>> from_cell(as_cell("'quoted;'=1"))
    "'quoted;'=1"
    """
    return _GUARDED.sub(r"\1", text)
