"""Receivables for the pool benchmark with all that their screening asks of: the same rows on every machine.

Tables are whole (every declared column stands in the files; those that no criterion reads are null) and hold one
visible version of each thing. About a quarter of the receivables fail something, one in a hundred misses a value.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from runtime.iceberg import arrow_schema
from schemas import derived, events, lending, parties
from schemas.table import Table

AS_OF = date(2025, 6, 1)
ZONE = "Asia/Shanghai"
CHAMPION = "3"
CUT = datetime(2025, 5, 31, 16, tzinfo=UTC)
FILE_ROWS = 500_000
CLOSED_SHARE = 0.1
"""States that are not open beside those that are: paid in full or written off."""
PLEDGED_SHARE = 0.012
RARE = 0.003
"""How often each of the ordinary faults comes."""
MISSING = 0.0007
"""How often each of the values that may miss does."""

Whole = NDArray[np.int64]
Columns = Mapping[str, pa.Array]
DAY = (AS_OF - date(1970, 1, 1)).days


def write(folder: Path, receivables: int) -> Path:
    """Write the tables of so many open receivables, unless they are there."""
    home = folder / f"pool_{receivables}"
    if not (home / "done").exists():
        Platform(home, receivables).write()
        (home / "done").touch()
    return home


class Platform:
    """Draws the tables one after the other from one generator."""

    def __init__(self, home: Path, receivables: int) -> None:
        """Decide how many of everything there are."""
        self.home = home
        self.open = receivables
        self.all = receivables + int(receivables * CLOSED_SHARE)
        self.borrowers = max(1, receivables // 4)
        self.merchants = max(1, receivables // 500)
        self.draw = np.random.default_rng(20250601)

    def write(self) -> None:
        """Write every table."""
        self._lending()
        self._parties()
        self._put(derived.RECEIVABLE_TAGS, self.open, self._tags)
        pledged = np.flatnonzero(self.draw.random(self.open) < PLEDGED_SHARE)
        deals = pa.array(np.where(pledged % 3 == 0, "other_pool", "bench_pool"))
        table = pa.table({"receivable_key": keys_of(pledged), "deal": deals})
        self._folder("pledged")
        pq.write_table(table, self.home / "pledged" / "0.parquet")

    def _folder(self, name: str) -> None:
        (self.home / name).mkdir(parents=True, exist_ok=True)

    def _put(self, table: Table, rows: int, make: Callable[[Whole], Columns]) -> None:
        """Write a table in files of moderate size; a column that is not made is null."""
        self._folder(table.name)
        schema = arrow_schema(table)
        for number, start in enumerate(range(0, rows, FILE_ROWS)):
            places = np.arange(start, min(rows, start + FILE_ROWS))
            made = make(places)
            columns = [
                made[each.name].cast(each.type) if each.name in made else pa.nulls(len(places), each.type)
                for each in schema
            ]
            pq.write_table(pa.table(columns, schema=schema), self.home / table.name / f"{number}.parquet")

    # ------------------------------------------------------------------ lending

    def _lending(self) -> None:
        """Draw contracts, what became of them and their orders together: they speak of the same amounts."""
        draw, rows = self.draw, self.all
        self.principal = draw.integers(100_00, 9_000_00, rows)
        self.term = draw.choice([1, 3, 6, 9, 12], rows)
        self.since = draw.integers(2, 300, rows)
        self.borrower = draw.integers(0, self.borrowers, rows)
        self.merchant = draw.integers(0, self.merchants, rows)
        self.paid = (self.principal * draw.random(rows) * 0.8).astype(np.int64)
        is_late = draw.random(rows) < 0.008
        self.late = np.where(is_late, draw.integers(1, 90, rows), 0)
        self._put(lending.RECEIVABLES, rows, self._receivables)
        self._put(derived.RECEIVABLE_STATES, rows, self._states)
        self._put(events.ORDERS, rows, self._orders)

    def _receivables(self, at: Whole) -> Columns:
        originated = DAY - self.since[at]
        originated[self._rare(at)] = DAY
        disbursed = np.where(self._rare(at), self.principal[at] - 1, self.principal[at])
        bullet = np.where(self.term[at] == 1, "BULLET", "EQUAL_INSTALMENT")
        return {
            "receivable_id": ids("R", at),
            "receivable_key": keys_of(at),
            "contract_no": ids("C", at),
            "order_id": self._missing(ids("O", at)),
            "borrower_id": ids("B", self.borrower[at]),
            "merchant_id": ids("M", self.merchant[at]),
            "originator_id": self._mostly(at, "LENDER", "PARTNER"),
            "purpose": self._missing(self._mostly(at, "SHOPPING", "HOUSING")),
            "region_code": ids("3", at % 31),
            "category_code": self._mostly(at, "HOME", "GAME"),
            "originated_on": days(originated),
            "disbursed_on": days(originated),
            "term_number": pa.array(np.where(self._rare(at), 24, self.term[at])),
            "amortization": pa.array(np.where(self._rare(at), "OTHER", bullet)),
            "pay_frequency": self._missing(self._mostly(at, "MONTHLY", "OTHER")),
            "annual_rate": decimals(np.where(self._rare(at), 250_000, 138_000), 6),
            "rate_type": self._missing(self._mostly(at, "FIXED", "FLOATING")),
            "currency": self._mostly(at, "CNY", "USD"),
            "original_principal_amount": decimals(self.principal[at], 2),
            "disbursed_amount": self._missing(decimals(disbursed, 2)),
            "is_signed": self._missing(self._flag(at, usual=True)),
            "is_auto_debit": self._missing(self._flag(at, usual=True)),
            "is_transfer_restricted": self._missing(self._flag(at, usual=False)),
            "has_setoff": self._missing(self._flag(at, usual=False)),
        }

    def _states(self, at: Whole) -> Columns:
        is_open = at < self.open
        is_gone = ~is_open & (at % 7 == 0)
        paid = np.where(is_open | is_gone, self.paid[at], self.principal[at])
        worst = np.maximum(self.late[at], np.where(self._rare(at), 40, 0))
        corrected = np.where(self._rare(at), 1, 0)
        last = DAY + np.where(self._rare(at), 2_000, 30 * self.term[at])
        return {
            "receivable_id": ids("R", at),
            "as_of": days(np.full(len(at), DAY)),
            "receivable_key": keys_of(at),
            "borrower_id": ids("B", self.borrower[at]),
            "original_principal_amount": decimals(self.principal[at], 2),
            "paid_principal_amount": decimals(paid, 2),
            "written_off_amount": decimals(np.where(is_gone, self.principal[at] - paid, 0), 2),
            "refunded_amount": decimals(np.where(self._rare(at), 50, 0), 2),
            "corrected_amount": decimals(corrected, 2),
            "current_principal_amount": decimals(np.where(is_open, self.principal[at] - paid, 0), 2),
            "days_past_due": pa.array(self.late[at]),
            "worst_days_past_due": pa.array(worst),
            "late_count": pa.array(np.where(self._rare(at), 3, np.minimum(self.late[at], 1))),
            "remaining_period_count": pa.array(self.term[at]),
            "next_due_on": days(np.full(len(at), DAY + 9), self._rare(at)),
            "final_due_on": days(last),
            "is_written_off": pa.array(is_gone),
            "is_disputed": self._flag(at, usual=False),
            "is_refund_open": self._flag(at, usual=False),
            "extension_count": pa.array(self._rare(at).astype(np.int64)),
            "restructure_count": pa.array(self._rare(at).astype(np.int64)),
            "is_open": pa.array(is_open),
        }

    def _orders(self, at: Whole) -> Columns:
        credit = np.where(self._rare(at), self.principal[at] - 1, self.principal[at] + 10_00)
        return {
            "order_id": ids("O", at),
            "borrower_id": ids("B", self.borrower[at]),
            "merchant_id": ids("M", self.merchant[at]),
            "is_virtual_goods": self._missing(self._flag(at, usual=False)),
            "order_status": self._mostly(at, "DELIVERED", "REFUSED"),
            "credit_amount": self._missing(decimals(credit, 2)),
            "device_id": ids("D", at // 3),
            **logged(at),
        }

    # ------------------------------------------------------------------ parties, the model's word

    def _parties(self) -> None:
        self._put(parties.BORROWERS, self.borrowers, self._persons)
        self._put(parties.MERCHANTS, self.merchants, self._shops)
        reports = self.borrowers + self.borrowers // 2
        self._put(parties.CREDIT_REPORTS, reports, self._reports)
        self._put(parties.BLACKLIST, max(3, self.borrowers // 50), self._listed)

    def _persons(self, at: Whole) -> Columns:
        born = DAY - self.draw.integers(20 * 366, 58 * 365, len(at))
        born[self._rare(at)] = DAY - 70 * 366
        return {
            "borrower_id": ids("B", at),
            "customer_type": self._mostly(at, "NATURAL_PERSON", "ENTERPRISE"),
            "born_on": days(born),
            "residency_country": self._missing(self._mostly(at, "CHN", "NOR")),
            "annual_income_amount": self._missing(decimals(np.where(self._rare(at), 9_000_00, 60_000_00), 2)),
            "kyc_status": self._mostly(at, "VERIFIED", "PENDING"),
            "kyc_factor_count": pa.array(np.where(self._rare(at), 2, 3)),
            "is_related_party": self._flag(at, usual=False),
            "is_deceased": self._flag(at, usual=False),
            "is_insolvent": self._flag(at, usual=False),
            **logged(at),
        }

    def _shops(self, at: Whole) -> Columns:
        return {
            "merchant_id": ids("M", at),
            "merchant_status": self._mostly(at, "ACTIVE", "SUSPENDED"),
            "is_under_review": self._flag(at, usual=False),
            **logged(at),
        }

    def _reports(self, at: Whole) -> Columns:
        """Give each borrower a report, and every second one a newer."""
        age = np.where(at < self.borrowers, 60, 20) + np.where(self._rare(at), 90, 0)
        return {
            "report_id": ids("P", at),
            "borrower_id": ids("B", at % self.borrowers),
            "bureau_score": pa.array(self.draw.uniform(560, 800, len(at))),
            "inquiry_3m_count": self._missing(pa.array(np.where(self._rare(at), 11, 2))),
            "active_lender_count": pa.array(np.where(self._rare(at), 9, 3)),
            "overdue_amount": decimals(np.where(self._rare(at), 100, 0), 2),
            "worst_bucket_24m_number": pa.array(np.where(self._rare(at), 4, 1)),
            **logged(at, age),
        }

    def _listed(self, at: Whole) -> Columns:
        kinds = np.array(["BORROWER", "MERCHANT", "DEVICE"])[at % 3]
        who = self.draw.integers(0, self.borrowers, len(at))
        shop = self.draw.integers(0, self.merchants, len(at))
        named = np.where(at % 3 == 1, ids("M", shop), np.where(at % 3 == 0, ids("B", who), ids("D", who)))
        ended = np.where(at % 4 == 3, 0, -1)
        lasting = pa.array(
            [CUT - timedelta(days=3) if each == 0 else None for each in ended], pa.timestamp("us", "UTC")
        )
        is_merchant_kept = (at % 3 != 1) | (at % 300 == 1)
        subject = np.where(is_merchant_kept, named, "NOBODY")
        return {
            "entry_id": ids("L", at),
            "subject_type": pa.array(kinds),
            "subject_id": pa.array(subject),
            "ended_at": lasting,
            **logged(at),
        }

    def _tags(self, at: Whole) -> Columns:
        probability = self.draw.beta(1.2, 60, len(at))
        return {
            "receivable_id": ids("R", at),
            "as_of": days(np.where(self._rare(at), DAY - 40, DAY)),
            "default_probability": self._missing(pa.array(probability)),
            "grade": pa.array(np.array(["A", "B", "C", "D"])[(probability * 60).astype(int).clip(0, 3)]),
            "model_version": self._mostly(at, CHAMPION, "2"),
        }

    # ------------------------------------------------------------------ faults

    def _rare(self, at: Whole) -> NDArray[np.bool_]:
        return self.draw.random(len(at)) < RARE

    def _mostly(self, at: Whole, usual: str, other: str) -> pa.Array:
        return pa.array(np.where(self._rare(at), other, usual))

    def _flag(self, at: Whole, *, usual: bool) -> pa.Array:
        return pa.array(self._rare(at) != usual)

    def _missing(self, values: pa.Array) -> pa.Array:
        gone = pa.array(self.draw.random(len(values)) < MISSING)
        return pc.if_else(gone, pa.nulls(len(values), values.type), values)


def ids(letter: str, numbers: Whole) -> pa.Array:
    """Give ids such as platforms write them: a letter and twelve digits, in no order of time."""
    mixed = (numbers.astype(np.uint64) * np.uint64(999_999_000_001)) % np.uint64(999_999_999_989)
    padded = pc.utf8_lpad(pa.array(mixed).cast(pa.string()), 12, "0")
    return pc.binary_join_element_wise(letter, padded, "")


def keys_of(numbers: Whole) -> pa.Array:
    """Give keys as long as receivable keys are: 64 hex digits."""
    words = [(numbers.astype(np.uint64) + np.uint64(part)) * np.uint64(0x9E3779B97F4A7C15) for part in range(1, 5)]
    lines = np.stack([word ^ (word >> np.uint64(29)) for word in words], axis=1).astype(">u8").tobytes().hex()
    return pa.array([lines[place * 64 : place * 64 + 64] for place in range(len(numbers))])


def days(numbers: Whole, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Give numbers of days since 1970 as dates."""
    return pa.array(numbers.astype(np.int32), mask=missing).cast(pa.date32())


def decimals(units: Whole, places: int) -> pa.Array:
    """Give whole units as decimals of so many places."""
    high = np.zeros(2 * len(units), dtype=np.int64)
    high[::2] = units
    high[1::2] = units >> 63
    kind = pa.decimal128(18, 2) if places == 2 else pa.decimal128(9, 6)
    return pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(high.tobytes())])


def logged(at: Whole, age: Whole | None = None) -> Columns:
    """Give when a thing happened and was known."""
    back = np.full(len(at), 100) if age is None else age
    moment = np.int64(CUT.timestamp() * 1_000_000) - back.astype(np.int64) * 86_400_000_000 - at % 1000
    known = pa.array(moment).cast(pa.timestamp("us", "UTC"))
    return {"happened_at": known, "known_at": known, "is_deleted": pa.array(np.zeros(len(at), dtype=bool))}
