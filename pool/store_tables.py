"""The ledger's tables, what the database itself refuses, and how it is opened."""

from collections.abc import Mapping
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
GUARDS = (
    (ENTRIES, "UPDATE", "TRUE"),
    (ENTRIES, "DELETE", "TRUE"),
    (PEOPLE, "UPDATE", "TRUE"),
    (PEOPLE, "DELETE", "TRUE"),
    (PLEDGES, "DELETE", "TRUE"),
    (
        PLEDGES,
        "UPDATE",
        (
            "OLD.closed_sequence IS NOT NULL OR NEW.closed_sequence IS NULL OR NEW.deal <> OLD.deal "
            "OR NEW.receivable_key <> OLD.receivable_key OR NEW.opened_sequence <> OLD.opened_sequence"
        ),
    ),
)
"""What the database itself refuses: changing or removing an entry or a person, and of a pledge all but its end."""

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


def _guard(table: sa.Table, verb: str, when: str) -> None:
    name, words = f"keep_{table.name}_{verb.lower()}", f"{table.name} are append-only"
    body = f"BEFORE {verb} ON {table.name} FOR EACH ROW WHEN ({when})"
    sqlite = f"CREATE TRIGGER {name} {body} BEGIN SELECT RAISE(ABORT, '{words}'); END"
    function = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    )
    trigger = f"CREATE TRIGGER {name} {body} EXECUTE FUNCTION {name}()"
    for text, dialect in ((sqlite, "sqlite"), (function, "postgresql"), (trigger, "postgresql")):
        guard = sa.DDL(text).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
        sa.event.listen(table, "after_create", guard)


for _table, _verb, _when in GUARDS:
    _guard(_table, _verb, _when)
