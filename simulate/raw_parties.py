"""The raw logs of who takes part: users, merchants, credit lines, bureau reports, the risk list."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulate.arrays import DAY, NEVER, Flags, Ints, between, chance, choose
from simulate.bureau import DEVICE, REASONS, SHOP, USER
from simulate.delivery import RawLog, in_order
from simulate.lending import NO_PERIOD
from simulate.parameters import REGIONS
from simulate.shops import ALL_CATEGORIES
from simulate.texts import Clock, codes, device_ids, masked, number, user_ids, yuan
from simulate.world import World

TIER_SHARES = (0.20, 0.35, 0.30, 0.15)
JOBS, JOB_SHARES = ("SALARIED", "SELF_EMPLOYED", "GIG", "STUDENT", "NONE"), (0.58, 0.18, 0.14, 0.06, 0.04)
WAITING_SHARE, FAILED_SHARE, BANKRUPT_SHARE, DEAD_SHARE = 0.06, 0.01, 0.03, 0.0005
MOVE, INCOME, JOB, HARDSHIP = range(4)


@dataclass(frozen=True, slots=True)
class _UserRows:
    """Rows of users to be written: -1 in `change` is the registration."""

    borrower: Ints
    change: Ints
    second: Ints
    known: Ints
    is_waiting: Flags


def user_base(rng: np.random.Generator, world: World) -> RawLog:
    """Write users: at registration, when the identity check ends, and at a change."""
    population, clock = world.population, Clock(world.first_day)
    rows = _user_rows(rng, world)
    at = in_order(rows.known, world.days)
    who, change = rows.borrower[at], rows.change[at]
    size = population.size
    tier, job, job_after = choose(rng, TIER_SHARES, size), choose(rng, JOB_SHARES, size), choose(rng, JOB_SHARES, size)
    born = -population.age_days[who]
    failed = chance(rng, FAILED_SHARE, size)[who]
    elsewhere = between(rng, 1, len(REGIONS) - 1, size)[who]
    raised = np.round(population.income * rng.uniform(0.8, 1.4, size), -3).astype(np.int64)
    undeclared = ~population.is_income_declared[who] & (change != INCOME)
    dead = chance(rng, DEAD_SHARE, size)[who] & (change == MOVE)
    table = pa.table(
        {
            "uid": user_ids(who),
            "cert_no": number("999999", (who * 7919 + 13) % 10**12, 12),
            "utype": codes(("P",), np.zeros(who.size, dtype=np.int64)),
            "birth": clock.day(born),
            "sex": masked(codes(("M", "F"), (who * 31 % 100 < 46)), who * 17 % 50 == 0),
            "nation": codes(("CHN",), np.zeros(who.size, dtype=np.int64)),
            "prov": codes(REGIONS, (population.region[who] + np.where(change == MOVE, elsewhere, 0)) % len(REGIONS)),
            "tier": codes(("T1", "T2", "T3", "T4"), tier[who]),
            "job": codes(JOBS, np.where(change == JOB, job_after[who], job[who])),
            "income": masked(yuan(100 * np.where(change == INCOME, raised[who], population.income[who])), undeclared),
            "kyc": codes(("PASS", "WAIT", "FAIL"), np.where(rows.is_waiting[at], 1, np.where(failed, 2, 0))),
            "kyc_n": pa.array(3 + who * 13 % 2),
            "staff": pa.array(chance(rng, world.parameters.people.related_share, size)[who].astype(np.int64)),
            "dead": pa.array(dead.astype(np.int64)),
            "bankrupt": pa.array((change == HARDSHIP).astype(np.int64)),
            "reg_dt": clock.day(population.registered_on[who]),
            "chg_time": clock.moment(rows.second[at]),
            "sync_time": clock.moment(rows.known[at]),
            "del": pa.array(np.zeros(who.size, dtype=np.int64)),
        }
    )
    return RawLog("user_base.csv", rows.known[at] // DAY, table)


def _user_rows(rng: np.random.Generator, world: World) -> _UserRows:
    """Lay out the rows of users: one change each at most, a later one never undoes an earlier one."""
    population, days = world.population, world.days
    every = np.arange(population.size)
    registered = population.registered_on * DAY + np.where(population.registered_on < 0, between(rng, 0, 86_000, 1), 1)
    first_known = np.maximum(registered, 0) + np.where(registered < 0, 0, 20)
    waits = np.flatnonzero(chance(rng, WAITING_SHARE, population.size) & (registered >= 0))
    share = 1.0 - np.exp(-world.parameters.people.moves_per_day * days)
    changes = np.flatnonzero(chance(rng, share, population.size))
    start = np.maximum(population.registered_on[changes], 0) + 2
    changed = (start + np.floor(rng.random(changes.size) * np.maximum(days - start, 1)).astype(np.int64)) * DAY
    stopped = world.loans.stops_at < NO_PERIOD
    broke = np.unique(world.loans.borrower[stopped])
    broke = np.setdiff1d(broke[chance(rng, BANKRUPT_SHARE, broke.size)], changes)
    last = np.zeros(population.size, dtype=np.int64)
    np.maximum.at(last, world.loans.borrower[stopped], world.loans.stopped_on[stopped])
    sizes = [every.size, waits.size, changes.size, broke.size]
    waiting = np.isin(every, waits)
    second = np.concatenate([registered, registered[waits] + DAY, changed + 40_000, (last[broke] + 100) * DAY])
    late = np.concatenate([first_known, second[every.size :] + between(rng, 20, 4000, sum(sizes[1:]))])
    return _UserRows(
        borrower=np.concatenate([every, waits, changes, broke]),
        change=np.concatenate(
            [np.full(every.size + waits.size, -1), between(rng, MOVE, JOB, changes.size), np.full(broke.size, HARDSHIP)]
        ),
        second=second,
        known=late,
        is_waiting=np.concatenate([waiting, np.zeros(sum(sizes[1:]), dtype=np.bool_)]),
    )


def merchant_changes(rng: np.random.Generator, world: World) -> RawLog:
    """Write merchants: all on the first day, the ring put under review and then stopped, a few others leaving."""
    sold, clock, days = world.shops, Clock(world.first_day), world.days
    every, ring = np.arange(sold.size), np.flatnonzero(sold.is_ring)
    found = int(world.parameters.ring.found * days)
    leaving = np.flatnonzero(chance(rng, 0.03, sold.size) & ~sold.is_ring)
    shop = np.concatenate([every, ring, ring, leaving])
    sizes = [every.size, ring.size, ring.size, leaving.size]
    day = np.concatenate([sold.joined_on, np.full(ring.size, max(found - 15, 1)), np.full(ring.size, found)])
    day = np.concatenate([day, between(rng, days // 2, days + 10, leaving.size)])
    second = day * DAY + 36_000
    at_known = np.maximum(second + between(rng, 30, 600, shop.size), 0)
    role = np.repeat(np.arange(4), sizes)
    at = in_order(at_known, days)
    shop, role = shop[at], role[at]
    table = pa.table(
        {
            "shop_id": number("S", shop, 6),
            "cate": codes(ALL_CATEGORIES, sold.category[shop]),
            "status": codes(("OPEN", "OPEN", "STOP", "QUIT"), role),
            "join_dt": clock.day(sold.joined_on[shop], "%Y-%m-%d"),
            "prov": codes(REGIONS, sold.region[shop]),
            "review": pa.array((role == 1) | (role == 2)),
            "chg_time": clock.moment(second[at]),
            "sync_time": clock.moment(at_known[at]),
        }
    )
    return RawLog("merchant.jsonl", at_known[at] // DAY, table)


def credit_lines(rng: np.random.Generator, world: World) -> RawLog:
    """Write the states of credit lines; statements are loaded in the night after the month's end."""
    lines, clock, population = world.lines, Clock(world.first_day), world.population
    at_known = lines.second + between(rng, 30, 9000, lines.second.size)
    at = in_order(at_known, world.days)
    who = lines.borrower[at]
    table = pa.table(
        {
            "line_no": number("CL", who, 9),
            "uid": user_ids(who),
            "prod": codes(("REVOLVE",), np.zeros(who.size, dtype=np.int64)),
            "quota": yuan(lines.limit[at]),
            "used": yuan(lines.used[at]),
            "state": codes(("N", "F"), lines.is_frozen[at]),
            "open_dt": clock.day(np.maximum(population.registered_on[who], 0)),
            "stat_time": clock.moment(lines.second[at]),
            "sync_time": clock.moment(at_known[at]),
        }
    )
    return RawLog("credit_line.csv", at_known[at] // DAY, table)


def bureau_reports(rng: np.random.Generator, world: World) -> RawLog:
    """Write bureau reports."""
    told, clock = world.reports, Clock(world.first_day)
    received = told.second + between(rng, 5, 600, told.second.size)
    at = in_order(received, world.days)
    score = told.score[at]
    table = pa.table(
        {
            "report_no": number("B", at, 9),
            "uid": user_ids(told.borrower[at]),
            "org": codes(("PBOC", "BAIHANG"), told.provider[at]),
            "score": masked(pa.array(score), score == 0),
            "q3m": pa.array(told.inquiries_3m[at]),
            "q12m": pa.array(told.inquiries_12m[at]),
            "lenders": pa.array(told.lenders[at]),
            "bal": pa.array(told.balance[at] / 100),
            "ovd": pa.array(told.overdue[at] / 100),
            "worst24": pa.array(told.worst_bucket[at]),
            "report_time": clock.moment(told.second[at]),
            "recv_time": clock.moment(received[at]),
        }
    )
    return RawLog("bureau_report.jsonl.gz", received[at] // DAY, table)


def risk_list(rng: np.random.Generator, world: World) -> RawLog:
    """Write entries of the risk list, and again when one is ended."""
    listed, clock = world.listings, Clock(world.first_day)
    ended = np.flatnonzero(listed.until < NEVER * DAY)
    row = np.concatenate([np.arange(listed.kind.size), ended])
    again = np.arange(row.size) >= listed.kind.size
    at_known = np.where(again, listed.until[row], listed.second[row]) + between(rng, 30, 600, row.size)
    at = in_order(at_known, world.days)
    row, again = row[at], again[at]
    kind, subject = listed.kind[row], listed.subject[row]
    table = pa.table(
        {
            "entry_no": number("K", row, 7),
            "stype": codes(("U", "S", "D"), kind),
            "uid": masked(user_ids(subject), kind != USER),
            "shop_id": masked(number("S", subject, 6), kind != SHOP),
            "device": masked(device_ids(subject, np.zeros_like(subject)), kind != DEVICE),
            "reason": codes(REASONS, listed.reason[row]),
            "from_time": clock.moment(listed.second[row]),
            "to_time": masked(clock.moment(np.where(again, listed.until[row], 0)), ~again),
            "sync_time": clock.moment(at_known[at]),
        }
    )
    return RawLog("risk_list.jsonl", at_known[at] // DAY, table)
