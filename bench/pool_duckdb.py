"""The benchmark's 46 criteria in one DuckDB query, written by hand as somebody would who knows DuckDB well.

Usage: pool_duckdb.py TIMES DATA OUT HOW
HOW says how failures are written: `list` (beside the outcomes, a list of code and values) or `texts` (a column for each
criterion, null where it passes). Prints the seconds of each run as JSON.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

CRITERIA = {
    "E01": ("customer_type = 'NATURAL_PERSON'", ("borrower.customer_type",)),
    "E02": ("residency_country = 'CHN'", ("borrower.residency_country",)),
    "E03": ("age_at_origination BETWEEN 18 AND 60", ("receivable.originated_on", "borrower.born_on")),
    "E04": ("age_at_end <= 65", ("state.final_due_on", "borrower.born_on")),
    "E05": ("kyc_status = 'VERIFIED' AND kyc_factor_count >= 3", ("borrower.kyc_status", "borrower.kyc_factor_count")),
    "E06": ("NOT is_deceased AND NOT is_insolvent", ("borrower.is_deceased", "borrower.is_insolvent")),
    "E07": ("NOT is_borrower_listed", ("blacklist.is_borrower_listed",)),
    "E07D": ("NOT is_device_listed", ("blacklist.is_device_listed",)),
    "E08": ("NOT is_related_party", ("borrower.is_related_party",)),
    "E09": (
        "exposed_days_past_due = 0 AND exposed_written_off_count = 0",
        ("exposure.max_days_past_due", "exposure.written_off_count"),
    ),
    "E10": ("is_signed", ("receivable.is_signed",)),
    "E11": (
        "disbursed_amount = lent_amount AND disbursed_on < as_of",
        (
            "receivable.disbursed_on",
            "receivable.original_principal_amount",
            "receivable.disbursed_amount",
            "deal.as_of",
        ),
    ),
    "E12": (
        "order_status IN ('DELIVERED', 'COMPLETED') AND credit_amount >= lent_amount",
        ("receivable.original_principal_amount", "order.order_status", "order.credit_amount"),
    ),
    "E13": (
        "next_due_on IS NOT NULL AND final_due_on IS NOT NULL AND current_principal_amount > 0",
        ("state.current_principal_amount", "state.next_due_on", "state.final_due_on"),
    ),
    "E14": ("NOT is_refund_open AND refunded_amount = 0", ("state.refunded_amount", "state.is_refund_open")),
    "E15": ("NOT is_disputed AND NOT has_setoff", ("receivable.has_setoff", "state.is_disputed")),
    "E16": (
        "merchant_status = 'ACTIVE' AND NOT is_under_review AND NOT is_merchant_listed",
        ("merchant.merchant_status", "merchant.is_under_review", "blacklist.is_merchant_listed"),
    ),
    "E17": (
        "NOT is_virtual_goods AND category_code NOT IN ('TOPUP', 'GAME', 'VOUCHER')",
        ("receivable.category_code", "order.is_virtual_goods"),
    ),
    "E18": ("purpose IN ('SHOPPING', 'SERVICE')", ("receivable.purpose",)),
    "E19": ("currency = 'CNY'", ("receivable.currency", "deal.currency")),
    "E20": ("days_past_due = 0", ("state.days_past_due",)),
    "E21": ("worst_days_past_due <= 7", ("state.worst_days_past_due",)),
    "E22": ("late_count <= 2", ("state.late_count",)),
    "E24": ("NOT is_written_off AND written_off_amount = 0", ("state.written_off_amount", "state.is_written_off")),
    "E25": ("restructure_count = 0 AND extension_count = 0", ("state.extension_count", "state.restructure_count")),
    "E26": ("as_of - originated_on >= 1", ("receivable.originated_on", "deal.as_of")),
    "E27": ("term_number = 1 OR term_number BETWEEN 3 AND 12", ("receivable.term_number",)),
    "E28": (
        "final_due_on > as_of AND DATE '2030-01-01' - final_due_on >= 60",
        ("state.final_due_on", "deal.as_of", "deal.legal_final_on"),
    ),
    "E29": ("final_due_on <= DATE '2028-01-01'", ("state.final_due_on", "deal.expected_maturity_on")),
    "E30": ("current_principal_amount BETWEEN 10 AND 50000", ("state.current_principal_amount",)),
    "E31": ("exposed_principal_amount <= 200000", ("exposure.total_principal_amount",)),
    "E32": ("annual_rate BETWEEN 0 AND 0.24", ("receivable.annual_rate",)),
    "E33": ("rate_type = 'FIXED'", ("receivable.rate_type",)),
    "E34": (
        "amortization IN ('EQUAL_INSTALMENT', 'EQUAL_PRINCIPAL') OR (amortization = 'BULLET' AND term_number = 1)",
        ("receivable.term_number", "receivable.amortization"),
    ),
    "E35": ("pay_frequency IN ('MONTHLY', 'BILL')", ("receivable.pay_frequency",)),
    "E36": ("is_auto_debit", ("receivable.is_auto_debit",)),
    "E38": (
        "default_probability <= 0.08 AND as_of - tagged_on BETWEEN 0 AND 31",
        ("tag.as_of", "tag.default_probability", "deal.as_of", "deal.score_max_age_days"),
    ),
    "E39": ("model_version IN ('3')", ("deal.approves_model",)),
    "E40": (
        "as_of - reported_on <= 120 AND overdue_amount = 0 AND inquiry_3m_count <= 10",
        ("report.inquiry_3m_count", "report.overdue_amount", "report.happened_at", "deal.as_of"),
    ),
    "E41": ("active_lender_count <= 8", ("report.active_lender_count",)),
    "E44": ("NOT is_pledged", ("position.is_pledged",)),
    "E46": ("NOT is_transfer_restricted", ("receivable.is_transfer_restricted",)),
    "E23": ("worst_bucket_24m_number <= 2", ("report.worst_bucket_24m_number",)),
    "E42": (
        "exposed_principal_amount <= 0.5::DOUBLE * annual_income_amount",
        ("borrower.annual_income_amount", "exposure.total_principal_amount"),
    ),
    "E43": ("originator_id = 'LENDER'", ("receivable.originator_id",)),
    "E45": (
        "current_principal_amount = principal_amount - paid_principal_amount - written_off_amount - corrected_amount",
        (
            "state.original_principal_amount",
            "state.paid_principal_amount",
            "state.written_off_amount",
            "state.corrected_amount",
            "state.current_principal_amount",
        ),
    ),
}
"""For each criterion its predicate over the joined row, and the values that it looks at."""

COLUMNS = {
    "receivable.original_principal_amount": "lent_amount",
    "state.original_principal_amount": "principal_amount",
    "exposure.max_days_past_due": "exposed_days_past_due",
    "exposure.written_off_count": "exposed_written_off_count",
    "exposure.total_principal_amount": "exposed_principal_amount",
    "tag.as_of": "tagged_on",
    "deal.currency": "'CNY'",
    "deal.legal_final_on": "DATE '2030-01-01'",
    "deal.expected_maturity_on": "DATE '2028-01-01'",
    "deal.score_max_age_days": "31",
    "deal.approves_model": "(model_version IN ('3'))",
    "tag.default_probability": "default_probability::DECIMAL(18,6)",
    "report.happened_at": "strftime(happened_at, '%Y-%m-%dT%H:%M:%SZ')",
}
"""What a value is called in the joined row, where it is not by its own name."""

JOINED = """
    SELECT
        s.receivable_id, s.receivable_key, s.final_due_on, s.next_due_on, s.current_principal_amount,
        s.original_principal_amount AS principal_amount, s.paid_principal_amount, s.written_off_amount,
        s.corrected_amount, s.refunded_amount, s.is_refund_open, s.is_disputed, s.is_written_off, s.days_past_due,
        s.worst_days_past_due, s.late_count, s.restructure_count, s.extension_count,
        r.originated_on, r.disbursed_on, r.disbursed_amount, r.original_principal_amount AS lent_amount, r.is_signed,
        r.has_setoff, r.category_code, r.purpose, r.currency, r.term_number, r.annual_rate, r.rate_type,
        r.amortization, r.pay_frequency, r.is_auto_debit, r.is_transfer_restricted, r.originator_id,
        t.default_probability, t.as_of AS tagged_on, t.model_version,
        b.customer_type, b.residency_country, b.born_on, b.kyc_status, b.kyc_factor_count, b.is_deceased,
        b.is_insolvent, b.is_related_party, b.annual_income_amount,
        m.merchant_status, m.is_under_review,
        o.order_status, o.credit_amount, o.is_virtual_goods,
        c.inquiry_3m_count, c.overdue_amount, c.active_lender_count, c.worst_bucket_24m_number,
        timezone('UTC', c.happened_at) AS happened_at, timezone('Asia/Shanghai', c.happened_at)::DATE AS reported_on,
        lb.subject_id IS NOT NULL AS is_borrower_listed, lm.subject_id IS NOT NULL AS is_merchant_listed,
        ld.subject_id IS NOT NULL AS is_device_listed,
        x.exposed_days_past_due, x.exposed_principal_amount, x.exposed_written_off_count,
        p.receivable_key IS NOT NULL AS is_pledged,
        DATE '2025-06-01' AS as_of,
        date_sub('year', b.born_on, r.originated_on) AS age_at_origination,
        date_sub('year', b.born_on, s.final_due_on) AS age_at_end
    FROM receivable_states s
    LEFT JOIN receivables r ON r.receivable_id = s.receivable_id
    LEFT JOIN receivable_tags t ON t.receivable_id = s.receivable_id
    LEFT JOIN borrowers b ON b.borrower_id = r.borrower_id
    LEFT JOIN merchants m ON m.merchant_id = r.merchant_id
    LEFT JOIN orders o ON o.order_id = r.order_id
    LEFT JOIN (
        SELECT DISTINCT ON (borrower_id) * FROM credit_reports
        ORDER BY borrower_id, happened_at DESC, known_at DESC, report_id DESC) c ON c.borrower_id = r.borrower_id
    LEFT JOIN listed lb ON lb.subject_type = 'BORROWER' AND lb.subject_id = r.borrower_id
    LEFT JOIN listed lm ON lm.subject_type = 'MERCHANT' AND lm.subject_id = r.merchant_id
    LEFT JOIN listed ld ON ld.subject_type = 'DEVICE' AND ld.subject_id = o.device_id
    LEFT JOIN (
        SELECT borrower_id, coalesce(max(days_past_due) FILTER (is_open OR is_written_off), 0) AS exposed_days_past_due,
            sum(current_principal_amount) FILTER (is_open)::DECIMAL(18,2) AS exposed_principal_amount,
            count(*) FILTER (is_written_off) AS exposed_written_off_count
        FROM receivable_states GROUP BY borrower_id) x ON x.borrower_id = s.borrower_id
    LEFT JOIN pledged p ON p.receivable_key = s.receivable_key
    WHERE s.is_open"""

TABLES = (
    "receivables",
    "receivable_states",
    "receivable_tags",
    "borrowers",
    "merchants",
    "orders",
    "credit_reports",
    "blacklist",
    "pledged",
)


def query(how: str) -> str:
    """Give the whole query: joined rows, packed outcomes, and the failures' values in one of two forms."""
    flags = ", ".join(f"({test}) AS {code}" for code, (test, _) in CRITERIA.items())
    letters = " || ".join(f"CASE {code} WHEN true THEN 'P' WHEN false THEN 'F' ELSE 'U' END" for code in CRITERIA)
    seen = {code: " || '; ' || ".join(map(_shown, names)) for code, (_, names) in CRITERIA.items()}
    if how == "list":
        failures = (
            f"CASE WHEN {code} THEN NULL ELSE {{'code': '{code}', 'observed': {text}}} END"
            for code, text in seen.items()
        )
        values = f"list_filter([{', '.join(failures)}], lambda x: x IS NOT NULL) AS failures"
        values = f"CASE WHEN outcomes <> '{'P' * len(CRITERIA)}' THEN {values[:-12]} END AS failures"
    else:
        values = ", ".join(f"CASE WHEN {code} THEN NULL ELSE {text} END AS seen_{code}" for code, text in seen.items())
    return f"""
        WITH listed AS (
            SELECT DISTINCT subject_type, subject_id FROM blacklist
            WHERE ended_at IS NULL OR ended_at > TIMESTAMPTZ '2025-05-31 16:00:00+00'),
        joined AS ({JOINED}), tested AS (SELECT *, {flags} FROM joined), packed AS (
            SELECT *, {letters} AS outcomes FROM tested)
        SELECT receivable_id, receivable_key, current_principal_amount, outcomes, {values} FROM packed"""


def _shown(name: str) -> str:
    column = COLUMNS.get(name, name.split(".")[1])
    return f"'{name}=' || coalesce({column}::VARCHAR, 'null')"


def connect(data: Path) -> duckdb.DuckDBPyConnection:
    """Open a connection that sees the tables as views of their files."""
    connection = duckdb.connect()
    for setting in ("threads = 2", "memory_limit = '10GB'", "preserve_insertion_order = false", "TimeZone = 'UTC'"):
        connection.execute(f"SET {setting}")
    for name in TABLES:
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{data / name}/*.parquet')")
    return connection


def main(times: str, data: str, out: str, how: str) -> None:
    """Run the query that many times."""
    seconds = []
    for _ in range(int(times)):
        connection = connect(Path(data))
        start = time.perf_counter()
        connection.execute(f"COPY ({query(how)}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
        seconds.append(time.perf_counter() - start)
        connection.close()
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
