"""A purchase that nobody chose: receivables as a seeded shuffle deals them, until cash or a limit says stop."""

import numpy as np

from pool.choice import is_kept
from pool.limits import Measure, member_sums
from pool.offer import Mask, Offer, Whole, forms_of
from pool.repair import running

SLACK = 1e-6


def longest_sample(offer: Offer) -> Mask:
    """Take the first drawn rows, as many as can be so that all is kept: a simple random sample of what is offered.

    Nothing is passed over. Where no number of first rows keeps every limit, nothing is taken: then what is offered as a
    whole breaks a limit, and only a choice could keep it.
    """
    places = np.flatnonzero(offer.is_free)
    keeps = np.ones(len(places), dtype=np.bool_)
    for form in forms_of(offer):
        keeps &= np.cumsum(form.weights[places]) <= form.room + SLACK * max(1.0, abs(form.room))
    for measure in offer.rows.measures:
        if measure.limit.measure == "member_share":
            keeps &= _shares_keep(offer, measure, places)
        elif measure.limit.measure == "member_count":
            keeps &= _counts(offer, measure, places) >= float(measure.bound)
    chosen = np.zeros_like(offer.is_free)
    for length in np.flatnonzero(keeps)[::-1] + 1:
        chosen[:] = False
        chosen[places[:length]] = True
        if is_kept(offer, chosen):
            return chosen
    return np.zeros_like(offer.is_free)


def _shares_keep(offer: Offer, measure: Measure, places: Whole) -> Mask:
    """Tell for each number of first rows whether the largest member of pool and rows has no more than its share."""
    held = member_sums(measure, offer.rows.principal, offer.rows.is_pooled)
    members, amounts = measure.members[places], offer.rows.principal[places]
    largest = np.maximum.accumulate(
        np.maximum(held[members] + running(members, amounts.astype(np.float64)), held.max())
    )
    totals = offer.pool_total + np.cumsum(amounts)
    return np.asarray(largest <= float(measure.bound) * totals + 1.0)


def _counts(offer: Offer, measure: Measure, places: Whole) -> Whole:
    is_held = np.zeros(len(measure.names), dtype=np.bool_)
    is_held[measure.members[offer.rows.is_pooled]] = True
    members = measure.members[places]
    is_first = np.zeros(len(places), dtype=np.bool_)
    is_first[np.unique(members, return_index=True)[1]] = True
    return np.asarray(int(is_held.sum()) + np.cumsum(is_first & ~is_held[members]))
