"""Everything that a report shows of a pool's life after its purchases, as published rows.

Rows are those of the tables of `schemas.after_purchase`, as plain values by column name.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pool.static import Month, Rates, average_life, rates, together

Row = Mapping[str, Any]
ZERO = Decimal(0)
AMOUNTS = {
    "bought": "bought",
    "opening": "opening",
    "scheduled": "scheduled",
    "paid": "paid",
    "prepaid": "prepaid",
    "cash": "cash",
    "gains": "yield",
    "refunded": "refunded",
    "corrected": "corrected",
    "defaulted": "defaulted",
    "written_off": "written_off",
    "recovered": "recovered",
    "left": "left",
    "closing": "closing",
}
"""Amount of a month, by the column that holds it."""
LATE = ("1-30", "31-60", "61-90", "91+")
SPEED_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Vintage:
    """One purchase as a static pool."""

    purchase_id: str
    bought_on: date
    bought: Decimal
    months: tuple[Month, ...]
    rates: tuple[Rates, ...]


@dataclass(frozen=True, slots=True)
class Performance:
    """A pool's life up to a day.

    Args:
        allowed_days: Days within which the servicer turns over what it collected; None where the deal says none.
        default_days: From how many days past due a static pool counts a receivable as in default.
        reserve: What the dilution reserve should hold.
        diluted: Refunds after sale by month: month_on, receivables, amount in minor units.
        strata: `pool_strata`.
        delinquencies: `pool_delinquencies` of the day.
        history: `pool_delinquencies` of the last followed day of each month, the day itself last.
        rolls: `pool_roll_rates`.
        static: `static_pools`.
        outlook: `pool_outlooks`.
        collections: `pool_collections`.
        turnovers: `pool_turnovers`.
        roll_forwards: `pool_roll_forwards`.
        dilutions: `pool_dilutions`.
        breaches: `warranty_breaches`.
        drifts: `batch_drifts`.
        alarms: `pool_alarms`.
    """

    allowed_days: int | None
    default_days: int
    reserve: Decimal
    diluted: Sequence[Row]
    strata: Sequence[Row]
    delinquencies: Sequence[Row]
    history: Sequence[Row]
    rolls: Sequence[Row]
    static: Sequence[Row]
    outlook: Sequence[Row]
    collections: Sequence[Row]
    turnovers: Sequence[Row]
    roll_forwards: Sequence[Row]
    dilutions: Sequence[Row]
    breaches: Sequence[Row]
    drifts: Sequence[Row]
    alarms: Sequence[Row]

    @property
    def whole(self) -> Row | None:
        """Give all that the pool holds, with its averages; None where it owes nothing any more."""
        return next((row for row in self.strata if row["trait"] == "pool"), None)

    @property
    def life(self) -> Row | None:
        """Give the roll-forward since before the first purchase."""
        return self.roll_forwards[0] if self.roll_forwards else None

    @property
    def vintages(self) -> tuple[Vintage, ...]:
        """Give the purchases as static pools, the oldest first."""
        by_purchase: dict[tuple[date, str], list[Row]] = defaultdict(list)
        for row in self.static:
            by_purchase[row["bought_on"], row["purchase_id"]].append(row)
        return tuple(_vintage(key, rows) for key, rows in sorted(by_purchase.items(), key=lambda one: one[0]))

    @property
    def together(self) -> list[Rates]:
        """Give all purchases by months since each one's own."""
        return together([one.months for one in self.vintages])

    @property
    def smm(self) -> float | None:
        """Give the speed of the last whole months of every purchase, weighted by what could have been prepaid."""
        last = [one for vintage in self.vintages for one in [m for m in vintage.months if m.is_over][-SPEED_MONTHS:]]
        could = sum(one.opening - one.scheduled for one in last)
        return sum(one.prepaid for one in last) / could if could > 0 else None

    def so_far(self, name: str) -> float | None:
        """Give a cumulative rate of all that was bought, each purchase as far as it has come."""
        last = [(getattr(one.rates[-1], name), float(one.bought)) for one in self.vintages]
        known = [(value, weight) for value, weight in last if value is not None]
        whole = sum(weight for _, weight in known)
        return sum(value * weight for value, weight in known) / whole if whole else None

    def average_life(self, smm: float = 0.0) -> float | None:
        """Give the weighted average life, in months, of what is still to come."""
        months = {row["month_number"]: minor(row["scheduled_amount"]) for row in self.outlook}
        return average_life([months.get(number, 0) for number in range(max(months, default=-1) + 1)], smm)

    def late_share(self, *buckets: str) -> float | None:
        """Give the share of unpaid principal in some buckets; what was written off owes nothing more."""
        return late_share(self.delinquencies, *buckets)


def minor(amount: Decimal) -> int:
    """Give an amount in minor units."""
    return int(amount * 100)


def late_share(rows: Sequence[Row], *buckets: str) -> float | None:
    """Give the share of unpaid principal that lies in some buckets of days past due."""
    whole = sum((row["unpaid_amount"] for row in rows), ZERO)
    part = sum((row["unpaid_amount"] for row in rows if row["bucket"] in buckets), ZERO)
    return float(part / whole) if whole else None


def _vintage(key: tuple[date, str], rows: Sequence[Row]) -> Vintage:
    ordered = sorted(rows, key=lambda row: int(row["month_number"]))
    months = tuple(
        Month(
            number=row["month_number"],
            is_over=row["is_over"],
            **{name: minor(row[f"{column}_amount"]) for name, column in AMOUNTS.items()},
        )
        for row in ordered
    )
    return Vintage(key[1], key[0], ordered[0]["bought_amount"], months, tuple(rates(months)))
