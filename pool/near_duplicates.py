"""Near-duplicates: receivables with different keys that look like one loan, on a purchase list and in the pools.

Every finding is a group with at least one listed receivable. What is within an earlier group is not told again:

- `SAME_ORDER`: one order of one source stands behind them all: a split order, or one loan under two contracts.
- `SAME_LOAN`: borrower, merchant, original principal and day of disbursement agree.
- `REDATED`: borrower, merchant, original principal and term agree, each day at most `REDATED_DAYS` from the next.
- `SPLIT`: parts of one borrower at one merchant, at most `SPLIT_DAYS` from a whole, add up to its original principal.
- `OTHER_SECRET`: one source under two pseudonym secrets, so that borrowers cannot be compared: merchant, principal,
  day, term, rate and final due day agree.
- `OTHER_SOURCE`: two sources, so that no ids can be compared: principal, day, term, rate and final due day agree.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from types import MappingProxyType

from pool.ledger import Pledge
from pool.price import to_amount
from pool.purchase import Facts, Item, NearDuplicate

REDATED_DAYS = 31
SPLIT_DAYS = 7
MOST_PARTS = 14
"""Up to so many candidates every subset is tried as the parts of a whole; of more, every pair and all of one day."""


@dataclass(frozen=True, slots=True)
class Loan:
    """A receivable as the search sees it; `is_listed` tells the purchase list from the pools."""

    key: str
    facts: Facts
    is_listed: bool

    @property
    def day(self) -> date:
        """Give the day of disbursement."""
        return date.fromisoformat(self.facts.disbursed_on)


Group = tuple[Loan, ...]
Seen = Iterator[tuple[Group, str]]
"""Groups, each with what was seen, in words."""


def near_duplicates(listed: Sequence[Item], held: Iterable[Pledge]) -> tuple[NearDuplicate, ...]:
    """Give what on a purchase list looks like something else on it or in a pool, in order.

    Args:
        listed: The purchase list; an item whose facts are not known is like nothing.
        held: Open pledges of all pools.
    """
    loans = [Loan(item.receivable_key, item.facts, is_listed=True) for item in listed if item.facts.original_minor]
    marks = {mark for loan in loans for mark in _marks(loan.facts)}
    loans += [
        Loan(pledge.receivable_key, pledge.facts, is_listed=False)
        for pledge in held
        if pledge.facts.original_minor and not marks.isdisjoint(_marks(pledge.facts))
    ]
    told: dict[str, set[int]] = defaultdict(set)
    found: list[NearDuplicate] = []
    for kind, search in SEARCHES.items():
        for group, observed in search(loans):
            keys = sorted({loan.key for loan in group})
            if len(keys) > 1 and not set.intersection(*(told[key] for key in keys)):
                for key in keys:
                    told[key].add(len(found))
                found.append(_finding(kind, group, observed))
    return tuple(sorted(found))


def _marks(facts: Facts) -> Iterator[tuple[object, ...]]:
    """Give what two receivables must share, one of them, to be near-duplicates of any kind."""
    yield ("terms", facts.original_minor, facts.disbursed_on)
    if facts.borrower_id:
        yield ("borrower", facts.borrower_id, facts.merchant_id)
    if facts.order_id:
        yield ("order", facts.source, facts.order_id)


def _finding(kind: str, group: Group, observed: str) -> NearDuplicate:
    listed = sorted({loan.key for loan in group if loan.is_listed})
    held = sorted({loan.key for loan in group if not loan.is_listed})
    return NearDuplicate(kind, tuple(listed), tuple(held), observed)


def _alike(loans: Iterable[Loan], trait: Callable[[Facts], Hashable]) -> Iterator[Group]:
    """Give the groups of two or more, one of them listed, that agree in a trait; an empty trait agrees with nothing."""
    groups: dict[Hashable, list[Loan]] = defaultdict(list)
    for loan in loans:
        value = trait(loan.facts)
        if value:
            groups[value].append(loan)
    for group in groups.values():
        if len(group) > 1 and any(loan.is_listed for loan in group):
            yield tuple(group)


def _same_order(loans: Sequence[Loan]) -> Seen:
    for group in _alike(loans, lambda facts: facts.order_id and (facts.source, facts.order_id)):
        facts = group[0].facts
        whole = sum(loan.facts.original_minor for loan in group)
        yield group, f"order {facts.order_id} of {to_amount(facts.order_minor)} carries {to_amount(whole)}"


def _same_loan(loans: Sequence[Loan]) -> Seen:
    for group in _alike(
        loans, lambda one: one.borrower_id and (one.borrower_id, one.merchant_id, one.original_minor, one.disbursed_on)
    ):
        yield group, f"{_owed(group[0])} on {group[0].facts.disbursed_on}"


def _redated(loans: Sequence[Loan]) -> Seen:
    for group in _alike(
        loans, lambda one: one.borrower_id and (one.borrower_id, one.merchant_id, one.original_minor, one.term_number)
    ):
        for run in _runs(sorted(group, key=lambda loan: (loan.day, loan.key))):
            if any(loan.is_listed for loan in run) and run[0].day < run[-1].day:
                yield run, f"{_owed(run[0])} on {', '.join(sorted({loan.facts.disbursed_on for loan in run}))}"


def _runs(loans: list[Loan]) -> Iterator[Group]:
    """Cut loans in order of their days where the next one is far."""
    cuts = [place for place, (one, other) in enumerate(pairwise(loans), 1) if (other.day - one.day).days > REDATED_DAYS]
    for start, end in pairwise([0, *cuts, len(loans)]):
        yield tuple(loans[start:end])


def _split(loans: Sequence[Loan]) -> Seen:
    for group in _alike(loans, lambda one: one.borrower_id and (one.borrower_id, one.merchant_id)):
        for whole in sorted(group, key=lambda loan: loan.key):
            parts = _parts(whole, group)
            if parts:
                sizes = " + ".join(str(to_amount(loan.facts.original_minor)) for loan in parts)
                yield (whole, *parts), f"{_owed(whole)} on {whole.facts.disbursed_on} is {sizes}"


def _parts(whole: Loan, group: Group) -> Group:
    """Give a smallest set of other loans that add up to the whole, with one listed among them all; empty if none."""
    near = [
        loan
        for loan in sorted(group, key=lambda loan: loan.key)
        if loan.facts.original_minor < whole.facts.original_minor and abs((loan.day - whole.day).days) <= SPLIT_DAYS
    ]
    for parts in _candidates(whole.facts.original_minor, near):
        if any(loan.is_listed for loan in (whole, *parts)):
            return parts
    return ()


def _candidates(target: int, near: Sequence[Loan]) -> Iterator[Group]:
    sizes = range(2, len(near) + 1) if len(near) <= MOST_PARTS else (2,)
    for size in sizes:
        for parts in combinations(near, size):
            if sum(loan.facts.original_minor for loan in parts) == target:
                yield parts
    for day in sorted({loan.day for loan in near}) if len(near) > MOST_PARTS else ():
        parts = tuple(loan for loan in near if loan.day == day)
        if sum(loan.facts.original_minor for loan in parts) == target:
            yield parts


def _terms(facts: Facts) -> tuple[Hashable, ...]:
    return (facts.original_minor, facts.disbursed_on, facts.term_number, facts.annual_rate, facts.final_due_on)


def _other_secret(loans: Sequence[Loan]) -> Seen:
    for group in _alike(loans, lambda facts: (facts.source, facts.merchant_id, *_terms(facts))):
        if len({loan.facts.id_space for loan in group}) > 1:
            yield group, f"{_lent(group[0])}, of one source under two pseudonym secrets"


def _other_source(loans: Sequence[Loan]) -> Seen:
    for group in _alike(loans, _terms):
        sources = sorted({loan.facts.source for loan in group})
        if len(sources) > 1:
            yield group, f"{_lent(group[0])}, from {' and '.join(sources)}"


SEARCHES: Mapping[str, Callable[[Sequence[Loan]], Seen]] = MappingProxyType(
    {
        "SAME_ORDER": _same_order,
        "SAME_LOAN": _same_loan,
        "REDATED": _redated,
        "SPLIT": _split,
        "OTHER_SECRET": _other_secret,
        "OTHER_SOURCE": _other_source,
    }
)
"""The kinds of near-duplicates, the surest first."""


def _owed(loan: Loan) -> str:
    merchant = f" at {loan.facts.merchant_id}" if loan.facts.merchant_id else ""
    return f"{to_amount(loan.facts.original_minor)} of borrower {loan.facts.borrower_id[:12]}{merchant}"


def _lent(loan: Loan) -> str:
    facts = loan.facts
    return f"{to_amount(facts.original_minor)} on {facts.disbursed_on}, {facts.term_number} instalments"
