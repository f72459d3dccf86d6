"""Evaluation by plain loops over rows and pairs: slow, and near to the formulas as they are printed."""

from collections.abc import Callable, Sequence
from math import log, sqrt

Pairs = Sequence[tuple[float, float]]


def h_measure(outcomes: Sequence[float], scores: Sequence[float], density: Callable[[float], float]) -> float:
    """Integrate the cost of the best cut over the costs by the midpoint rule; the best cut is found by trying all."""
    rows, steps = len(outcomes), 4000
    bads = sum(outcomes)
    goods = rows - bads
    cuts = [*sorted(set(scores)), float("inf")]
    kinds = []
    for cut in cuts:
        flagged = sum(1 for outcome, score in zip(outcomes, scores, strict=True) if score >= cut and not outcome)
        missed = sum(1 for outcome, score in zip(outcomes, scores, strict=True) if score < cut and outcome)
        kinds.append((flagged, missed))
    least = most = 0.0
    for step in range(steps):
        cost = (step + 0.5) / steps
        least += density(cost) * min(cost * flagged + (1 - cost) * missed for flagged, missed in kinds)
        most += density(cost) * min(cost * goods, (1 - cost) * bads)
    return 1 - least / most


def captured(outcomes: Sequence[float], scores: Sequence[float], weights: Sequence[float], share: float) -> float:
    """Walk down from the riskiest level until the share of the weight is used up; the last level counts in part."""
    room = share * sum(weights)
    caught = 0.0
    for level in sorted(set(scores), reverse=True):
        here = [(o, w) for o, s, w in zip(outcomes, scores, weights, strict=True) if s == level]
        rows, bads = sum(w for _, w in here), sum(o * w for o, w in here)
        part = max(0.0, min(1.0, room / rows))
        caught += part * bads
        room -= rows
    return caught / sum(o * w for o, w in zip(outcomes, weights, strict=True))


def kernel(bad: float, good: float) -> float:
    """Give 1 where a default is above a non-default, a half where they tie."""
    return 1.0 if bad > good else 0.5 if bad == good else 0.0


def delong(outcomes: Sequence[float], scores: Pairs, groups: Sequence[str]) -> tuple[float, float]:
    """Give the difference of two AUCs and its standard error from all pairs, components summed by group."""
    bads = [k for k, outcome in enumerate(outcomes) if outcome]
    goods = [k for k, outcome in enumerate(outcomes) if not outcome]
    of_bad, of_good, areas = [], [], []
    for model in (0, 1):
        ranks = {(i, j): kernel(scores[i][model], scores[j][model]) for i in bads for j in goods}
        areas.append(sum(ranks.values()) / len(ranks))
        of_bad.append({i: sum(ranks[i, j] for j in goods) / len(goods) for i in bads})
        of_good.append({j: sum(ranks[i, j] for i in bads) / len(bads) for j in goods})
    names = sorted(set(groups))
    sums = []
    for components in (of_bad, of_good):
        apart = areas[1] - areas[0]
        sums.append(
            {
                name: sum(components[1][k] - components[0][k] - apart for k in components[0] if groups[k] == name)
                for name in names
            }
        )
    holding = [len({groups[k] for k in side}) for side in (bads, goods)]
    factors = [size / (size - 1) for size in (*holding, len(names))]
    variance = factors[0] * sum(x * x for x in sums[0].values()) / len(bads) ** 2
    variance += factors[1] * sum(x * x for x in sums[1].values()) / len(goods) ** 2
    variance += 2 * factors[2] * sum(sums[0][n] * sums[1][n] for n in names) / (len(bads) * len(goods))
    return areas[1] - areas[0], sqrt(max(variance, 0.0))


def stability(base: Sequence[float | None], other: Sequence[float | None], edges: Sequence[float]) -> float:
    """Count rows between edges, the missing apart, add half a row where there is any on either side, and sum up."""
    counted = []
    for values in (base, other):
        known = [value for value in values if value is not None]
        cells = [sum(1 for value in known if sum(edge <= value for edge in edges) == k) for k in range(len(edges) + 1)]
        counted.append([*cells, len(values) - len(known)])
    used = [k for k in range(len(edges) + 2) if counted[0][k] + counted[1][k]]
    before, after = ([(cells[k] + 0.5) for k in used] for cells in counted)
    before, after = [x / sum(before) for x in before], [x / sum(after) for x in after]
    return sum((b - a) * log(b / a) for a, b in zip(before, after, strict=True))
