"""The wide row of a receivable in DuckDB's SQL, from the very files of the tables: a second reading of what was known.

Nothing here is shared with the engine's view but the declared tables and the names of columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from pool.deal import CHAMPION, Deal
from pool.duckdb_others import others_join
from pool.vocabulary import GROUPS, visible_columns
from schemas import derived, events, lending, parties
from schemas.duckdb_expression import TYPES, quoted, text_literal
from schemas.moments import day_start
from schemas.table import Table

LOGS = (
    lending.RECEIVABLES,
    parties.BORROWERS,
    parties.MERCHANTS,
    events.ORDERS,
    parties.CREDIT_REPORTS,
    parties.BLACKLIST,
)
TABLES = (*LOGS, derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS)
PLEDGED = "pledged"
"""What pools hold: `receivable_key` and `deal`."""

_JOINS = {
    "receivable": "visible_receivables {0} ON {0}.receivable_id = state.receivable_id",
    "tag": "receivable_tags {0} ON {0}.receivable_id = state.receivable_id",
    "borrower": "visible_borrowers {0} ON {0}.borrower_id = receivable.borrower_id",
    "merchant": "visible_merchants {0} ON {0}.merchant_id = receivable.merchant_id",
    "order": "visible_orders {0} ON {0}.order_id = receivable.order_id",
    "report": "latest_reports {0} ON {0}.borrower_id = receivable.borrower_id",
    "exposure": "exposures {0} ON {0}.borrower_id = receivable.borrower_id",
    "position": "pledged {0} ON {0}.receivable_key = state.receivable_key",
}
"""How each group meets the state of a receivable, in an order in which what a group needs stands before it."""
_NEEDS = {
    "borrower": ("receivable",),
    "merchant": ("receivable",),
    "order": ("receivable",),
    "report": ("receivable",),
    "exposure": ("receivable",),
    "blacklist": ("receivable", "order"),
}
_SUBJECTS = {
    "is_borrower_listed": ("BORROWER", "receivable.borrower_id"),
    "is_merchant_listed": ("MERCHANT", "receivable.merchant_id"),
    "is_device_listed": ("DEVICE", '"order".device_id'),
}
_LATEST_REPORTS = """
    SELECT * FROM visible_credit_reports
    QUALIFY row_number() OVER (PARTITION BY borrower_id ORDER BY happened_at DESC, known_at DESC, report_id DESC) = 1"""
_EXPOSURES = """
    SELECT borrower_id,
        coalesce(max(days_past_due) FILTER (is_open OR is_written_off), 0) AS max_days_past_due,
        max(worst_days_past_due) AS worst_days_past_due,
        CAST(coalesce(sum(current_principal_amount) FILTER (is_open), 0) AS DECIMAL(18,2)) AS total_principal_amount,
        count(*) FILTER (is_open) AS open_count,
        count(*) FILTER (is_written_off) AS written_off_count
    FROM receivable_states GROUP BY borrower_id"""


def view_statements(columns: Mapping[str, Sequence[str] | None], as_of: date, time_zone: str) -> list[str]:
    """Give statements that make one view for each table, cut at the start of the day.

    Args:
        columns: For each table the columns that its files have; None for a table without files.
        as_of: The cut-off.
        time_zone: Where its day begins.
    """
    cut = day_start(as_of, time_zone)
    made = [_view(f"stored_{table.name}", _typed(table, columns.get(table.name))) for table in TABLES]
    made += [_view(f"visible_{table.name}", _visible(table, cut)) for table in LOGS]
    for table in (derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS):
        made.append(_view(table.name, f"SELECT * FROM stored_{table.name}"))
    listed = f"SELECT DISTINCT subject_type, subject_id FROM visible_blacklist WHERE {_lasts(cut)}"
    more = {"latest_reports": _LATEST_REPORTS, "exposures": _EXPOSURES, "listed": listed}
    return made + [_view(name, text) for name, text in more.items()]


def wide_sql(names: Iterable[str], deal: Deal, as_of: date, champion: str | None, where: str) -> str:
    """Give the query of the wide rows: one for each open receivable, one column for each of those dotted names.

    Args:
        names: What is asked of the receivables; the id and the key always stand there.
        deal: Whose words `deal.*` are.
        as_of: The cut-off.
        champion: Version that `champion` among the deal's approved models stands for.
        where: Which receivables, as a condition on `state`.
    """
    others = {one.name: f"others.{quoted(one.name)}" for one in deal.others}
    words = {**deal_words(deal, as_of, champion), **others}
    wanted = sorted({"state.receivable_id", "state.receivable_key", *names})
    columns = ", ".join(f"{words.get(name) or _column(name)} AS {quoted(name)}" for name in wanted)
    groups = {name.split(".")[0] for name in wanted if name not in others} | (
        {"tag"} if "deal.approves_model" in wanted else set()
    )
    for group in tuple(groups):
        groups |= set(_NEEDS.get(group, ()))
    joins = " ".join(f"LEFT JOIN {text.format(quoted(group))}" for group, text in _JOINS.items() if group in groups)
    joins += others_join(deal.others, where) if deal.others else ""
    return f"SELECT {columns} FROM receivable_states state {joins} WHERE {where}"


def deal_words(deal: Deal, as_of: date, champion: str | None) -> dict[str, str]:
    """Give what the deal itself says, as SQL by dotted name."""
    days = deal.calendar
    versions = [version for version in deal.approved_models if version != CHAMPION]
    versions += [champion] if champion and CHAMPION in deal.approved_models else []
    approved = f"tag.model_version IN ({', '.join(map(text_literal, versions))})" if versions else "false"
    return {
        "deal.as_of": f"DATE '{as_of}'",
        "deal.revolving_end_on": f"DATE '{days.revolving_end_on}'",
        "deal.expected_maturity_on": f"DATE '{days.expected_maturity_on}'",
        "deal.legal_final_on": f"DATE '{days.legal_final_on}'",
        "deal.currency": text_literal(deal.currency),
        "deal.score_max_age_days": f"CAST({deal.score_max_age_days} AS BIGINT)",
        "deal.approves_model": f"(CASE WHEN tag.model_version IS NOT NULL THEN {approved} END)",
    }


def _view(name: str, query: str) -> str:
    return f"CREATE OR REPLACE VIEW {name} AS {query}"


def _typed(table: Table, there: Sequence[str] | None) -> str:
    """Give a table's declared columns in their declared types; null where its files lack one."""
    held = frozenset(there or ())
    columns = ", ".join(
        f"CAST({each.name if each.name in held else 'NULL'} AS {TYPES[each.kind]}) AS {each.name}"
        for each in table.columns
    )
    return f"SELECT {columns} FROM files_{table.name}" if there is not None else f"SELECT {columns} WHERE false"


def _visible(table: Table, cut: datetime) -> str:
    """Give of every thing in a log the version that was in force, none where it was withdrawn."""
    moment = _moment(cut)
    known = f"SELECT * FROM stored_{table.name} WHERE known_at < {moment} AND happened_at < {moment}"
    key = ", ".join(table.key)
    newest = f"SELECT {key}, max(known_at) AS known_at FROM ({known}) GROUP BY {key}"
    return f"SELECT * FROM ({known}) SEMI JOIN ({newest}) USING ({key}, known_at) WHERE NOT is_deleted"


def _lasts(cut: datetime) -> str:
    return f"ended_at IS NULL OR ended_at > {_moment(cut)}"


def _moment(at: datetime) -> str:
    return f"TIMESTAMPTZ '{at.isoformat()}'"


def _column(name: str) -> str:
    group, column = name.split(".")
    if group == "blacklist":
        kind, subject = _SUBJECTS[column]
        return f"coalesce({subject} IN (SELECT subject_id FROM listed WHERE subject_type = '{kind}'), false)"
    if name == "position.is_pledged":
        return "(position.receivable_key IS NOT NULL)"
    if column not in {each.name for each in visible_columns(group)} or group not in GROUPS:
        raise KeyError(name)
    return f"{quoted(group)}.{column}"
