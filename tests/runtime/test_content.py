"""Canonical content: equal where the house says equal, different where anything real differs."""

import math
from decimal import Decimal

import pyarrow as pa

from runtime.content import content_hash

BASE = {"id": ["a", "b"], "amount": [Decimal("1.10"), None], "x": [0.1 + 0.2, float("nan")]}


def of(**changes: object) -> str:
    """Hash the base rows with some columns changed."""
    return content_hash(pa.table({**BASE, **changes}), ["id"])


def test_order_of_rows_and_last_digits_of_doubles_do_not_count() -> None:
    """Two engines may sort differently and differ in the sixteenth digit."""
    turned = {name: values[::-1] for name, values in BASE.items()}
    assert content_hash(pa.table(turned), ["id"]) == of()
    assert of(x=[0.3, float("nan")]) == of()
    assert of(x=[math.nextafter(0.3, 1), float("nan")]) == of()


def test_everything_else_counts() -> None:
    """A cent, a null, a sign, a twelfth digit."""
    changed = [
        of(amount=[Decimal("1.11"), None]),
        of(amount=[Decimal("1.10"), Decimal("0.00")]),
        of(x=[0.3, None]),
        of(x=[-0.3, float("nan")]),
        of(x=[0.300000000001, float("nan")]),
        of(id=["a", "c"]),
    ]
    assert len({*changed, of()}) == 7


def test_lineage_does_not_count() -> None:
    """Where a row came from in one workspace is no content."""
    assert of(feature_snapshot=["1", "2"]) == of()
