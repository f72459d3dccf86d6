"""Whether the batch is a fair piece of what was offered: trait by trait, what was bought beside what was left.

A seller who picks is the principal-agent problem of a revolving pool: it knows its receivables better than the buyer.
The comparison is with what was not bought, so that two groups are compared that share no receivable.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from pool.deal import Deal, parsed
from pool.offer import Mask, Offer, Reals, Whole
from pool.traits import Traits

SMALL, LARGE = 0.1, 0.25
"""Effect sizes: below the first two groups are balanced, from the second on they are of another kind."""
CHANCE = 0.01
"""A difference that chance alone would give less often than that, over all traits together, is no chance."""
COLUMNS = {
    "default_probability": "tag.default_probability",
    "annual_rate": "receivable.annual_rate",
    "remaining_periods": "state.remaining_period_count",
    "region": "receivable.region_code",
    "ticket": "state.current_principal_amount",
}
"""What each trait is in the words of a deal; a binding limit over that column explains a difference."""
ALIKE, CHANCEFUL, SLIGHT, APART = "ALIKE", "BY_CHANCE", "SLIGHT", "DIFFERENT"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One trait of the batch beside what was offered and not bought.

    Args:
        trait: The trait.
        batch: Its mean in the batch; of regions, the share of the batch in the region where the two differ most.
        rest: The same of what was not bought.
        member: That region.
        effect: Standardized difference of means, signed; of regions, Cramer's V.
        distance: Kolmogorov-Smirnov distance of the two distributions; of regions, half the sum of share differences.
        chance: Probability of a distance as large if the batch were a random part: KS test; of regions, chi-square.
        verdict: `ALIKE`, `BY_CHANCE` (no more than a random part shows), `SLIGHT`, or `DIFFERENT`.
        explained_by: Binding limits over the trait's column, comma between; empty where none is.
    """

    trait: str
    batch: float
    rest: float
    member: str
    effect: float
    distance: float
    chance: float
    verdict: str
    explained_by: str


def compare_batch(
    offer: Offer, chosen: Mask, traits: Traits, deal: Deal, binding: frozenset[str]
) -> tuple[Comparison, ...]:
    """Compare a batch with the offered rows that it leaves, in every trait; nothing where either has under two rows."""
    rest = offer.is_free & ~chosen
    if chosen.sum() < 2 or rest.sum() < 2:
        return ()
    numbers = {name: getattr(traits, name) for name in ("default_probability", "annual_rate", "remaining_periods")}
    numbers["ticket"] = offer.rows.principal / 100
    found = []
    for trait, values in numbers.items():
        one, other = (values[rows][~np.isnan(values[rows])] for rows in (chosen, rest))
        if len(one) > 1 and len(other) > 1:
            found.append(compare_numbers(trait, one, other, _explained(trait, deal, binding)))
    one, other = (np.bincount(traits.regions[rows], minlength=len(traits.region_names)) for rows in (chosen, rest))
    return (*found, compare_members("region", one, other, traits.region_names, _explained("region", deal, binding)))


def compare_numbers(trait: str, batch: Reals, rest: Reals, explained_by: str = "") -> Comparison:
    """Compare two groups by a number.

    The standardized difference is that of the means over the root of the mean variance; 0.1 is the usual bound of
    balance (Austin, "Balance diagnostics for comparing the distribution of baseline covariates", 2009).
    """
    spread = np.sqrt((batch.var(ddof=1) + rest.var(ddof=1)) / 2)
    apart = float(batch.mean() - rest.mean())
    effect = apart / spread if spread > 0 else float(np.sign(apart))
    test = stats.ks_2samp(batch, rest, method="asymp")
    distance, chance = float(test.statistic), float(test.pvalue)
    verdict = judge(max(abs(effect), distance), chance)
    means = (float(batch.mean()), float(rest.mean()))
    return Comparison(trait, *means, "", float(effect), distance, chance, verdict, explained_by)


def compare_members(
    trait: str, batch: Whole, rest: Whole, names: tuple[str, ...], explained_by: str = ""
) -> Comparison:
    """Compare two groups by how they divide over members, given as counts.

    Cramer's V of the two rows is the root of chi-square over all rows; members with under five rows in either group by
    chance are put together.
    """
    shares = batch / batch.sum(), rest / rest.sum()
    most = int(np.abs(shares[0] - shares[1]).argmax())
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    table = _pooled_rows(np.stack([batch, rest]))
    effect, chance = 0.0, 1.0
    if table.shape[1] > 1:
        test = stats.chi2_contingency(table, correction=False)
        effect, chance = float(np.sqrt(test.statistic / table.sum())), float(test.pvalue)
    means = (float(shares[0][most]), float(shares[1][most]))
    verdict = judge(max(effect, distance), chance)
    return Comparison(trait, *means, names[most], effect, distance, chance, verdict, explained_by)


def judge(size: float, chance: float) -> str:
    """Judge a difference by its size, and by whether a random part would show it as well."""
    if size < SMALL:
        return ALIKE
    if chance > CHANCE / len(COLUMNS):
        return CHANCEFUL
    return SLIGHT if size < LARGE else APART


def _pooled_rows(table: Whole) -> Whole:
    expected = table.sum(axis=0) * (table.sum(axis=1).min() / table.sum())
    small = (expected < 5) & (table.sum(axis=0) > 0)
    together = table[:, small].sum(axis=1, keepdims=True)
    parts = [table[:, expected >= 5], together] if small.any() else [table[:, expected >= 5]]
    return np.concatenate(parts, axis=1)


def _explained(trait: str, deal: Deal, binding: frozenset[str]) -> str:
    column = COLUMNS[trait]
    return ", ".join(
        each.code for each in deal.limits if each.code in binding and column in parsed(each.expression).columns
    )
