"""A published screening judged again, on DuckDB over the very files that it read: every cell, every value seen."""

from dataclasses import dataclass
from datetime import date

from pipelines.screened import screening_that_stands
from pool.duckdb_screening import Agreement
from runtime.workspace import Workspace
from schemas import derived


@dataclass(frozen=True, slots=True)
class Rechecked:
    """How a published screening compares with the second opinion.

    Args:
        run: The screening's run.
        criterion_count: Criteria of the deal.
        cells: Outcomes, receivable by receivable.
        values: Values seen in cells that do not pass.
    """

    run: str
    criterion_count: int
    cells: Agreement
    values: Agreement

    @property
    def is_equal(self) -> bool:
        """Tell whether nothing differs."""
        return self.cells.unequal_count + self.values.unequal_count == 0


def recheck(workspace: Workspace, as_of: date, deal_name: str) -> Rechecked:
    """Judge a published screening again; no engine is started and nothing is published.

    Raises:
        CatalogError: No screening of that day and deal stands, or what it came from is not to be found.
    """
    found = screening_that_stands(workspace, as_of, deal_name)
    with found.second_opinion(workspace) as second:
        cells = second.compare(found.deal, found.champion, found.files(workspace, derived.SCREENINGS))
        values = second.compare_values(found.deal, found.champion, found.files(workspace, derived.SCREENING_FAILURES))
    return Rechecked(found.run.run, len(found.deal.criteria), cells, values)
