"""Checking a ledger from outside: its chain, the rules that every entry keeps, what the database keeps beside it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pool.acts import check_act
from pool.chain import MAY, Act, Entry, EntryKind, Head, verify
from pool.ledger import Fold
from pool.people import Role
from schemas.errors import AccessError, LedgerError, PoolwrightError
from schemas.hashing import canonical_json

PledgeRow = tuple[Any, Any, Any, Any]
"""Receivable key, deal, sequence that opened it, sequence that ended it."""


def first_wrong(entries: Sequence[Entry | None], head: Head | None = None) -> int | None:
    """Give the place of the first entry that breaks the chain or a rule of the ledger, or None where all hold.

    Args:
        entries: All entries in order; None for one that cannot be read as an entry is written.
        head: What an outside witness keeps; without it a cut-off end shows nothing.
    """
    broken = verify(entries, head)
    return _first_unruly(entries[: (broken or len(entries) + 1) - 1]) or broken


def read_entry(values: dict[str, Any]) -> Entry | None:
    """Give plain values as an entry; None where they are not exactly as an entry is written."""
    try:
        kind, moment = EntryKind(values["kind"]), datetime.fromisoformat(values["happened_at"])
        entry = Entry(**{**values, "kind": kind, "happened_at": moment})
        written = entry.plain
    except (KeyError, TypeError, ValueError):
        return None
    return entry if written == values and type(values["sequence"]) is int else None


def export_lines(entries: Iterable[Entry]) -> bytes:
    """Write entries as lines of canonical JSON: the whole ledger for another machine."""
    return "".join(f"{canonical_json(entry.plain)}\n" for entry in entries).encode()


def read_export(content: bytes) -> list[Entry | None]:
    """Read what `export_lines` wrote, line by line; None for a line that is not exactly as it is written."""
    lines = content.split(b"\n")
    cut_off = lines.pop()
    return [_read_line(line) for line in lines] + ([None] if cut_off else [])


def first_wrong_row(
    entries: Sequence[Entry], pledges: Iterable[PledgeRow], people: Mapping[str, dict[str, Any]]
) -> int | None:
    """Give the entry whose pledges or person are not kept as the entries tell; None where all are.

    Args:
        entries: All entries; they hold.
        pledges: The pledges that the database keeps.
        people: What it keeps of each person, as `enrolment` gives it.
    """
    wrong = [*_wrong_pledges(entries, set(pledges)), *_wrong_people(entries, people)]
    return min(wrong, default=None)


def _wrong_pledges(entries: Sequence[Entry], kept: set[PledgeRow]) -> list[int]:
    fold = Fold()
    for entry in entries:
        fold.take(entry)
    told = {
        (one.receivable_key, one.deal, one.opened_sequence): one.closed_sequence
        for one in [*fold.closed, *fold.held.values()]
    }
    seen = {(key, deal, opened): closed for key, deal, opened, closed in kept}
    missing = [opened for key, deal, opened in told.keys() - seen.keys()]
    differing = [told[one] or one[2] for one in told.keys() & seen.keys() if told[one] != seen[one]]
    added = [] if missing else [opened for _, _, opened in seen.keys() - told.keys()]
    return [*missing, *differing, *(one if isinstance(one, int) else len(entries) + 1 for one in added)]


def _wrong_people(entries: Sequence[Entry], kept: Mapping[str, dict[str, Any]]) -> list[int]:
    told = {one.proposal_id: one for one in entries if one.kind is EntryKind.ENROLLED}
    wrong = [one.sequence for name, one in told.items() if kept.get(name) != one.payload]
    return wrong or [len(entries) + 1 for _ in kept.keys() - told.keys()]


def _read_line(line: bytes) -> Entry | None:
    try:
        values = json.loads(line)
        is_canonical = canonical_json(values).encode() == line
    except (ValueError, RecursionError):
        return None
    return read_entry(values) if is_canonical and isinstance(values, dict) else None


def _first_unruly(entries: Sequence[Entry | None]) -> int | None:
    fold, roles = Fold(), dict[str, frozenset[Role]]()
    for place, entry in enumerate(entries, start=1):
        try:
            if entry is not None:
                _check(entry, fold, roles)
                fold.take(entry)
        except (PoolwrightError, KeyError, TypeError, ValueError, AttributeError):
            return place
    return None


def _check(entry: Entry, fold: Fold, roles: dict[str, frozenset[Role]]) -> None:
    if entry.kind is EntryKind.ENROLLED:
        _enrol(entry, roles)
    if not roles.get(entry.actor, frozenset()) & MAY[entry.kind]:
        raise AccessError(f"{entry.actor} made a {entry.kind.value}", "somebody who may")
    if entry.kind is EntryKind.RETIRED:
        check_retirement(entry.proposal_id, roles)
        roles[entry.proposal_id] = frozenset()
    if entry.kind is EntryKind.PROPOSED:
        held = [item[0] for item in entry.payload["items"] if item[0] in fold.held]
        if held:
            raise LedgerError(f"{held[0]} is pledged already", "a receivable is in one pool")
    if entry.kind is EntryKind.CLEANED_UP:
        check_whole_pool(
            entry.payload["receivable_keys"], [k for k, one in fold.held.items() if one.deal == entry.deal]
        )
    act = Act(entry.kind, entry.deal, entry.proposal_id, entry.actor, entry.happened_at, entry.payload)
    check_act(act, fold.words[entry.proposal_id])


def check_retirement(name: str, roles: Mapping[str, frozenset[Role]]) -> None:
    """Refuse the retirement of nobody, and of the last administrator.

    Args:
        name: Who is to act no more.
        roles: What everybody may do now.

    Raises:
        AccessError: Nobody of that name may act, or nobody could enrol people any more.
    """
    if not roles.get(name):
        raise AccessError(f"nobody who may act is called {name!r}", "an enrolled person", "poolwright people list")
    if not any(Role.ADMIN in had for other, had in roles.items() if other != name):
        raise AccessError(f"{name} is the last administrator", "somebody can enrol people", "enrol another admin first")


def check_whole_pool(keys: Sequence[str], held: Iterable[str]) -> None:
    """Refuse a clean-up call that does not take all that the pool holds.

    Raises:
        LedgerError: The pool holds other receivables.
    """
    whole = sorted(held)
    if sorted(keys) != whole:
        raise LedgerError(f"a clean-up of {len(keys)} receivables; the pool holds {len(whole)}", "all that it holds")


def _enrol(entry: Entry, roles: dict[str, frozenset[Role]]) -> None:
    by_whom = entry.actor in roles if roles else entry.actor == entry.proposal_id
    if entry.proposal_id in roles or not by_whom:
        raise AccessError(f"{entry.proposal_id} was enrolled by {entry.actor}", "once, and by an administrator")
    roles[entry.proposal_id] = frozenset(Role(name) for name in entry.payload["roles"])
