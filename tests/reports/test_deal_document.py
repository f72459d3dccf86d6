"""A deal as a document: every clause with its number, in the language asked for, and nothing smuggled in by a text."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from pool.deal import Deal, load_deal
from reports.deal_document import html, markdown
from reports.deal_words import day_rule, limit_rule, trigger_rule

DEALS = Path(__file__).resolve().parents[2] / "conf" / "deals"
CHINESE = re.compile("[\u4e00-\u9fff]")


def template(name: str, **parts: Any) -> Deal:
    document = yaml.safe_load((DEALS / f"{name}.yaml").read_text("utf-8"))
    return load_deal(yaml.safe_dump({**document, **parts}, allow_unicode=True, sort_keys=False))


@pytest.mark.parametrize("path", sorted(DEALS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_clause_stands_in_the_document(path: Path) -> None:
    """Number, code, promise and test of each, in Markdown and in HTML."""
    deal = load_deal(path.read_text("utf-8"))
    page, text = html(deal, ("en", "zh")), markdown(deal, ("en", "zh"))
    seen = words_of(page)
    for clause in (*deal.criteria, *deal.limits, *deal.revolving, *deal.triggers):
        assert f"| {clause.clause} | {clause.code} | " in text
        assert clause.text_zh in text
        assert {clause.clause, clause.code, clause.text_en, clause.text_zh} <= seen
    assert {each.expression for each in deal.criteria} <= seen
    assert deal.hash in text
    assert ("清仓回购" in text) == (deal.clean_up_share is not None)
    assert ("回收款转付期限" in text) == (deal.calendar.turnover_days is not None)


def test_one_language_is_one_language() -> None:
    """English has no Chinese but in names, Chinese has the Chinese promises and rules."""
    deal = template("us_auto")
    english, chinese = markdown(deal, ("en",)), markdown(deal, ("zh",))
    assert not CHINESE.search(english)
    assert deal.criteria[0].text_en not in chinese
    assert deal.criteria[0].text_zh in chinese
    assert '<html lang="zh-CN">' in html(deal, ("zh",))
    assert '<html lang="en">' in html(deal, ("en", "zh"))


def test_rules_are_sentences() -> None:
    """Exact numbers, steps, averages, cures, in both languages."""
    deal = template("us_auto")
    triggers = {each.code: trigger_rule(each) for each in deal.triggers}
    assert triggers["T02"].en == (
        "Severe delinquency rate (from 60 days past due, average of 3 months); fires above 1.1 %, from month 12 1.8 %, "
        "from month 24 2.8 %, from month 36 4.9 %; ends after 3 months in a row within the bound; purchases stop."
    )
    assert triggers["T02"].zh == (
        "严重拖欠率（逾期60天起，3个月平均）；高于 1.1 % 触发，第12个月起 1.8 %，第24个月起 2.8 %，第36个月起 4.9 %；"
        "连续3个月符合限值后解除；停止循环购买。"
    )
    assert "cannot be cured" in triggers["T01"].en
    limits = {each.code: limit_rule(each).en for each in deal.limits}
    assert limits["P08"] == "Average of `receivable.annual_rate` by unpaid principal: at least 4 %."
    assert limits["P14"] == "Number of different `receivable.borrower_id`: at least 200."
    assert limits["P15"].endswith("A pool beyond it may still buy what makes it no worse.")
    days = {kind: day_rule(rule).en for kind, rule in template("cn_consumer_instalment").calendar.rules.items()}
    assert days == {
        "cut_off": "the last day of every month, on any day of the week",
        "calculation": "3 business days after cut-off",
        "purchase": "2 business days after calculation",
        "transfer": "3 business days after calculation",
        "payment": "day 20 of every 3 months, or the next business day",
    }
    idle = {each.code: trigger_rule(each).en for each in template("cn_revolving_credit").triggers}["T05"]
    assert idle == (
        "Share of cash not reinvested; fires above 15 %, 3 months in a row; ends after 1 month within the bound; "
        "purchases stop."
    )


def test_text_of_a_deal_stays_text() -> None:
    """Script and markup in a name or a promise are shown, never run; a bar does not break a table."""
    evil = "<script>alert(1)</script> | [x](javascript:alert(1)) `<b>`"
    parties = dict.fromkeys(("originator", "manager", "trustee", "servicer", "custodian"), evil)
    criteria = [
        {
            "code": "E01",
            "clause": evil,
            "text_en": evil,
            "text_zh": evil,
            "expression": f"receivable.purpose <> '{evil}'",
        }
    ]
    deal = template("paylater_30", parties=parties, criteria=criteria, note=f"illustrative {evil}")
    page, text = html(deal, ("en",)), markdown(deal, ("en",))
    assert "<script" not in page
    assert page.count("<b>") == 0
    assert evil in words_of(page)
    outside_code = re.sub(r"`[^`]*`", "", text)
    assert "<script" not in outside_code
    assert not re.search(r"(?<!\\)\[[^\]]*\]\(", outside_code)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) in (3, 4, 5) for row in rows)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_data(self, data: str) -> None:
        self.found.add(data)


def words_of(page: str) -> set[str]:
    """Give the texts that a browser shows."""
    reader = _Words()
    reader.feed(page)
    return reader.found
