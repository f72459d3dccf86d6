"""Laid-out logs made ready for the sweep, borrower by borrower: versions told apart, and joined with what was known.

What the engine's streams join as of one day, these join for all days at once: an order lies in pieces, with and without
a refund, in one home region and the next.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.sweep_events import coded, numbers, whole
from features.sweep_plan import FOREVER, I64
from features.sweep_versions import Intervals, Pieces, Versions, beside, visible_until

Ready: TypeAlias = Callable[[pa.Table], pa.Table]
"""From a slice of laid-out events to events as the sweep takes them."""


DAYS = ("day", "since")
VERSIONED = ("key_hash", "known_at", "is_deleted", "is_revision")
"""Needed of a table in which some event has several versions."""


class Facts(NamedTuple):
    """Facts sorted by what they are about: the key, when they are seen, and their rows."""

    key: I64
    seen: Intervals
    rows: pa.Table


def seen_rows(rows: pa.Table) -> pa.Table:
    """Give a laid-out table's rows that any day may see, each with the last day that sees it, `until`."""
    if "is_revision" not in rows.column_names:
        return rows
    is_revision = whole(rows.column("is_revision")) == 1
    is_deleted = whole(rows.column("is_deleted")) == 1
    if not (is_revision.any() or is_deleted.any()):
        return rows
    since = whole(rows.column("since")).astype(np.int32)
    owner = numbers(coded(rows.column("borrower_id"))).astype(np.int64)
    versions = Versions(owner, whole(rows.column("key_hash")), whole(rows.column("known_at")), since, is_deleted)
    until = visible_until(versions, is_revision)
    stand = np.flatnonzero(~is_deleted & (since < until))
    return rows.append_column("until", pa.array(until)).take(pa.array(stand))


def facts(rows: pa.Table, key: I64) -> Facts:
    """Sort facts by what they are about, and those about one thing by when they became known."""
    order = np.lexsort((whole(rows.column("known_at")), key))
    return Facts(key[order], intervals(rows, order), rows.take(pa.array(order)))


def intervals(rows: pa.Table, order: I64 | None = None) -> Intervals:
    """Give the days that see each row, or each of some rows."""
    since = whole(rows.column("since")).astype(np.int32)
    until = whole(rows.column("until")) if "until" in rows.column_names else np.full(rows.num_rows, FOREVER)
    both = Intervals(since, until.astype(np.int32))
    return both if order is None else Intervals(both.since[order], both.until[order])


def joined(rows: pa.Table, key: I64, known: Facts) -> tuple[pa.Table, I64]:
    """Divide rows where the fact about their key changes; give the pieces, and for each its fact, -1 for none."""
    first, behind = np.searchsorted(known.key, key, "left"), np.searchsorted(known.key, key, "right")
    pieces = beside(intervals(rows), first, behind, known.seen)
    return divided(rows, pieces), pieces.fact


def divided(rows: pa.Table, pieces: Pieces) -> pa.Table:
    """Give the pieces of rows, each with the days that see it."""
    bare = rows.drop_columns([name for name in ("since", "until") if name in rows.column_names])
    is_whole = len(pieces.row) == rows.num_rows
    found = bare if is_whole else bare.take(pa.array(pieces.row))
    return found.append_column("since", pa.array(pieces.since)).append_column("until", pa.array(pieces.until))


class Beside(NamedTuple):
    """What some borrowers' orders are joined with: standing refunds by order, home regions by borrower."""

    refunds: Facts
    homes: Facts
    owners: pa.Array


def orders_beside(refunds: pa.Table, homes: pa.Table) -> Ready:
    """Give what makes a bucket's orders ready, its refunds, returns and versions of borrowers beside them."""
    return partial(orders, known=beside_orders(refunds, homes))


def beside_orders(refunds: pa.Table, homes: pa.Table) -> Beside:
    """Sort out what a bucket's orders are joined with.

    Args:
        refunds: Laid-out refunds and returns.
        homes: Laid-out versions of borrowers.
    """
    refunds, homes = seen_rows(refunds), seen_rows(homes)
    standing = refunds.filter(pc.equal(refunds.column("is_standing"), 1))
    owners = coded(homes.column("borrower_id"))
    by_owner = facts(homes, numbers(owners).astype(np.int64))
    return Beside(facts(standing, whole(standing.column("order_hash"))), by_owner, owners.dictionary)


def orders(rows: pa.Table, known: Beside) -> pa.Table:
    """Make laid-out orders of some borrowers ready: `is_refunded` and `is_away` as each day knew them."""
    told = seen_rows(rows)
    told, fact = joined(told, whole(told.column("key_hash")), known.refunds)
    told = told.append_column("is_refunded", pa.array((fact >= 0).astype(np.int8)))
    owner = coded(told.column("borrower_id"))
    place = pc.fill_null(pc.index_in(owner.dictionary, known.owners), -1).to_numpy().astype(np.int64)
    told, fact = joined(told, place[numbers(owner)] if len(place) else np.empty(0, np.int64), known.homes)
    return told.append_column(
        "is_away", _is_away(told.column("region_code"), known.homes.rows.column("home_code"), fact)
    )


def _is_away(region: pa.ChunkedArray, homes: pa.ChunkedArray, fact: I64) -> pa.Array:
    """Say whether each region is another than the home's; null where either is not known."""
    place = pa.array(np.where(fact >= 0, fact, 0), mask=fact < 0)
    home = homes.combine_chunks().cast(pa.string()).take(place) if len(homes) else pa.nulls(len(place), pa.string())
    return pc.not_equal(region.combine_chunks().cast(pa.string()), home).cast(pa.int8())


def behaviour(rows: pa.Table) -> pa.Table:
    """Make laid-out behaviour ready: `active_day` counts the days with anything done."""
    told = seen_rows(rows)
    return told.append_column("active_day", told.column("day").cast(pa.int32()))
