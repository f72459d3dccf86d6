"""What a bundle's ledger says of the purchase: chain, people, list, near-duplicates, pledges. Each tells or refuses."""

from datetime import date

from pool import evidence
from pool.audit import first_wrong
from pool.chain import OPENING, EntryKind
from pool.evidence_read import Bundle
from pool.ledger import pledges
from pool.list_file import read_list
from pool.near_duplicates import near_duplicates
from pool.price import to_amount
from pool.purchase import control_totals, plain_findings
from pool.witness import read_statement
from schemas.errors import EvidenceError
from schemas.hashing import digest


def chain(bundle: Bundle) -> str:
    """Verify every entry's hash, the chain, the order of acts and who may act, up to the head that is stated."""
    head = read_statement(bundle[evidence.HEAD], bundle.trust.public_key)
    wrong = first_wrong(bundle.entries, head) or first_wrong(bundle.entries, bundle.trust.head)
    if wrong:
        raise _refusal(f"entry {wrong} does not hold", "an unbroken chain through every head that was stated")
    if head[0] != len(bundle.entries):
        raise _refusal(f"a head at entry {head[0]} of {len(bundle.entries)}", "the head of the last entry")
    is_signed = b'"signature"' in bundle[evidence.HEAD]
    told = "signed by the key that you trust" if bundle.trust.public_key else "signed" if is_signed else "not signed"
    seen = f", through the witness's entry {bundle.trust.head[0]}" if bundle.trust.head else ""
    return f"{len(bundle.entries)} entries, head {told}{seen}"


def people(bundle: Bundle) -> str:
    """Find the approval, by somebody who did not propose."""
    said = {entry.kind: entry for entry in bundle.words}
    if EntryKind.REJECTED in said or EntryKind.APPROVED not in said:
        raise _refusal(f"the purchase is {bundle.words[-1].kind.value}", "approved by a second person")
    proposer, approver = bundle.proposal.actor, said[EntryKind.APPROVED].actor
    if proposer == approver:
        raise _refusal(f"{proposer} proposed and approved", "two different people")
    booked = [f", booked by {one.actor}" for kind, one in said.items() if kind in OPENING]
    return f"proposed by {proposer}, approved by {approver}{''.join(booked) or ', not booked yet'}"


def listed(bundle: Bundle) -> str:
    """Compute the proposal's name and control totals from its list, and compare the list that stands as a file."""
    said = bundle.proposal
    if digest({"deal": said.deal, **said.payload})[:20] != said.proposal_id:
        raise _refusal(f"another list than {said.proposal_id} names", "the hash of deal and list as its name")
    _refuse(
        [f"{name} is {value}" for name, value in control_totals(bundle.items).items() if said.payload[name] != value],
        "the control totals of the list",
    )
    file = read_list(bundle[evidence.LIST])
    subject = {"proposal": said.proposal_id, "deal": said.deal, "as_of": str(bundle.as_of)}
    named = [f"{name} is {file.control.get(name)}" for name in subject if file.control.get(name) != subject[name]]
    told = [f"{name} is {bundle.manifest.get(name)}" for name in subject if bundle.manifest.get(name) != subject[name]]
    _refuse([*file.problems, *named, *told], "the ledger's list, as a file")
    if sorted(file.items, key=lambda item: item.receivable_key) != list(bundle.items):
        raise _refusal("a file that lists something else", "the ledger's list, as a file")
    principal, price = (to_amount(said.payload[f"{name}_minor"]) for name in ("principal", "price"))
    return f"{len(bundle.items)} receivables, principal {principal:,}, price {price:,}"


def inputs(bundle: Bundle) -> str:
    """Compute what the ledger itself can tell of the inputs that the proposal names, and find them in the approval."""
    said = bundle.proposal.payload["inputs"]
    before = [one for one in bundle.entries[: bundle.proposal.sequence - 1] if one is not None]
    mine = [one for one in pledges(before) if one.deal == bundle.proposal.deal]
    found = {
        "deal": bundle.proposal.payload["deal_hash"],
        "pool": digest([[one.receivable_key, one.opened_sequence, one.closed_sequence] for one in mine]),
        "near_duplicates": digest(bundle.proposal.payload["near_duplicates"]),
    }
    _refuse(
        [f"another {name}" for name in found if said.get(name) != found[name]], "the inputs that the proposal names"
    )
    acts = [one for one in bundle.words if one.kind in {EntryKind.APPROVED, *OPENING}]
    changed = [f"{one.kind.value} of other inputs" for one in acts if one.payload["inputs"] != said]
    _refuse(changed, "acts on what was proposed")
    return f"{len(said)} inputs, the same in {len(acts) + 1} acts"


def near(bundle: Bundle) -> str:
    """Search for near-duplicates again, and find the answer to them."""
    held = [one for one in bundle.then.held.values() if one.opened_sequence < bundle.proposal.sequence]
    found = plain_findings(near_duplicates(bundle.items, held))
    if found != bundle.proposal.payload["near_duplicates"]:
        raise _refusal(f"{len(found)} near-duplicates, others than the proposal tells", "those that were shown")
    answers = [one.payload["accepted"].strip() for one in bundle.words if one.kind is EntryKind.APPROVED]
    if found and not any(answers):
        raise _refusal(f"{len(found)} near-duplicates without an answer", "a written reason of the approver")
    return f"{len(found)}, answered: {answers[0]}" if found else "none"


def pledged_once(bundle: Bundle) -> str:
    """Find each listed receivable in no pool when it was proposed, and in no other pool since."""
    keys = [item.receivable_key for item in bundle.items]
    _refuse([f"{key[:16]} was pledged" for key in keys if key in bundle.then.held], "free receivables")
    held = [one for key in keys if (one := bundle.now.held.get(key))]
    elsewhere = [f"{one.receivable_key[:16]} is in {one.deal}" for one in held if one.deal != bundle.proposal.deal]
    _refuse(elsewhere, "no other pool")
    return f"free when proposed; {len(held)} of {len(keys)} in the pool, none in another"


def dates(bundle: Bundle) -> str:
    """Find approval and booking between the cut-off and the last valid day."""
    first, last = (date.fromisoformat(bundle.proposal.payload[name]) for name in ("as_of", "valid_until"))
    days = [(one, date.fromisoformat(one.payload["on"])) for one in bundle.words if "on" in one.payload]
    _refuse([f"{one.kind.value} on {on}" for one, on in days if not first <= on <= last], f"from {first} to {last}")
    return ", ".join([f"cut-off {first}", *(f"{one.kind.value.lower()} on {on}" for one, on in days)])


def _refuse(problems: list[str], promised: str) -> None:
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise _refusal(f"{problems[0]}{more}", promised)


def _refusal(found: str, promised: str) -> EvidenceError:
    return EvidenceError(found, promised)
