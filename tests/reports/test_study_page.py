"""The label study's page: its tables and titles, and that it stands where there is little to tell."""

from datetime import date

from reports.study_page import LabelStudy, render
from tests.reports import page

CHOICE = {
    "counting": "the label's <own>",
    "bad_days": 60,
    "horizon_days": 180,
    "indeterminate_from_days": None,
    "receivable_count": 1200,
    "bad_share": 0.0306,
    "indeterminate_share": None,
    "bad_cured_share": 0.15,
    "bad_written_off_share": 0.8,
    "indeterminate_bad_later_share": None,
    "good_bad_later_share": 0.0064,
    "flat_after_months": 13,
}
ROLL = {"bucket": "31-60", "move_count": 568, "to": {"current": 0.25, "31-60": 0.75}, "followed_count": 500}
POINTS = [{"month": month, "bad_share": 0.01 * month} for month in range(1, 7)]
TOLD = LabelStudy(
    as_of=date(2025, 9, 1),
    receivables=1500,
    choices=[CHOICE, {**CHOICE, "bad_days": 30, "indeterminate_from_days": 10, "indeterminate_share": 0.05}],
    curve=POINTS,
    vintages=[{**point, "vintage": "2024 Q1", "receivable_count": 700} for point in POINTS],
    rolls=[{**ROLL, "worse_share": 0.89}],
    bad_days=60,
    flat_share=0.95,
    follow_days=180,
)


def test_the_page_tells_choices_vintages_and_rolls() -> None:
    """The label's own first, texts escaped, the bucket from which most get worse named."""
    html = render(TOLD)
    assert "label's <own>" not in html
    told = page.read(html)
    choices = page.table(told, "The label's own first")
    assert [row[1] for row in choices[-2:]] == ["60", "30"]
    assert choices[-1][6] == "5.00 %"
    assert "From 31-60 days past due on" in page.by_id(told, "rolls-title").text
    assert "flat after 13 months" in page.by_id(told, "curves-title").text
    assert page.table(told, "Share bad by quarter of disbursement and months on book")[-1][2:4] == [
        "3.00 %",
        "6.00 %",
    ]
    assert "http" not in html.split("<body>")[1]


def test_a_page_without_history_says_so() -> None:
    """No curve, no vintage, no window that is over."""
    nothing = {name: None if name.endswith("share") else value for name, value in CHOICE.items()}
    bare = LabelStudy(
        date(2025, 9, 1), 3, [{**nothing, "receivable_count": 0, "flat_after_months": None}], [], [], [], 60, 0.95, 180
    )
    told = page.read(render(bare))
    assert "longer history" in page.by_id(told, "curves-title").text
    assert "No bucket" in page.by_id(told, "rolls-title").text
