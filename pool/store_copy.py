"""A ledger as it stood: the entries up to one of them, taken over into an empty ledger of its own."""

from collections.abc import Sequence

from pool.chain import Act, Entry, EntryKind
from pool.store_rows import enter, read_head
from pool.store_tables import make_tables, open_engine
from schemas.errors import LedgerError


def take_over(url: str, entries: Sequence[Entry]) -> None:
    """Make an empty ledger hold what another held after some of its entries, pledges included; nobody is enrolled.

    Args:
        url: Of the empty ledger's database.
        entries: The first entries of the other, in order.

    Raises:
        LedgerError: The ledger is not empty, or an entry does not get the hash that it had.
    """
    engine = open_engine(url)
    proposals = {one.proposal_id: one for one in entries if one.kind is EntryKind.PROPOSED}
    try:
        with engine.begin() as connection:
            make_tables(connection)
            if read_head(connection):
                raise LedgerError("a ledger with entries", "an empty one, to take others over", url)
            for one in entries:
                act = Act(one.kind, one.deal, one.proposal_id, one.actor, one.happened_at, one.payload)
                if enter(connection, act, proposals.get(one.proposal_id)) != one:
                    raise LedgerError(f"entry {one.sequence} gets another hash", "its own", "poolwright ledger verify")
    finally:
        engine.dispose()
