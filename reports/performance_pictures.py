"""Pictures of a pool's life: each says one thing, and its title states it."""

from itertools import groupby
from typing import Any

from reports import charts, curves, words
from reports import performance_titles as titles
from reports.curves import Column, Line
from reports.performance import LATE, ZERO, Performance, Row, late_share

SHOWN_DAYS = 45
"""Days of cash that the turnover picture shows, the latest ones."""


def pictures(told: Performance, currency: str) -> dict[str, charts.Picture]:
    """Draw what a picture says better than a table; each says one thing."""
    drawn = {}
    if any(one.rates for one in told.vintages):
        default, worst = titles.default_title(told.vintages)
        loss, lossy = titles.loss_title(told.vintages)
        drawn["default"] = _vintage_lines(told, "default_rate", default, worst)
        drawn["loss"] = _vintage_lines(told, "loss_rate", loss, lossy)
        drawn["speed"] = _speed_lines(told)
    if len({row["as_of"] for row in told.history}) > 1:
        drawn["history"] = _history_columns(told)
    if told.life:
        drawn["roll"] = curves.moving_picture(titles.roll_title(told, currency), _steps(told.life), words.compact)
    if told.outlook:
        columns = [_ahead(row) for row in told.outlook if row["month_number"] <= 24]
        title = titles.outlook_title(told, currency)
        drawn["outlook"] = curves.columns_picture(
            title, columns, "months ahead", (("batch", "principal"),), words.compact
        )
    if told.turnovers:
        columns = [_cash_column(row) for row in told.turnovers[-SHOWN_DAYS:]]
        keys = (("kept", "turned over"), ("held", "outstanding"), ("overdue", "later than allowed"))
        title = titles.waiting_title(told.turnovers[-SHOWN_DAYS:], SHOWN_DAYS)
        drawn["turnover"] = curves.columns_picture(title, columns, "day on which the cash came in", keys, words.compact)
    return drawn


def _vintage_lines(told: Performance, name: str, title: str, worst: str) -> charts.Picture:
    lines = [
        Line(
            words.day(one.bought_on),
            ((0, 0.0), *((r.number, value) for r in one.rates if (value := getattr(r, name)) is not None)),
            "told" if one.purchase_id == worst and len(told.vintages) > 1 else "one",
        )
        for one in told.vintages
    ]
    whole = tuple((r.number, value) for r in told.together if (value := getattr(r, name)) is not None)
    keys = [("one", "a purchase"), ("all", "all together")]
    if len(told.vintages) > 1:
        keys.insert(1, ("told", "the highest"))
    return curves.lines_picture(title, [*lines, Line("all", ((0, 0.0), *whole), "all")], "months since purchase", keys)


def _speed_lines(told: Performance) -> charts.Picture:
    paid = tuple((r.number, r.payment_rate) for r in told.together if r.payment_rate is not None)
    fast = tuple((r.number, r.smm) for r in told.together if r.smm is not None)
    lines = [Line("payment rate", paid, "all"), Line("prepaid", fast, "told")]
    title = titles.pace_title(told)
    keys = (("all", "all cash (payment rate)"), ("told", "prepaid (SMM)"))
    return curves.lines_picture(title, lines, "months since purchase", keys)


def _history_columns(told: Performance) -> charts.Picture:
    days = days_known(told)
    columns = [
        Column(f"{one['as_of']:%y-%m}", tuple(zip(("late1", "late2", "late3", "late4"), one["shares"], strict=True)))
        for one in days
    ]
    keys = tuple((f"late{place}", name) for place, name in enumerate(LATE, 1))
    title = titles.history_title([list(rows) for _, rows in groupby(told.history, key=lambda row: row["as_of"])])
    return curves.columns_picture(title, columns, "last day followed in each month", keys, words.percent)


def _steps(life: Row) -> list[tuple[str, float]]:
    """Give the steps of a roll-forward; those of nothing are left out."""
    steps = [("bought", life["opening_amount"] + life["bought_amount"])]
    names = (
        ("collected", "collected"),
        ("refunded", "refunded"),
        ("written_off", "written off"),
        ("corrected", "corrected"),
    )
    leaving = (("released", "released"), ("repurchased", "bought back"))
    steps += [(word, -life[f"{name}_amount"]) for name, word in (*names, *leaving) if life[f"{name}_amount"]]
    return [(word, float(amount)) for word, amount in (*steps, ("owed", life["closing_amount"]))]


def _ahead(row: Row) -> Column:
    label = "due" if row["month_number"] == 0 else str(row["month_number"])
    return Column(label, (("batch" if row["month_number"] else "overdue", float(row["scheduled_amount"])),))


def _cash_column(row: Row) -> Column:
    late = "overdue" if row["late_days"] else "held"
    parts = (("kept", max(float(row["turned_over_amount"]), 0.0)), (late, max(float(row["outstanding_amount"]), 0.0)))
    return Column(f"{row['collected_on']:%m-%d}", parts)


def days_known(told: Performance) -> list[dict[str, Any]]:
    """Give each known day with the shares of its late buckets."""
    days = groupby(told.history, key=lambda row: row["as_of"])
    return [
        {"as_of": day, "unpaid": sum((row["unpaid_amount"] for row in rows), ZERO),
         "shares": [late_share(rows, name) or 0.0 for name in LATE]}
        for day, rows in ((day, list(each)) for day, each in days)
    ]  # fmt: skip
