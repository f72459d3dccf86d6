"""Reasons in words: every feature in both languages, codes that stay, themes that hold windows together."""

import re
from pathlib import Path

import pytest

from features.catalogue import FEATURES
from features.declarations import Aggregate, Feature, Term, leaves
from features.lexicon import EACH, GROUPS, MARKS, THINGS, TOTALS
from features.lexicon_terms import FACTS, TERMS
from features.phrases import Side, phrase, reason_code, reasons_json, theme

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "reasons.json"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("side", list(Side))
def test_every_feature_has_words_in_both_languages(side: Side) -> None:
    """No word is missing, English stays English, Chinese is Chinese, and no two features say the same."""
    for language in ("en", "zh"):
        said = {each.name: getattr(phrase(each, side), language) for each in FEATURES}
        assert all(text.strip() == text and text for text in said.values())
        assert all(bool(CHINESE.search(text)) == (language == "zh") for text in said.values())
        doubled = {text: [name for name, one in said.items() if one == text] for text in said.values()}
        assert {text: names for text, names in doubled.items() if len(names) > 1} == {}
        assert max(map(len, said.values())) <= 160


def test_high_and_low_are_told_apart() -> None:
    """In both languages, for every feature."""
    for each in FEATURES:
        high, low, missing = (phrase(each, side) for side in (Side.HIGH, Side.LOW, Side.MISSING))
        assert len({high.en, low.en, missing.en}) == len({high.zh, low.zh, missing.zh}) == 3


def test_codes_are_unique_and_do_not_depend_on_the_order() -> None:
    """A code belongs to a feature's name and family alone."""
    codes = [reason_code(each) for each in FEATURES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[A-Z]{3}-[0-9A-Z]{4}", code) for code in codes)


def test_windows_of_one_thing_are_one_theme() -> None:
    """Features that differ in nothing but their window are of one theme; another stream is another theme."""
    found: dict[str, set[str]] = {}
    for each in FEATURES:
        bare = re.sub(r"_(\d+d|last\d+|ever)$", "", each.name)
        found.setdefault(bare, set()).add(theme(each))
    assert all(len(themes) == 1 for themes in found.values())
    streams = {(theme(each), _source(each)) for each in FEATURES}
    assert len(streams) == len({name for name, _ in streams})
    assert len(found) > len({name for name, _ in streams}) > 60


def _source(feature: Feature) -> str:
    first = next(leaves(feature.definition))
    return first.frame if isinstance(first, Term) else f"{first.entity} {first.stream}"


def test_no_word_is_left_over() -> None:
    """Every entry of the lexicon is a part of some declaration."""
    used = [leaf for each in FEATURES for leaf in leaves(each.definition)]
    terms = {f"{leaf.frame}.{leaf.column}" for leaf in used if isinstance(leaf, Term)}
    assert {*TERMS, *FACTS} == terms
    events = [leaf for leaf in used if isinstance(leaf, Aggregate)]
    measures = {f"{leaf.stream}.{leaf.measure}" for leaf in events}
    assert {name.partition("|")[0] for name in (*TOTALS, *EACH, *MARKS)} <= measures
    assert set(GROUPS) == {f"{leaf.stream}.{leaf.by}" for leaf in events if leaf.by}
    assert {name.partition("|")[0] for name in THINGS} <= {leaf.stream for leaf in events}


def test_a_change_of_words_is_seen() -> None:
    """The golden file is what the grammar says; `make docs` writes it anew when a change is meant."""
    assert GOLDEN.read_text("utf-8") == reasons_json()
