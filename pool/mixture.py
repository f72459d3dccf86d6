"""The worst mixture of kinds of receivables that limits allow: a linear programme whose columns come as needed.

Any amount of each kind can be had: what is looked for are the parts of a pool that add up to one. Of the many kinds
few are in the worst mixture, no more than there are limits: kinds enter the programme when its prices say that they
would make it worse (column generation).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

from pool.offer import Reals, Whole

ROUNDS = 200
MANY = 200
"""Kinds that enter at once, and that the programme begins with on each side."""
NEGLIGIBLE = 1e-9
PENALTY = 1e4


@dataclass(frozen=True, slots=True)
class Members:
    """Whose each kind is, and the most that one of them may be of the pool."""

    code: str
    members: Whole
    share: float


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds that a pool may be mixed of.

    Args:
        values: What is to be made largest on average.
        codes: Limits that are sums over the parts.
        weights: What one part of each kind adds to each of them.
        rooms: What each of them may come to.
        members: Limits over members.
    """

    values: Reals
    codes: tuple[str, ...]
    weights: Reals
    rooms: Reals
    members: tuple[Members, ...]


@dataclass(frozen=True, slots=True)
class Mixture:
    """The worst mixture: its value, its kinds with their parts, and the limits that keep it from being worse."""

    value: float
    kinds: Whole
    parts: Reals
    binding: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Solved:
    parts: Reals
    excess: float
    value: float
    prices: Reals
    member_prices: tuple[Reals, ...]
    whole_price: float


def worst_mixture(kinds: Kinds) -> Mixture | None:
    """Find the mixture with the largest average value; None where no mixture keeps the limits."""
    if not len(kinds.values):
        return None
    size = float(np.abs(kinds.values).max()) or 1.0
    found = _generated(replace(kinds, values=kinds.values / size))
    return replace(found, value=found.value * size) if found else None


def _generated(kinds: Kinds) -> Mixture | None:
    """Let kinds in until none would make the mixture worse; the largest value is one, so that the solver sees it."""
    chosen = _first(kinds)
    listed = tuple(np.empty(0, dtype=np.int64) for _ in kinds.members)
    for _ in range(ROUNDS):
        found = _solve(kinds, chosen, listed)
        wider = _overfilled(kinds, chosen, found.parts, listed)
        profit = _profits(kinds, found)
        profit[chosen] = 0.0
        better = np.flatnonzero(profit > NEGLIGIBLE)
        if not len(better) and sum(map(len, wider)) == sum(map(len, listed)):
            break
        chosen = np.union1d(chosen, better[np.argsort(-profit[better], kind="stable")[:MANY]])
        listed = wider
    if found.excess > NEGLIGIBLE:
        return None
    used = found.parts > NEGLIGIBLE
    return Mixture(found.value, chosen[used], found.parts[used], _binding(kinds, found))


def _first(kinds: Kinds) -> Whole:
    """Begin with the worst kinds, and for each limit with those that ease it most."""
    ends = [np.argsort(-kinds.values, kind="stable")[:MANY]]
    ends += [np.argsort(row, kind="stable")[: MANY // 10] for row in kinds.weights]
    return np.unique(np.concatenate(ends))


def _solve(kinds: Kinds, chosen: Whole, listed: tuple[Whole, ...]) -> _Solved:
    """Solve over the chosen kinds; limits may give way at a price that no mixture is worth."""
    rows, rooms = [kinds.weights[:, chosen]], [kinds.rooms]
    for each, names in zip(kinds.members, listed, strict=True):
        rows.append((each.members[chosen][None, :] == names[:, None]).astype(np.float64))
        rooms.append(np.full(len(names), each.share))
    matrix, room = np.concatenate(rows), np.concatenate(rooms)
    found = linprog(
        np.append(-kinds.values[chosen], PENALTY),
        A_ub=np.column_stack([matrix, np.full(len(room), -1.0)]),
        b_ub=room,
        A_eq=np.append(np.ones(len(chosen)), 0.0)[None, :],
        b_eq=[1.0],
        method="highs",
    )
    prices, *members = np.split(-found.ineqlin.marginals, np.cumsum([len(kinds.codes), *map(len, listed)])[:-1])
    value = float(kinds.values[chosen] @ found.x[:-1])
    whole = -float(found.eqlin.marginals[0])
    return _Solved(found.x[:-1], float(found.x[-1]), value, prices, tuple(_spread(kinds, listed, members)), whole)


def _spread(kinds: Kinds, listed: tuple[Whole, ...], given: list[Reals]) -> list[Reals]:
    """Give the price of each member; nothing for those that are not listed."""
    pairs = zip(kinds.members, listed, given, strict=True)
    return [np.bincount(names, prices, int(each.members.max()) + 1).astype(np.float64) for each, names, prices in pairs]


def _profits(kinds: Kinds, found: _Solved) -> Reals:
    profit = kinds.values - found.prices @ kinds.weights - found.whole_price
    for each, prices in zip(kinds.members, found.member_prices, strict=True):
        profit = profit - prices[each.members]
    return np.asarray(profit)


def _overfilled(kinds: Kinds, chosen: Whole, parts: Reals, listed: tuple[Whole, ...]) -> tuple[Whole, ...]:
    wider = []
    for each, names in zip(kinds.members, listed, strict=True):
        used = np.bincount(each.members[chosen], parts)
        wider.append(np.union1d(names, np.flatnonzero(used > each.share + NEGLIGIBLE)))
    return tuple(wider)


def _binding(kinds: Kinds, found: _Solved) -> frozenset[str]:
    forms = {code for code, price in zip(kinds.codes, found.prices, strict=True) if price > NEGLIGIBLE}
    pairs = zip(kinds.members, found.member_prices, strict=True)
    return frozenset(forms | {each.code for each, prices in pairs if (prices > NEGLIGIBLE).any()})
