"""Broken rows: what a real platform's writers get wrong, declared file by file.

A broken row is a copy of a sound row under another id with one thing wrong (a conflict keeps the id), so the sound rows
stay whole and the truth stays true.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulate.arrays import Ints

FAR_AHEAD_MILLISECONDS = 400 * 86_400_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a row is wrong.

    Args:
        code: What kind of wrong: missing, negative, impossible, unknown, conflict, future, torn.
        column: The column in question.
        value: The text that stands there instead, for impossible and unknown values.
    """

    code: Literal["missing", "negative", "impossible", "unknown", "conflict", "future", "torn"]
    column: str
    value: str = ""


FAULTS: dict[str, tuple[str, tuple[Fault, ...]]] = {
    "user_base.csv": (
        "uid",
        (
            Fault("impossible", "birth", "19900230"),
            Fault("unknown", "kyc", "MAYBE"),
            Fault("negative", "income"),
            Fault("torn", "uid"),
        ),
    ),
    "merchant.jsonl": ("shop_id", (Fault("unknown", "status", "LOST"), Fault("impossible", "join_dt", "2023-13-01"))),
    "trade_order.csv.gz": (
        "order_no",
        (
            Fault("missing", "total_fee"),
            Fault("negative", "total_fee"),
            Fault("impossible", "gmt_create", "2024-02-30 10:61:00"),
            Fault("unknown", "state", "S99"),
            Fault("unknown", "uid", "208899999999999"),
            Fault("conflict", "total_fee"),
            Fault("torn", "order_no"),
        ),
    ),
    "app_log.parquet": (
        "log_id",
        (Fault("missing", "uid"), Fault("unknown", "act", "??"), Fault("future", "ts"), Fault("conflict", "act")),
    ),
    "refund_case.jsonl.gz": (
        "case_no",
        (
            Fault("unknown", "kind", "XXX"),
            Fault("negative", "amt"),
            Fault("unknown", "order_no", "T999999999999"),
            Fault("impossible", "open_time", "2024/13/45 10:00:00"),
        ),
    ),
    "credit_line.csv": ("line_no", (Fault("negative", "quota"), Fault("unknown", "state", "Z"), Fault("torn", "uid"))),
    "bureau_report.jsonl.gz": (
        "report_no",
        (Fault("negative", "q3m"), Fault("impossible", "report_time", "2024-00-10 08:00:00"), Fault("missing", "uid")),
    ),
    "risk_list.jsonl": ("entry_no", (Fault("unknown", "stype", "Q"),)),
    "loan_contract.csv.gz": (
        "loan_no",
        (
            Fault("missing", "prin"),
            Fault("negative", "prin"),
            Fault("impossible", "sign_dt", "20240230"),
            Fault("unknown", "repay_way", "QQ"),
            Fault("impossible", "last_due", "20200101"),
            Fault("torn", "loan_no"),
        ),
    ),
    "repay_plan.parquet": ("", (Fault("unknown", "loan_no", "L999999999"),)),
    "repay_flow.csv.gz": (
        "flow_no",
        (
            Fault("missing", "prin"),
            Fault("negative", "prin"),
            Fault("impossible", "value_dt", "20240230"),
            Fault("unknown", "way", "XX"),
            Fault("unknown", "loan_no", "L999999999"),
            Fault("torn", "flow_no"),
        ),
    ),
    "loan_adjust.csv": ("adj_no", (Fault("unknown", "kind", "??"), Fault("unknown", "loan_no", "L999999999"))),
    "loan_status.parquet": ("loan_no", (Fault("negative", "bal"), Fault("unknown", "loan_no", "L999999999"))),
}
"""By file: the id column (empty: rows have no id of their own), and what goes wrong."""


@dataclass(frozen=True, slots=True)
class Faulty:
    """Rows to add to a log's files.

    Args:
        day: Day of delivery of `rows`, ascending.
        rows: Broken rows and identical repeats, ready to be written.
        torn_day: Day of delivery of `torn`, ascending.
        torn: Rows of which only the first fields are to be written.
        counts: How many rows are broken, by code; repeats are counted under `repeated`.
    """

    day: Ints
    rows: pa.Table
    torn_day: Ints
    torn: pa.Table
    counts: Counter[str]

    def on(self, day: int) -> "Faulty":
        """Give those of one day."""
        low, high = np.searchsorted(self.day, [day, day + 1]).tolist()
        torn_low, torn_high = np.searchsorted(self.torn_day, [day, day + 1]).tolist()
        rows, torn = self.rows.slice(low, high - low), self.torn.slice(torn_low, torn_high - torn_low)
        return Faulty(self.day[low:high], rows, self.torn_day[torn_low:torn_high], torn, self.counts)


def draw_faults(
    rng: np.random.Generator, file: str, day: Ints, table: pa.Table, broken_share: float, repeated_share: float
) -> Faulty:
    """Choose rows to repeat or to copy and break, the stated shares of all rows."""
    key, faults = FAULTS[file]
    chosen = _some_rows(rng, table.num_rows, broken_share)
    kind = rng.integers(0, len(faults), chosen.size)
    repeats = np.setdiff1d(_some_rows(rng, table.num_rows, repeated_share), chosen)
    counts, rows, days = Counter({"repeated": int(repeats.size)}), [table.take(pa.array(repeats))], [day[repeats]]
    torn, torn_day = table.slice(0, 0), day[:0]
    for place, fault in enumerate(faults):
        hit = chosen[kind == place]
        counts[fault.code] += int(hit.size)
        if fault.code == "torn":
            torn, torn_day = table.take(pa.array(hit)), day[hit]
        else:
            rows.append(broken(table.take(pa.array(hit)), key, fault))
            days.append(day[hit])
    every_day = np.concatenate(days)
    order = np.argsort(every_day, kind="stable")
    whole = pa.concat_tables(rows).combine_chunks().take(pa.array(order))
    return Faulty(every_day[order], whole, torn_day, torn.combine_chunks(), counts)


def _some_rows(rng: np.random.Generator, size: int, share: float) -> Ints:
    return np.unique(rng.integers(0, max(size, 1), rng.poisson(share * size)))


def broken(rows: pa.Table, key: str, fault: Fault) -> pa.Table:
    """Break rows in one way, under ids of their own unless the fault is a conflict."""
    if key and fault.code != "conflict" and fault.column != key:
        rows = _with(rows, key, pc.binary_join_element_wise(rows[key], pa.scalar("B"), ""))
    return _with(rows, fault.column, _spoiled(rows[fault.column], fault))


def _with(rows: pa.Table, name: str, column: Any) -> pa.Table:  # noqa: ANN401
    return rows.set_column(rows.column_names.index(name), rows.schema.field(name), column)


def _spoiled(column: pa.ChunkedArray, fault: Fault) -> pa.ChunkedArray:
    if fault.code in ("impossible", "unknown"):
        return pa.chunked_array([pa.array([fault.value] * len(column), column.type)])
    if fault.code == "missing":
        return pa.chunked_array([pa.nulls(len(column), column.type)])
    if fault.code == "future":
        return pc.add(column.cast(pa.int64()), FAR_AHEAD_MILLISECONDS).cast(column.type)
    return _altered_text(column, fault) if pa.types.is_string(column.type) else _altered_number(column, fault)


def _altered_text(column: pa.ChunkedArray, fault: Fault) -> pa.ChunkedArray:
    if fault.code == "negative":
        return pc.binary_join_element_wise(pa.scalar("-"), pc.coalesce(column, pa.scalar("1.00")), "")
    return pc.if_else(pc.equal(column, "view"), "login", "view")


def _altered_number(column: pa.ChunkedArray, fault: Fault) -> pa.ChunkedArray:
    if fault.code == "negative":
        return pc.subtract(pc.negate(column), pa.scalar(1, column.type))
    return pc.add(column, pa.scalar(100, column.type))
