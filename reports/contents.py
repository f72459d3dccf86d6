"""The contents of a pool report: frozen plain values, filled by the caller from published tables and the ledger.

Amounts are in the platform's currency, shares and probabilities are fractions of 1, counts are of receivables.
`None` always says "not measured", never zero.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Literal

from reports.evidence import DataQuality, DefaultProbabilities, ModelQuality, Provenance
from reports.performance import Performance


class Unit(Enum):
    """What a limit or trigger measures, and so how its value is written."""

    SHARE = "share"
    RATE = "rate"
    MONEY = "money"
    COUNT = "count"
    DAYS = "days"
    NUMBER = "number"


Direction = Literal["at most", "at least"]
Status = Literal["proposed", "approved", "booked", "rejected"]


@dataclass(frozen=True, slots=True)
class Holding:
    """Some receivables, counted and summed."""

    count: int = 0
    principal: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part in the deal, and as what."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class DealFacts:
    """The deal document that was applied; `title_en` and `title_zh` may be empty."""

    name: str
    version: str
    document_hash: str
    parties: tuple[Party, ...] = ()
    title_en: str = ""
    title_zh: str = ""


@dataclass(frozen=True, slots=True)
class Funnel:
    """The way from open receivables to bought ones; each step holds part of the one before.

    `booked` is what the ledger holds of this proposal: empty until another person approves.
    """

    opened: Holding
    scored: Holding
    eligible: Holding
    proposed: Holding
    booked: Holding

    @property
    def judged(self) -> Holding:
        """Give what the criteria judged: what was scored, or all that is open on a day without scores."""
        return self.scored if self.scored.count else self.opened

    @property
    def refused(self) -> Holding:
        """Give the judged receivables that are not eligible."""
        return Holding(self.judged.count - self.eligible.count, self.judged.principal - self.eligible.principal)


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """What one eligibility criterion did to the judged receivables.

    Args:
        code: The deal's code of the criterion.
        clause: Where the contract says it.
        text_en: The criterion in English.
        text_zh: The criterion in Chinese.
        failed: Receivables that fail it.
        unknown: Receivables for which it cannot be decided; they are kept out like the failed.
        only_reason: Receivables for which it alone is not passed.
        principal: Principal of the failed and the unknown; the criteria overlap, so these do not add up.
    """

    code: str
    clause: str
    text_en: str
    text_zh: str
    failed: int
    unknown: int
    only_reason: int
    principal: Decimal


@dataclass(frozen=True, slots=True)
class Member:
    """One part of a composition: a grade, a region, a band; `pool` is the pool with the batch.

    `is_rest` marks the part that gathers all smaller ones: no sentence is made about it.
    """

    label: str
    eligible: Holding
    batch: Holding
    pool: Holding
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Composition:
    """How eligible receivables, batch and pool divide by one trait; members stand in the order to be shown."""

    trait: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit of the pool before and after the batch; negative `headroom` is a breach.

    Values are None while the pool is empty; `worst_member` is empty where the limit has no members.
    """

    code: str
    text_en: str
    text_zh: str
    unit: Unit
    direction: Direction
    threshold: float
    value_before: float | None
    value_after: float | None
    headroom: float | None
    is_kept: bool
    is_binding: bool
    worst_member: str = ""

    @property
    def value(self) -> float | None:
        """Give the value that counts: with the batch, or without it where there is none."""
        return self.value_before if self.value_after is None else self.value_after


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """A trigger of the deal on the day; `effect` says what it does when it is in force."""

    code: str
    text_en: str
    text_zh: str
    unit: Unit
    threshold: float
    value: float | None
    is_fired: bool
    effect: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """The proposal of the run and where it stands; `approver` is empty until another person has decided.

    `price_basis` says in words how the price follows from the principal. `ledger_head` is the hash of the ledger's
    last entry, empty before the first.
    """

    proposal_id: str
    status: Status
    batch: Holding
    price: Decimal
    price_basis: str
    cash_available: Decimal
    proposer: str
    approver: str = ""
    ledger_head: str = ""


@dataclass(frozen=True, slots=True)
class PoolReport:
    """Everything that a pool report shows, for one deal at the start of the local day `as_of`.

    `purchase` is None where nothing was proposed; `model` is None where nothing was scored; `performance` is None while
    the pool has bought nothing.
    """

    deal: DealFacts
    as_of: date
    run_id: str
    currency: str
    funnel: Funnel
    criteria: tuple[CriterionResult, ...]
    compositions: tuple[Composition, ...]
    limits: tuple[LimitLine, ...]
    triggers: tuple[TriggerLine, ...]
    probabilities: DefaultProbabilities
    model: ModelQuality | None
    data: DataQuality
    purchase: Purchase | None
    provenance: Provenance
    performance: Performance | None = None
