"""The streams that are swept from the layout, and what makes their events ready."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from features.sweep_laid import Ready, behaviour, orders_beside, seen_rows
from features.sweep_lines import statements


class Reads(NamedTuple):
    """What a stream reads of the layout.

    Args:
        events: Laid-out table of its events.
        columns: Columns that are needed beside those of the program.
        joined: Columns that are made.
        ready: From the bucket's facts, what makes events ready.
        facts: Laid-out tables that are joined.
    """

    events: str
    columns: tuple[str, ...]
    joined: tuple[str, ...]
    ready: Callable[..., Ready]
    facts: tuple[str, ...] = ()


def alone(make: Ready) -> Callable[[], Ready]:
    """Say that nothing is joined with a stream's events."""
    return lambda: make


READS: Mapping[str, Reads] = {
    "order": Reads(
        "laid_orders",
        ("key_hash", "region_code"),
        ("is_refunded", "is_away"),
        orders_beside,
        ("laid_refunds", "laid_homes"),
    ),
    "behaviour": Reads("laid_behaviour", (), ("active_day",), alone(behaviour)),
    "statement": Reads(
        "laid_statements",
        ("line_hash", "happened_at", "limit_amount"),
        ("is_raised", "is_cut", "is_latest"),
        alone(statements),
    ),
    "report": Reads("laid_reports", (), (), alone(seen_rows)),
}
"""The streams that are swept from the layout: logs in which a row is an event, whatever the as-of day.

What depends on cash allotted as of a day (repayments, instalments, loans) is computed with that day's states.
"""
