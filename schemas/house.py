"""Every table of the house, by name: one truth for engine schemas, audits and the reference page."""

from dataclasses import replace

from schemas import after_purchase, derived, events, lending, parties, triggers, watched
from schemas.table import Table

LOG_TABLES: tuple[Table, ...] = (
    parties.BORROWERS,
    parties.MERCHANTS,
    events.ORDERS,
    parties.CREDIT_ACCOUNTS,
    parties.CREDIT_REPORTS,
    parties.BLACKLIST,
    events.BEHAVIOUR_EVENTS,
    lending.RECEIVABLES,
    events.REFUNDS_DISPUTES,
    lending.INSTALMENTS,
    lending.REPAYMENTS,
    lending.ADJUSTMENTS,
    lending.REPORTED_STATES,
)
"""Tables of a platform's logs, each after the tables it refers to."""

SOURCE_TABLES: tuple[Table, ...] = (*LOG_TABLES, lending.TURNOVERS)
"""Tables that sources fill: the platform's logs, and statements of the pools' own accounts."""

QUARANTINE: Table = replace(derived.QUARANTINE, partition=("batch",))

DERIVED_TABLES: tuple[Table, ...] = (
    QUARANTINE,
    derived.RECEIVABLE_STATES,
    derived.LABELS,
    derived.RECEIVABLE_TAGS,
    derived.SCREENINGS,
    derived.SCREENING_FAILURES,
    derived.LIMIT_RESULTS,
    derived.FAIRNESS_RESULTS,
    triggers.TRIGGER_RESULTS,
    triggers.POOL_STANDINGS,
    triggers.TRIGGER_STATES,
    derived.PROPOSALS,
    derived.POSITIONS,
    derived.RECONCILIATIONS,
    derived.ROLL_FORWARDS,
    watched.DRIFTS,
    watched.AGREEMENTS,
    watched.ALARMS,
    *after_purchase.AFTER_PURCHASE,
)
"""Tables that stages fill. `features` stands apart: its columns are the catalogue's (`features.catalogue.table`)."""

TABLES: dict[str, Table] = {table.name: table for table in (*SOURCE_TABLES, *DERIVED_TABLES)}
