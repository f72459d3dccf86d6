"""A small purchase with all its evidence, made without engine and workspace: what bundles are tested on."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
import pyarrow as pa
import yaml

from pool.acts import Review, Settlement
from pool.deal import Deal, load_deal
from pool.duckdb_screening import SecondOpinion
from pool.evidence import MANIFEST, Evidence, asked_of, bundled, model_members, sha256
from pool.evidence_checks import Finding, check_bundle
from pool.evidence_file import MODE, WRITTEN_AT, read_zip, write_zip
from pool.evidence_read import Trust
from pool.ledger import Item, PurchaseList
from pool.limits import compare, rows_of
from pool.near_duplicates import near_duplicates
from pool.people import Role
from pool.price import price_minor
from pool.purchase import plain_findings
from pool.store import LedgerStore
from pool.witness import head_statement
from runtime.content import content_hash
from runtime.iceberg import arrow_schema
from schemas import derived
from schemas.hashing import canonical_json, digest
from tests.pool.platforms import Platform, seen_day
from tests.pool.purchases import ANN, AT, BOB, CHEAP, INPUTS, PRICE, ROOT
from tests.pool.worlds import AS_OF, CHAMPION, DEALS

CRITERIA = {
    "X1": "state.days_past_due <= 8",
    "X2": "NOT position.is_pledged",
    "X3": "others_count(state.days_past_due > 8) <= 3",
    "X4": "deal.approves_model IS NOT FALSE AND deal.as_of <= deal.legal_final_on",
    "X5": "state.current_principal_amount > 0 AND NOT blacklist.is_borrower_listed",
}
LIMITS: dict[str, dict[str, Any]] = {
    "L1": {"measure": "member_share", "expression": "state.borrower_id", "at_most": 1.0},
    "L2": {"measure": "attribute_share", "expression": "receivable.category_code = 'A'", "at_most": 1.0},
    "L3": {"measure": "weighted_average", "expression": "state.days_past_due", "at_most": 60.0},
    "L4": {"measure": "member_count", "expression": "receivable.region_code", "at_least": 1.0},
    "L5": {"measure": "total_amount", "expression": "state.days_past_due < 60", "at_most": 10**9},
    "L6": {"measure": "attribute_share", "expression": "state.late_count > 100", "at_least": 0.5,
           "maintain_or_improve": True},
}  # fmt: skip
TRUST = Trust(content_hash)
SEED = 11


@dataclass(frozen=True)
class World:
    """The evidence of a purchase."""

    evidence: Evidence
    deal: Deal

    @property
    def content(self) -> bytes:
        """Give the bundle."""
        return bundled(self.evidence)


def deal_text(**changes: Any) -> str:
    """Write a deal of few criteria that random receivables can pass."""
    document = yaml.safe_load((DEALS / "demo_consumer.yaml").read_text("utf-8"))
    words = {"clause": "1", "text_en": "x", "text_zh": "x"}
    document |= {
        "name": "own",
        "criteria": [{"code": code, **words, "expression": text} for code, text in CRITERIA.items()],
        "limits": [{"code": code, **words, **limit} for code, limit in LIMITS.items()],
        "batch": {"minimum_amount": 0.01, "maximum_amount": 9_000_000},
    }
    return str(yaml.safe_dump({**document, **changes}, allow_unicode=True, sort_keys=False))


def make_world(folder: Path, *, alike: bool = False) -> World:
    """Make a platform, pledges in two pools, a screening, and a purchase that one person proposes and another books."""
    platform, text = Platform(SEED), deal_text()
    deal = load_deal(text)
    with LedgerStore(f"sqlite:///{folder / 'ledger.db'}", CHEAP) as store:
        store.add_person(ROOT, frozenset({Role.ADMIN}), AT)
        store.add_person(ANN, frozenset({Role.PROPOSER}), AT, ROOT)
        store.add_person(BOB, frozenset({Role.APPROVER}), AT, ROOT)
        for pool, keys in (("own", ("key-r0", "key-r1")), ("other", ("key-r2", "key-r3"))):
            book(store, PurchaseList(pool, "h", AS_OF, 10**6, tuple(Item(k, k[4:], 1000, PRICE) for k in keys), INPUTS))
        held = store.positions()
        columns = {"receivable_key": [one.receivable_key for one in held], "deal": [one.deal for one in held]}
        with SecondOpinion(platform.write(folder), pa.table(columns), seen_day(), folder) as second:
            screenings = screened(second.outcomes(deal, CHAMPION), platform, deal)
            passed = screenings.filter(screenings.column("is_eligible")).column("receivable_id")
            names = asked_of(deal)
            view = second.wide(names, deal, CHAMPION, passed).select(names)
            rows = second.limit_rows(deal, CHAMPION, "state.is_open")
        buyable = set(passed.to_pylist())
        purchase, rows = chosen(rows, buyable, deal, alike=alike)
        near = near_duplicates(purchase.items, held)
        inputs = {
            "deal": deal.hash,
            "model_version": CHAMPION,
            "pool": digest([[p.receivable_key, p.opened_sequence, None] for p in held if p.deal == "own"]),
            "near_duplicates": digest(plain_findings(near)),
            "screenings": content_hash(screenings, derived.SCREENINGS.key),
        }
        purchase = replace(purchase, inputs=inputs, near_duplicates=near)
        proposal = book(store, purchase, "one loan is a refinancing" if near else "")
        entries = store.history()
    published = limit_table(rows, {item.receivable_id for item in purchase.items}, deal)
    runs = runs_of(purchase, digest(sorted([p.receivable_key, p.deal] for p in held)))
    model = model_members(
        {"version": CHAMPION, "files_hash": digest({"booster.txt": "tree"}), "trainer": {"name": "ann"}},
        {"booster.txt": "tree"},
        "<html></html>",
    )
    head = head_statement(entries[-1].head, AT)
    return World(
        Evidence(next(e for e in entries if e.proposal_id == proposal), entries, head, text, view, screenings,
                 published, runs, model),
        deal,
    )  # fmt: skip


def book(store: LedgerStore, purchase: PurchaseList, accepted: str = "") -> str:
    """Take a list all the way into its pool."""
    name = store.propose(purchase, ANN, AT).entry.proposal_id
    store.approve(name, BOB, AT, Review(purchase.inputs, AS_OF, accepted))
    store.book(name, ANN, AT, Settlement(purchase.inputs, AS_OF, sum(item.price_minor for item in purchase.items)))
    return name


def chosen(rows: pa.Table, buyable: set[str], deal: Deal, *, alike: bool) -> tuple[PurchaseList, pa.Table]:
    """Buy half of what can be bought; where alike is asked for, the first two are of one order."""
    from tests.pool.purchases import facts

    free = [row for row in rows.to_pylist() if row["receivable_id"] in buyable and row["principal_minor"] > 0]
    free = [row for row in free if row["L3"] is not None]
    assert len(free) >= 4, len(free)
    items = []
    for row in free[: len(free) // 2 + 1]:
        price = price_minor(row["principal_minor"], deal.price.discount_rate)
        items.append(Item(row["receivable_key"], row["receivable_id"], row["principal_minor"], price))
    if alike:
        items[:2] = [replace(item, facts=facts(order_id="=order")) for item in items[:2]]
    seen = {row["receivable_id"] for row in free}
    kept = pa.array([row["is_pooled"] or row["receivable_id"] in seen for row in rows.to_pylist()])
    return PurchaseList("own", deal.hash, AS_OF, 10**9, tuple(items)), rows.filter(kept)


def screened(outcomes: pa.Table, platform: Platform, deal: Deal) -> pa.Table:
    """Lay outcomes out as the published table."""
    owed = {row["receivable_id"]: row["current_principal_amount"] for row in platform.rows["receivable_states"]}
    lines = []
    for row in outcomes.to_pylist():
        failed = [c.code for c, letter in zip(deal.criteria, row["outcomes"], strict=True) if letter != "P"]
        name = row["receivable_id"]
        line = {"as_of": AS_OF, "deal": deal.name, "deal_hash": deal.hash, "receivable_key": f"key-{name}"}
        line |= {"is_eligible": not failed, "first_failed_code": failed[0] if failed else None}
        lines.append({**row, **line, "failed_count": len(failed), "current_principal_amount": owed[name]})
    return pa.Table.from_pylist(lines, schema=arrow_schema(derived.SCREENINGS))


def limit_table(rows: pa.Table, bought: set[str], deal: Deal) -> pa.Table:
    """Measure the limits as a proposal publishes them."""
    read = rows_of(rows, deal)
    batch = np.array([name in bought for name in read.receivable_ids])
    found = compare(read, batch, ())
    names = ("code", "value_before", "value_after", "threshold", "headroom", "worst_member")
    flags = ("is_kept", "is_maintained", "is_binding")
    lines = [{**{n: getattr(one, n) for n in (*names, *flags)}, "deal": deal.name, "as_of": AS_OF} for one in found]
    return pa.Table.from_pylist(lines, schema=arrow_schema(derived.LIMIT_RESULTS))


def runs_of(purchase: PurchaseList, pledges: str) -> list[dict[str, Any]]:
    """Give the manifests of a screening and a proposal."""
    depends = {"deal": purchase.deal_hash, "pledges": pledges}
    first = {"inputs": {}, "depends": {**depends, "champion": CHAMPION}}
    second = {"inputs": {"screenings": "f"}, "depends": {**depends, "list": purchase.proposal_id}}
    return [
        {"run": digest(identity)[:16], "stage": stage, "identity": identity, "outputs": outputs}
        for stage, identity, outputs in (
            ("screen", first, {"screenings": {"fingerprint": "f"}}),
            ("propose", second, {}),
        )
    ]


def wrong(content: bytes, trust: Trust = TRUST) -> dict[str, str]:
    """Give what does not hold, by check."""
    return {one.check: one.found for one in findings(content, trust) if not one.is_ok}


def findings(content: bytes, trust: Trust = TRUST) -> list[Finding]:
    """Check a bundle."""
    return check_bundle(content, trust)


def changed(content: bytes, members: Mapping[str, bytes | None]) -> bytes:
    """Put other members in, or take some out, and let the manifest name exactly what is there."""
    held = {**read_zip(content), **{name: one for name, one in members.items() if one is not None}}
    held = {name: one for name, one in held.items() if members.get(name, b"") is not None}
    said = yaml.safe_load(held[MANIFEST])
    said["members"] = {name: sha256(one) for name, one in held.items() if name != MANIFEST}
    return write_zip({**held, MANIFEST: canonical_json(said).encode()})


def zipped(*entries: tuple[str, bytes], mode: int = MODE, kind: int = ZIP_STORED) -> bytes:
    """Make a zip of any entries, as nobody honest would."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", kind) as file:
        for name, content in entries:
            info = ZipInfo("x", WRITTEN_AT)
            info.filename = name
            info.external_attr, info.compress_type = mode << 16, kind
            file.writestr(info, content)
    return buffer.getvalue()
