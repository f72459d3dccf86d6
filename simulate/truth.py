"""The truth: the default probability that each receivable was drawn from. No stage reads it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulate.lending import HORIZON_DAYS
from simulate.texts import Clock, contract_numbers, masked, number, user_ids
from simulate.world import World


def write_truth(out: Path, world: World) -> None:
    """Write one row a receivable; the realised default is null while its window is not over."""
    lent, clock = world.loans, Clock(world.first_day)
    folder = out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.arange(lent.size)
    table = pa.table(
        {
            "receivable_id": number("L", rows, 9),
            "contract_no": contract_numbers(lent.second, rows),
            "uid": user_ids(lent.borrower),
            "disbursed_on": clock.dates(lent.day),
            "default_probability": pa.array(lent.default_probability),
            "latent": pa.array(lent.latent),
            "is_default": masked(pa.array(lent.is_default), lent.day + HORIZON_DAYS > world.days),
        }
    )
    pq.write_table(table, folder / "truth.parquet", compression="zstd", store_schema=False)
