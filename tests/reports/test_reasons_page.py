"""The page of reasons: both languages, steps that add up, and that it stands where there is little to tell."""

from dataclasses import replace
from datetime import date

import pytest

from reports.reasons_page import GIVEN, STEPS, THEMES, Reasons, Receivable, render
from tests.reports import page

WORDS = {"en": "Number of <failed> payments, last 30 days", "zh": "近30天支付失败次数"}
PARTS = [{**WORDS, "contribution": (-1) ** place * (2.0 - place / 10)} for place in range(STEPS + 5)]
ONE = Receivable(
    name="R<1>",
    probability=0.0321,
    upper=0.051,
    grade="D",
    base=-3.5,
    score=-3.5 + sum(one["contribution"] for one in PARTS),
    reasons=[{"code": "BEH-2345", **WORDS, "value": 3.0, "typical": None, "contribution": 2.0}],
    parts=PARTS,
)
TOLD = Reasons(
    as_of=date(2025, 9, 1),
    version="3",
    rows=2000,
    moved=[{**WORDS, "theme": f"t{place}", "moved": 0.5 - place / 50, "share": 0.1} for place in range(20)],
    given=[{"code": "BEH-2345", **WORDS, "count": 900 - place, "share": 0.45} for place in range(25)],
    receivable=ONE,
)


def test_the_page_tells_a_receivable_and_all_in_both_languages() -> None:
    """Tables are cut to what a person reads; texts are escaped; nothing is loaded."""
    html = render(TOLD)
    assert "<failed>" not in html
    assert not any(word in html for word in ("http:", "https:", "<script", "<img", "<link", "@import"))
    told = page.read(html)
    (reason,) = page.table(told, "Reasons:")[1:]
    assert reason[0] == "BEH-2345"
    assert "Number of <failed> payments" in reason[1]
    assert "近30天支付失败次数" in reason[1]
    assert reason[2:] == ["3.00", "\u2013", "2.00"]
    assert len(page.table(told, f"The first {THEMES} of 20")) == THEMES + 1
    assert len(page.table(told, f"The {GIVEN} most frequent of 25")) == GIVEN + 1
    assert "3.21 %" in page.by_id(told, "receivable").text
    assert render(TOLD) == html


def test_the_steps_lead_from_the_average_to_the_score() -> None:
    """What is not shown is one step, and the last sum is the score."""
    rows = page.table(page.read(render(TOLD)), "How the score comes about")
    assert len(rows) == 1 + 1 + STEPS + 1 + 1
    assert rows[-2][0].startswith("5 other themes")
    assert rows[-2][-1] == rows[-1][-1] == f"{ONE.score:.2f}".replace("-", "\u2212")


@pytest.mark.parametrize("one", [None, replace(ONE, reasons=[], parts=[])])
def test_a_page_with_little_to_tell_says_so(one: Receivable | None) -> None:
    """Nobody asked for a receivable, or nothing is against it; nothing moves scores."""
    told = page.read(render(replace(TOLD, receivable=one, moved=[], given=[])))
    assert "Nothing moves scores" in page.by_id(told, "moved-title").text
    assert "No receivable" in page.by_id(told, "given-title").text
    assert ("Nothing raises its risk" in told.text) == (one is not None)
