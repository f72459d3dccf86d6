"""The pool's life on the page: true to its rows, each picture with a sentence, harmless whatever names come in."""

from dataclasses import replace
from decimal import Decimal

import pytest

from reports import performance_titles as titles
from reports.contents import PoolReport
from reports.curves import Column, columns_picture, moving_picture
from reports.performance import LATE, Performance, late_share
from reports.performance_views import view
from reports.pool_report import render
from reports.words import MINUS, NOTHING, percent
from tests.reports.page import Element, by_id, read, table
from tests.reports.sample import living_pool
from tests.reports.sample_life import BOUGHT, CLOSING, NAMES, sample_life
from tests.reports.test_pool_report import HOSTILE

EMPTY = replace(
    sample_life(),
    **dict.fromkeys(
        ("diluted", "strata", "delinquencies", "history", "rolls", "static", "outlook", "collections", "turnovers",
         "roll_forwards", "dilutions", "breaches", "drifts", "alarms"), ()
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Element:
    """Read the page of the living pool once."""
    return read(render(living_pool()))


def living(life: Performance) -> PoolReport:
    return replace(living_pool(), performance=life)


def test_the_executive_page_names_stops_first_and_shows_the_pool(page: Element) -> None:
    """Before any section: the verdict, two rows of figures, and what to look at with the gravest first."""
    summary = by_id(page, "summary")
    assert [tile.all("dt")[0].text for tile in summary.all("div")][6:] == [
        "Pool principal", "Annual rate", "Average life", "Late over 30 days", "In default so far", "Lost so far",
    ]  # fmt: skip
    findings = summary.all("li")
    assert findings[0].text.startswith("Stop CASH_NOT_TURNED_OVER")
    assert [one.text.split()[0] for one in findings[1:]] == ["Look"] * (len(findings) - 1)
    assert findings[0].all("a")[0].attributes["href"] == "#turnover"


def test_every_picture_states_what_it_shows(page: Element) -> None:
    """Each of the pool's pictures has a title with a figure in it, and says the same to who cannot see it."""
    figures = [
        figure for name in ("late", "static", "speed", "turnover", "roll") for figure in by_id(page, name).all("figure")
    ]
    assert len(figures) == 7
    for figure in figures:
        (drawing,) = figure.all("svg")
        said = " ".join(drawing.attributes["aria-label"].split())
        assert any(letter.isdigit() for letter in said.partition(".")[0])
        assert [heading.text for heading in figure.all("h3") if not said.startswith(heading.text)] == []


def test_strata_add_up_to_the_pool(page: Element) -> None:
    """Every trait divides the whole pool; the largest regions stand and the rest together."""
    for caption in ("balance", "ticket", "annual rate", "region", "age at origination"):
        *rows, foot = table(page, f"The pool by {caption}")[1:]
        assert foot[3] == f"{round(CLOSING):,}"
        assert sum(int(row[3].replace(",", "")) for row in rows) == pytest.approx(round(CLOSING), abs=len(rows))
        assert sum(float(row[4].rstrip(" %")) for row in rows) == pytest.approx(100, abs=0.6)
    regions = table(page, "The pool by region")[1:-1]
    assert len(regions) == 11
    assert regions[-1][0] == "2 others"


def test_buckets_and_roll_rates_are_the_rows(page: Element) -> None:
    """Shares of the late add up to what the title says; a row of the matrix is whole."""
    life = sample_life()
    rows = {row[0]: row for row in table(page, "The pool by days past due")[1:]}
    assert list(rows) == ["0", *LATE, "written off"]
    late = sum(float(rows[name][4].rstrip(" %")) for name in LATE)
    assert late == pytest.approx(100 * (life.late_share(*LATE) or 0), abs=0.02)
    for row in table(page, "From a bucket of days past due")[1:]:
        assert sum(float(cell.rstrip(" %").lstrip("<>")) for cell in row[2:]) == pytest.approx(100, abs=0.3)


def test_static_pools_stand_with_their_rates(page: Element) -> None:
    """A row a purchase, ages as far as it has come; cumulative default is that of its months."""
    life = sample_life()
    rows = table(page, "Cumulative default by months since purchase")[1:]
    assert [row[0].split()[1] for row in rows] == list(NAMES)
    assert [row[1] for row in rows] == [f"{bought:,.0f}" for bought in BOUGHT]
    oldest = life.vintages[0]
    whole = sum(row["defaulted_amount"] for row in life.static if row["purchase_id"] == NAMES[0])
    assert oldest.rates[-1].default_rate == pytest.approx(float(whole / BOUGHT[0]))
    assert rows[0][-4] == percent(oldest.rates[-1].default_rate, 2).replace("\u00a0", " ")
    assert rows[2][3:6] == [NOTHING] * 3
    assert life.so_far("default_rate") == pytest.approx(
        float(sum(row["defaulted_amount"] for row in life.static) / sum(BOUGHT))
    )


def test_the_roll_forward_closes_on_the_page(page: Element) -> None:
    """Opening and movements are the closing, cell by cell as printed."""
    for row in table(page, "Opening and movements less closing")[1:]:
        opening, bought, *gone, closing, gap = (Decimal(cell.replace(",", "").replace(MINUS, "-")) for cell in row[2:])
        assert opening + bought - sum(gone) - closing == gap == 0


def test_the_prepayment_shortens_the_average_life() -> None:
    """By schedule longer than at the speed that is seen; both are in the sentence."""
    life = sample_life()
    assert life.smm is not None
    plain, fast = life.average_life(), life.average_life(life.smm)
    assert plain is not None
    assert fast is not None
    assert 1 < fast < plain < 6
    assert f"{fast:.1f}" in titles.speed_title(life)


def test_a_pool_without_anything_is_told_without_anything() -> None:
    """No row, no table, no picture, and a sentence over every part all the same."""
    told = view(EMPTY, "CNY")
    assert all(len(title) > 10 for title in told["life_titles"].values())
    assert told["life_pictures"] == {}
    assert len(read(render(living(EMPTY))).all("section")) == 18


def test_the_servicer_is_told_by_what_is_known() -> None:
    """No statement, no days, late, in time: four sentences."""
    life = sample_life()
    unknown = ({"code": "TURNOVER_UNKNOWN", "subject": "account", "severity": "look", "found": "", "explained_by": ""},)
    in_time = tuple({**row, "outstanding_amount": Decimal(0), "late_days": 0} for row in life.turnovers)
    assert "nobody knows" in titles.turnover_title(replace(life, alarms=unknown), "CNY")
    assert "says no days" in titles.turnover_title(replace(life, allowed_days=None), "CNY")
    assert titles.turnover_title(life, "CNY").startswith("CNY\u00a043,600 was not turned over within")
    assert titles.turnover_title(replace(life, turnovers=in_time), "CNY").startswith("All cash older than")


def test_one_purchase_is_not_compared() -> None:
    """With one purchase the sentence says how it stands; with none over a month it says so."""
    life = sample_life()
    one = replace(life, static=[row for row in life.static if row["purchase_id"] == NAMES[0]])
    assert titles.default_title(one.vintages)[0].startswith("After 7\u00a0months, 1.32")
    young = replace(life, static=[{**row, "is_over": False} for row in one.static if row["month_number"] == 1])
    assert titles.default_title(young.vintages) == ("No purchase has been held for a whole month", "")
    alike = replace(life, static=[{**row, "defaulted_amount": Decimal(0)} for row in life.static])
    assert titles.default_title(alike.vintages)[0].startswith("Nothing was in default")


def test_lateness_is_told_as_it_moved() -> None:
    """Risen, fallen, stayed."""
    first, last = (
        [{"bucket": "0", "unpaid_amount": Decimal(90)}, {"bucket": "31-60", "unpaid_amount": Decimal(n)}]
        for n in (5, 10)
    )
    assert titles.history_title([first, last]).startswith("More than 30 days late has risen from 5.26")
    assert titles.history_title([last, first]).startswith("More than 30 days late has fallen")
    assert "has stayed at" in titles.history_title([first, first])
    assert late_share([], "0") is None


def test_names_from_outside_stay_words() -> None:
    """Script in a receivable's id, a region or what a criterion saw is shown as text."""
    life = sample_life()
    breaches = [
        {**row, "receivable_id": HOSTILE, "observed": HOSTILE, "learned_from": HOSTILE} for row in life.breaches
    ]
    strata = [{**row, "label": HOSTILE} if row["trait"] in ("region", "category") else row for row in life.strata]
    alarms = [{**row, "found": HOSTILE, "subject": HOSTILE} for row in life.alarms]
    found = read(render(living(replace(life, breaches=breaches, strata=strata, alarms=alarms))))
    assert not found.all("script")
    assert not found.all("img")
    assert any(HOSTILE in one.text for one in found.all("code"))


def test_columns_and_movements_are_drawn_to_scale() -> None:
    """Parts stack without a gap; a movement hangs where the one before ended."""
    drawn = columns_picture("t", [Column("a", (("kept", 30.0), ("held", 10.0)))], "days", (), str)
    low, high = [mark.place for mark in drawn.marks if mark.element == "rect" and mark.kind in ("kept", "held")]
    assert high["y"] + high["height"] == pytest.approx(low["y"], abs=0.02)
    assert low["height"] == pytest.approx(3 * high["height"], rel=0.01)
    steps = [("bought", 100.0), ("collected", -60.0), ("owed", 40.0)]
    bars = [mark.place for mark in moving_picture("t", steps, str).marks if mark.element == "rect"]
    assert bars[1]["y"] == bars[0]["y"]
    assert bars[1]["y"] + bars[1]["height"] == pytest.approx(bars[2]["y"], abs=0.02)
