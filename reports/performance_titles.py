"""The sentence over each part of a pool's life, computed from what it shows."""

from collections.abc import Sequence
from decimal import Decimal

from reports import words
from reports.performance import LATE, ZERO, Performance, Row, Vintage, late_share

ALIKE = 0.00005
"""Shares nearer than this read the same."""


def strata_title(told: Performance, currency: str) -> str:
    """Say what the pool is, in one breath."""
    whole = told.whole
    if whole is None:
        return "The pool holds nothing that is owed"
    rate, left = words.percent(whole["annual_rate_mean"]), words.figure(whole["remaining_periods_mean"], 1)
    size, many = (
        words.short_money(whole["unpaid_amount"], currency),
        words.many(whole["receivable_count"], "receivable"),
    )
    return f"{many} owe {size}, at {rate} a year with {left} instalments left"


def stratum_title(trait: str, rows: Sequence[Row]) -> str:
    """Name the largest part of a trait."""
    whole = sum((row["unpaid_amount"] for row in rows), ZERO)
    top = max(rows, key=lambda row: (row["unpaid_amount"], row["label"]))
    part = words.percent(words.share(top["unpaid_amount"], whole), 0)
    return f"{trait[:1].upper()}{trait[1:]}: {part} of the pool is {top['label']}"


def late_title(told: Performance) -> str:
    """Say how much of the pool is late."""
    any_late, severe = told.late_share(*LATE), told.late_share("61-90", "91+")
    if any_late is None:
        return "Nothing is owed, so nothing is late"
    return f"{words.percent(any_late)} of the pool is late, {words.percent(severe, 2)} by more than 60 days"


def history_title(days: Sequence[Sequence[Row]]) -> str:
    """Say how lateness of more than 30 days has moved since the first day that is known."""
    seen = [share for rows in days if (share := late_share(rows, *LATE[1:])) is not None]
    if len(seen) < 2:
        return "One day is known so far"
    gap = seen[-1] - seen[0]
    word = "has stayed" if abs(gap) < 0.0005 else "has risen" if gap > 0 else "has fallen"
    ends = f" from {words.percent(seen[0], 2)} to {words.percent(seen[-1], 2)}" if abs(gap) >= 0.0005 else ""
    return f"More than 30 days late {word}{ends or ' at ' + words.percent(seen[-1], 2)}"


def rolls_title(rows: Sequence[Row]) -> str:
    """Name the first bucket from which more get worse than get well."""
    order = ("current", *LATE)
    for bucket in order[1:-1]:
        moves = {row["to_bucket"]: row["move_count"] for row in rows if row["from_bucket"] == bucket}
        worse = sum(moves.get(name, 0) for name in (*order[order.index(bucket) + 1 :], "written off"))
        better = sum(moves.get(name, 0) for name in (*order[: order.index(bucket)], "paid off"))
        if worse > better:
            return f"From {bucket} days past due, more get worse within a month than get well"
    return "From every bucket, more get well within a month than get worse"


def static_title(told: Performance) -> str:
    """Say what came of everything that was bought."""
    defaulted, lost = told.so_far("default_rate"), told.so_far("loss_rate")
    if defaulted is None:
        return "Nothing can be said of the purchases yet"
    return f"{words.percent(defaulted, 2)} of all that was bought has been in default, {words.percent(lost, 2)} is lost"


def default_title(vintages: Sequence[Vintage]) -> tuple[str, str]:
    """Say which purchase has defaulted most, at the greatest age that two have come to; give its id too."""
    return _compared(vintages, "default_rate", "in default", "No purchase has been held for a whole month")


def loss_title(vintages: Sequence[Vintage]) -> tuple[str, str]:
    """The same of net loss."""
    return _compared(vintages, "loss_rate", "lost", "No loss can be compared yet")


def _compared(vintages: Sequence[Vintage], name: str, word: str, nothing: str) -> tuple[str, str]:
    ages = [sum(month.is_over for month in one.months) for one in vintages]
    age = sorted(ages, reverse=True)[:2][-1] if ages else 0
    seen = [
        (value, one.purchase_id, one)
        for one, reached in zip(vintages, ages, strict=True)
        if reached >= age > 0 and (value := getattr(one.rates[age - 1], name)) is not None
    ]
    if not seen:
        return nothing, ""
    value, purchase, worst = max(seen)
    months = words.many(age, "month")
    if value <= 0:
        return f"Nothing was {word} after {months} in any purchase", ""
    if len(seen) == 1:
        return f"After {months}, {words.percent(value, 2)} of the principal bought was {word}", purchase
    least = min(seen)[0]
    if value - least < ALIKE:
        return f"After {months}, {words.percent(value, 2)} was {word} in every purchase that has come so far", ""
    said = f"After {months}, {words.percent(value, 2)} of the purchase of {words.day(worst.bought_on)} was {word}"
    return f"{said}, {words.percent(least, 2)} of the best", purchase


def speed_title(told: Performance) -> str:
    """Say how fast principal comes back ahead of its schedule, and what that does to the average life."""
    smm = told.smm
    if smm is None:
        return "No month is over, so no speed is known"
    plain, fast = told.average_life(), told.average_life(smm)
    cpr = words.percent(1 - (1 - smm) ** 12)
    if plain is None or fast is None:
        return f"{words.percent(smm, 2)} a month is prepaid (CPR {cpr})"
    lives = f"average life {words.figure(fast, 1)} months, {words.figure(plain, 1)} by schedule"
    return f"{words.percent(smm, 2)} a month is prepaid (CPR {cpr}): {lives}"


def pace_title(told: Performance) -> str:
    """Say what came back in the last month that any purchase has come to."""
    last = next((one for one in reversed(told.together) if one.payment_rate is not None), None)
    if last is None:
        return "No month is over yet"
    ahead = f", {words.percent(last.smm)} ahead of schedule" if last.smm is not None else ""
    return f"In month {last.number}, {words.percent(last.payment_rate)} of what was owed came back{ahead}"


def outlook_title(told: Performance, currency: str) -> str:
    """Say how much principal falls due within three months."""
    soon = sum((row["scheduled_amount"] for row in told.outlook if 1 <= row["month_number"] <= 3), ZERO)
    whole = sum((row["scheduled_amount"] for row in told.outlook), ZERO)
    if not whole:
        return "Nothing falls due any more"
    part = words.percent(words.share(soon, whole), 0)
    return f"{words.short_money(soon, currency)} of principal, {part}, falls due within three months"


def cash_title(told: Performance, currency: str) -> str:
    """Say what became of all that fell due."""
    due = sum((row["due_amount"] for row in told.collections), ZERO)
    if not due:
        return "Nothing has fallen due yet"
    parts = {
        name: sum((row[f"{name}_amount"] for row in told.collections), ZERO) for name in ("in_time", "late", "open")
    }
    came = {name: words.percent(words.share(value, due)) for name, value in parts.items()}
    size = words.short_money(due, currency)
    return f"Of {size} that fell due, {came['in_time']} came in time, {came['late']} late, {came['open']} is open"


def turnover_title(told: Performance, currency: str) -> str:
    """Say whether the servicer turned over what it had collected."""
    outstanding = sum((row["outstanding_amount"] for row in told.turnovers), ZERO)
    late = sum((row["outstanding_amount"] for row in told.turnovers if row["late_days"]), ZERO)
    if not told.turnovers:
        return "No cash has come in yet"
    if any(row["code"] == "TURNOVER_UNKNOWN" for row in told.alarms):
        return f"No statement of the pool's account: nobody knows where {words.short_money(outstanding, currency)} is"
    if told.allowed_days is None:
        return f"{words.short_money(outstanding, currency)} was not turned over; the deal says no days"
    if late > 0:
        return f"{words.short_money(late, currency)} was not turned over within {words.many(told.allowed_days, 'day')}"
    return f"All cash older than {words.many(told.allowed_days, 'day')} was turned over"


def waiting_title(rows: Sequence[Row], days: int) -> str:
    """Say how much of the latest days' cash waits."""
    waits = sum((row["outstanding_amount"] for row in rows), ZERO)
    late = sum((row["outstanding_amount"] for row in rows if row["late_days"]), ZERO)
    span = words.many(days, "day")
    if not waits:
        return f"None of the cash of the latest {span} waits"
    return f"{words.money(waits)} of the latest {span} waits, {words.money(late)} of it longer than allowed"


def roll_title(told: Performance, currency: str) -> str:
    """Say how much of what was bought is still owed, and whether every cent has a name."""
    life = told.life
    if life is None:
        return "The pool was not rolled forward"
    kept = words.percent(words.share(life["closing_amount"], life["bought_amount"]), 0)
    gap = life["difference_amount"]
    closes = "and every cent has a name" if not gap else f"and {words.money(gap)} moved without a name"
    return f"Of {words.short_money(life['bought_amount'], currency)} bought, {kept} is still owed, {closes}"


def dilution_title(told: Performance, currency: str) -> str:
    """Say how much was refunded after the sale."""
    given = sum((row["refunded_amount"] for row in told.dilutions), ZERO)
    life = told.life
    if not given:
        return "Nothing was refunded after the sale"
    part = words.percent(words.share(given, life["bought_amount"] if life else Decimal(0)), 2)
    return f"{words.short_money(given, currency)}, {part} of what was bought, was refunded after the sale"


def breaches_title(told: Performance, currency: str) -> str:
    """Say what the seller should buy back."""
    if not told.breaches:
        return "Nothing that was bought turned out ineligible"
    found = {(row["purchase_id"], row["receivable_id"]): row for row in told.breaches}
    held = sum((row["unpaid_amount"] for row in found.values() if row["is_held"]), ZERO)
    many = words.many(len(found), "receivable")
    plural, back = "was" if len(found) == 1 else "were", words.short_money(held, currency)
    return f"{many} {plural} not eligible at the cut-off by what is known now: {back} to buy back"


def drift_title(told: Performance) -> str:
    """Name the trait of a later purchase that lies farthest from the first."""
    moved = [row for row in told.drifts if row["stability_index"] > row["noise"]]
    if not told.drifts:
        return "There is one purchase so far"
    if not moved:
        return "Later purchases do not differ from the first by more than chance would"
    worst = max(moved, key=lambda row: (row["stability_index"], row["trait"]))
    trait = str(worst["trait"]).replace("_", " ")
    index = words.figure(worst["stability_index"], 2)
    return f"The purchase of {words.day(worst['bought_on'])} differs most from the first by {trait}: index {index}"
