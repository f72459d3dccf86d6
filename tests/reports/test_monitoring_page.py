"""The monitoring page: its verdict, what it draws the eye to, and that it stands where there is little to tell."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reports.monitoring_page import Monitoring, render, verdict
from tests.reports import page

SHIFT = {
    "gain_share": 0.1,
    "stability_index": 0.02,
    "low": 0.0,
    "high": 0.05,
    "noise": 0.03,
    "effect_size": 0.1,
    "missing_before_share": 0.0,
    "missing_after_share": 0.1,
}
SCORE = {**SHIFT, "subject": "score", "gain_share": 1.0}
ALARM = {
    "severity": "look",
    "code": "FEATURE_MOVED",
    "subject": "late_days",
    "found": "index 0.4 & <more>",
    "value": 0.4,
    "threshold": 0.25,
    "explained_by": "drifts",
}


def agreement(kind: str, part: str, after_days: int = 180, defaults: int = 50) -> dict[str, Any]:
    """Give predicted beside realised of a thousand receivables."""
    told = {"kind": kind, "part": part, "after_days": after_days, "horizon_days": 180, "is_over": after_days == 180}
    rates = {"low_share": defaults / 1250, "high_share": defaults / 800}
    return {**told, "row_count": 1000, "default_count": defaults, "expected_defaults": 52.0, **rates}


CALM = Monitoring(
    as_of=date(2025, 9, 1),
    run_id="run-1",
    version="3",
    alarms=[],
    drifts=[SCORE, {**SHIFT, "subject": "late_days"}, {**SHIFT, "subject": "tenure", "stability_index": 0.01}],
    agreements=[
        agreement("scoring_day", "2025-01-01"),
        agreement("vintage", "2024 Q4"),
        agreement("grade", "A"),
        agreement("pool", "deal 2025-02", 30, 10),
        agreement("pool", "deal 2025-02", 60, 20),
        agreement("pool", "deal 2025-03", 30, 60),
    ],
    sentences={"late_days": "Days <late>."},
    least_gain_share=0.01,
)


def test_a_calm_day_holds() -> None:
    """In a word, with the figures of the scored days."""
    said = verdict(CALM)
    assert (said.level, said.word) == ("good", "Holds")
    assert "5.00\u00a0% defaulted, where 5.20\u00a0% was predicted" in said.text
    assert "Nothing stands out." in page.read(render(CALM)).text


@pytest.mark.parametrize(("severity", "word"), [("look", "Look: 1\u00a0alarm"), ("stop", "Stop: 1\u00a0grave alarm")])
def test_an_alarm_is_the_verdict_and_leads_to_its_table(severity: str, word: str) -> None:
    """The feature with the alarm stands first in the table of drift, and the link leads to it; text is escaped."""
    told = replace(CALM, alarms=[{**ALARM, "severity": severity, "subject": "tenure"}])
    assert (verdict(told).level, verdict(told).word) == (severity, word)
    read = page.read(render(told))
    (link,) = [one for one in read.all("a") if "FEATURE_MOVED" in one.text]
    assert link.attributes["href"] == "#drift"
    assert "index 0.4 & <more>" in link.text
    assert page.table(read, "Those with an alarm")[1][0].startswith("tenure Alarm")


def test_every_part_and_age_is_told() -> None:
    """A row for each part, a table for each month of purchases with a row for each age, and the late month counted."""
    read = page.read(render(CALM))
    assert page.table(read, "By scoring day")[1][:3] == ["2025-01-01", "1,000", "50"]
    assert [row[0] for row in page.table(read, "deal 2025-02")] == ["Days", "30 of 180", "60 of 180"]
    assert "Receivables bought in 1 of 2\u00a0months defaulted more" in render(CALM)
    assert page.by_id(read, "pool-title").text == "Of 2,000 receivables bought, 80 defaulted so far"


def test_a_day_with_nothing_to_tell_stands() -> None:
    """No receivable at risk, nothing over, nothing bought: the page says so, and equal days give equal texts."""
    bare = replace(CALM, drifts=[], agreements=[])
    html = render(bare)
    assert html == render(replace(bare))
    told = page.read(html)
    assert "No receivable was at risk on the day" in told.text
    assert "No pool has held anything for a day yet" in told.text
    assert not any(word in html for word in ("http:", "https:", "<script", "<img", "<link", "@import"))
