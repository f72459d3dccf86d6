"""The raw logs of what happened: orders, clicks, refund cases."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulate.arrays import DAY, Ints, between, chance
from simulate.behaviour import ACTS, NO_SESSION
from simulate.delivery import RawLog, in_order
from simulate.parameters import REGIONS, Dirt
from simulate.shops import ALL_CATEGORIES
from simulate.texts import Clock, codes, device_ids, masked, number, user_ids
from simulate.world import World

STATES = ("WAIT_PAY", "PAID", "DENIED", "DONE", "CLOSED")
WAIT_PAY, PAID, DENIED, DONE, CLOSED = range(5)
ENTRIES = ("APP", "WEB", "MINI")
KINDS = ("RFD", "RTN", "DSP", "CBK")
RESULTS = ("PENDING", "OK", "NO")


def known(rng: np.random.Generator, second: Ints, dirt: Dirt, slowest: int) -> Ints:
    """Say when the platform had a row: soon after it happened, or for a small share days later."""
    late = chance(rng, dirt.late, second.size)
    delay = between(rng, 1, slowest, second.size)
    return second + delay + np.where(late, between(rng, 1, dirt.latest_days, second.size) * DAY, 0)


@dataclass(frozen=True, slots=True)
class _Versions:
    """Rows of orders to be written: `number` names the order, `order` is the one whose content it has."""

    order: Ints
    number: Ints
    state: Ints
    changed: Ints
    known: Ints
    region: Ints
    deleted: Ints


def trade_orders(rng: np.random.Generator, world: World) -> RawLog:
    """Write orders: a row when made, a row at each change of state, a few corrected or withdrawn."""
    rows, bought, clock = _order_versions(rng, world), world.orders, Clock(world.first_day)
    credit = np.zeros(bought.size, dtype=np.int64)
    credit[world.loans.order] = world.loans.principal
    at = in_order(rows.known, world.days)
    order = rows.order[at]
    table = pa.table(
        {
            "order_no": number("T", rows.number[at], 12),
            "uid": user_ids(bought.borrower[order]),
            "shop_id": number("S", bought.shop[order], 6),
            "cate": codes(ALL_CATEGORIES, bought.category[order]),
            "vflag": codes(("N", "Y"), bought.is_virtual[order]),
            "state": codes(STATES, rows.state[at]),
            "total_fee": pa.array(bought.amount[order]),
            "credit_fee": pa.array(credit[order]),
            "entry": codes(ENTRIES, bought.entry[order]),
            "device": device_ids(bought.borrower[order], bought.device[order]),
            "ship_prov": codes(REGIONS, rows.region[at]),
            "gmt_create": clock.moment(bought.second[order]),
            "gmt_modified": clock.moment(rows.changed[at]),
            "sync_time": clock.moment(rows.known[at]),
            "del": pa.array(rows.deleted[at]),
        }
    )
    return RawLog("trade_order.csv.gz", rows.known[at] // DAY, table)


def _order_versions(rng: np.random.Generator, world: World) -> _Versions:
    bought, dirt = world.orders, world.parameters.dirt
    every = np.arange(bought.size)
    first_known = known(rng, bought.second, dirt, 60)
    goes_on = np.flatnonzero(bought.outcome != 1)
    days = np.where(bought.is_virtual | (bought.outcome == 2), 0, between(rng, 3, 9, bought.size))[goes_on]
    done = bought.second[goes_on] + days * DAY + between(rng, 1800, 40_000, goes_on.size)
    refunded = np.flatnonzero(world.cases.is_full)
    back, back_at = world.cases.order[refunded], world.cases.closed[refunded] + 60
    fixed = np.flatnonzero(chance(rng, dirt.corrected, bought.size))
    doubled = np.flatnonzero(chance(rng, dirt.withdrawn, bought.size))
    doubles = bought.size + np.arange(doubled.size)
    end_state = np.where(bought.outcome[goes_on] == 2, CLOSED, DONE)
    order = np.concatenate([every, goes_on, back, fixed, doubled, doubled])
    changed = np.concatenate(
        [bought.second, done, back_at, bought.second[fixed], bought.second[doubled], bought.second[doubled] + DAY]
    )
    sizes = [every.size, goes_on.size, back.size, fixed.size, doubled.size, doubled.size]
    later = np.repeat([0, 1, 2, 0, 0, 1], sizes)
    region = bought.region[order]
    corrected = slice(sum(sizes[:3]), sum(sizes[:4]))
    region[corrected] = (region[corrected] + 1) % len(REGIONS)
    at = np.maximum(changed + between(rng, 1, 60, changed.size), first_known[order] + later)
    at[: every.size] = first_known
    at[corrected] = first_known[fixed] + between(rng, 600, 1700, fixed.size)
    state = np.concatenate(
        [
            np.array([PAID, DENIED, WAIT_PAY])[bought.outcome],
            end_state,
            np.full(back.size, CLOSED),
            np.array([PAID, DENIED, WAIT_PAY])[bought.outcome[fixed]],
            np.full(2 * doubled.size, PAID),
        ]
    )
    return _Versions(
        order=order,
        number=np.concatenate([every, goes_on, back, fixed, doubles, doubles]),
        state=state,
        changed=changed,
        known=at,
        region=region,
        deleted=np.repeat([0, 0, 0, 0, 0, 1], sizes),
    )


def app_log(rng: np.random.Generator, world: World) -> RawLog:
    """Write the app's events."""
    done, clock = world.clicks, Clock(world.first_day)
    received = known(rng, done.second, world.parameters.dirt, 4)
    at = in_order(received, world.days)
    session = done.session[at]
    table = pa.table(
        {
            "log_id": number("G", at, 12),
            "uid": user_ids(done.borrower[at]),
            "sid": masked(number("V", np.maximum(session, 0), 11), session == NO_SESSION),
            "act": codes(ACTS, done.act[at]),
            "dev": device_ids(done.borrower[at], done.device[at]),
            "ts": clock.utc(done.second[at]),
            "recv_ts": clock.utc(received[at]),
        }
    )
    return RawLog("app_log.parquet", received[at] // DAY, table)


def refund_cases(rng: np.random.Generator, world: World) -> RawLog:
    """Write refund cases: a row when opened, a row when closed."""
    found, bought, clock = world.cases, world.orders, Clock(world.first_day)
    case = np.tile(np.arange(found.size), 2)
    closed = np.arange(case.size) >= found.size
    first_known = known(rng, found.opened, world.parameters.dirt, 60)
    last_known = np.maximum(found.closed + between(rng, 1, 60, found.size), first_known + 60)
    at_known = np.concatenate([first_known, last_known])
    at = in_order(at_known, world.days)
    case, closed = case[at], closed[at]
    order = found.order[case]
    table = pa.table(
        {
            "case_no": number("R", case, 9),
            "order_no": number("T", order, 12),
            "uid": user_ids(bought.borrower[order]),
            "shop_id": number("S", bought.shop[order], 6),
            "loan_no": masked(number("L", np.maximum(found.loan[case], 0), 9), found.loan[case] < 0),
            "kind": codes(KINDS, found.kind[case]),
            "result": codes(RESULTS, np.where(closed, np.where(found.is_granted[case], 1, 2), 0)),
            "amt": pa.array(found.amount[case] / 100),
            "open_time": clock.moment(found.opened[case], "%Y/%m/%d"),
            "close_time": masked(clock.moment(np.where(closed, found.closed[case], 0), "%Y/%m/%d"), ~closed),
            "sync_time": clock.moment(at_known[at]),
        }
    )
    return RawLog("refund_case.jsonl.gz", at_known[at] // DAY, table)
