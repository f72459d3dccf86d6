"""The model card: one page that needs nothing else, says what stands, and never says more than is known."""

import re
from dataclasses import replace
from typing import Any

import pytest

from models.assess import Assessment
from models.gates import Gate, judge
from models.leakage import Finding
from models.parameters import GateBounds
from models.probe import Probe
from models.versions import Trainer, Version
from reports.card_words import attention, titles, verdict
from reports.model_card import ModelCard, render

RATED = {
    "row_count": 100.0,
    "default_count": 10.0,
    "predicted_rate": 0.09,
    "observed_rate": 0.1,
    "low": 0.06,
    "high": 0.17,
}
SHIFT = {
    "index": 0.05,
    "low": 0.01,
    "high": 0.09,
    "noise": 0.03,
    "effect_size": 0.2,
    "missing_before": 0.0,
    "missing_after": 0.1,
}
METRICS = {
    "auc": 0.8,
    "auc_low": 0.75,
    "auc_high": 0.85,
    "captured_top_10": 0.4,
    "calibration_error": 0.01,
    "calibration_slope": 1.0,
    "predicted_rate": 0.09,
    "observed_rate": 0.1,
}
TOLD = Assessment(
    judged_on="out_of_time",
    rows=1000,
    days=("2025-01-01", "2025-02-01", "2024-01-01", "2024-07-01"),
    metrics=METRICS,
    calibration=[{"tenth": tenth, **RATED} for tenth in range(1, 11)],
    lift=[
        {"bin": 11 - place, "row_count": 100.0, "observed_rate": 0.1, "lift": 1.0, "captured_share": place / 10}
        for place in range(1, 11)
    ],
    grades=[{"grade": "A", **RATED}],
    parts={
        "vintage": [{"vintage": "2024 Q4", **RATED, "auc": None}],
        "month": [{"month": "2025-01", **RATED, "auc": 0.8}],
    },
    groups={},
    score_shift=SHIFT,
    shifts=[{"feature": "late_days", **SHIFT}],
    features=[{"feature": "late_days", "gain": 0.4, "auc": 0.7, "direction": 1}],
    separation={"auc": 0.6, "features": []},
    probe=Probe(1, 40, ()),
    findings=(),
)
NOBODY = Trainer("batch", is_signed=False)


def card(told: Assessment = TOLD, trainer: Trainer | None = None, **version: Any) -> ModelCard:
    """Give a card of a version that alice signed for, with its gates."""
    who = trainer or Trainer("alice", is_signed=True)
    known = Version("7", "run-7", (), {}, {"features": "11"}, who, ())
    gates: tuple[Gate, ...] = judge(told, who, GateBounds(least_defaults=5), None)
    sentences = {"late_days": "Days <late> & more."}
    settings = {"training.horizon_days": "180"}
    return ModelCard(replace(known, **version), told, gates, 180, 60, 0.08, sentences, settings)


def promoted(**told: Any) -> dict[str, Any]:
    """Give a promotion as the registry keeps it."""
    plain = {"act": "promote", "approver": "bob", "reason": "good enough", "at": "2025-03-01T10:00:00+00:00"}
    return {**plain, "alias": "champion", "failed": [], "override": "", "replaced": "", "number": 1, **told}


def test_the_page_loads_nothing_and_is_the_same_twice() -> None:
    """No address, no script, no picture file; every table has a head, every place that is linked is there."""
    text = render(card())
    assert text == render(card())
    assert not re.search(r"https?://|<script|<img|<link|\ssrc=|url\(", text)
    assert set(re.findall(r'href="#([a-z]+)"', text)) <= set(re.findall(r'id="([a-z]+)"', text))
    assert text.count("<table") == text.count("</table>")
    assert "None" not in text
    assert "nan" not in re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL).replace("finance", "")


def test_texts_from_outside_are_escaped() -> None:
    """Sentences, reasons and names are text, never markup."""
    text = render(card(promotions=(promoted(reason="<b>trust me</b>"),)))
    assert "Days &lt;late&gt; &amp; more." in text
    assert "&lt;b&gt;trust me" in text


def test_a_fit_version_is_said_to_be_fit_and_a_champion_to_score() -> None:
    """The sentence holds AUC with its interval, both rates and the gates."""
    found = verdict(card())
    assert (found.level, found.word) == ("good", "Fit to score")
    for said in ("80", "75", "85", "9.0", "10.0", "7 of 7"):
        assert said in found.text
    assert verdict(card(aliases=("champion",))).word == "Scores now"


def test_a_failed_gate_is_said_first() -> None:
    """Not fit, with the gate named; a champion past its gates says so, and whose words let it through."""
    found = card(trainer=NOBODY)
    assert verdict(found).level == "stop"
    assert "SIGNED" in verdict(found).text
    assert attention(found)[0].text.startswith("SIGNED")
    past = card(
        trainer=NOBODY,
        aliases=("champion",),
        promotions=(promoted(failed=["SIGNED"], override="signed on paper, page 3"),),
    )
    assert verdict(past).word == "Scores now, past a failed gate"
    assert any("signed on paper" in one.text for one in attention(past))
    assert "SIGNED: signed on paper, page 3" in render(past)


def test_what_disagrees_is_looked_at() -> None:
    """A part whose prediction lies outside of its interval, an unfair ratio, and a finding of the audit."""
    off = {**RATED, "predicted_rate": 0.3}
    unfair = {"row_count": 10.0, "default_count": 1.0, "approval_rate": 0.4, "equal_opportunity_difference": -0.2}
    unfair |= {"auc": None, "observed_rate": 0.1, "predicted_rate": 0.1, "calibration_error": 0.1}
    told = replace(
        TOLD,
        parts={"month": [{"month": "2025-01", **off, "auc": None}]},
        groups={"gender": [{"group": "F", "approval_ratio": 0.5, "good_approval_rate": 0.5, **unfair}]},
        findings=(Finding("AUC_TOO_GOOD", "AUC 0.95", "at most 0.9", "the labels"),),
    )
    said = [one.text for one in attention(card(told)) if one.level == "look"]
    assert any("month 2025-01" in one for one in said)
    assert any("Gender F" in one for one in said)
    assert any("AUC 0.95" in one for one in said)
    assert "Fairness" in render(card(told))
    assert not [one for one in attention(card()) if one.level == "look"]


@pytest.mark.parametrize("side", ["out_of_fold", "cross_validated"])
def test_what_was_not_measured_is_not_said(side: str) -> None:
    """One outcome, no test rows, no interval: the page stands, and says that it cannot be told."""
    bare = {name: METRICS[name] for name in ("calibration_error", "predicted_rate", "observed_rate")}
    empty = replace(TOLD, judged_on=side, metrics=bare, lift=[], score_shift=None, shifts=[], separation=None)
    text = render(card(empty))
    assert "nothing can be ranked" in text
    assert titles(card(empty))["stability"] == "There were no test rows to compare with the training rows"
    assert verdict(card(empty)).text.startswith("Predicts")
    assert "None" not in text


def test_bounds_and_challengers_are_shown_where_there_are_any() -> None:
    """With the distance to the recipe, and no distance of the recipe to itself."""
    rows = (
        {"model": "recipe", "auc": 0.81, "auc_gap": None, "brier": 0.05, "calibration_error": 0.004},
        {"model": "logistic", "auc": 0.79, "auc_gap": -0.02, "gap_low": -0.03, "gap_high": -0.01, "brier": 0.06}
        | {"calibration_error": 0.008},
    )
    text = render(replace(card(), bounds={"A": (0.002, 0.0051), "G": (0.3, 0.42)}, challengers=rows))
    for said in ("logistic", "0.51", "42.00", "0.0200"):
        assert said in text
    assert "Challengers" not in render(card())
