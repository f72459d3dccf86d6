"""What the open receivables of a day add up to: the funnel, what stops them, and how they divide."""

from dataclasses import dataclass
from decimal import Decimal

from pool.funnel import Step, funnel
from reports.contents import Holding
from schemas import derived
from workbench.book import Reading
from workbench.sheet import Sheet
from workbench.shelf import Row, source

LARGEST = 9
"""Of regions and categories so many stand alone, the largest first; the others stand together."""
REST = "…"
STEPS = ("open", "scored", "eligible", "batch", "pool")
GROUPS = ("eligible", "batch", "pool")


@dataclass(frozen=True, slots=True)
class Trait:
    """A property by which receivables divide: by its values, or by bands up to each edge, inclusive."""

    name: str
    column: str
    edges: tuple[float, ...] = ()
    is_share: bool = False
    is_ranked: bool = False

    @property
    def label(self) -> str:
        """Say as SQL in which part a receivable is."""
        if not self.edges:
            return f"{self.column}::VARCHAR"
        cases = "".join(f" WHEN {self.column} <= {edge} THEN '{self._band(edge)}'" for edge in self.edges)
        return f"CASE WHEN {self.column} IS NULL THEN NULL{cases} ELSE '> {self._edge(self.edges[-1])}' END"

    def _band(self, edge: float) -> str:
        return f"≤ {self._edge(edge)}" if edge else "0"

    def _edge(self, edge: float) -> str:
        return f"{edge * 100:g} %" if self.is_share else f"{edge:,.0f}"


TRAITS = (
    Trait("grade", "grade"),
    Trait("default_probability", "default_probability", (0.005, 0.01, 0.02, 0.04, 0.08, 0.16), is_share=True),
    Trait("days_past_due", "days_past_due", (0, 29, 59, 89)),
    Trait("term", "term_number"),
    Trait("annual_rate", "annual_rate", (0, 0.08, 0.12, 0.16, 0.20, 0.24), is_share=True),
    Trait("ticket", "original_principal_amount", (500, 1000, 3000, 10000, 50000)),
    Trait("region", "region_code", is_ranked=True),
    Trait("category", "category_code", is_ranked=True),
)


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a division, with what each group holds of it."""

    label: str
    holdings: dict[str, Holding]


@dataclass(frozen=True, slots=True)
class Division:
    """How the groups divide by a trait."""

    trait: Trait
    slices: tuple[Slice, ...]

    def share(self, part: Slice, group: str) -> float | None:
        """Give a part's share of a group, by principal."""
        whole = sum((one.holdings[group].principal for one in self.slices), Decimal(0))
        return float(part.holdings[group].principal / whole) if whole else None

    @property
    def longest(self) -> float:
        """Give the largest share that is drawn."""
        shares = (self.share(part, group) or 0.0 for part in self.slices for group in GROUPS)
        return max(shares, default=0.0) or 1.0


@dataclass(frozen=True, slots=True)
class Census:
    """Everything that the pool page counts."""

    funnel: dict[str, Holding]
    divisions: tuple[Division, ...]
    means: dict[str, float | None]


def census(sheet: Sheet, reading: Reading) -> Census:
    """Count the receivables of a place; counted again only when the ledger or the proposed batch has changed."""
    files = sheet.shelf.files(derived.PROPOSALS, sheet.place.day, sheet.place.deal.name)
    version = (sheet.version, reading.head, tuple(files))

    def counted() -> Census:
        sql, values = _marked(sheet, reading, files)
        funnel, means = _funnel(sheet, sql, values)
        return Census(funnel, tuple(_division(sheet, trait, sql, values) for trait in TRAITS), means)

    found: Census = sheet.shelf.kept(("census", sheet.place.day, sheet.place.deal.name), version, counted)
    return found


def _marked(sheet: Sheet, reading: Reading, files: list[str]) -> tuple[str, tuple[object, ...]]:
    """Say the sheet's rows with the groups that each belongs to."""
    batch = f"receivable_id IN (SELECT receivable_id FROM {source()})" if files else "FALSE"
    pool = f"receivable_key IN (SELECT receivable_key FROM {reading.table} WHERE deal = ?)"
    sql = (
        "(SELECT *, TRUE AS open, default_probability IS NOT NULL AS scored, "
        f"coalesce(is_eligible, FALSE) AS eligible, {batch} AS batch, {pool} AS pool FROM {sheet.name})"
    )
    return sql, (*((files,) if files else ()), sheet.place.deal.name)


def _sums(names: tuple[str, ...]) -> str:
    return ", ".join(
        f"count(*) FILTER ({name}) AS {name}_count, "
        f"coalesce(sum(current_principal_amount) FILTER ({name}), 0) AS {name}_principal"
        for name in names
    )


def _holdings(row: Row, names: tuple[str, ...]) -> dict[str, Holding]:
    return {name: Holding(row[f"{name}_count"], Decimal(row[f"{name}_principal"])) for name in names}


def _funnel(sheet: Sheet, sql: str, values: tuple[object, ...]) -> tuple[dict[str, Holding], dict[str, float | None]]:
    means = ", ".join(
        f"sum(default_probability * current_principal_amount::DOUBLE) FILTER ({name}) / "
        f"nullif(sum(current_principal_amount::DOUBLE) FILTER ({name} AND scored), 0) AS {name}_mean"
        for name in GROUPS
    )
    row = sheet.shelf.rows(f"SELECT {_sums(STEPS)}, {means} FROM {sql}", *values)[0]
    return _holdings(row, STEPS), {name: row[f"{name}_mean"] for name in GROUPS}


def _division(sheet: Sheet, trait: Trait, sql: str, values: tuple[object, ...]) -> Division:
    order = "sum(current_principal_amount) DESC, label" if trait.is_ranked else f"min({trait.column}) NULLS LAST"
    rows = sheet.shelf.rows(
        f"SELECT {trait.label} AS label, {_sums(GROUPS)} FROM {sql} "
        f"WHERE eligible OR batch OR pool GROUP BY label ORDER BY {order}",
        *values,
    )
    slices = [Slice(row["label"] or "", _holdings(row, GROUPS)) for row in rows]
    if trait.is_ranked and len(slices) > LARGEST:
        slices = [*slices[:LARGEST], _together(slices[LARGEST:])]
    return Division(trait, tuple(slices))


def _together(slices: list[Slice]) -> Slice:
    added = {
        name: Holding(
            sum(one.holdings[name].count for one in slices),
            sum((one.holdings[name].principal for one in slices), Decimal(0)),
        )
        for name in GROUPS
    }
    return Slice(REST, added)


def stopped(sheet: Sheet) -> tuple[Step, ...]:
    """Count what every criterion of the deal stops, in the document's order."""

    def counted() -> tuple[Step, ...]:
        rows = sheet.shelf.rows(
            "SELECT outcomes, count(*) AS count, sum(current_principal_amount) AS principal "
            f"FROM {sheet.name} WHERE outcomes IS NOT NULL GROUP BY outcomes"
        )
        patterns = ((row["outcomes"], row["count"], row["principal"]) for row in rows)
        return funnel(sheet.place.deal.criteria, patterns).steps

    found: tuple[Step, ...] = sheet.once("stopped", counted)
    return found
