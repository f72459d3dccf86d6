"""What the delivered files promise: the same bytes for a seed, the right folder, dirt in the stated shares."""

import csv
import gzip
import hashlib
import json
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from simulate import raw_events, raw_lending
from simulate.delivery import RawLog, deliver
from simulate.faults import FAULTS, draw_faults
from simulate.platform import Summary, simulate
from simulate.world import World

Delivered = tuple[Path, Summary]
FIRST_DAY = date(2024, 1, 1)
KNOWN = {
    "user_base.csv": "sync_time",
    "merchant.jsonl": "sync_time",
    "trade_order.csv.gz": "sync_time",
    "refund_case.jsonl.gz": "sync_time",
    "credit_line.csv": "sync_time",
    "bureau_report.jsonl.gz": "recv_time",
    "risk_list.jsonl": "sync_time",
    "loan_contract.csv.gz": "sync_time",
    "repay_plan.parquet": "load_tm",
    "repay_flow.csv.gz": "post_time",
    "loan_adjust.csv": "post_time",
    "loan_status.parquet": "load_tm",
}


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Read one raw file; a torn CSV line has None in its last fields."""
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    if ".jsonl" in path.name:
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines()))


@cache
def all_rows(out: Path, file: str) -> list[dict[str, Any]]:
    """Read all days of one kind of file, in order; `_folder` says where a row lay."""
    return [{**row, "_folder": path.parent.name} for path in sorted(out.glob(f"*/{file}")) for row in rows_of(path)]


def digests(out: Path) -> dict[str, str]:
    """Hash every file below a folder."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    """Every file of a history is fixed by the arguments."""
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        simulate(tmp_path / name, 60, 45, seed)
    first, again, other = (digests(tmp_path / name) for name in "abc")
    assert first == again
    assert first != other


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    """Whoever waits is told of every kind of file."""
    told: list[tuple[str, float]] = []
    simulate(tmp_path, 60, 45, 5, progress=lambda stage, share: told.append((stage, share)))
    assert [stage for stage, _ in told] == ["world", *FAULTS]
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1][1] == pytest.approx(1.0)


def test_the_summary_counts_what_lies_there(delivered: Delivered) -> None:
    """Sound rows, repeats and broken rows sum to the rows in the files, kind by kind; no file is empty."""
    out, summary = delivered
    for file in FAULTS:
        promised = summary.rows[file] + summary.repeated[file] + sum(summary.broken[file].values())
        assert len(all_rows(out, file)) == promised, file
        assert {row["_folder"] for row in all_rows(out, file)} == {path.parent.name for path in out.glob(f"*/{file}")}
    files = [path for path in out.glob("*/*") if path.parent.name != "truth"]
    assert len(files) == summary.files <= len(FAULTS) * summary.days


@pytest.mark.parametrize("file", sorted(KNOWN))
def test_every_row_lies_in_the_folder_of_its_known_day(delivered: Delivered, file: str) -> None:
    """The folder is the local day of the known time, within the history."""
    out, summary = delivered
    rows = [row for row in all_rows(out, file) if row[KNOWN[file]] is not None]
    assert rows
    assert all(row[KNOWN[file]][:10] == row["_folder"] for row in rows)
    last = (summary.first_day + timedelta(days=summary.days - 1)).isoformat()
    assert (
        summary.first_day.isoformat()
        <= min(row["_folder"] for row in rows)
        <= max(row["_folder"] for row in rows)
        <= last
    )


def test_the_app_log_is_in_utc_and_lies_by_local_day(delivered: Delivered) -> None:
    """A received moment, eight hours later, falls on the folder's day."""
    rows = all_rows(delivered[0], "app_log.parquet")
    assert all((row["recv_ts"] + timedelta(hours=8)).date().isoformat() == row["_folder"] for row in rows)


def test_about_one_row_in_a_thousand_is_broken(delivered: Delivered) -> None:
    """All kinds of fault occur, in the stated share."""
    _, summary = delivered
    broken = Counter[str]()
    for counts in summary.broken.values():
        broken.update(counts)
    assert 0.0005 < sum(broken.values()) / sum(summary.rows.values()) < 0.002
    assert set(broken) == {fault.code for _, faults in FAULTS.values() for fault in faults}
    assert all(count > 0 for count in broken.values())


def dirty(out: Path, log: RawLog) -> list[dict[str, Any]]:
    """Deliver a log with many faults and read it back."""
    faulty = draw_faults(np.random.default_rng(1), log.file, log.day, log.table, 0.05, 0.0)
    deliver(out, log, faulty, FIRST_DAY)
    return all_rows(out, log.file)


def test_every_fault_of_orders_is_really_in_the_files(tmp_path: Path, small_world: World) -> None:
    """Missing, negative and impossible values, unknown words and users, conflicts and torn lines can all be found."""
    orders = dirty(tmp_path, raw_events.trade_orders(np.random.default_rng(0), small_world))
    whole = [row for row in orders if row["del"] is not None]
    assert len(whole) < len(orders)
    wrong = {"total_fee": "", "gmt_create": "2024-02-30 10:61:00", "state": "S99", "uid": "208899999999999"}
    assert all(any(row[column] == value for row in whole) for column, value in wrong.items())
    assert any(row["total_fee"].startswith("-") for row in whole)
    contents: dict[tuple[str, str], set[str]] = {}
    for row in whole:
        contents.setdefault((row["order_no"], row["sync_time"]), set()).add(row["total_fee"])
    assert any(len(amounts) > 1 for amounts in contents.values())


def test_faults_of_parquet_files_are_really_in_them(tmp_path: Path, small_world: World) -> None:
    """Events from the future, events of nobody, and payments of loans that nobody knows can be found."""
    events = dirty(tmp_path, raw_events.app_log(np.random.default_rng(0), small_world))
    assert any(row["ts"] > row["recv_ts"] for row in events)
    assert any(row["uid"] is None for row in events)
    flows = dirty(tmp_path, raw_lending.repay_flows(np.random.default_rng(0), small_world))
    assert any(row["loan_no"] == "L999999999" for row in flows)


def sound(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Leave out torn rows and those with a broken row's id."""
    return [row for row in rows if None not in row.values() and not str(row[key]).endswith("B")]


def test_late_corrected_and_withdrawn_rows_arrive(delivered: Delivered) -> None:
    """Some rows come days after they happened, some come again with other content, some are withdrawn."""
    orders = sound(all_rows(delivered[0], "trade_order.csv.gz"), "order_no")
    created = [row for row in orders if row["state"] == "PAID" and row["gmt_create"].startswith("2024")]
    late = [
        row for row in created if date.fromisoformat(row["sync_time"][:10]) > date.fromisoformat(row["gmt_create"][:10])
    ]
    assert 0.003 < len(late) / len(created) < 0.05
    flows = sound(all_rows(delivered[0], "repay_flow.csv.gz"), "flow_no")
    amounts: dict[str, set[str]] = {}
    for row in flows:
        amounts.setdefault(row["flow_no"], set()).add(row["prin"])
    assert any(len(seen) > 1 for seen in amounts.values())
    assert any(row["del"] == "1" for row in [*orders, *flows])
    voids = [row for row in flows if row["orig_flow_no"]]
    assert voids
    assert all(row["prin"] == "0" and row["orig_flow_no"] in amounts for row in voids)


def test_what_is_referred_to_was_delivered(delivered: Delivered) -> None:
    """Sound payments, plans and adjustments speak of delivered contracts, and these of delivered users and orders."""
    out, _ = delivered
    contracts = {row["loan_no"]: row for row in sound(all_rows(out, "loan_contract.csv.gz"), "loan_no")}
    users = {row["uid"] for row in all_rows(out, "user_base.csv")}
    orders = {row["order_no"] for row in all_rows(out, "trade_order.csv.gz")}
    assert all(row["uid"] in users for row in contracts.values())
    missing = [row["order_no"] for row in contracts.values() if row["order_no"] not in orders]
    assert len(missing) < 0.01 * len(contracts)
    for file in ("repay_flow.csv.gz", "repay_plan.parquet", "loan_adjust.csv"):
        rows = [row for row in all_rows(out, file) if row["loan_no"] not in ("L999999999", None)]
        assert rows
        assert all(row["loan_no"] in contracts for row in rows), file


def test_schedules_in_the_files_sum_to_the_contract(delivered: Delivered) -> None:
    """Every version of a schedule sums to the contract's principal, fen against yuan."""
    out, _ = delivered
    principal = {row["loan_no"]: row["prin"] for row in sound(all_rows(out, "loan_contract.csv.gz"), "loan_no")}
    sums: dict[tuple[str, int], dict[int, int]] = {}
    for row in all_rows(out, "repay_plan.parquet"):
        if row["loan_no"] != "L999999999":
            sums.setdefault((row["loan_no"], row["ver"]), {})[row["term_no"]] = row["prin"]
    assert {version for _, version in sums} >= {1}
    assert all(sum(parts.values()) == round(float(principal[loan]) * 100) for (loan, _), parts in sums.items())


def test_the_truth_lies_apart_and_is_null_while_the_window_is_open(delivered: Delivered, small_world: World) -> None:
    """One row a receivable, with the probability it was drawn from; realised only once 180 days have passed."""
    out, summary = delivered
    truth = pq.read_table(out / "truth" / "truth.parquet").to_pylist()
    assert len(truth) == summary.receivables
    assert [row["default_probability"] for row in truth] == small_world.loans.default_probability.tolist()
    end = summary.first_day + timedelta(days=summary.days)
    for row, drawn in zip(truth, small_world.loans.is_default.tolist(), strict=True):
        over = row["disbursed_on"] + timedelta(days=180) <= end
        assert row["is_default"] == (drawn if over else None)
    assert not list(out.glob("2*/truth*"))


def test_the_page_names_every_column(delivered: Delivered) -> None:
    """docs/simulation.md tells of every column of every file."""
    page = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text(encoding="utf-8")
    for file in FAULTS:
        path = next(delivered[0].glob(f"*/{file}"))
        assert f"`{file}`" in page
        assert all(f"`{column}`" in page for column in rows_of(path)[0]), file


@pytest.mark.parametrize("first_day", [date(2024, 1, 1), date(2024, 2, 3)])
def test_the_smallest_platform_that_may_be_asked_for_is_written(tmp_path: Path, first_day: date) -> None:
    """Fifty borrowers and thirty days, with a month's end among them or without one."""
    summary = simulate(tmp_path, 50, 30, 7, first_day)
    assert summary.receivables > 0
    stated = [path for path in tmp_path.rglob("*") if path.name.startswith("loan_status")]
    assert bool(stated) is (first_day.day != 1)
