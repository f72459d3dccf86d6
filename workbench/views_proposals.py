"""The pages of purchases: proposals, one of them, deciding over it, and making one."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from pydantic import SecretStr
from starlette.responses import Response

from pipelines import purchase
from pool.people import Credentials
from pool.price import to_amount
from pool.purchase import Item
from schemas import derived
from schemas.errors import AccessError, PoolwrightError
from workbench import census
from workbench.asked import Approve, AtPlace, Id, Paged, Propose, Reject, Settle
from workbench.book import Proposal
from workbench.refusal import Refusal
from workbench.shelf import Row
from workbench.views_day import is_current, limit_lines
from workbench.visit import Visit

PAGE = 50
MOST_TWINS = 50
"""So many groups of near-duplicates are shown."""


class OneProposal(Paged):
    """A proposal by its id, and a page of its receivables."""

    proposal: Id


class Approved(Approve):
    """The approval of a proposal."""

    proposal: Id


class Settled(Settle):
    """The booking of a proposal."""

    proposal: Id


class Rejected(Reject):
    """The rejection of a proposal."""

    proposal: Id


class OneJob(AtPlace):
    """Background work by its name."""

    job: Id


@dataclass(frozen=True, slots=True)
class Line:
    """A receivable of a proposal's list, as the ledger keeps it, with the day's word on it where that stands."""

    item: Item
    row: Row

    @property
    def principal(self) -> Decimal:
        """Give the principal that is bought."""
        return to_amount(self.item.principal_minor)

    @property
    def price(self) -> Decimal:
        """Give what is paid for it."""
        return to_amount(self.item.price_minor)


def proposals(visit: Visit, asked: AtPlace) -> Response:
    """Show all proposals, and the form for a new one."""
    place = visit.place(asked)
    found = list(visit.desk.book.now().proposals.values())[::-1]
    return visit.page(
        "proposals", place, proposals=found, jobs=visit.desk.jobs.all(), may_start=visit.desk.jobs.may_start
    )


def proposal(visit: Visit, asked: OneProposal) -> Response:
    """Show what a proposal buys, what it does to the limits, how it differs from what it was chosen from."""
    return _shown(visit, _known(visit, asked.proposal), asked.page)


def _known(visit: Visit, proposal_id: str) -> Proposal:
    found = visit.desk.book.now().proposals.get(proposal_id)
    if found is None:
        raise Refusal(404, "refusal.proposal")
    return found


def _shown(visit: Visit, found: Proposal, page: int = 1, status: int = 200, wrong: str = "") -> Response:
    place = visit.desk.place(found.day, found.deal) if (found.day, found.deal) in visit.desk.places() else None
    stands = place is not None and _stands(visit, found)
    counted = None
    if place is not None and stands:
        counted = census.census(visit.desk.sheets.at(place), visit.desk.book.now())
    pages = max(1, -(-found.count // PAGE))
    if page > pages:
        raise Refusal(404, "refusal.404")
    return visit.page(
        "proposal",
        place,
        status=status,
        proposal=found,
        stands=stands,
        census=counted,
        limits=limit_lines(visit, place) if place is not None and stands else [],
        lines=_lines(visit, found, page),
        fairness=visit.desk.shelf.read(derived.FAIRNESS_RESULTS, found.day, found.deal) if stands else [],
        twins=found.near_duplicates[:MOST_TWINS],
        today=purchase.today(visit.desk.workspace),
        number=page,
        pages=pages,
        wrong=wrong,
        is_current=place is None or is_current(visit, place),
    )


def _stands(visit: Visit, found: Proposal) -> bool:
    """Tell whether the day's published tables are still those of this proposal and not of a later one."""
    rows = visit.desk.shelf.read(derived.PROPOSALS, found.day, found.deal, "TRUE LIMIT 1")
    return bool(rows) and rows[0]["proposal_id"] == found.proposal_id


def _lines(visit: Visit, found: Proposal, page: int) -> list[Line]:
    listed = found.items[(page - 1) * PAGE : page * PAGE]
    names = [item.receivable_id for item in listed]
    rows = visit.desk.shelf.read(derived.PROPOSALS, found.day, found.deal, "list_contains(?, receivable_id)", names)
    told = {row["receivable_id"]: row for row in rows}
    return [Line(item, told.get(item.receivable_id, {})) for item in listed]


def approve(visit: Visit, asked: Approved) -> Response:
    """Approve a proposal: by another person than the one who made it, if it still comes from what it came from."""

    def act(by: Credentials) -> object:
        return purchase.approve(visit.desk.workspace, asked.proposal, by, asked.on, asked.accepted or "")

    return _decided(visit, asked.proposal, asked.secret, act)


def reject(visit: Visit, asked: Rejected) -> Response:
    """Reject a proposal, with the reason."""

    def act(by: Credentials) -> object:
        return purchase.reject(visit.desk.workspace, asked.proposal, by, asked.reason)

    return _decided(visit, asked.proposal, asked.secret, act)


def settle(visit: Visit, asked: Settled) -> Response:
    """Book an approved proposal against the cash that was paid."""

    def act(by: Credentials) -> object:
        return purchase.settle(visit.desk.workspace, asked.proposal, by, asked.on, Decimal(asked.cash))

    return _decided(visit, asked.proposal, asked.secret, act)


def _decided(visit: Visit, proposal_id: str, secret: SecretStr, act: Callable[[Credentials], object]) -> Response:
    """Enter a decision in the ledger, signed with the secret of who is signed in; a refusal is shown and noted."""
    found = _known(visit, proposal_id)
    by = Credentials(visit.name, secret.get_secret_value())
    kind = visit.path.rpartition("/")[2]
    try:
        _sign(visit, by)
        act(by)
    except PoolwrightError as error:
        visit.note(f"{kind}_refused", proposal=proposal_id, why=error.found)
        status = 403 if isinstance(error, AccessError) else 409
        mend = f" {error.mend}" if error.mend else ""
        return _shown(visit, found, status=status, wrong=f"{error.found} ({error.promised}).{mend}")
    visit.note(kind, proposal=proposal_id)
    return visit.to(f"/proposals/{proposal_id}")


def _sign(visit: Visit, by: Credentials) -> None:
    """See that the secret is the person's, a few tries only.

    Raises:
        AccessError: It is not.
    """
    with visit.desk.throttle.guess(f"name {by.name}", f"address {visit.address}"):
        visit.desk.book.store.authenticated(by, frozenset(visit.person.roles if visit.person else ()))


def propose(visit: Visit, asked: Propose) -> Response:
    """Start the choice of a batch in the background, as the person who is signed in."""
    place = visit.desk.place(asked.day, asked.deal)
    by = Credentials(visit.name, asked.secret.get_secret_value())
    try:
        _sign(visit, by)
    except AccessError as error:
        raise Refusal(403, "refusal.promise", f"{error.found} ({error.promised})") from error
    subject = f"{asked.deal} {asked.day}: {asked.cash}"
    words = ("propose", "--as-of", asked.day.isoformat(), "--deal", asked.deal, "--cash", asked.cash, "--as", by.name)
    job = visit.desk.jobs.start((by.name, subject, visit.now), (*words, "--json"), by.secret)
    if job is None or place is None:
        raise Refusal(409, "refusal.busy")
    visit.note("propose", day=asked.day.isoformat(), deal=asked.deal, cash=asked.cash)
    return visit.to(f"/jobs/{job.job_id}")


def job(visit: Visit, asked: OneJob) -> Response:
    """Show how background work goes."""
    found = visit.desk.jobs.get(asked.job)
    if found is None:
        raise Refusal(404, "refusal.404")
    return visit.page("job", visit.place(asked), job=found)
