"""What the templates lay out of a pool's life: tiles, tables and pictures, prepared from published rows."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from pool.static import Rates
from reports import performance_titles as titles
from reports import words
from reports.performance import LATE, ZERO, Performance, Row, Vintage
from reports.performance_pictures import days_known, pictures
from reports.rows import Tile

BUCKETS = ("0", *LATE, "written off")
ENDS = ("current", *LATE, "paid off", "written off")
SHOWN_ROWS = 12
"""Rows of a list that stand on the page; the workbook has all."""
LARGEST = 10
MEANS = ("annual_rate_mean", "remaining_periods_mean", "seasoning_months_mean", "default_probability_mean")


def view(told: Performance, currency: str) -> dict[str, Any]:
    """Prepare everything that the templates name of a pool's life."""
    history = days_known(told)
    return {
        "life": told,
        "pool_tiles": tiles(told, currency),
        "strata_tables": _strata(told),
        "buckets": _buckets(told),
        "history": history,
        "roll_rows": _rolls(told.rolls),
        "roll_ends": ENDS,
        "vintages": told.vintages,
        "static_rows": _static_rows(told.vintages),
        "speeds": told.together,
        "cash_months": _cash_months(told.collections),
        "late_cash": [row for row in told.turnovers if row["outstanding_amount"] > 0 and row["late_days"]][:SHOWN_ROWS],
        "breaches": _breaches(told.breaches),
        "breach_codes": _breach_codes(told.breaches),
        "reserve": told.reserve,
        "static_ages": _ages(told.vintages),
        "life_titles": {
            "strata": titles.strata_title(told, currency),
            "late": titles.late_title(told),
            "rolls": titles.rolls_title(told.rolls),
            "static": titles.static_title(told),
            "speed": titles.speed_title(told),
            "cash": titles.cash_title(told, currency),
            "turnover": titles.turnover_title(told, currency),
            "roll": titles.roll_title(told, currency),
            "dilution": titles.dilution_title(told, currency),
            "breaches": titles.breaches_title(told, currency),
            "drift": titles.drift_title(told),
        },
        "life_pictures": pictures(told, currency),
    }


def tiles(told: Performance, currency: str) -> tuple[Tile, ...]:
    """Give the key figures of the pool."""
    whole, life, smm = told.whole, told.life, told.smm
    bought = sum((one.bought for one in told.vintages), ZERO)
    lives = told.average_life(smm or 0.0)
    return (
        Tile(
            "Pool principal",
            words.NOTHING if whole is None else words.short_money(whole["unpaid_amount"], currency),
            f"of {words.short_money(bought, currency)} bought",
        ),
        Tile(
            "Annual rate",
            words.percent(whole["annual_rate_mean"] if whole else None),
            f"default probability {words.percent(whole['default_probability_mean'] if whole else None, 2)}",
        ),
        Tile(
            "Average life",
            words.NOTHING if lives is None else f"{words.figure(lives, 1)}{words.SPACE}months",
            f"{words.figure(told.average_life(), 1)} by schedule",
        ),
        Tile(
            "Late over 30 days",
            words.percent(told.late_share(*LATE[1:]), 2),
            f"any lateness {words.percent(told.late_share(*LATE))}",
        ),
        Tile(
            "In default so far",
            words.percent(told.so_far("default_rate"), 2),
            f"{told.default_days} days or written off, of bought",
        ),
        Tile(
            "Lost so far",
            words.percent(told.so_far("loss_rate"), 2),
            "every cent has a name" if life and not life["difference_amount"] else "net of recoveries, of bought",
        ),
    )


def _trait(row: Row) -> str:
    return str(row["trait"])


def _strata(told: Performance) -> list[dict[str, Any]]:
    """Prepare the table of every trait of which something is known."""
    grouped = [(name, list(rows)) for name, rows in groupby(told.strata, key=_trait) if name != "pool"]
    return [_stratum(name, rows) for name, rows in grouped if {row["label"] for row in rows} - {words.NOT_SAID}]


def _stratum(trait: str, rows: list[Row]) -> dict[str, Any]:
    """Prepare the table of a trait; of many codes the largest stand, the rest together."""
    whole = sum((row["unpaid_amount"] for row in rows), ZERO)
    shown: list[Row] = rows
    if trait in ("region", "category") and len(rows) > LARGEST:
        rest = rows[LARGEST:]
        sums = {name: sum(row[name] for row in rest) for name in ("receivable_count", "unpaid_amount")}
        blank = dict.fromkeys(MEANS)
        shown = [*rows[:LARGEST], {**blank, **sums, "label": f"{len(rest)} others"}]
    longest = max((row["unpaid_amount"] for row in shown), default=ZERO) or Decimal(1)
    lines = [
        {**row, "share": words.share(row["unpaid_amount"], whole), "bar": float(row["unpaid_amount"] / longest)}
        for row in shown
    ]
    total = {"count": sum(row["receivable_count"] for row in rows), "amount": whole}
    return {"trait": trait, "title": titles.stratum_title(trait, rows), "rows": lines, "total": total}


def _buckets(told: Performance) -> list[dict[str, Any]]:
    by_name = {row["bucket"]: row for row in told.delinquencies}
    whole = sum((row["unpaid_amount"] for row in told.delinquencies), ZERO)
    none = {"receivable_count": 0, "unpaid_amount": ZERO, "arrears_amount": ZERO}
    found = [{**none, **by_name.get(name, {}), "bucket": name} for name in BUCKETS]
    return [{**row, "share": words.share(row["unpaid_amount"], whole)} for row in found]


def _rolls(rows: Sequence[Row]) -> list[dict[str, Any]]:
    found = []
    for bucket in ("current", *LATE):
        moves = {row["to_bucket"]: row for row in rows if row["from_bucket"] == bucket}
        count = max((row["from_count"] for row in moves.values()), default=0)
        shares = [moves[name]["move_count"] / count if count else None for name in ENDS if name in moves]
        if moves:
            found.append({"bucket": bucket, "count": count, "shares": shares, "stays": ENDS.index(bucket)})
    return found


def _static_rows(vintages: Sequence[Vintage]) -> list[dict[str, Any]]:
    """Give each purchase with its cumulative default at some ages."""
    return [
        {
            "vintage": one,
            "last": one.rates[-1] if one.rates else None,
            "months": sum(month.is_over for month in one.months),
            "shares": [_at(one.rates, one.months, month) for month in _ages(vintages)],
        }
        for one in vintages
    ]


AGES = (1, 2, 3, 6, 9, 12, 18, 24, 36)


def _ages(vintages: Sequence[Vintage]) -> list[int]:
    """Give the ages at which purchases are shown, as far as the oldest has come."""
    most = max((month.number for one in vintages for month in one.months if month.is_over), default=0)
    return [age for age in AGES if age <= most]


def _at(rates: Sequence[Rates], months: Sequence[Any], number: int) -> float | None:
    return next((r.default_rate for r, m in zip(rates, months, strict=True) if r.number == number and m.is_over), None)


def _cash_months(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Sum up days of cash by calendar month."""
    names = ("due", "in_time", "late", "fallen_away", "open", "collected")
    months = groupby(
        sorted(rows, key=lambda row: row["happened_on"]), key=lambda row: row["happened_on"].replace(day=1)
    )
    held = ((month, list(each)) for month, each in months)
    return [
        {"month": month, **{name: sum((row[f"{name}_amount"] for row in each), ZERO) for name in names}}
        for month, each in held
    ]


def _breaches(rows: Sequence[Row]) -> list[Row]:
    ordered = sorted(
        rows, key=lambda row: (not row["is_held"], -row["unpaid_amount"], row["receivable_id"], row["code"])
    )
    return ordered[:SHOWN_ROWS]


def _breach_codes(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Count what fails by criterion."""
    codes = sorted({row["code"] for row in rows})
    found = ([row for row in rows if row["code"] == code] for code in codes)
    return [
        {
            "code": mine[0]["code"],
            "clause": mine[0]["clause"],
            "threshold": mine[0]["threshold"],
            "count": len(mine),
            "held": sum((row["unpaid_amount"] for row in mine if row["is_held"]), ZERO),
        }
        for mine in found
    ]
