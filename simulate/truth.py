"""The truth: the default probability that each receivable was drawn from. No stage reads it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulate.lending import HORIZON_DAYS
from simulate.texts import Clock, masked, number, user_ids
from simulate.world import World


def write_truth(out: Path, world: World) -> None:
    """Write one row a receivable; the realised default is null while its window is not over."""
    lent, clock = world.loans, Clock(world.first_day)
    folder = out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    rows = pa.array(range(lent.size)).to_numpy()
    table = pa.table(
        {
            "receivable_id": number("L", rows, 9),
            "contract_no": contract_numbers(world),
            "uid": user_ids(lent.borrower),
            "disbursed_on": clock.dates(lent.day),
            "default_probability": pa.array(lent.default_probability),
            "latent": pa.array(lent.latent),
            "is_default": masked(pa.array(lent.is_default), lent.day + HORIZON_DAYS > world.days),
        }
    )
    pq.write_table(table, folder / "truth.parquet", compression="zstd", store_schema=False)


def contract_numbers(world: World) -> pa.Array:
    """Write the contract number of every receivable."""
    return number("HT", world.loans.second % 86_400 * 1_000_000 + pa.array(range(world.loans.size)).to_numpy(), 12)
