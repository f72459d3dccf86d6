"""Numbers are written without a lie, and marks stand where their numbers say."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import charts, words
from reports.contents import Unit
from reports.evidence import DefaultProbabilities, Measure
from tests.reports.sample import sample_report


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@given(st.floats(min_value=1e-12, max_value=1, exclude_max=True))
def test_a_part_is_never_written_as_nothing_or_all(fraction: float) -> None:
    """Only nothing is 0.0 %, and only all is 100.0 %."""
    assert plain(words.percent(fraction)) not in {"0.0 %", "100.0 %"}


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("9981204.37", "CNY 9.98 m"),
        ("55318420.91", "CNY 55.3 m"),
        ("999999.99", "CNY 1,000,000"),
        ("812000000", "CNY 812 m"),
        ("1250000000", "CNY 1.25 bn"),
        ("0", "CNY 0"),
        ("-2500000", "CNY \u22122.50 m"),
    ],
)
def test_amounts_in_sentences_have_three_digits(amount: str, said: str) -> None:
    """A sentence gives the size of an amount; tables give the amount."""
    assert plain(words.short_money(Decimal(amount), "CNY")) == said


@pytest.mark.parametrize(
    ("value", "unit", "threshold", "said"),
    [
        (0.0499, Unit.SHARE, 0.05, "4.99 %"),
        (0.00038, Unit.SHARE, 0.001, "0.038 %"),
        (23818, Unit.COUNT, 5000, "23,818"),
        (4, Unit.DAYS, 60, "4 d"),
        (8.25, Unit.DAYS, 60, "8.2 d"),
        (1250000.5, Unit.MONEY, 1, "1,250,001"),
        (1.05, Unit.NUMBER, 1, "1.05"),
        (None, Unit.SHARE, 0.05, "\u2013"),
    ],
)
def test_values_are_written_in_their_unit(value: float | None, unit: Unit, threshold: float, said: str) -> None:
    """Shares are as fine as their bound needs; a missing value is a dash, never a zero."""
    assert plain(words.measured(value, unit, threshold)) == said


def test_no_number_is_minus_nothing() -> None:
    """What rounds to zero has no sign of its own to mislead, and a true minus is a minus sign."""
    assert plain(words.percent(-0.00001)) == "0.0 %"
    assert plain(words.points(-0.031)) == "\u22123.1 pp"
    assert words.money(Decimal("-1234.5")) == "\u22121,234.50"


@given(st.floats(min_value=0, max_value=1e3), st.integers(min_value=1, max_value=30))
def test_a_scale_reaches_its_highest_value(highest: float, count: int) -> None:
    """No column is cut: the scale ends on a grid line at or above the highest value, with few lines."""
    frame = charts.frame_for(count, highest)
    assert frame.top >= highest * (1 - 1e-9)
    assert 1 <= round(frame.top / frame.step) <= 6
    assert frame.y(0) >= frame.y(highest) >= charts.TOP - 0.01


@given(st.floats(min_value=0, max_value=1))
def test_grid_labels_say_exactly_where_their_lines_are(highest: float) -> None:
    """A line at 0.25 % is not called 0.2 %: labels read back as the values of their lines."""
    model = sample_report().model
    assert model
    row = replace(model.grades[0], predicted=highest, observed=Measure(None))
    frame = charts.frame_for(1, highest)
    ticks = [one.text for one in charts.agreement_picture((row,), "t", "grade").marks if one.kind == "tick end"]
    assert [float(plain(tick).removesuffix(" %")) / 100 for tick in ticks] == pytest.approx(
        [line * frame.step for line in range(len(ticks))]
    )


def test_columns_stand_as_high_as_their_shares() -> None:
    """The heights of the batch's columns have the proportions of its principal."""
    probabilities = sample_report().probabilities
    picture = charts.probability_picture(probabilities, "title")
    columns = [mark for mark in picture.marks if mark.kind == "batch" and mark.place["height"] != 10]
    heights = [mark.place["height"] for mark in columns]
    amounts = [float(one.batch) for one in probabilities.bins]
    assert [height / sum(heights) for height in heights] == pytest.approx(
        [amount / sum(amounts) for amount in amounts], abs=2e-4
    )


def test_a_mean_stands_within_its_uneven_bin() -> None:
    """The mark of a mean lies between the edges of the bin that holds it, in proportion."""
    probabilities = replace(sample_report().probabilities, batch_mean=0.025, eligible_mean=None)
    picture = charts.probability_picture(probabilities, "title")
    (line,) = [mark for mark in picture.marks if mark.kind == "mean batch-line"]
    frame = charts.frame_for(len(probabilities.bins), 0.2)
    assert line.place["x1"] == pytest.approx(frame.x(4.5), abs=0.02)


def test_a_mean_outside_the_bins_stands_at_their_end() -> None:
    """A mean beyond the shown range is drawn at its edge, not outside the picture."""
    probabilities = replace(sample_report().probabilities, batch_mean=0.9, eligible_mean=-0.1)
    lines = [
        mark.place["x1"]
        for mark in charts.probability_picture(probabilities, "title").marks
        if mark.kind.startswith("mean")
    ]
    assert lines == [charts.LEFT, charts.WIDTH - charts.RIGHT]


def test_nothing_to_draw_is_an_empty_frame() -> None:
    """No bins give a picture without columns rather than an error."""
    picture = charts.probability_picture(DefaultProbabilities((), eligible_mean=0.02), "title")
    assert not [mark for mark in picture.marks if mark.kind.startswith("mean")]


def test_a_prediction_outside_the_interval_is_marked() -> None:
    """Only grade E of the sample lies outside its interval, and only its dot says so."""
    model = sample_report().model
    assert model
    marks = charts.agreement_picture(model.grades, "title", "grade").marks
    assert [mark.kind for mark in marks if mark.element == "circle"][1:] == ["dot"] * 4 + ["dot off"]


@given(st.floats(min_value=0, max_value=10), st.floats(min_value=0, max_value=10))
def test_a_gauge_never_leaves_its_bar(threshold: float, value: float) -> None:
    """However far a limit is passed, its bar ends within the gauge, and beyond the bound only on a breach."""
    one = replace(sample_report().limits[0], threshold=threshold, value_after=value)
    length = charts.gauge_length(one)
    assert 0 <= length <= charts.GAUGE_LENGTH
    assert (length > charts.GAUGE_BOUND) <= (value > threshold)
