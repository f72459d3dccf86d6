"""The evidence bundle: an honest one holds, every change of it is found, and nothing hostile gets out of it."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool import evidence_file, evidence_rows
from pool.audit import export_lines, read_export
from pool.chain import GENESIS, Entry, EntryKind
from pool.evidence import DEAL, HEAD, LEDGER, LIMITS, LIST, MANIFEST, RUNS, SCREENINGS, VERSION, VIEW, bundled
from pool.evidence_checks import CHECKS
from pool.evidence_file import read_zip, write_zip
from pool.evidence_read import Trust
from pool.evidence_rows import read_rows, write_rows
from pool.witness import head_statement, new_key
from runtime.content import content_hash
from schemas.errors import EvidenceError
from tests.pool.bundles import World, changed, deal_text, findings, make_world, wrong, zipped
from tests.pool.purchases import AT

MANY = settings(deadline=None, derandomize=True, max_examples=60)
FILES = "model/files/booster.txt"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def content(world: World) -> bytes:
    return world.content


def test_an_honest_bundle_holds_and_is_the_same_bytes_each_time(world: World, content: bytes) -> None:
    """Every line is ok and says what was found."""
    found = findings(content)
    assert [one.check for one in found] == list(CHECKS)
    assert [one for one in found if not one.is_ok] == []
    told = {one.check: one.found for one in found}
    assert told["criteria"] == f"{5 * world.evidence.view.num_rows} cells judged again, 0 unequal"
    assert told["two people"] == "proposed by ann, approved by bob, booked by ann"
    assert told["ledger"] == "12 entries, head not signed"
    assert bundled(world.evidence) == content


def test_answered_near_duplicates_hold_and_a_formula_stays_a_text(tmp_path: Path) -> None:
    """What was found is found again, with the approver's reason; the list within is safe in a spreadsheet."""
    content = make_world(tmp_path, alike=True).content
    assert wrong(content) == {}
    told = {one.check: one.found for one in findings(content)}
    assert told["near-duplicates"] == "1, answered: one loan is a refinancing"
    assert b",'=order," in read_zip(content)[LIST]


@MANY
@given(st.data())
def test_a_changed_byte_is_found(content: bytes, data: st.DataObject) -> None:
    """Whichever it is: in a member, between members, or in what the zip says of them."""
    place = data.draw(st.integers(0, len(content) - 1))
    other = bytes([content[place] ^ data.draw(st.integers(1, 255))])
    damaged = content[:place] + other + content[place + 1 :]
    assert is_found(damaged)


def is_found(content: bytes) -> bool:
    """Tell whether a file is refused, or a line says what is wrong."""
    try:
        return bool(wrong(content))
    except EvidenceError:
        return True


@MANY
@given(st.data())
def test_a_member_that_is_changed_dropped_added_or_renamed_is_found(content: bytes, data: st.DataObject) -> None:
    """By the line on members, which names it, though the file is packed anew."""
    members = read_zip(content)
    name = data.draw(st.sampled_from(sorted(members.keys() - {MANIFEST})))
    act = data.draw(st.sampled_from(["change", "drop", "add", "rename"]))
    if act == "change":
        members[name] += data.draw(st.binary(min_size=1, max_size=5))
    elif act == "add":
        name = data.draw(st.from_regex(r"[a-z]{1,9}/[a-z]{1,9}", fullmatch=True))
        members[name] = data.draw(st.binary(max_size=5))
    else:
        held = members.pop(name)
        members |= {f"{name}.old": held} if act == "rename" else {}
    assert name in wrong(write_zip(members))["members"]


@MANY
@given(st.data())
def test_a_member_of_anything_is_a_line_and_never_a_crash(content: bytes, data: st.DataObject) -> None:
    """Bytes, texts and JSON of any shape in the place of any member, with a manifest that agrees."""
    name = data.draw(st.sampled_from(sorted(read_zip(content).keys() - {MANIFEST, "model/card.html"})))
    plain = st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda each: st.lists(each, max_size=3))
    keyed = st.dictionaries(st.sampled_from(["version", "run", "stage", "identity", "sequence"]), plain)
    anything = st.binary(max_size=40) | (plain | keyed).map(lambda value: json.dumps(value).encode())
    found = wrong(changed(content, {name: data.draw(anything)}))
    assert found
    assert "members" not in found


def other_rows(name: str, column: str, value: Any, place: int = 0) -> Callable[[World], dict[str, bytes]]:
    """Put another value into a row."""

    def change(world: World) -> dict[str, bytes]:
        rows = read_rows(read_zip(world.content)[name])
        values = rows.column(column).to_pylist()
        values[place] = value(values[place]) if callable(value) else value
        at = rows.schema.get_field_index(column)
        return {name: write_rows(rows.set_column(at, rows.field(at), pa.array(values, rows.field(at).type)))}

    return change


def listed_place(world: World) -> int:
    """Give the row of the first receivable on the list."""
    name = world.evidence.proposal.payload["items"][0][1]
    return int(pc.index(read_rows(read_zip(world.content)[VIEW]).column("state.receivable_id"), name).as_py())


def replaced(name: str, before: str, after: str) -> Callable[[World], dict[str, bytes]]:
    """Put another text into a member."""

    def change(world: World) -> dict[str, bytes]:
        text = read_zip(world.content)[name].decode()
        assert before in text
        return {name: text.replace(before, after, 1).encode()}

    return change


def without_last_entry(world: World) -> dict[str, bytes]:
    return {LEDGER: export_lines(world.evidence.entries[:-1])}


def without_a_row(world: World) -> dict[str, bytes]:
    return {VIEW: write_rows(read_rows(read_zip(world.content)[VIEW]).slice(1))}


def with_a_row_twice(world: World) -> dict[str, bytes]:
    rows = read_rows(read_zip(world.content)[VIEW])
    return {VIEW: write_rows(pa.concat_tables([rows, rows.slice(0, 1)]))}


def owes_more(world: World) -> dict[str, bytes]:
    return other_rows(VIEW, "state.current_principal_amount", lambda v: v + Decimal("0.01"), listed_place(world))(world)


def is_late(world: World) -> dict[str, bytes]:
    return other_rows(VIEW, "state.days_past_due", 9, listed_place(world))(world)


def does_not_pass(world: World, outcomes: str = "PPFPP") -> dict[str, bytes]:
    rows = read_rows(read_zip(world.content)[SCREENINGS])
    name = world.evidence.proposal.payload["items"][0][1]
    place = pc.index(rows.column("receivable_id"), name).as_py()
    return other_rows(SCREENINGS, "outcomes", outcomes, place)(world)


def letter_more(world: World) -> dict[str, bytes]:
    return does_not_pass(world, "PPPPPP")


def tighter_limit(_: World) -> dict[str, bytes]:
    document = {"L1": {"measure": "member_share", "expression": "state.borrower_id", "at_most": 0.0001}}
    words = {"clause": "1", "text_en": "x", "text_zh": "x"}
    return {DEAL: deal_text(limits=[{"code": code, **words, **one} for code, one in document.items()]).encode()}


CHANGES: dict[str, tuple[Callable[[World], dict[str, bytes]], set[str]]] = {
    "another deal": (replaced(DEAL, "state.days_past_due <= 8", "state.days_past_due <= 9"), {"deal document"}),
    "a tighter limit": (tighter_limit, {"deal document", "limits"}),
    "a price on the list": (replaced(LIST, ",98.00,", ",97.00,"), {"purchase list"}),
    "an entry": (replaced(LEDGER, '"actor":"bob"', '"actor":"ann"'), {"ledger"}),
    "an entry less": (without_last_entry, {"ledger"}),
    "a head": (replaced(HEAD, '"sequence":12', '"sequence":11'), {"ledger"}),
    "a value that a criterion looks at": (is_late, {"criteria"}),
    "a principal": (owes_more, {"price"}),
    "a pledge": (other_rows(VIEW, "position.deal", "third"), {"positions"}),
    "a row less": (without_a_row, {"positions"}),
    "a row twice": (with_a_row_twice, {"criteria"}),
    "an outcome": (does_not_pass, {"screenings", "criteria", "eligible"}),
    "another document": (other_rows(SCREENINGS, "deal_hash", "another"), {"screenings"}),
    "an eligible one": (other_rows(SCREENINGS, "is_eligible", lambda was: not was), {"screenings"}),
    "a letter more": (letter_more, {"screenings", "criteria", "eligible"}),
    "a limit of another deal": (other_rows(LIMITS, "deal", "third"), {"limits"}),
    "a limit's value": (other_rows(LIMITS, "value_after", 0.123), {"limits"}),
    "a limit kept": (other_rows(LIMITS, "is_kept", False), {"limits"}),
    "a run": (replaced(RUNS, '"champion":"3"', '"champion":"2"'), {"runs"}),
    "a tree": (lambda _: {FILES: b"another tree"}, {"model"}),
    "a version": (replaced(VERSION, '"version":"3"', '"version":"2"'), {"model"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_with_its_hash_is_found_by_the_line_that_looks_at_it(world: World, name: str) -> None:
    """A manifest that names the new hash helps nobody."""
    change, lines = CHANGES[name]
    found = wrong(changed(world.content, change(world)))
    assert lines <= found.keys()
    assert not found.keys() & {"members", "file"}


def forged(world: World, change: Callable[[Entry], Entry]) -> bytes:
    """Write the ledger anew with changed entries, every hash computed and the head stated: a rewritten past."""
    previous, entries = GENESIS, []
    for entry in world.evidence.entries:
        draft = replace(change(entry), previous_hash=previous)
        entries.append(replace(draft, entry_hash=draft.expected_hash))
        previous = entries[-1].entry_hash
    members = {LEDGER: export_lines(entries), HEAD: head_statement(entries[-1].head, AT)}
    return changed(world.content, members)


def test_a_past_that_was_written_anew_is_found(world: World) -> None:
    """One person instead of two breaks a rule; a changed time breaks only what a witness keeps."""

    def by_ann(entry: Entry) -> Entry:
        return replace(entry, actor="ann") if entry.kind is EntryKind.APPROVED else entry

    def a_day_later(entry: Entry) -> Entry:
        return replace(entry, happened_at=entry.happened_at.replace(day=2))

    def unanswered(entry: Entry) -> Entry:
        on = {**entry.payload, "on": "2031-01-01"}
        return replace(entry, payload=on) if entry.kind is EntryKind.APPROVED else entry

    assert {"ledger", "two people"} <= wrong(forged(world, by_ann)).keys()
    assert {"ledger", "dates"} <= wrong(forged(world, unanswered)).keys()
    later = forged(world, a_day_later)
    assert wrong(later) == {}
    seen = world.evidence.entries[5].head
    assert wrong(world.content, Trust(content_hash, head=seen)) == {}
    assert "entry 6 does not hold" in wrong(later, Trust(content_hash, head=seen))["ledger"]


def test_a_signature_is_asked_of_the_key_that_is_trusted(world: World) -> None:
    """Signed by it: so it says. By another or by nobody: the line on the ledger."""
    (private, public), (_, other) = new_key(), new_key()
    head = head_statement(world.evidence.entries[-1].head, AT, private)
    signed = bundled(replace(world.evidence, head=head))
    told = {one.check: one.found for one in findings(signed, Trust(content_hash, public))}
    assert told["ledger"] == "12 entries, head signed by the key that you trust"
    assert "ledger" in wrong(signed, Trust(content_hash, other))
    assert "ledger" in wrong(world.content, Trust(content_hash, public))


def test_a_purchase_that_nobody_approved_does_not_hold(world: World) -> None:
    """A proposal that stands open, and one whose ledger knows nothing of it."""
    place = world.evidence.proposal.sequence
    entries = world.evidence.entries[:place]
    head = head_statement(entries[-1].head, AT)
    content = bundled(replace(world.evidence, entries=entries, head=head))
    assert set(wrong(content)) == {"two people"}
    nobody = changed(content, {LEDGER: export_lines(entries[:-1]), HEAD: head_statement(entries[-2].head, AT)})
    assert "no entry that proposes" in wrong(nobody)["two people"]


ESCAPES = [
    "../x", "/etc/x", "a/../../x", "..", ".", "./x", "a//b", "a/", "a\\b", "..\\x", "C:\\x", "C:x", "\\\\host\\x", "~x",
    "x\x00.json", "x\ny", "", "\u202ex", "a/.hidden", " x", "x" * 201,
]  # fmt: skip


@pytest.mark.parametrize("name", ESCAPES)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """Before anything is read: out of the bundle, absolute, with backslashes, drives, control characters."""
    with pytest.raises(EvidenceError):
        read_zip(zipped((name, b"evil")))


@MANY
@given(st.text(max_size=12))
def test_only_plain_names_are_read(name: str) -> None:
    """Any text as a name: refused, or one that stays below the bundle."""
    try:
        (found,) = read_zip(zipped((name, b"x")))
    except (EvidenceError, UnicodeEncodeError):
        return
    assert found == name
    assert not {"..", ".", ""} & set(found.split("/"))
    assert found.isascii()
    assert not set(found) & set("\\:\x00")


def test_links_duplicates_and_encryption_are_refused(content: bytes) -> None:
    """A link or device, a name twice or in other letters, an encrypted member, and what is no zip."""
    for mode in (stat.S_IFLNK | 0o777, stat.S_IFDIR | 0o755, stat.S_IFIFO | 0o600):
        with pytest.raises(EvidenceError, match="link"):
            read_zip(zipped(("x", b"/etc/passwd"), mode=mode))
    with pytest.raises(EvidenceError, match="twice"):
        read_zip(zipped(("x.json", b"1"), ("X.JSON", b"2")))
    secret = bytearray(zipped(("x", b"1")))
    secret[secret.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(EvidenceError, match="encrypted"):
        read_zip(bytes(secret))
    for damaged in (b"", b"PK", content[:-1], content[:-30], b"\x00" * 100):
        with pytest.raises(EvidenceError, match="cannot be read"):
            read_zip(damaged)
    for around in (b"before" + content, content + b"behind"):
        assert is_found(around)


def test_a_bomb_is_refused(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed members, one stretch of bytes as many members, and files beyond the bound."""
    with pytest.raises(EvidenceError, match="is compressed"):
        read_zip(zipped(("x", b"\x00" * 10**6), kind=ZIP_DEFLATED))
    lying = bytearray(zipped(("x", b"1"), ("y", b"22")))
    for size in (20, 24):
        at = lying.rindex(b"PK\x01\x02") + size
        lying[at : at + 4] = (10**9).to_bytes(4, "little")
    with pytest.raises(EvidenceError, match=r"overlap|cannot be read"):
        read_zip(bytes(lying))
    with pytest.raises(EvidenceError, match="at most 1000"):
        read_zip(zipped(*((f"x{place}", b"") for place in range(1001))))
    monkeypatch.setattr(evidence_file, "MOST_BYTES", len(content) - 1)
    with pytest.raises(EvidenceError, match="at most"):
        read_zip(content)


def test_rows_that_would_blow_up_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed rows, many rows in few bytes, a long text in every row, nested columns; honest rows come back."""
    rows = pa.table({"name": ["a", None, "b"], "paid": pa.array([1, None, 3], pa.int64())})
    assert read_rows(write_rows(rows)) == rows
    path = tmp_path / "rows.parquet"
    pq.write_table(rows, path, compression="zstd")
    with pytest.raises(EvidenceError, match="compressed by ZSTD"):
        read_rows(path.read_bytes())
    with pytest.raises(EvidenceError, match="another type"):
        read_rows(write_rows(pa.table({"nested": [[1], [2]]})))
    long = write_rows(pa.table({"name": ["x" * 100] * 1000}))
    assert len(long) < 2000
    monkeypatch.setattr(evidence_rows, "MOST_TEXT_BYTES", 99_999)
    with pytest.raises(EvidenceError, match="bytes of text"):
        read_rows(long)
    monkeypatch.setattr(evidence_rows, "MOST_CELLS", 999)
    with pytest.raises(EvidenceError, match="1,000 rows of 1 columns"):
        read_rows(long)


def test_checking_writes_nothing(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where it is run nor in the folder for temporary files, and a deal document reaches no file."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("TMPDIR", str(empty))
    assert wrong(content) == {}
    text = deal_text().replace("state.days_past_due <= 8", f"length(read_text('{secret}')) > 0")
    assert "deal document" in wrong(changed(content, {DEAL: text.encode()}))
    assert list(empty.iterdir()) == []


def test_the_export_in_a_bundle_is_the_ledger(world: World, content: bytes) -> None:
    """Line by line."""
    assert read_export(read_zip(content)[LEDGER]) == list(world.evidence.entries)
