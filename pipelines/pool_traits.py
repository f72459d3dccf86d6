"""The traits by which receivables are divided: bands with their place, and codes as they come.

A label carries its place before it, `3|1,000-3,000`, so that parts sort in their order; a code sorts by principal.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from reports.words import NOT_SAID

LARGEST = 10
MONTH_DAYS = 30
YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Trait:
    """A trait: what it is called, and the edges of its bands or none for a code.

    Args:
        name: As readers know it.
        column: The column, or the name of the value that `values` makes.
        edges: Upper edge, inclusive, and words of each band but the last.
        above: Words of the last band.
    """

    name: str
    column: str
    edges: tuple[tuple[float, str], ...] = ()
    above: str = ""

    @property
    def is_code(self) -> bool:
        """Tell a code from bands: codes are ranked, bands have an order."""
        return not self.edges

    @property
    def label(self) -> Column:
        """Give the part that a row belongs to."""
        value = VALUES.get(self.column, F.col)(self.column)
        if self.is_code:
            return F.coalesce(value, F.lit(NOT_SAID))
        chosen = F.when(value.isNull(), F.lit(f"{len(self.edges) + 1:02d}|{NOT_SAID}"))
        for place, (edge, words) in enumerate(self.edges):
            chosen = chosen.when(value <= edge, F.lit(f"{place:02d}|{words}"))
        return chosen.otherwise(F.lit(f"{len(self.edges):02d}|{self.above}"))


def _amount(name: str) -> Column:
    return F.col(name).cast("double")


def _seasoning(name: str) -> Column:
    del name
    return F.datediff("as_of", "originated_on").cast("double") / MONTH_DAYS


def _age(name: str) -> Column:
    del name
    return F.datediff("originated_on", "born_on").cast("double") / YEAR_DAYS


VALUES = {
    "current_principal_amount": _amount,
    "original_principal_amount": _amount,
    "annual_rate": _amount,
    "seasoning_months": _seasoning,
    "age_years": _age,
}
"""How the value of a trait is made where it is more than a column."""

AMOUNTS = (
    *((200, "up to 200"), (500, "200-500"), (1000, "500-1,000")),
    *((3000, "1,000-3,000"), (10_000, "3,000-10,000"), (30_000, "10,000-30,000")),
)
PERIODS = ((1, "1"), (3, "2-3"), (6, "4-6"), (9, "7-9"), (12, "10-12"), (24, "13-24"), (48, "25-48"), (72, "49-72"))
RATES = ((0, "0 %"), (0.08, "up to 8 %"), (0.12, "8-12 %"), (0.16, "12-16 %"), (0.2, "16-20 %"))
MONTHS = ((1, "up to 1"), (3, "1-3"), (6, "3-6"), (12, "6-12"), (24, "12-24"))
AGES = ((21.999, "under 22"), (25.999, "22-25"), (30.999, "26-30"), (40.999, "31-40"), (50.999, "41-50"))
PROBABILITIES = ((0.005, "up to 0.5 %"), (0.01, "0.5-1 %"), (0.02, "1-2 %"), (0.04, "2-4 %"), (0.08, "4-8 %"))

GRADE = Trait("grade", "grade")
TERM = Trait("instalments", "term_number", PERIODS, "over 72")
RATE = Trait("annual rate", "annual_rate", RATES, "above 20 %")
TICKET = Trait("ticket", "original_principal_amount", AMOUNTS, "above 30,000")
REGION = Trait("region", "region_code")
CATEGORY = Trait("category", "category_code")

COMPARED = (GRADE, TERM, RATE, TICKET, REGION, CATEGORY)
"""By which eligible, batch and pool are compared."""

STRATIFIED = (
    Trait("balance", "current_principal_amount", AMOUNTS, "above 30,000"),
    TICKET,
    RATE,
    TERM,
    Trait("instalments left", "remaining_period_count", PERIODS, "over 72"),
    Trait("months since origination", "seasoning_months", MONTHS, "over 24"),
    GRADE,
    Trait("default probability", "default_probability", PROBABILITIES, "above 8 %"),
    REGION,
    CATEGORY,
    Trait("age at origination", "age_years", AGES, "over 50"),
)
"""By which a pool is stratified."""


def chosen(traits: Iterable[Trait]) -> list[tuple[str, Column, int | None]]:
    """Give name, label and how many parts to show; codes are cut at the largest, grades never."""
    return [(one.name, one.label, LARGEST if one in (REGION, CATEGORY) else None) for one in traits]


def plain(label: str) -> str:
    """Give the words of a label without its place.

    >>> plain("03|1,000-3,000"), plain("HOME")
    ('1,000-3,000', 'HOME')
    """
    return label.rpartition("|")[2]
