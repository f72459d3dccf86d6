"""What is told of each receivable beside its limits: for the aim of a purchase, and to set a batch beside the offer."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from pool.offer import Reals, Whole

REGION = "region_code"


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits by row; NaN where unknown.

    Args:
        default_probability: As tagged.
        loss_rate: Probability of default, over the whole life where the model tells it, times loss given default.
        annual_rate: All-in annual rate.
        life_months: Months that a unit of principal is expected to stay owed.
        remaining_periods: Instalments left.
        regions: Index into `region_names`.
        region_names: The borrowers' regions; the last stands for unknown.
    """

    default_probability: Reals
    loss_rate: Reals
    annual_rate: Reals
    life_months: Reals
    remaining_periods: Reals
    regions: Whole
    region_names: tuple[str, ...]

    def take(self, order: Whole) -> "Traits":
        """Give the rows in another order."""
        told = {name: getattr(self, name)[order] for name in (*NUMBERS, "regions")}
        return replace(self, **told)


NUMBERS = tuple(field.name for field in fields(Traits) if field.name not in ("regions", "region_names"))
"""Traits that are numbers; each is a column of the rows that `pool.spark.limit_rows` gathers."""


def traits_of(table: pa.Table) -> Traits:
    """Read the traits of the rows that `pool.spark.limit_rows` gathered."""
    coded = table.column(REGION).combine_chunks().dictionary_encode()
    names = (*coded.dictionary.to_pylist(), "(unknown)")
    regions = coded.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    numbers = {name: table.column(name).cast(pa.float64()).to_numpy().astype(np.float64) for name in NUMBERS}
    return Traits(**numbers, regions=regions, region_names=names)
