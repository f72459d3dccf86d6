"""What a bundle's rows say of the purchase: criteria, limits and price, computed once more. Each tells or refuses."""

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pool.clauses import PASSED
from pool.duckdb_evidence import Recount, Recounted
from pool.evidence_read import Bundle
from pool.price import to_amount
from schemas import derived
from schemas.errors import EvidenceError

TOLERANCE = 1e-9
CENT = Decimal(1)


def document(bundle: Bundle) -> str:
    """Read the deal document and compute its hash."""
    deal, said = bundle.deal, bundle.proposal
    if (deal.name, deal.hash) != (said.deal, said.payload["deal_hash"]):
        raise EvidenceError(f"{deal.name} with hash {deal.hash[:16]}", "the deal that the proposal names")
    if deal.effective_on > bundle.as_of:
        raise EvidenceError(f"a version from {deal.effective_on} on", f"one in force on {bundle.as_of}")
    return f"{deal.name} version {deal.version}: {len(deal.criteria)} criteria, {len(deal.limits)} limits"


def screenings(bundle: Bundle) -> str:
    """Compute the content of the published screenings, which the ledger's entry names."""
    rows, said = bundle.screenings, bundle.proposal.payload["inputs"]
    if bundle.trust.content_hash(rows, derived.SCREENINGS.key) != said["screenings"]:
        raise EvidenceError("screenings of another content", "those whose content the proposal names")
    subject = {"deal": bundle.deal.name, "deal_hash": bundle.deal.hash, "as_of": bundle.as_of}
    other = [name for name, value in subject.items() if pc.unique(rows.column(name)).to_pylist() != [value]]
    if other:
        raise EvidenceError(f"screenings of another {' and another '.join(other)}", "those of the proposal")
    passed = pc.equal(rows.column("outcomes"), PASSED * len(bundle.deal.criteria))
    if not passed.equals(rows.column("is_eligible")):
        raise EvidenceError("receivables called eligible by something else", "eligible is what passes every criterion")
    return f"{rows.num_rows} open receivables screened"


def criteria(bundle: Bundle) -> str:
    """Judge every receivable of the view by every criterion, and compare cell by cell."""
    with _recount(bundle) as recount:
        found = recount.outcomes()
    published = {row["receivable_id"]: row["outcomes"] for row in _screened(bundle, found)}
    size = len(bundle.deal.criteria)
    if len(found) != bundle.view.num_rows:
        raise EvidenceError(f"{bundle.view.num_rows} rows of {len(found)} receivables", "one row of each")
    unequal = [
        (name, place)
        for name, letters in sorted(found.items())
        if letters != published.get(name)
        for place in range(size)
        if letters[place] != published.get(name, "").ljust(size)[place]
    ]
    unequal += [(name, size - 1) for name, letters in published.items() if len(letters) > size]
    cells = f"{len(found) * size} cells judged again, {len(unequal)} unequal"
    if unequal:
        name, place = unequal[0]
        raise EvidenceError(f"{cells}, the first {name} by {bundle.deal.criteria[place].code}", "no cell unequal")
    return cells


def eligible(bundle: Bundle) -> str:
    """Find every listed receivable among those of which every criterion passed, as itself."""
    every = PASSED * len(bundle.deal.criteria)
    rows = {row["receivable_id"]: row for row in _screened(bundle, [item.receivable_id for item in bundle.items])}
    for item in bundle.items:
        row = rows.get(item.receivable_id, {})
        if row.get("outcomes") != every or row.get("receivable_key") != item.receivable_key:
            raise EvidenceError(f"{item.receivable_id} does not pass", "every criterion passed by what is listed")
    return f"all {len(bundle.items)} pass all {len(every)} criteria"


def positions(bundle: Bundle) -> str:
    """Compare what the view says of pledges, and whom it tells of, with the ledger and the screenings."""
    named = ("state.receivable_id", "state.receivable_key", "position.deal", "position.is_pledged")
    columns = [bundle.view.column(name).to_pylist() for name in named]
    held = {key: one.deal for key, one in bundle.then.held.items()}
    for name, key, deal, is_pledged in zip(*columns, strict=True):
        if (deal, is_pledged) != (held.get(key), key in held):
            raise EvidenceError(
                f"{name} in {deal}, by the ledger in {held.get(key)}", "positions as the ledger has them"
            )
    told, mine = set(columns[0]), {key for key, deal in held.items() if deal == bundle.deal.name}
    is_mine = pc.is_in(bundle.screenings.column("receivable_key"), value_set=pa.array(mine, pa.string()))
    wanted = bundle.screenings.filter(pc.or_(bundle.screenings.column("is_eligible"), is_mine))
    asked = set(wanted.column("receivable_id").to_pylist())
    if told != asked:
        raise EvidenceError(f"a view of {len(told)} where {len(asked)} are", "all that is eligible or in the pool")
    pooled = sum(key in mine for key in columns[1])
    return f"{pooled} in the pool, {len(told) - pooled} others that were eligible"


def limits(bundle: Bundle) -> str:
    """Measure every limit on the pool without and with the batch, and compare with what was published."""
    bought = {item.receivable_id for item in bundle.items}
    with _recount(bundle) as recount:
        unknown, found = recount.unknown(bought), recount.limits(bought)
    subject = (bundle.deal.name, bundle.as_of)
    published = {row["code"]: row for row in bundle.limit_results if (row["deal"], row["as_of"]) == subject}
    if unknown or published.keys() != {one.limit.code for one in found}:
        raise EvidenceError(f"limits {sorted(unknown or published)}", "every limit of the deal, none of them unknown")
    for one in found:
        row = published[one.limit.code]
        if not one.is_kept:
            raise EvidenceError(f"{one.limit.code} is {float(one.after or 0):.6f}", f"kept at {one.limit.bound}")
        if not _agree(one, row):
            told = f"{row['value_before']} and {row['value_after']}, computed {_shown(one)}"
            raise EvidenceError(f"{one.limit.code} published as {told}", "the same values")
    return f"all {len(found)} kept, with the published values"


def _agree(one: Recounted, row: dict[str, object]) -> bool:
    pairs = ((one.before, row["value_before"]), (one.after, row["value_after"]), (one.limit.bound, row["threshold"]))
    values = [(None if left is None else float(left), right) for left, right in pairs]
    return row["is_kept"] is True and all(_is_close(left, right) for left, right in values)


def _is_close(left: float | None, right: object) -> bool:
    if left is None or not isinstance(right, float):
        return left is right
    return math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _shown(one: Recounted) -> str:
    return " and ".join("nothing" if value is None else f"{float(value):.9f}" for value in (one.before, one.after))


def price(bundle: Bundle) -> str:
    """Price every listed receivable by the deal's rule, from its principal in the view."""
    names = ("state.receivable_id", "state.current_principal_amount")
    owed = dict(zip(*(bundle.view.column(name).to_pylist() for name in names), strict=True))
    kept = 1 - bundle.deal.price.discount_rate
    for item in bundle.items:
        principal = int(owed.get(item.receivable_id, 0) * 100)
        wanted = int((principal * kept).quantize(CENT, ROUND_HALF_UP))
        if (principal, wanted) != (item.principal_minor, item.price_minor):
            found = f"{item.receivable_id} at {to_amount(item.price_minor)} for {to_amount(item.principal_minor)}"
            raise EvidenceError(found, f"{to_amount(wanted)} for {to_amount(principal)}")
    said, batch = bundle.proposal.payload, bundle.deal.batch
    whole = to_amount(sum(item.principal_minor for item in bundle.items))
    if sum(item.price_minor for item in bundle.items) > said["cash_minor"]:
        raise EvidenceError("a price above the cash", f"at most {to_amount(said['cash_minor'])}")
    if not batch.minimum_amount <= whole <= batch.maximum_amount:
        raise EvidenceError(f"a batch of {whole}", f"{batch.minimum_amount} to {batch.maximum_amount}")
    return f"principal less {bundle.deal.price.discount_rate} each, within cash and batch bounds"


def _screened(bundle: Bundle, receivable_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Give the published screenings of some receivables."""
    names = pa.array(receivable_ids, pa.string())
    is_named = pc.is_in(bundle.screenings.column("receivable_id"), value_set=names)
    found: list[dict[str, Any]] = bundle.screenings.filter(is_named).to_pylist()
    return found


def _recount(bundle: Bundle) -> Recount:
    return Recount(bundle.view, bundle.deal, bundle.as_of, bundle.model_version or None)
