"""Reasons: they add up to the score, agree with the directions, and are about different things."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.explain import REASONS, Guide, Hint, Reals, explanation, ranked, reasons
from models.fit import TrainedModel
from models.scorer import Card, Scorer
from tests.models.known import NAMES, World

HINTS = {
    "late_30d": Hint("late", 1, 0.0),
    "late_90d": Hint("late", 1, 1.0),
    "logins": Hint("login", -1, 5.0),
    "size": Hint("", 0, 2.0),
    "city": Hint(),
    "rate": Hint("rate", 1, 0.1),
}
FEATURES = (*HINTS, "strange")
GUIDE = Guide(FEATURES, HINTS)


def plainly(contributions: list[float], values: list[float]) -> list[str | None]:
    """Find the reasons of one row by plain loops."""
    themes: dict[str, list[int]] = {}
    for place, name in enumerate(FEATURES):
        themes.setdefault(HINTS.get(name, Hint()).theme or name, []).append(place)
    found = []
    for order, members in enumerate(themes.values()):
        total = float(np.array(contributions)[members].sum())
        best: tuple[float, int] | None = None
        for place in members:
            hint, value, part = HINTS.get(FEATURES[place], Hint()), values[place], contributions[place]
            if not np.isfinite(value) or hint.typical is None:
                speaks = True
            elif hint.monotone == 0:
                speaks = value != hint.typical
            else:
                speaks = value > hint.typical if hint.monotone == 1 else value < hint.typical
            if speaks and part > 0 and (best is None or part > best[0]):
                best = (part, place)
        if best and total > 0:
            found.append((-total, order, FEATURES[best[1]]))
    told = [name for _, _, name in sorted(found)][:REASONS]
    return [*told, *[None] * (REASONS - len(told))]


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from([-1.0, -0.25, 0.0, 0.25, 0.5, 1.0]), min_size=7, max_size=7),
            st.lists(st.sampled_from([np.nan, np.inf, 0.0, 0.1, 1.0, 2.0, 5.0, 9.0]), min_size=7, max_size=7),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_reasons_are_those_of_plain_loops(rows: list[tuple[list[float], list[float]]]) -> None:
    """With ties, missing and infinite values, and values just at what is usual."""
    contributions, values = (np.array(side) for side in zip(*rows, strict=True))
    assert reasons(contributions, values, GUIDE).tolist() == [plainly(*row) for row in rows]
    lines = np.column_stack([contributions, np.zeros(len(rows))])
    told = [explanation(*row, GUIDE) for row in zip(lines, values, strict=True)]
    singles = [[one.feature for one in each.reasons] for each in told]
    assert singles == [[name for name in plainly(*row) if name] for row in rows]


@given(
    st.lists(st.floats(-2, 2), min_size=7, max_size=7),
    st.lists(st.one_of(st.just(np.nan), st.floats(-3, 9)), min_size=7, max_size=7),
)
def test_a_reason_of_more_is_given_only_where_there_is_more(contributions: list[float], values: list[float]) -> None:
    """On the risky side of what is usual, or missing; never two of one theme; themes keep the sum."""
    found = explanation(np.array([*contributions, -2.0]), np.array(values), GUIDE)
    told = found.reasons
    for one in told:
        monotone = HINTS.get(one.feature, Hint()).monotone
        if one.side == "high":
            assert one.value > one.typical
            assert monotone >= 0
        if one.side == "low":
            assert one.value < one.typical
            assert monotone <= 0
    assert len({one.theme for one in told}) == len(told)
    assert [one.contribution for one in told] == sorted((one.contribution for one in told), reverse=True)
    assert len({one.theme for one in found.parts}) == len(found.parts) == 6
    assert found.base + sum(one.contribution for one in found.parts) == pytest.approx(found.score)
    assert found.score == pytest.approx(sum(contributions) - 2.0)


def test_few_features_leave_reasons_empty() -> None:
    """With two features there are at most two reasons; without hints every feature speaks for itself."""
    parts, values = np.array([[0.1, -0.1]]), np.zeros((1, 2))
    assert ranked(parts, values, Guide(["a", "b"], {})).tolist() == [[0, -1, -1, -1]]


@pytest.fixture(scope="module")
def scorer(trained: TrainedModel) -> Scorer:
    """Give the trained model ready to score."""
    return Scorer.from_files(trained.files)


def test_base_and_contributions_are_the_score(known: World, scorer: Scorer) -> None:
    """For every row, a missing value among them; the base is one for all."""
    rows: Reals = scorer.matrix(known.frame.head(60)).copy()
    rows[:5, 0] = np.nan
    scored = scorer.score(rows)
    assert scored.reasons is not None
    bases = set()
    for place, row in enumerate(rows):
        told = scorer.explain(row)
        assert told.base + sum(one.contribution for one in told.parts) == pytest.approx(told.score, abs=1e-12)
        assert told.score == pytest.approx(scored.score[place], abs=1e-9)
        assert [one.feature for one in told.reasons] == [name for name in scored.reasons[place] if name]
        bases.add(round(told.base, 9))
    assert len(bases) == 1


def test_the_card_keeps_what_is_usual_in_training(known: World, scorer: Scorer, trained: TrainedModel) -> None:
    """Directions of the notes, medians of the training rows; a card from before reasons had hints is read as such."""
    hints = Card.from_text(trained.files["model.json"]).hints
    assert [hints[name].monotone for name in NAMES] == [1, -1, 1, 0, 0]
    middle = known.frame["login_count_30d"].median()
    assert hints["login_count_30d"].typical == pytest.approx(middle, abs=0.1)
    assert scorer.card.hints == hints
    text = trained.files["model.json"]
    start = text.index('"hints":')
    bare = text[:start] + text[text.index('"horizon_days"') :]
    assert Card.from_text(bare).hints == {}


def test_reasons_only_from_a_probability_on(known: World, scorer: Scorer) -> None:
    """Who is below has none; who is at or above has the same as when all are explained."""
    rows = scorer.matrix(known.frame.head(300))
    every = scorer.score(rows)
    line = float(np.median(every.default_probability))
    some = scorer.score(rows, explained_from=line)
    assert every.reasons is not None
    assert some.reasons is not None
    wanted = every.default_probability >= line
    assert 0 < wanted.sum() < len(rows)
    assert (some.reasons[wanted] == every.reasons[wanted]).all()
    assert (some.reasons[~wanted] == None).all()  # noqa: E711 - by element
    assert (some.default_probability == every.default_probability).all()
