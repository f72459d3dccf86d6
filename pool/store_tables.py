"""The ledger's tables, what the database itself refuses, and how it is opened."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from schemas.errors import LedgerError

WAIT_SECONDS = 60

METADATA = sa.MetaData()
ENTRIES = sa.Table(
    "ledger_entries",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    *(
        sa.Column(name, sa.Text, nullable=False)
        for name in ("kind", "deal", "proposal_id", "actor", "happened_at", "payload", "previous_hash", "entry_hash")
    ),
    sa.UniqueConstraint("proposal_id", "kind", name="one_word_of_a_kind"),
)
PLEDGES = sa.Table(
    "pledges",
    METADATA,
    sa.Column("receivable_key", sa.Text, primary_key=True),
    sa.Column("deal", sa.Text, nullable=False),
    sa.Column("opened_sequence", sa.Integer, sa.ForeignKey(ENTRIES.c.sequence), primary_key=True, autoincrement=False),
    sa.Column("closed_sequence", sa.Integer, sa.ForeignKey(ENTRIES.c.sequence)),
)
IS_OPEN = PLEDGES.c.closed_sequence.is_(None)
sa.Index("one_open_pledge", PLEDGES.c.receivable_key, unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
PEOPLE = sa.Table(
    "people",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("roles", "secret_hash")),
)
IS_MORE_THAN_ITS_END = (
    "OLD.closed_sequence IS NOT NULL OR NEW.closed_sequence IS NULL OR NEW.deal <> OLD.deal "
    "OR NEW.receivable_key <> OLD.receivable_key OR NEW.opened_sequence <> OLD.opened_sequence"
)
TAKEN = {
    ENTRIES: "sequence = NEW.sequence OR (proposal_id = NEW.proposal_id AND kind = NEW.kind)",
    PEOPLE: "name = NEW.name",
    PLEDGES: (
        "receivable_key = NEW.receivable_key AND (opened_sequence = NEW.opened_sequence "
        "OR (closed_sequence IS NULL AND NEW.closed_sequence IS NULL))"
    ),
}
"""Which row of a table stands in the place of a new one: SQLite would remove it for an INSERT OR REPLACE, unguarded."""

READ_ONLY: Mapping[str, dict[str, Any]] = MappingProxyType(
    {"sqlite": {"is_reading": True}, "postgresql": {"isolation_level": "REPEATABLE READ"}}
)


def open_engine(url: str) -> sa.Engine:
    """Open the database of a ledger.

    Raises:
        LedgerError: Neither SQLite nor PostgreSQL.
    """
    dialect = make_url(url).get_backend_name()
    if dialect not in READ_ONLY:
        raise LedgerError(f"a ledger at a {dialect} URL", "sqlite or postgresql", "ledger URL in the settings")
    options = {"timeout": WAIT_SECONDS} if dialect == "sqlite" else {}
    engine = sa.create_engine(url, connect_args=options)
    if dialect == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def make_tables(connection: sa.Connection) -> None:
    """Make the ledger's tables where they are missing, and the guards by which the database itself keeps the past.

    Nobody changes, removes or replaces an entry or a person there, and of a pledge nothing but its end is written.
    """
    METADATA.create_all(connection)
    dialect = connection.dialect.name
    there = set(connection.exec_driver_sql(_NAMES_OF_GUARDS[dialect]).scalars())
    for table, verb, rows in _guarded(dialect):
        name, begins = f"keep_{table.name}_{verb.lower()}", f"BEFORE {verb} ON {table.name} {rows}"
        if name not in there:
            for statement in _STATEMENTS[dialect]:
                connection.exec_driver_sql(statement.format(name=name, begins=begins, table=table.name))


def _guarded(dialect: str) -> Iterator[tuple[sa.Table, str, str]]:
    """Give what is refused of each table, and of which rows."""
    for table, taken in TAKEN.items():
        changed = IS_MORE_THAN_ITS_END if table is PLEDGES else "TRUE"
        yield table, "UPDATE", f"FOR EACH ROW WHEN ({changed})"
        yield table, "DELETE", "FOR EACH ROW"
        if dialect == "sqlite":
            yield table, "INSERT", f"FOR EACH ROW WHEN (EXISTS (SELECT 1 FROM {table.name} WHERE {taken}))"
        else:
            yield table, "TRUNCATE", "FOR EACH STATEMENT"


_STATEMENTS = {
    "sqlite": ("CREATE TRIGGER {name} {begins} BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END",),
    "postgresql": (
        (
            "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '{table} are append-only'; END $$"
        ),
        "CREATE TRIGGER {name} {begins} EXECUTE FUNCTION {name}()",
    ),
}
"""How a guard is made."""
_NAMES_OF_GUARDS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE relnamespace = current_schema()::regnamespace"
    ),
}
"""How the guards that stand are asked for."""
