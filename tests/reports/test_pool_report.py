"""The page as a reader and a browser get it: complete, harmless, true to its contents, the same each time."""

import itertools
import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.contents import PoolReport
from reports.pool_report import render
from reports.views import OF_LIFE
from reports.views import SECTIONS as PARTS
from tests.reports.page import Element, by_id, read, table
from tests.reports.sample import breached, empty_pool, living_pool, nothing_bought, sample_report

DAYS: list[Callable[[], PoolReport]] = [sample_report, living_pool, nothing_bought, empty_pool, breached]
HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.fixture(scope="module")
def page() -> Element:
    """Read the sample's page once."""
    return read(render(sample_report()))


def whole(amount: Decimal) -> str:
    return f"{round(amount):,}"


@pytest.mark.parametrize("day", DAYS)
def test_every_section_stands_with_a_heading_of_words(day: Callable[[], PoolReport]) -> None:
    """All sections are there on every kind of day, in order, each named by a heading that is not empty."""
    found = read(render(day()))
    sections = list(found.all("section"))
    named = [name for name, _ in PARTS if name not in OF_LIFE or day is living_pool]
    assert [one.attributes["id"] for one in sections] == ["summary", *named]
    assert [one.texts for one in found.all("span") if one.attributes.get("class") == "number"] == [
        [str(place)] for place in range(1, len(named) + 1)
    ]
    for section in sections:
        assert len(by_id(found, section.attributes["aria-labelledby"]).text) > 5


@pytest.mark.parametrize("day", DAYS)
def test_the_page_asks_nothing_from_outside(day: Callable[[], PoolReport]) -> None:
    """No element can load, send or run anything; links stay within the page and reach something."""
    html = render(day())
    found = read(html)
    assert not re.search(r"https?:|url\(|@import|javascript:|\bdata:", html)
    ids = {element.attributes["id"] for element in found.all("*") if "id" in element.attributes}
    for element in found.all("*"):
        assert element.tag not in {"script", "img", "link", "iframe", "object", "embed", "form", "base", "image", "use"}
        assert not {"src", "srcset", "style", "action", "xlink:href"} & set(element.attributes)
        assert not [name for name in element.attributes if name.startswith("on")]
        if "href" in element.attributes:
            assert element.attributes["href"].removeprefix("#") in ids


def test_the_policy_allows_the_pages_own_style_sheet_alone(page: Element) -> None:
    """The policy names the hash of the one style sheet, exactly as a browser would compute it, and nothing else."""
    (policy,) = [one for one in page.all("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy"]
    (style,) = page.all("style")
    digest = b64encode(sha256("".join(style.texts).encode()).digest()).decode()
    assert policy.attributes["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_hostile_names_stay_words() -> None:
    """Script in any name that comes from outside is shown as text, in tables, titles, charts and labels."""
    report = sample_report()
    first, *others = report.compositions
    member, *members = first.members
    html = render(
        replace(
            report,
            deal=replace(report.deal, name=HOSTILE, title_en=HOSTILE, title_zh=HOSTILE),
            currency=HOSTILE,
            compositions=(replace(first, trait=HOSTILE, members=(replace(member, label=HOSTILE), *members)), *others),
            limits=tuple(replace(limit, worst_member=HOSTILE, code=HOSTILE) for limit in report.limits),
            criteria=tuple(replace(one, text_en=HOSTILE, text_zh=HOSTILE) for one in report.criteria),
            model=replace(report.model, grades=tuple(replace(grade, label=HOSTILE) for grade in report.model.grades))
            if report.model
            else None,
        )
    )
    found = read(html)
    assert not found.all("script")
    assert not found.all("img")
    assert "alert('x')" not in "".join(re.findall(r"<[^>]*>", html))
    assert {"{{ 7 * 7 }}" in one.text for one in found.all("h1")} == {True}


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40))
def test_any_text_keeps_the_page_whole(text: str) -> None:
    """Whatever a merchant is called, the page has the same elements as ever."""
    limits = tuple(replace(limit, worst_member=text) for limit in empty_pool().limits)
    tags = [element.tag for element in read(render(replace(empty_pool(), limits=limits))).all("*")]
    assert tags == [element.tag for element in read(render(empty_pool())).all("*")]


def test_equal_reports_give_equal_bytes() -> None:
    """Two processes with different hash seeds write the same page."""
    program = (
        "import hashlib; from tests.reports.sample import sample_report; from reports.pool_report import render;"
        "print(hashlib.sha256(render(sample_report()).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603 - our own interpreter on our own text
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert digests == {sha256(render(sample_report()).encode()).hexdigest() + "\n"}


def test_a_report_needs_no_heavy_library() -> None:
    """Rendering loads no engine, no data frames and no drawing library."""
    program = (
        "import sys; from reports.pool_report import render; "
        "print(sorted({'pandas', 'numpy', 'pyspark', 'matplotlib', 'mlflow'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603
    assert ran.stdout == "[]\n"


def test_the_funnel_shows_each_step_as_given(page: Element) -> None:
    """Counts and principal of each step stand as given, with shares of the open and of the step before."""
    funnel = sample_report().funnel
    steps = (funnel.opened, funnel.scored, funnel.eligible, funnel.proposed, funnel.booked)
    rows = table(page, "From open to booked")[1:]
    assert [row[2:4] for row in rows] == [[f"{step.count:,}", whole(step.principal)] for step in steps]
    assert [row[4] for row in rows] == ["100.0 %", "99.8 %", "43.6 %", "18.4 %", "0.0 %"]
    assert rows[3][5] == "42.2 %"


def test_each_criterion_stands_once_with_its_numbers(page: Element) -> None:
    """What refuses is a row, most principal first, with clause and Chinese text; what all pass is listed apart."""
    criteria = sample_report().criteria
    rows = table(page, "Criteria that refuse")[1:]
    stopping = sorted((one for one in criteria if one.failed + one.unknown), key=lambda one: -one.principal)
    assert rows == [
        [
            f"{one.code} {one.clause}",
            f"{one.text_en} {one.text_zh}",
            f"{one.failed:,}",
            f"{one.unknown:,}",
            f"{one.only_reason:,}",
            whole(one.principal),
            "",
            f"{float(one.principal / sample_report().funnel.refused.principal):.1%}".replace("%", " %"),
        ]
        for one in stopping
    ]
    listed = by_id(page, "eligibility").all("li")
    assert [item.all("small")[0].text for item in listed] == [
        f"{one.code}, {one.clause}" for one in criteria if one not in stopping
    ]


def test_composition_columns_add_up_to_eligible_batch_and_pool(page: Element) -> None:
    """Each composition shows every part's count and principal, and totals equal to the funnel's."""
    report = sample_report()
    for composition in report.compositions:
        *rows, foot = table(page, f"{composition.trait}:")[2:]
        assert foot[2:4] + foot[5:7] == [
            f"{report.funnel.eligible.count:,}",
            whole(report.funnel.eligible.principal),
            f"{report.funnel.proposed.count:,}",
            whole(report.funnel.proposed.principal),
        ]
        assert [[row[0], *row[2:4], *row[5:7], *row[8:10]] for row in rows] == [
            [member.label]
            + [
                text
                for holding in (member.eligible, member.batch, member.pool)
                for text in (f"{holding.count:,}", whole(holding.principal))
            ]
            for member in composition.members
        ]


def test_limits_show_before_after_bound_and_standing(page: Element) -> None:
    """A limit's row carries its values in its unit, the member nearest to the bound, and a word for its standing."""
    rows = {row[0].split()[0]: row[1:] for row in table(page, "Limits of the pool")[1:]}
    assert list(rows) == [limit.code for limit in sample_report().limits]
    assert rows["MERCHANT_SHARE"] == ["4.61 %", "4.99 %", "at most 5.00 %", "", "0.01 pp", "merchant-0192", "Binds"]
    assert rows["BORROWER_COUNT"] == ["21,330", "23,818", "at least 5,000", "", "18,818", "", "Kept"]


def test_a_breach_is_said_in_words_and_colour() -> None:
    """Negative headroom has its sign, its colour class, and the word Breached; the verdict forbids the purchase."""
    found = read(render(breached()))
    row = table(found, "Limits of the pool")[1]
    assert row[5] == "\u22121.17 pp"
    assert row[7] == "Breached"
    assert "n negative" in {cell.attributes.get("class") for cell in by_id(found, "limits").all("td")}
    assert "must not be bought: MERCHANT_SHARE is breached: 6.17 %" in by_id(found, "summary").text


def test_money_stands_to_the_cent(page: Element) -> None:
    """The purchase says principal, price, cash and what is left exactly."""
    assert [row[1] for row in table(page, "The money")] == [
        "3,412",
        "10,184,902.55",
        "9,981,204.37",
        "principal balance 本金余额 less 2.00 %",
        "10,000,000.00",
        "18,795.63",
    ]


def test_rows_read_are_accounted_for_in_the_open() -> None:
    """Every table's accounting stands as given; a lost row is said by number."""
    report = sample_report()
    first, *others = report.data.tables
    lossy = replace(report, data=replace(report.data, tables=(replace(first, read=first.read + 7), *others)))
    rows = table(read(render(lossy)), "Every row that was read")[1:]
    assert rows[0][1:6] == ["12,415", "0", "3", "12,401", "4"]
    assert rows[0][-1] == "7 lost"
    assert rows[1][6:] == ["UNKNOWN_VALUE 41 REQUIRED_MISSING 21", "17 of 17", "Adds up"]


def test_an_invariant_without_a_case_is_not_said_to_hold() -> None:
    """What had nothing to look at says so."""
    report = sample_report()
    first, *others = report.data.invariants
    idle = replace(report, data=replace(report.data, invariants=(replace(first, checked=0), *others)))
    rows = table(read(render(idle)), "Promises that hold across tables")[1:]
    assert [row[-1] for row in rows] == ["Nothing to look at", "Holds", "Holds", "Holds", "Broken"]


def test_classes_of_default_probability_have_their_true_edges() -> None:
    """A class from 0.25 % on does not begin at 0.2 %."""
    report = sample_report()
    first = report.probabilities.bins[0]
    bins = (replace(first, lower=0.0, upper=0.0025), replace(first, lower=0.0025, upper=0.005))
    shown = read(render(replace(report, probabilities=replace(report.probabilities, bins=bins))))
    edges = [row[0].replace("\u00a0", " ") for row in table(shown, "Principal by default probability")[1:3]]
    assert edges == ["0.00 % to 0.25 %", "0.25 % to 0.50 %"]


def test_pictures_have_words_and_tables_captions(page: Element) -> None:
    """Each chart carries a sentence for those who cannot see it, each table a caption and column heads with a scope."""
    pictures = [one for one in page.all("svg") if one.attributes.get("role") == "img"]
    assert len(pictures) == 3
    assert all(len(picture.attributes["aria-label"]) > 40 for picture in pictures)
    assert all(one.attributes.get("aria-hidden") == "true" for one in page.all("svg") if one not in pictures)
    for one in page.all("table"):
        assert one.all("caption")[0].text
        assert all(head.attributes["scope"] in {"col", "row", "colgroup"} for head in one.all("th"))
    levels = [int(one.tag[1]) for one in page.all("*") if one.tag in {"h1", "h2", "h3"}]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_chinese_texts_say_their_language(page: Element) -> None:
    """Chinese stands in elements marked as Chinese, so that it is spoken and set rightly."""
    marked = " ".join(one.text for one in page.all("span") if one.attributes.get("lang") == "zh")
    for one in sample_report().criteria:
        assert one.text_zh in marked


def test_an_empty_pool_reads_well() -> None:
    """The first day says that nothing was open, with no number made up and no empty table."""
    found = read(render(empty_pool()))
    assert "No receivable was open at the start of 5 March 2025." in by_id(found, "summary").text
    assert "No proposal was made" in by_id(found, "purchase").text
    assert {row[7] for row in table(found, "Limits of the pool")[1:]} == {"Not measured"}
    assert "nan" not in found.all("main")[0].text.lower().split()
    assert "None" not in found.all("main")[0].text.replace("None of", "")
    assert all(row.all("td") or row.all("th") for one in found.all("tbody") for row in one.all("tr"))
    assert all(one.all("tr") for one in found.all("tbody"))


def test_a_day_without_purchase_says_why() -> None:
    """With eligible receivables and no proposal, the page names what stands in the way."""
    text = by_id(read(render(nothing_bought())), "summary").text
    assert "8,214 receivables of CNY 24.1 m are eligible, and nothing was proposed." in text
    assert "Trigger CUMULATIVE_DEFAULT is in force" in text
