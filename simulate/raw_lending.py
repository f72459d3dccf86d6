"""The raw logs of lending: contracts, plans, flows of money, adjustments, the servicer's statements."""

import numpy as np
import pyarrow as pa

from simulate.arrays import DAY, NEVER, Ints, between, chance
from simulate.delivery import RawLog, in_order
from simulate.lending import NO_PERIOD
from simulate.parameters import PRODUCTS, REGIONS
from simulate.payments import WAYS
from simulate.raw_events import ENTRIES, known
from simulate.servicing import ADJUSTMENT_CODES, extended_days
from simulate.shops import ALL_CATEGORIES
from simulate.texts import Clock, codes, contract_numbers, masked, number, user_ids, yuan
from simulate.world import World

LENDER = "QINGHE-XJ"
ACCOUNTS = ("ESCROW-01", "ESCROW-02")
UNSIGNED_SHARE, NO_MANDATE_SHARE, RESTRICTED_SHARE, SETOFF_SHARE = 0.002, 0.04, 0.003, 0.002
CORRECTED_SHARE_OF_AMOUNT = 0.9


def loan_contracts(rng: np.random.Generator, world: World) -> RawLog:
    """Write contracts; a few are sent again the next day with another door of sale."""
    lent, bought, clock = world.loans, world.orders, Clock(world.first_day)
    marks = _marks(rng, lent.size)
    fixed = np.flatnonzero(chance(rng, world.parameters.dirt.corrected, lent.size))
    first_known = lent.second + between(rng, 61, 300, lent.size)
    at_known = np.concatenate([first_known, first_known[fixed] + DAY])
    row = np.concatenate([np.arange(lent.size), fixed])
    again = np.arange(row.size) >= lent.size
    at = in_order(at_known, world.days)
    row, again = row[at], again[at]
    order, day, due = lent.order[row], lent.day[row], lent.due_on[row]
    last = np.where(due < NEVER, due, -NEVER).max(axis=1)
    table = pa.table(
        {
            "loan_no": number("L", row, 9),
            "contract_no": contract_numbers(lent.second[row], row),
            "order_no": number("T", order, 12),
            "uid": user_ids(lent.borrower[row]),
            "shop_id": number("S", bought.shop[order], 6),
            "line_no": number("CL", lent.borrower[row], 9),
            "lender": codes((LENDER,), np.zeros(row.size, dtype=np.int64)),
            "prod": codes(PRODUCTS, lent.product[row]),
            "use_code": codes(("SHOPPING", "SERVICE"), bought.is_virtual[order]),
            "entry": codes(ENTRIES, (bought.entry[order] + again) % len(ENTRIES)),
            "prov": codes(REGIONS, world.population.region[lent.borrower[row]]),
            "cate": codes(ALL_CATEGORIES, bought.category[order]),
            "sign_dt": clock.day(day),
            "pay_dt": clock.day(day),
            "first_due": clock.day(due[:, 0]),
            "last_due": clock.day(last),
            "terms": pa.array(lent.term[row]),
            "repay_way": codes(("DEBX", "DEBJ", "DQHB"), np.where(lent.product[row] == 0, 2, lent.is_fee_plan[row])),
            "freq": codes(("M", "B"), lent.product[row] == 0),
            "rate_year": pa.array(np.round(lent.annual_rate[row] * 100, 4)),
            "rate_kind": codes(("F",), np.zeros(row.size, dtype=np.int64)),
            "ccy": pa.array(np.full(row.size, 156)),
            "prin": yuan(lent.principal[row]),
            "paid_out": yuan(lent.principal[row]),
            **{name: pa.array(mark[row]) for name, mark in marks.items()},
            "create_time": clock.moment(lent.second[row]),
            "sync_time": clock.moment(at_known[at]),
            "del": pa.array(np.zeros(row.size, dtype=np.int64)),
        }
    )
    return RawLog("loan_contract.csv.gz", at_known[at] // DAY, table)


def _marks(rng: np.random.Generator, size: int) -> dict[str, Ints]:
    """Draw the yes-or-no facts of contracts."""
    shares = {
        "signed": 1.0 - UNSIGNED_SHARE,
        "withhold": 1.0 - NO_MANDATE_SHARE,
        "no_transfer": RESTRICTED_SHARE,
        "setoff": SETOFF_SHARE,
    }
    return {name: chance(rng, share, size).astype(np.int64) for name, share in shares.items()}


def repay_plans(rng: np.random.Generator, world: World) -> RawLog:
    """Write schedules: version 1 with the contract, version 2 when it is extended."""
    lent, plan, clock = world.loans, world.plan, Clock(world.first_day)
    row, period = np.nonzero(plan.live)
    moved = world.path.extended_from[row] < NO_PERIOD
    loan, place = np.concatenate([row, row[moved]]), np.concatenate([period, period[moved]])
    second = np.arange(loan.size) >= row.size
    extended = np.zeros(lent.size, dtype=np.int64)
    who = np.flatnonzero(world.path.extended_from < NO_PERIOD)
    extended[who] = extended_days(plan, world.path, who) * DAY + 20 * 3600
    made = np.where(second, extended[loan], lent.second[loan])
    loaded = made + between(rng, 310, 400, lent.size)[loan]
    at = in_order(loaded, world.days)
    loan, place, second = loan[at], place[at], second[at]
    due = np.where(second, world.path.due_on[loan, place], plan.due_on[loan, place])
    table = pa.table(
        {
            "loan_no": number("L", loan, 9),
            "ver": pa.array((1 + second).astype(np.int32)),
            "term_no": pa.array((place + 1).astype(np.int32)),
            "due_dt": clock.dates(due),
            "prin": pa.array(plan.principal[loan, place]),
            "intr": pa.array(plan.interest[loan, place]),
            "fee": pa.array(plan.fee[loan, place]),
            "crt_tm": clock.moment(made[at]),
            "load_tm": clock.moment(loaded[at]),
        }
    )
    return RawLog("repay_plan.parquet", loaded[at] // DAY, table)


def repay_flows(rng: np.random.Generator, world: World) -> RawLog:
    """Write payments: each once, voids as rows of their own, a few corrected, doubled and withdrawn, or booked late."""
    paid, dirt, clock = world.payments, world.parameters.dirt, Clock(world.first_day)
    every = np.arange(paid.size)
    voided = np.flatnonzero(paid.voided < NEVER * DAY)
    fixed = np.flatnonzero(chance(rng, dirt.corrected, paid.size))
    doubled = np.flatnonzero(chance(rng, dirt.withdrawn, paid.size))
    posted = known(rng, paid.second, dirt, 4 * 3600)
    sizes = [every.size, voided.size, fixed.size, doubled.size, doubled.size]
    role = np.repeat(np.arange(5), sizes)
    row = np.concatenate([every, voided, fixed, doubled, doubled])
    name = np.concatenate([every, paid.size + voided, fixed, 2 * paid.size + doubled, 2 * paid.size + doubled])
    second = np.where(role == 1, paid.voided[row], paid.second[row])
    at_known = np.where(role == 1, np.maximum(second, posted[row]) + 600, posted[row])
    at_known += np.select([role == 2, role == 4], [20 * 3600, DAY], 0)
    short = np.zeros(paid.size, dtype=np.bool_)
    short[fixed] = True
    at = in_order(at_known, world.days)
    row, role, name = row[at], role[at], name[at]
    carries = np.where(role == 1, 0, 1)
    first_try = np.where((role == 0) & short[row], CORRECTED_SHARE_OF_AMOUNT, 1.0)
    named = chance(rng, 0.8, paid.size)[row] & (role != 1)
    table = pa.table(
        {
            "flow_no": number("F", name, 11),
            "loan_no": number("L", paid.loan[row], 9),
            "term_no": masked(pa.array(paid.period[row] + 1), ~named),
            "value_dt": clock.day(second[at] // DAY),
            "prin": pa.array((paid.principal[row] * carries * first_try).astype(np.int64)),
            "intr": pa.array(paid.interest[row] * carries),
            "fee": pa.array(paid.fee[row] * carries),
            "penalty": pa.array(paid.penalty[row] * carries),
            "way": codes(WAYS, paid.way[row]),
            "orig_flow_no": masked(number("F", row, 11), role != 1),
            "acct": codes(ACCOUNTS, paid.loan[row] % 7 == 0),
            "pay_time": clock.moment(second[at]),
            "post_time": clock.moment(at_known[at]),
            "del": pa.array((role == 4).astype(np.int64)),
        }
    )
    return RawLog("repay_flow.csv.gz", at_known[at] // DAY, table)


def loan_adjusts(rng: np.random.Generator, world: World) -> RawLog:
    """Write write-offs, recoveries, refunds of principal and extensions."""
    moved, clock = world.adjustments, Clock(world.first_day)
    posted = moved.second + between(rng, 60, 3600, moved.second.size)
    at = in_order(posted, world.days)
    table = pa.table(
        {
            "adj_no": number("A", at, 8),
            "loan_no": number("L", moved.loan[at], 9),
            "kind": codes(ADJUSTMENT_CODES, moved.kind[at]),
            "amt": yuan(moved.amount[at]),
            "adj_time": clock.moment(moved.second[at]),
            "post_time": clock.moment(posted[at]),
        }
    )
    return RawLog("loan_adjust.csv", posted[at] // DAY, table)


def loan_statuses(rng: np.random.Generator, world: World) -> RawLog:
    """Write the month-end statements, loaded in the night after."""
    stated, clock = world.statements, Clock(world.first_day)
    loaded = (stated.day + 1) * DAY + between(rng, 2 * 3600, 5 * 3600, stated.day.size)
    at = in_order(loaded, world.days)
    late = stated.days_past_due[at]
    table = pa.table(
        {
            "loan_no": number("L", stated.loan[at], 9),
            "stat_dt": clock.dates(stated.day[at]),
            "stat_tm": clock.moment(stated.day[at] * DAY + DAY - 1),
            "bal": pa.array(stated.balance[at]),
            "ovd_days": masked(pa.array(late.astype(np.int32)), late < 0),
            "left_terms": pa.array(stated.left[at].astype(np.int32)),
            "load_tm": clock.moment(loaded[at]),
        }
    )
    return RawLog("loan_status.parquet", loaded[at] // DAY, table)
