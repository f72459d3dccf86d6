"""The simulated platform: one call writes its raw logs by day of delivery, and apart from them the truth."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from simulate import raw_events, raw_lending, raw_parties
from simulate.delivery import RawLog, deliver
from simulate.faults import draw_faults
from simulate.parameters import Parameters
from simulate.truth import write_truth
from simulate.world import World, world

Progress = Callable[[str, float], None]
Writer = Callable[[np.random.Generator, World], RawLog]

WRITERS: tuple[Writer, ...] = (
    raw_parties.user_base,
    raw_parties.merchant_changes,
    raw_events.trade_orders,
    raw_events.app_log,
    raw_events.refund_cases,
    raw_parties.credit_lines,
    raw_parties.bureau_reports,
    raw_parties.risk_list,
    raw_lending.loan_contracts,
    raw_lending.repay_plans,
    raw_lending.repay_flows,
    raw_lending.loan_adjusts,
    raw_lending.loan_statuses,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a simulation wrote.

    Args:
        first_day: First day of the history.
        days: Length of the history.
        borrowers: How many borrowers there are.
        orders: How many orders were made.
        receivables: How many of them gave rise to a receivable.
        files: How many files were written, the truth not counted.
        rows: Sound rows by file name; identical repeats and broken rows come on top.
        repeated: Identical repeats by file name.
        broken: Broken rows by file name and kind of fault.
    """

    first_day: date
    days: int
    borrowers: int
    orders: int
    receivables: int
    files: int
    rows: dict[str, int]
    repeated: dict[str, int]
    broken: dict[str, dict[str, int]]

    @property
    def orders_per_borrower(self) -> float:
        """Give the mean number of orders of a borrower."""
        return self.orders / self.borrowers

    @property
    def receivables_per_borrower(self) -> float:
        """Give the mean number of receivables of a borrower."""
        return self.receivables / self.borrowers


def simulate(
    out: Path,
    borrowers: int,
    days: int,
    seed: int,
    first_day: date = date(2024, 1, 1),
    progress: Progress | None = None,
) -> Summary:
    """Write `days` days of raw logs of a platform with so many borrowers; the same arguments give the same bytes.

    Args:
        out: Folder to write into; day folders and `truth` are made in it.
        borrowers: How many people ever register, at least 50.
        days: Length of the history, at least 30.
        seed: Seed of all draws.
        first_day: First day of the history, local.
        progress: Told what was done and which share of the whole that makes.
    """
    tell = progress or _silent
    parameters = Parameters()
    history = world(borrowers, days, seed, first_day, parameters)
    tell("world", 0.1)
    out.mkdir(parents=True, exist_ok=True)
    write_truth(out, history)
    files, rows, faults = 0, dict[str, int](), dict[str, Counter[str]]()
    for place, (writer, stream) in enumerate(zip(WRITERS, np.random.default_rng([seed, 1]).spawn(13), strict=True)):
        log = writer(stream, history)
        dirt = parameters.dirt
        faulty = draw_faults(stream, log.file, log.day, log.table, dirt.broken, dirt.repeated)
        files += deliver(out, log, faulty, first_day)
        rows[log.file], faults[log.file] = log.table.num_rows, faulty.counts
        tell(log.file, 0.1 + 0.9 * (place + 1) / len(WRITERS))
    return Summary(
        first_day=first_day,
        days=days,
        borrowers=borrowers,
        orders=history.orders.size,
        receivables=history.loans.size,
        files=files,
        rows=rows,
        repeated={file: counts.pop("repeated", 0) for file, counts in faults.items()},
        broken={file: dict(sorted(counts.items())) for file, counts in faults.items()},
    )


def _silent(_: str, __: float) -> None:
    """Say nothing."""
