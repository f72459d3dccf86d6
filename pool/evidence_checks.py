"""The check of a bundle: one line for each thing that must hold, all of them looked at whatever the others say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pool import evidence, evidence_figures, evidence_words
from pool.evidence_file import write_zip
from pool.evidence_read import Bundle, Trust
from schemas.errors import EvidenceError, PoolwrightError
from schemas.hashing import digest

RUN_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in words, and whether that is as it must be."""

    check: str
    found: str
    is_ok: bool


def check_bundle(content: bytes, trust: Trust) -> list[Finding]:
    """Check a bundle in memory: no workspace, no engine, no network, and nothing is written.

    Raises:
        EvidenceError: The file is not safe to read, or is damaged.
    """
    bundle = Bundle(content, trust)
    return [_looked_at(name, check, bundle) for name, check in CHECKS.items()]


def _looked_at(name: str, check: Callable[[Bundle], str], bundle: Bundle) -> Finding:
    try:
        return Finding(name, check(bundle), is_ok=True)
    except PoolwrightError as error:
        return Finding(name, f"{error.found}; promised: {error.promised}", is_ok=False)
    except Exception as error:  # noqa: BLE001 - a bundle from outside: whatever its parsers raise, it does not hold
        return Finding(name, f"cannot be read: {type(error).__name__} {error}", is_ok=False)


def _members(bundle: Bundle) -> str:
    """Compare every member with the hash that the manifest names, and find none that it does not name."""
    named: Mapping[str, str] = bundle.manifest["members"]
    there = {name: evidence.sha256(content) for name, content in bundle.members.items() if name != evidence.MANIFEST}
    wrong = [
        *(f"{name} is missing" for name in sorted(named.keys() - there.keys())),
        *(f"{name} is not named" for name in sorted(there.keys() - named.keys())),
        *(f"{name} was changed" for name in sorted(named.keys() & there.keys()) if named[name] != there[name]),
    ]
    if wrong:
        raise EvidenceError("; ".join(wrong), "the members that the manifest names, with their hashes")
    return f"{len(there)} members with the hashes of the manifest"


def _file(bundle: Bundle) -> str:
    """Make the file again from its members: nothing stands between, before or behind them."""
    if write_zip(bundle.members) != bundle.content:
        raise EvidenceError("bytes that belong to no member", "the file as its members make it")
    return f"{len(bundle.content):,} bytes, each of them a member's"


def _model(bundle: Bundle) -> str:
    """Find the files of the model version that the proposal names."""
    if not bundle.model_version:
        return "the deal needs none"
    said = bundle.json(evidence.VERSION)
    files = {
        name.removeprefix(evidence.MODEL_FILES): content.decode()
        for name, content in bundle.members.items()
        if name.startswith(evidence.MODEL_FILES)
    }
    if str(said["version"]) != bundle.model_version or digest(files) != said["files_hash"] or not files:
        raise EvidenceError(
            f"version {said['version']} of {len(files)} files", f"version {bundle.model_version}, whole"
        )
    return f"version {said['version']}, {len(files)} files, trained by {said['trainer']['name']}"


def _runs(bundle: Bundle) -> str:
    """Compute every run's id from what it came from, and find the ones that screened and proposed."""
    wrong = [one["run"] for one in bundle.runs if digest(one["identity"])[:RUN_DIGITS] != one["run"]]
    if wrong:
        raise EvidenceError(
            f"run {wrong[0]} that came from something else", "the hash of what a run came from as its id"
        )
    stages = {one["stage"]: one for one in bundle.runs}
    screened, proposed = (stages[name]["identity"]["depends"] for name in ("screen", "propose"))
    held = digest(sorted([key, one.deal] for key, one in bundle.then.held.items()))
    told = {
        "list": (proposed["list"], bundle.proposal.proposal_id),
        "deal": ({proposed["deal"], screened["deal"]}, {bundle.proposal.payload["deal_hash"]}),
        "pledges": ({proposed["pledges"], screened["pledges"]}, {held}),
        "champion": (screened["champion"], bundle.model_version),
        "screenings": (stages["propose"]["identity"]["inputs"]["screenings"],
                       stages["screen"]["outputs"]["screenings"]["fingerprint"]),
    }  # fmt: skip
    if other := [name for name, (one, two) in told.items() if one != two]:
        raise EvidenceError(f"runs of another {' and another '.join(other)}", "the runs that the proposal came from")
    return f"{len(bundle.runs)} runs, each named by what it came from: {', '.join(sorted(stages))}"


CHECKS: Mapping[str, Callable[[Bundle], str]] = MappingProxyType(
    {
        "members": _members,
        "file": _file,
        "ledger": evidence_words.chain,
        "two people": evidence_words.people,
        "dates": evidence_words.dates,
        "purchase list": evidence_words.listed,
        "inputs": evidence_words.inputs,
        "deal document": evidence_figures.document,
        "screenings": evidence_figures.screenings,
        "criteria": evidence_figures.criteria,
        "eligible": evidence_figures.eligible,
        "positions": evidence_figures.positions,
        "limits": evidence_figures.limits,
        "price": evidence_figures.price,
        "near-duplicates": evidence_words.near,
        "pledged once": evidence_words.pledged_once,
        "model": _model,
        "runs": _runs,
    }
)
"""What is looked at, in order."""
