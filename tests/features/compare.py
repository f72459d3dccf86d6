"""Comparison of an engine frame with an oracle's rows, cell by cell."""

import math
from collections.abc import Iterable
from typing import Any

from pyspark.sql import DataFrame


def cells(rows: Iterable[dict[str, Any]], key: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Index rows by key, and refuse two rows of one key."""
    indexed: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        name = tuple(row[column] for column in key)
        assert name not in indexed, f"two rows of {name}"
        indexed[name] = row
    return indexed


def rows_of(frame: DataFrame) -> list[dict[str, Any]]:
    table = frame.toArrow()
    return [dict(row) for row in table.to_pylist()]


def is_same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-12)
    return bool(left == right)


def differences(found: Iterable[dict[str, Any]], promised: Iterable[dict[str, Any]], *key: str) -> list[str]:
    """Name every cell in which two sets of rows differ, and every row that only one has."""
    left, right = cells(found, key), cells(promised, key)
    alone = [
        f"{name}: only in {side}"
        for side, names in (("engine", left.keys() - right.keys()), ("oracle", right.keys() - left.keys()))
        for name in sorted(names)
    ]
    for name in sorted(left.keys() & right.keys()):
        one, two = left[name], right[name]
        assert one.keys() == two.keys(), one.keys() ^ two.keys()
        alone += [
            f"{name} {column}: engine {one[column]!r}, oracle {two[column]!r}"
            for column in one
            if not is_same(one[column], two[column])
        ]
    return alone
