"""Screening in plain Python, one receivable at a time: the wide row by lookups, the outcomes by the plain language."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pool.deal import Deal, parsed
from pool.vocabulary import GROUPS, in_order, visible_columns
from schemas.expression_nodes import Others
from schemas.moments import day_start
from schemas.table import Kind
from tests.oracles.expression import evaluate, value_of

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


def wide_rows(
    logs: Rows, states: Sequence[Row], tags: Sequence[Row], pledged: Sequence[Row], at: datetime
) -> list[Row]:
    """Give the dotted row of each open receivable."""
    return [wide_row(state, logs, states, tags, pledged, at) for state in states if state["is_open"]]


def wide_row(
    state: Row, logs: Rows, states: Sequence[Row], tags: Sequence[Row], pledged: Sequence[Row], at: datetime
) -> Row:
    receivable = first(logs["receivables"], "receivable_id", state["receivable_id"])
    order = first(logs["orders"], "order_id", receivable.get("order_id"))
    reports = sorted(
        (row for row in logs["credit_reports"] if row["borrower_id"] == receivable.get("borrower_id")),
        key=lambda row: (row["happened_at"], row["known_at"], row["report_id"]),
    )
    position = first(pledged, "receivable_key", state["receivable_key"])
    groups = {
        "state": state,
        "receivable": receivable,
        "tag": first(tags, "receivable_id", state["receivable_id"]),
        "borrower": first(logs["borrowers"], "borrower_id", receivable.get("borrower_id")),
        "merchant": first(logs["merchants"], "merchant_id", receivable.get("merchant_id")),
        "order": order,
        "report": reports[-1] if reports else {},
        "blacklist": {
            "is_borrower_listed": listed(logs["blacklist"], "BORROWER", receivable.get("borrower_id"), at),
            "is_merchant_listed": listed(logs["blacklist"], "MERCHANT", receivable.get("merchant_id"), at),
            "is_device_listed": listed(logs["blacklist"], "DEVICE", order.get("device_id"), at),
        },
        "exposure": exposure([row for row in states if row["borrower_id"] == receivable.get("borrower_id")]),
        "position": {"is_pledged": bool(position), "deal": position.get("deal")},
    }
    names = [(group, column.name) for group in GROUPS if group != "deal" for column in visible_columns(group)]
    return {f"{group}.{name}": groups[group].get(name) for group, name in names}


def first(rows: Sequence[Row], key: str, wanted: object) -> Row:
    return next((row for row in rows if wanted is not None and row[key] == wanted), {})


def listed(rows: Sequence[Row], subject_type: str, subject_id: object, at: datetime) -> bool:
    return any(
        row["subject_type"] == subject_type
        and row["subject_id"] == subject_id
        and (row["ended_at"] is None or row["ended_at"] > at)
        for row in rows
    )


def exposure(states: Sequence[Row]) -> Row:
    if not states:
        return {}
    unpaid = [row for row in states if row["is_open"] or row["is_written_off"]]
    is_open = [row for row in states if row["is_open"]]
    return {
        "max_days_past_due": max((row["days_past_due"] for row in unpaid), default=0),
        "worst_days_past_due": max(row["worst_days_past_due"] for row in states),
        "total_principal_amount": sum((row["current_principal_amount"] for row in is_open), Decimal(0)),
        "open_count": len(is_open),
        "written_off_count": sum(row["is_written_off"] for row in states),
    }


def all_rows(states: Sequence[Row], contracts: Sequence[Row]) -> list[Row]:
    """Give dotted rows of all receivables, open or not; of one without a contract nothing is known but its state."""
    names = [column.name for column in visible_columns("receivable")]
    found = []
    for state in states:
        contract = first(contracts, "receivable_id", state["receivable_id"])
        row = {f"state.{name}": value for name, value in state.items()}
        found.append(row | {f"receivable.{name}": contract.get(name) for name in names})
    return found


def of_others(asked: Others, own: str, every: Sequence[Row]) -> Any:
    """Give what is asked of the borrower's other receivables, one by one over dotted rows of all receivables."""
    borrower = next(row["state.borrower_id"] for row in every if row["state.receivable_id"] == own)
    rows = [row for row in every if row["state.borrower_id"] == borrower and row["state.receivable_id"] != own]
    meant = [value_of(asked.condition, row) for row in rows]
    if asked.function == "others_exist":
        return True if True in meant else None if None in meant else False
    let_in = [row for row, is_meant in zip(rows, meant, strict=True) if is_meant]
    values = [value_of(asked.value, row) for row in let_in] if asked.value else []
    if None in meant or None in values:
        return None
    if asked.function == "others_count":
        return len(let_in)
    if asked.function == "others_sum":
        return sum(values, Decimal("0.00") if asked.kind is Kind.MONEY else 0)
    best = {"others_max": max, "others_min": min}[asked.function]
    return best(values) if values else value_of(asked.none or asked.condition, {})


def deal_words(deal: Deal, row: Row, as_of: date, champion: str | None) -> Row:
    """Give what the deal itself says, for one receivable."""
    approved = {champion if version == "champion" else version for version in deal.approved_models}
    version = row["tag.model_version"]
    return {
        "deal.as_of": as_of,
        "deal.revolving_end_on": deal.calendar.revolving_end_on,
        "deal.expected_maturity_on": deal.calendar.expected_maturity_on,
        "deal.legal_final_on": deal.calendar.legal_final_on,
        "deal.currency": deal.currency,
        "deal.score_max_age_days": deal.score_max_age_days,
        "deal.approves_model": None if version is None else version in approved,
    }


def judge(
    deal: Deal, row: Row, as_of: date, champion: str | None, every: Sequence[Row] = ()
) -> tuple[str, dict[str, str]]:
    """Give the outcomes of one receivable, and what was seen for each criterion that did not pass.

    `every` has the states and contracts of all receivables, for what the deal asks of the borrower's others.
    """
    full = {**row, **deal_words(deal, row, as_of, champion)}
    full |= {one.name: of_others(one, row["state.receivable_id"], every) for one in deal.others}
    letters, seen = "", {}
    for criterion in deal.criteria:
        expression = parsed(criterion.expression)
        letter = {True: "P", False: "F", None: "U"}[evaluate(expression, full)]
        letters += letter
        if letter != "P":
            names = in_order(expression.columns)
            seen[criterion.code] = "; ".join(f"{name}={shown(full[name])}" for name in names)
    return letters, seen


def shown(value: object) -> str:
    """Write a value as the failures show it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        rounded = Decimal(abs(value)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        return f"{'-' if value < 0 and rounded else ''}{rounded}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def cut_off(as_of: date, time_zone: str) -> datetime:
    return day_start(as_of, time_zone)
