"""Every door of the workbench: path, what it is asked, what answers, and who may open it."""

from pool.people import Role
from workbench import views_day, views_entry, views_proposals, views_receivables, views_record
from workbench.asked import AtPlace, AtVersion, Gate, Listing, Paged, Propose, Quarantined, SignIn, SignOut, Speak
from workbench.door import Door
from workbench.views_proposals import Approved, OneJob, OneProposal, Rejected, Settled
from workbench.views_receivables import OneReceivable
from workbench.views_record import AuditLines, Verify

PROPOSERS = frozenset({Role.PROPOSER})
APPROVERS = frozenset({Role.APPROVER})
SETTLERS = PROPOSERS | APPROVERS
AUDITORS = frozenset({Role.ADMIN, Role.APPROVER})

DOORS = (
    Door("/", "GET", AtPlace, views_day.today),
    Door("/pool", "GET", AtPlace, views_day.pool),
    Door("/receivables", "GET", Listing, views_receivables.receivables),
    Door("/receivables.csv", "GET", Listing, views_receivables.exported),
    Door("/receivables/{receivable}", "GET", OneReceivable, views_receivables.receivable),
    Door("/proposals", "GET", AtPlace, views_proposals.proposals),
    Door("/proposals", "POST", Propose, views_proposals.propose, PROPOSERS),
    Door("/proposals/{proposal}", "GET", OneProposal, views_proposals.proposal),
    Door("/proposals/{proposal}/approve", "POST", Approved, views_proposals.approve, APPROVERS),
    Door("/proposals/{proposal}/reject", "POST", Rejected, views_proposals.reject, APPROVERS),
    Door("/proposals/{proposal}/settle", "POST", Settled, views_proposals.settle, SETTLERS),
    Door("/jobs/{job}", "GET", OneJob, views_proposals.job),
    Door("/ledger", "GET", Paged, views_record.ledger),
    Door("/ledger/verify", "POST", Verify, views_record.verify),
    Door("/audit", "GET", AuditLines, views_record.audit, AUDITORS),
    Door("/models", "GET", AtVersion, views_record.models),
    Door("/data", "GET", Quarantined, views_record.data),
    Door("/sign-in", "GET", Gate, views_entry.gate, is_public=True),
    Door("/sign-in", "POST", SignIn, views_entry.sign_in, is_public=True),
    Door("/sign-out", "POST", SignOut, views_entry.sign_out),
    Door("/language", "POST", Speak, views_entry.speak, is_public=True),
)
