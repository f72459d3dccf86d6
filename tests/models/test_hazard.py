"""The term structure: months as a slow loop counts them, the curve without a model, the same bits in any batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from models.hazard import Ends, fit_term, person_months
from models.term import Curves, Standing, TermModel, lifetime
from schemas.errors import ModelError

DICE = np.random.default_rng(4)
end = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))


def slowly(ends: list[tuple[int, int, int]]) -> list[tuple[int, int, bool, bool]]:
    """Walk every receivable month by month."""
    found = []
    for row, (default, payoff, seen) in enumerate(ends):
        for month in range(1, seen + 1):
            found.append((row, month, month == default, month == payoff and month != default))
            if month in (default, payoff):
                break
    return found


@given(st.lists(end, max_size=12))
def test_person_months_are_what_a_walk_counts(ends: list[tuple[int, int, int]]) -> None:
    """Default and payoff in one month, none at all, nothing seen."""
    columns = np.array(ends, dtype=np.int64).reshape(-1, 3).T
    months = person_months(Ends(*columns))
    assert list(zip(*(each.tolist() for each in months), strict=True)) == slowly(ends)


def drawn(number: int, hazard: float = 0.03) -> tuple[Standing, Ends]:
    """Draw receivables of a year whose hazard grows with their score, and what became of them in up to ten months."""
    score, left = DICE.normal(-3, 1, number), DICE.integers(3, 13, number).astype(float)
    late = np.where(DICE.random(number) < 0.1, DICE.integers(1, 59, number), 0).astype(float)
    months = np.arange(1, 11)
    odds = logit(hazard) + 0.8 * (score[:, None] + 3) + 1.5 * (late[:, None] > 0) * np.exp(-(months - 1) / 3)
    default = first(DICE.random((number, 10)) < expit(odds))
    payoff = first(DICE.random((number, 10)) < np.where(months >= left[:, None], 0.9, 0.05))
    coming = np.where(late > 0, -late, DICE.integers(0, 30, number))
    stands = Standing(score, DICE.uniform(0, 9, number), left, coming)
    return stands, Ends(default, payoff, np.full(number, 10))


def first(happens: np.ndarray) -> np.ndarray:
    return np.where(happens.any(axis=1), happens.argmax(axis=1) + 1, 0).astype(np.int64)


@pytest.fixture(scope="module")
def known() -> tuple[Standing, Ends]:
    """Give receivables and what became of them."""
    return drawn(8_000)


@pytest.fixture(scope="module")
def term(known: tuple[Standing, Ends]) -> TermModel:
    """Fit the hazards to them."""
    return fit_term(*known, horizon_days=180, default_days=60)


def observed(ends: Ends, months: int) -> np.ndarray:
    """Give the cumulative incidence of default by Aalen and Johansen: no model, only counts at risk."""
    told, alive, found = person_months(ends), 1.0, []
    for month in range(1, months + 1):
        at = told.month == month
        at_risk, bad, gone = at.sum(), told.is_default[at].sum(), told.is_payoff[at].sum()
        found.append(alive * bad / at_risk)
        alive *= 1 - (bad + gone) / at_risk
    return np.cumsum(found)


def test_expected_defaults_follow_the_counts(known: tuple[Standing, Ends], term: TermModel) -> None:
    """The mean curve is the curve without a model, within a fiftieth of its end."""
    standing, ends = known
    told = np.cumsum(term.curves(standing, periods=10).default.mean(axis=0))
    seen = observed(ends, 10)
    assert np.abs(told - seen).max() < seen[-1] / 50


def test_another_draw_is_foretold(term: TermModel) -> None:
    """In each month the expected number lies within three standard errors of both draws from what came to pass."""
    standing, ends = drawn(20_000)
    expected = term.curves(standing, periods=10).default.sum(axis=0)
    came = np.bincount(ends.default[(ends.payoff == 0) | (ends.default <= ends.payoff)], minlength=11)[1:]
    assert (np.abs(came - expected) < 3 * np.sqrt(expected * (1 + 20_000 / 8_000))).all()


def test_curves_add_up_to_the_probability_that_they_are_anchored_to(
    known: tuple[Standing, Ends], term: TermModel
) -> None:
    """Over the horizon, for very small and very large ones too; and no month takes more than is left."""
    standing = known[0].take(np.arange(500))
    wanted = DICE.choice([1e-5, 0.003, 0.2, 0.9], 500)
    curves = term.curves(standing, wanted)
    horizon = curves.default[:, : term.horizon_periods].sum(axis=1)
    np.testing.assert_allclose(horizon, wanted, rtol=1e-6)
    assert_whole(curves)


def test_what_is_said_of_the_horizon_moves_no_month_within_it(known: tuple[Standing, Ends], term: TermModel) -> None:
    """When default comes, if it comes within the horizon, and what follows if it does not, stay as they were fitted."""
    standing = known[0].take(np.arange(300))
    fitted, told = term.curves(standing), term.curves(standing, np.full(300, 0.7))
    within = slice(0, term.horizon_periods)
    whole = fitted.default[:, within].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(told.default[:, within] / 0.7, fitted.default[:, within] / whole, rtol=1e-9)
    np.testing.assert_allclose(told.payoff / 0.3, fitted.payoff / (1 - whole), rtol=1e-9)
    later = fitted.default[:, term.horizon_periods :]
    np.testing.assert_allclose(told.default[:, term.horizon_periods :] / 0.3, later / (1 - whole), rtol=1e-9)


def test_no_default_is_foretold_before_an_instalment_can_be_one() -> None:
    """A default takes 60 days: whoever owes nothing now gets there by what falls due next, in the month of that day.

    Half of the receivables miss it; a probability that they are anchored to changes how many, and not when.
    """
    number, coming = 6_000, DICE.integers(0, 30, 6_000).astype(float)
    is_late = DICE.random(number) < 0.3
    coming = np.where(is_late, -coming - 1, coming)
    month = (coming + 60) // 30 + 1
    default = np.where(DICE.random(number) < 0.5, month, 0).astype(np.int64)
    payoff = np.where(default == 0, 4, 0).astype(np.int64)
    seen = Standing(DICE.normal(-3, 1, number), np.full(number, 2.0), np.full(number, 3.0), coming)
    model = fit_term(seen, Ends(default, payoff, np.full(number, 6)), 180, 60)
    told = model.curves(seen, np.full(number, 0.9)).default
    before = np.arange(1, told.shape[1] + 1)[None, :] < month[:, None]
    assert told[before].sum() < 0.01 * number
    at = told[np.arange(number), (month - 1).astype(int)]
    assert at.mean() == pytest.approx(0.9, abs=0.02)


def assert_whole(curves: Curves) -> None:
    """See that default, payoff and going on are all that can happen."""
    ended = np.cumsum(curves.default + curves.payoff, axis=1)
    np.testing.assert_allclose(1 - ended[:, :-1], curves.alive[:, 1:], atol=1e-12)
    assert (curves.default >= 0).all()
    assert (curves.payoff >= 0).all()


def test_a_row_gives_the_same_bits_alone_and_in_any_batch(known: tuple[Standing, Ends], term: TermModel) -> None:
    """Beside shorter and longer ones."""
    standing = known[0].take(np.arange(300))
    chance = expit(standing.score)
    whole = lifetime(term, standing, chance, 0.6)
    for row in range(0, 300, 13):
        alone = lifetime(term, standing.take(np.array([row])), chance[row : row + 1], 0.6)
        assert [each[0] for each in alone] == [each[row] for each in whole]


def test_what_is_short_lives_shorter_and_loses_less_late(term: TermModel) -> None:
    """Of two receivables of one probability, and of one that can only default later, when less is owed."""
    ones = np.ones(2)
    standing = Standing(-3 * ones, 2 * ones, np.array([3.0, 12.0]), 10 * ones)
    found = lifetime(term, standing, np.array([0.02, 0.02]), 0.6)
    assert found.life_months[0] < 3 < found.life_months[1] < 12
    assert found.default_probability[1] > 0.02
    assert (found.loss_share <= 0.6 * found.default_probability).all()


def test_beyond_the_last_instalment_and_its_arrears_nothing_defaults(term: TermModel) -> None:
    """Two months are left, and a default takes two more."""
    ones = np.ones(1)
    curves = term.curves(Standing(-2 * ones, 5 * ones, 2 * ones, 10 * ones), np.array([0.1]))
    assert (curves.default[0, 5:] == 0).all()
    assert (curves.default[0, :5] > 0).all()


def test_nothing_is_foretold_of_ages_and_terms_that_were_not_seen() -> None:
    """Learned from ages under two years with a year and more to go: later months go on at the level of the last seen.

    A hazard that doubled every six months must not double for ever, nor because the end of the term comes nearer.
    """
    number, months = 6_000, np.arange(1, 13)
    age = DICE.uniform(0, 12, number)
    odds = logit(0.002) + np.log(2) * (age[:, None] + months) / 6
    default = first(DICE.random((number, 12)) < expit(odds))
    payoff = first(DICE.random((number, 12)) < 0.01)
    seen = Standing(DICE.normal(-3, 1, number), age, 60 - age, np.zeros(number))
    model = fit_term(seen, Ends(default, payoff, np.full(number, 12)), 180, 60)
    assert 20 < model.oldest < 24
    assert 36 < model.nearest < 40
    ones = np.ones(1)
    told = model.curves(Standing(-3 * ones, 24 * ones, 36 * ones, 0 * ones), periods=36)
    hazard = (told.default / told.alive)[0]
    assert hazard[12:] == pytest.approx(hazard[12], rel=0.05)
    assert hazard.max() < 0.002 * 2 ** (26 / 6)


def test_the_text_gives_the_same_model_back(term: TermModel) -> None:
    """Number for number; what is none is refused."""
    assert TermModel.from_text(term.to_text()) == term
    for broken in (term.to_text()[:-9], term.to_text().replace('"format":3', '"format":4'), "{}"):
        with pytest.raises(ModelError, match="term"):
            TermModel.from_text(broken)


def test_without_defaults_there_is_nothing_to_learn(known: tuple[Standing, Ends]) -> None:
    """And that is said."""
    standing, ends = known
    with pytest.raises(ModelError, match="0 defaults"):
        fit_term(standing, ends._replace(default=np.zeros_like(ends.default)), 180, 60)
