"""A platform's published tables, written straight into a workspace in any number, for the workbench to show.

No stage runs: rows follow from their number by hashes, and only so far consistent as pages show them (payments against
schedules, states that follow from both, outcomes with their failures). The chain's own tables are shown in
`test_browser.py`.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines.deals import read_deal
from pipelines.purchase import inputs_now
from pool.deal import Deal
from pool.people import Cost, Credentials, Role
from pool.purchase import Item, NearDuplicate, PurchaseList
from pool.store import LedgerStore
from runtime.manifest import Manifest
from runtime.settings import load_settings
from runtime.workspace import Workspace
from schemas import derived, events, house, lending, parties, watched
from schemas.table import Table, real
from schemas.table import derived as derived_table
from schemas.table import text as text_column
from schemas.triggers import TRIGGER_RESULTS, TRIGGER_STATES
from workbench.desk import Desk
from workbench.sheet import SQL_TYPES

CONF = Path(__file__).resolve().parents[2] / "conf"
DEAL = "demo_consumer"
DAY = date(2025, 9, 1)
DAYS = tuple(DAY - timedelta(days=30 * number) for number in reversed(range(6)))
AT = datetime(2025, 9, 1, 2, 3, 4, tzinfo=UTC)
FEATURE_NAMES = (
    "behaviour__count_payment_failure_30d",
    "behaviour__count_login_30d",
    "consumption__count_90d",
)
FEATURES = derived_table(
    "features",
    "A few features.",
    ("receivable_id", "as_of"),
    text_column("receivable_id", "The receivable."),
    derived.AS_OF,
    *(real(name, "A number.", "missing") for name in FEATURE_NAMES),
)
HOSTILE = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x","y")'
"""What somebody might call a contract or a merchant's category; they stand with the first receivables."""
CHECKED = 10_000
"""Of so many receivables the proposal's inputs are hashed, so that it can be approved; of more it takes minutes."""
CHEAP = Cost(rounds=1, memory_kib=8, lanes=1)
NAMES = ("root", "alice", "bob", "carol", "vera")
ROOT, ALICE, BOB, CAROL, VERA = (Credentials(name, f"secret of {name}") for name in NAMES)
ROLES = {
    ALICE: {Role.PROPOSER},
    BOB: {Role.APPROVER},
    CAROL: {Role.PROPOSER, Role.APPROVER},
    VERA: {Role.VIEWER},
}
BASE = """
    SELECT i, 'R' || lpad(i::VARCHAR, 9, '0') AS receivable_id, sha256('key' || i) AS receivable_key,
        'B' || lpad((hash(i) % greatest({n} // 3, 1))::VARCHAR, 8, '0') AS borrower_id,
        'M' || lpad((hash(i + 7) % 3000)::VARCHAR, 5, '0') AS merchant_id, 'O' || lpad(i::VARCHAR, 9, '0') AS order_id,
        (1 + hash(i + 11) % 150)::BIGINT AS begun, (3000 + hash(i + 13) % 150000)::BIGINT AS part,
        least(CASE WHEN hash(i + 17) % 8 = 0 THEN 1 + hash(i + 19) % 3 ELSE 0 END, begun // 30)::BIGINT AS missed,
        begun // 30 - missed AS paid, (hash(i + 23) % 10000) / 10000.0 AS luck
    FROM range({n}) AS numbers(i)
"""
CONTROL = (
    "TIMESTAMPTZ '2025-08-01 00:00:00+00' AS known_at, TIMESTAMPTZ '2025-03-01 00:00:00+00' AS happened_at, "
    "FALSE AS is_deleted, 'made' AS source, 'b1' AS batch, sha256(i::VARCHAR) AS record_hash"
)
STATE = """
    SELECT *, greatest(begun - {o}, 0) // 30 AS passed, least(paid, passed) AS covered,
        CASE WHEN passed > covered THEN begun - {o} - 30 * (covered + 1) ELSE 0 END AS late
    FROM base WHERE begun > {o}
"""
TABLES: tuple[tuple[Table, str], ...] = (
    (
        lending.RECEIVABLES,
        f"""SELECT receivable_id, receivable_key, borrower_id, merchant_id, order_id,
            CASE i WHEN 0 THEN {FORMULA!r} WHEN 1 THEN '{HOSTILE}' ELSE 'C' || i END AS contract_no,
            CASE WHEN i = 1 THEN '{HOSTILE}' ELSE 'CAT' || hash(i + 29) % 14 END AS category_code,
            'ORIG' AS originator_id,
            'P' || hash(i + 31) % 3 AS product_code, 'CONSUMPTION' AS purpose, '3' || hash(i + 37) % 31 AS region_code,
            DATE '{DAY}' - begun::INT AS originated_on, originated_on AS disbursed_on,
            originated_on + 30 AS first_due_on, originated_on + 180 AS final_due_on, 6 AS term_number,
            'EQUAL_PRINCIPAL' AS amortization,
            'MONTHLY' AS pay_frequency, (hash(i + 41) % 24) / 100.0 AS annual_rate, 'FIXED' AS rate_type,
            'CNY' AS currency, part * 6 / 100 AS original_principal_amount, {CONTROL} FROM base""",
    ),
    (
        lending.INSTALMENTS,
        f"""SELECT receivable_id, 1 AS schedule_version_number, k AS period_number,
            DATE '{DAY}' - begun::INT + (30 * k)::INT AS due_on, part / 100 AS principal_due_amount,
            part // 100 / 100 AS interest_due_amount, 0 AS fee_due_amount, {CONTROL} FROM base, range(1, 7) AS t(k)""",
    ),
    (
        lending.REPAYMENTS,
        f"""SELECT receivable_id || '-' || k AS repayment_id, receivable_id, k AS period_number,
            DATE '{DAY}' - begun::INT + (30 * k)::INT - 1 AS value_on, part / 100 AS principal_amount,
            part // 100 / 100 AS interest_amount, 0 AS fee_amount, 0 AS penalty_amount, 'AUTO_DEBIT' AS method,
            {CONTROL} FROM base, range(1, 6) AS t(k) WHERE k <= paid""",
    ),
    (
        events.ORDERS,
        f"""SELECT order_id, borrower_id, merchant_id, 'COMPLETED' AS order_status, part * 7 / 100 AS order_amount,
            {CONTROL} FROM base""",
    ),
    (
        parties.BORROWERS,
        f"""SELECT 'B' || lpad(i::VARCHAR, 8, '0') AS borrower_id, 'NATURAL_PERSON' AS customer_type,
            DATE '1970-01-01' + (hash(i) % 12000)::INT AS born_on, 'CHN' AS residency_country, 'VERIFIED' AS kyc_status,
            3 AS kyc_factor_count, {CONTROL} FROM base WHERE i < greatest({{n}} // 3, 1)""",
    ),
    (
        parties.MERCHANTS,
        f"""SELECT 'M' || lpad(i::VARCHAR, 5, '0') AS merchant_id, 'ACTIVE' AS merchant_status, 'CAT1' AS category_code,
            {CONTROL} FROM range(3000) AS numbers(i)""",
    ),
    (
        house.QUARANTINE,
        f"""SELECT sha256('row' || i) AS row_id, 'b1' AS batch, 'made' AS source, 'repayments' AS table_name,
            'repayments/2025-08-0' || (1 + i % 9) || '.csv' AS file, i + 1 AS line_number,
            CASE WHEN i % 3 = 0 THEN 'UNKNOWN_REFERENCE' ELSE 'NOT_A_NUMBER' END AS code,
            'receivable_id' AS column_name, '{{{{"receivable_id":"R' || i || '","note":"{HOSTILE}"}}}}' AS raw
            FROM base WHERE i < greatest({{n}} // 50, 120)""",
    ),
)


def of_day(day: date, deal: Deal) -> tuple[tuple[Table, str], ...]:
    """Say the derived tables of a day as SQL."""
    back = (DAY - day).days
    state = STATE.format(o=back)
    as_of = f"DATE '{day}' AS as_of"
    codes = [criterion.code for criterion in deal.criteria]
    late, weak = codes.index("E20"), codes.index("E38")
    letters = "'" + "P" * len(codes) + "'"
    states = (
        derived.RECEIVABLE_STATES,
        f"""SELECT receivable_id, {as_of}, receivable_key, borrower_id, part * 6 / 100 AS original_principal_amount,
            covered * part / 100 AS paid_principal_amount, 0 AS written_off_amount, 0 AS refunded_amount,
            0 AS corrected_amount, (6 - covered) * part / 100 AS current_principal_amount,
            (passed - covered) * part / 100 AS arrears_amount, late AS days_past_due, late AS worst_days_past_due,
            passed - covered AS late_count, covered AS paid_period_count, 6 - covered AS remaining_period_count,
            DATE '{DAY}' - begun::INT + (30 * (covered + 1))::INT AS next_due_on,
            DATE '{DAY}' - begun::INT + 180 AS final_due_on, FALSE AS is_prepaid, FALSE AS is_written_off,
            FALSE AS is_disputed, FALSE AS is_refund_open, 0 AS extension_count, 0 AS restructure_count,
            TRUE AS is_open FROM ({state})""",
    )
    tags = (
        derived.RECEIVABLE_TAGS,
        f"""SELECT receivable_id, {as_of}, 0.002 + luck ** 4 * 0.3 AS default_probability,
            default_probability * 1.2 AS default_probability_upper,
            substr('ABCDEFG', 1 + least(6, (luck * 7)::INT), 1) AS grade, '{FEATURE_NAMES[0]}' AS reason_1,
            '{FEATURE_NAMES[1]}' AS reason_2, part / 1000 AS expected_loss_amount, '1' AS model_version,
            '1' AS feature_snapshot FROM ({state})""",
    )
    features = (
        FEATURES,
        f"""SELECT receivable_id, {as_of}, (luck * 9)::INT AS {FEATURE_NAMES[0]},
            (luck * 30)::INT AS {FEATURE_NAMES[1]},
            part % 40 AS {FEATURE_NAMES[2]} FROM ({state})""",
    )
    outcomes = (
        f"substr({letters}, 1, {late}) || CASE WHEN late > 0 THEN 'F' ELSE 'P' END || "
        f"substr({letters}, {late + 2}, {weak - late - 1}) || CASE WHEN luck > 0.9 THEN 'U' ELSE 'P' END || "
        f"substr({letters}, {weak + 2})"
    )
    counted = f"SELECT *, (late > 0)::INT + (luck > 0.9)::INT AS failed FROM ({state})"
    screenings = (
        derived.SCREENINGS,
        f"""SELECT receivable_id, {as_of}, '{DEAL}' AS deal, '{deal.hash}' AS deal_hash, receivable_key,
            {outcomes} AS outcomes, failed = 0 AS is_eligible,
            CASE WHEN late > 0 THEN 'E20' WHEN luck > 0.9 THEN 'E38' END AS first_failed_code, failed AS failed_count,
            (6 - covered) * part / 100 AS current_principal_amount FROM ({counted})""",
    )
    failures = (
        derived.SCREENING_FAILURES,
        f"""SELECT receivable_id, {as_of}, '{DEAL}' AS deal, 'E20' AS code, 'F' AS outcome,
            'state.days_past_due=' || late AS observed, 'state.days_past_due = 0' AS threshold
            FROM ({state}) WHERE late > 0
            UNION ALL SELECT receivable_id, {as_of}, '{DEAL}', 'E38', 'U', 'tag.grade=null',
            'tag.grade <= ''E''' FROM ({state}) WHERE luck > 0.9""",
    )
    if day != DAY:
        return (states,)
    limits = ", ".join(
        f"('{one.code}', {float(one.bound) * 0.7}, {float(one.bound) * 0.9}, {float(one.bound)})" for one in deal.limits
    )
    limit_results = (
        derived.LIMIT_RESULTS,
        f"""SELECT '{DEAL}' AS deal, {as_of}, code, before AS value_before, after AS value_after, threshold,
            threshold - after AS headroom, '31' AS worst_member, TRUE AS is_kept, FALSE AS is_maintained,
            code = 'P03' AS is_binding, CASE WHEN code = 'P03' THEN 12345.67 END AS looser_gain_amount
            FROM (VALUES {limits}) AS t(code, before, after, threshold)""",
    )
    reconciliations = (
        derived.RECONCILIATIONS,
        f"""SELECT code, {as_of}, meaning, checked AS checked_count, breaches AS breach_count, example FROM (VALUES
            ('SCHEDULE_SUM', 'The schedule sums to the principal.', 1000, 0, NULL),
            ('AS_REPORTED', 'The balance is the one that was reported.', 0, 0, NULL),
            ('ORDER_COVERS', 'A receivable never exceeds its order.', 1000, 2, 'R000000001'))
            AS t(code, meaning, checked, breaches, example)""",
    )
    return (
        states,
        tags,
        features,
        screenings,
        failures,
        limit_results,
        reconciliations,
        *judged_pool(as_of),
        *watching(as_of),
    )


def judged_pool(as_of: str) -> tuple[tuple[Table, str], ...]:
    """Say what triggers and the fairness test found as SQL."""
    values = "(VALUES ('T01', 0.028, 0.05), ('T02', 0.02, 0.06)) AS t(code, value, threshold)"
    phase = f"'CLEAR' AS phase, DATE '{DAYS[0]}' AS since_on"
    results = f"""SELECT '{DEAL}' AS deal, {as_of}, code, value, threshold, FALSE AS is_fired, {phase},
        'STOP_PURCHASES' AS effect FROM {values}"""
    states = f"""SELECT '{DEAL}' AS deal, {as_of}, code, DATE '{DAYS[0]}' + (30 * k)::INT AS measured_on,
        value * (5 + k) / 10 AS value, value * (5 + k) / 10 AS average, threshold, FALSE AS is_beyond, {phase},
        k + 1 AS row_count FROM {values}, range(6) AS periods(k)"""
    fairness = f"""SELECT '{DEAL}' AS deal, {as_of}, trait, member, 0.04 AS batch_value, 0.05 AS rest_value,
        0.12 AS effect_size, 0.1 AS distance, 0.001 AS chance, verdict, explained FROM (VALUES
        ('default_probability', NULL, 'SLIGHT', 'P06'), ('region', '31', 'ALIKE', NULL))
        AS t(trait, member, verdict, explained)"""
    tables = (TRIGGER_RESULTS, TRIGGER_STATES, derived.FAIRNESS_RESULTS)
    return tuple(zip(tables, (results, states, fairness), strict=True))


def watching(as_of: str) -> tuple[tuple[Table, str], ...]:
    """Say what monitoring found as SQL."""
    drifts = f"""SELECT {as_of}, subject, '1' AS model_version, gain AS gain_share, moved AS stability_index,
        moved * 0.8 AS low, moved * 1.2 AS high, 0.05 AS noise, 0.1 AS effect_size, 0.01 AS missing_before_share,
        0.02 AS missing_after_share, 1000 AS base_row_count, 900 AS row_count FROM (VALUES ('score', 1.0, 0.04),
        ('{FEATURE_NAMES[0]}', 0.4, 0.31), ('{FEATURE_NAMES[1]}', 0.2, 0.02)) AS t(subject, gain, moved)"""
    agreements = f"""SELECT {as_of}, 'grade' AS kind, part, 30 AS after_days, 30 AS horizon_days, TRUE AS is_over,
        1000 AS row_count, 20 AS default_count, 18.5 AS expected_defaults, 0.012 AS low_share, 0.03 AS high_share
        FROM (VALUES ('A'), ('B')) AS t(part)"""
    alarms = f"""SELECT {as_of}, 'FEATURE_MOVED' AS code, '{FEATURE_NAMES[0]}' AS subject, 'look' AS severity,
        'stability index 0.31 since training' AS found, 0.31 AS value, 0.25 AS threshold, 'drifts' AS explained_by"""
    return ((watched.DRIFTS, drifts), (watched.AGREEMENTS, agreements), (watched.ALARMS, alarms))


def publish(space: Workspace, count: int) -> None:
    """Write and publish every table for so many receivables."""
    deal = deal_of(space)
    database = duckdb.connect()
    database.execute(f"CREATE TABLE base AS {BASE.format(n=count)}")
    for table, sql in TABLES:
        _publish(space, database, table, sql.format(n=count), {})
    for day in DAYS:
        for table, sql in of_day(day, deal):
            _publish(space, database, table, sql, {"as_of": day})
    bought = f"""SELECT '{propose(space, database, deal)}' AS proposal_id, '{DEAL}' AS deal, DATE '{DAY}' AS as_of,
        receivable_id, receivable_key, borrower_id, (6 - covered) * part / 100 AS principal_amount,
        (6 - covered) * part * 98 // 100 / 100 AS price_amount, 0.002 + luck ** 4 * 0.3 AS default_probability,
        substr('ABCDEFG', 1 + least(6, (luck * 7)::INT), 1) AS grade, (hash(i + 41) % 24) / 100.0 AS annual_rate,
        6 - covered AS remaining_period_number FROM ({BATCH})"""
    _publish(space, database, derived.PROPOSALS, bought, {"as_of": DAY, "deal": DEAL})
    database.close()
    manifests(space, count)


BATCH = f"SELECT * FROM ({STATE.format(o=0)}) WHERE late = 0 AND luck <= 0.9 AND hash(i + 43) % 10 = 0"
"""The receivables of the proposed batch: a tenth of the eligible ones."""


def deal_of(space: Workspace) -> Deal:
    """Read the deal."""
    return read_deal(space.settings.folder, DEAL, DAY)


def _publish(
    space: Workspace, database: duckdb.DuckDBPyConnection, table: Table, sql: str, place: dict[str, date | str]
) -> None:
    """Write rows as one Parquet file, all of the table's columns, in no order; put it in the place of a partition."""
    given = {row[0] for row in database.execute(f"DESCRIBE {sql}").fetchall()}
    columns = ", ".join(
        f"{column.name if column.name in given else 'NULL'}::{SQL_TYPES[column.kind]} AS {column.name}"
        for column in table.columns
    )
    path = space.catalog.new_folder(table, "made") / "part.parquet"
    path.parent.mkdir(parents=True)
    mixed = f"SELECT {columns} FROM ({sql}) ORDER BY hash({', '.join(table.key)})"
    database.execute(f"COPY ({mixed}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 122880)")
    space.catalog.replace_files(table, [str(path)], [place] if place else [], "made")


def propose(space: Workspace, database: duckdb.DuckDBPyConnection, deal: Deal) -> str:
    """Enrol people, and let alice propose the batch; give the proposal's name."""
    store = LedgerStore(space.ledger_url, CHEAP)
    store.add_person(ROOT, frozenset({Role.ADMIN}), AT)
    for person, roles in ROLES.items():
        store.add_person(person, frozenset(roles), AT, ROOT)
    sql = f"SELECT receivable_key, receivable_id, (6 - covered) * part, (6 - covered) * part * 98 // 100 FROM ({BATCH})"
    items = tuple(Item(*row) for row in database.execute(f"{sql} ORDER BY 1").fetchall())
    cash = sum(item.price_minor for item in items) + 100
    twins = (NearDuplicate("SAME_LOAN", (items[0].receivable_key, items[1].receivable_key), (), "one day, one amount"),)
    inputs = inputs_now(space, DEAL, DAY, items, [])[0] if len(items) * 10 <= CHECKED else {"model_version": "1"}
    end = DAY + timedelta(days=20)
    purchase = PurchaseList(DEAL, deal.hash, DAY, cash, items, inputs, near_duplicates=twins, valid_until=end)
    done = store.propose(purchase, ALICE, AT)
    store.close()
    return done.entry.proposal_id


def manifests(space: Workspace, count: int) -> None:
    """Write down an ingest, a training and the runs of the day."""
    rows = {"read": count, "filtered": 0, "merged": 1, "published": count - 3, "quarantined": 2, "codes": {"BAD": 2}}
    bins = [{"label": str(n), "count": 500, "defaults": 2 * n, "predicted": n * 0.004} for n in range(1, 11)]
    grades = [{**one, "label": "ABCDEFGHIJ"[place]} for place, one in enumerate(bins[:5])]
    figures = {
        "ingest": {"tables": {"repayments": rows, "receivables": rows}},
        "train": {
            "version": "1",
            "metrics": {},
            "bins": bins,
            "grades": grades,
            "counts": {"rows": 5000, "defaults": 110},
        },
    }
    stages = ("ingest", "train", "states", "featurize", "score", "screen", "propose")
    for place, stage in enumerate(stages):
        subject = {"batch": "b1", "source": "made"} if stage == "ingest" else {"as_of": DAY.isoformat()}
        if stage in {"screen", "propose"}:
            subject["deal"] = DEAL
        begun = AT + timedelta(minutes=place)
        space.runs.write(
            Manifest(
                run=f"{stage}-{place:08x}",
                stage=stage,
                subject=subject,
                identity={},
                started_at=begun,
                finished_at=begun + timedelta(seconds=12.5),
                status="finished",
                engine="sail",
                outputs={} if stage == "train" else {stage: {"snapshot": place, "partition": {}, "rows": count}},
                figures=figures.get(stage, {}),
            )
        )


def made(home: Path, count: int) -> Workspace:
    """Make a workspace of so many receivables."""
    space = Workspace(home, load_settings(CONF))
    publish(space, count)
    return space


def desk(home: Path) -> Desk:
    """Open the desk of a workspace that was made."""
    return Desk(Workspace(home, load_settings(CONF)))
