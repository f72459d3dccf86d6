"""Why: the reasons of the tags in words, by commands that change nothing."""

import json
from pathlib import Path

import pytest

from tests.pipelines.calls import Call, on
from tests.pipelines.chain import MONDAY, Chain
from tests.reports import page

DAY = MONDAY.isoformat()
TAGGED = tuple(f"reason_{number}" for number in range(1, 5))
pytestmark = pytest.mark.timeout(900)


def test_reasons_are_those_of_the_tags_in_words(call: Call, bought: Chain, tmp_path: Path) -> None:
    """Code, words in the language asked for, the side that the direction allows; and a picture."""
    tag = max(bought.rows("receivable_tags", MONDAY), key=lambda row: row["default_probability"])
    picture = tmp_path / "why.png"
    asked = ("reasons", tag["receivable_id"], "--as-of", DAY, *on(bought), "--json")
    answer = call(*asked, "--plot", str(picture))
    assert answer.code == 0, answer
    told = json.loads(answer.out)
    assert [one["feature"] for one in told["reasons"]] == [tag[name] for name in TAGGED if tag[name]]
    assert told["default_probability"] == tag["default_probability"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    chinese = json.loads(call(*asked, "--language", "zh").out)
    for one, other in zip(told["reasons"], chinese["reasons"], strict=True):
        assert one["code"] == other["code"]
        assert one["reason"].isascii()
        assert not other["reason"].isascii()
    assert told["reasons"]
    shown = call(*asked[:-1])
    assert told["reasons"][0]["code"] in shown.out


def test_wrong_questions_get_a_plain_answer(call: Call, bought: Chain) -> None:
    """A receivable that is not there, a language that nobody wrote words for."""
    unknown = call("reasons", "nobody", "--as-of", DAY, *on(bought))
    assert (unknown.code, unknown.out) == (2, "")
    assert "no features of receivable nobody" in unknown.err
    assert "en or zh" in call("reasons", "nobody", "--as-of", DAY, "--language", "fr", *on(bought)).err


def test_what_moves_scores_adds_up_by_family(call: Call, bought: Chain, tmp_path: Path) -> None:
    """Families from the one that moves most, and two pictures."""
    answer = call("models", "explain", "champion", "--as-of", DAY, "--out", str(tmp_path), *on(bought), "--json")
    assert answer.code == 0, answer
    moved = list(json.loads(answer.out).values())
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0
    assert {path.name for path in tmp_path.glob("*.png")} == {"movers_by_family.png", "movers_by_theme.png"}


def test_the_page_tells_of_one_receivable_or_of_all(call: Call, bought: Chain, tmp_path: Path) -> None:
    """The reasons that the command tells stand on the page in both languages; without a receivable it tells of all."""
    tag = max(bought.rows("receivable_tags", MONDAY), key=lambda row: row["default_probability"])
    one, all_ = tmp_path / "one.html", tmp_path / "all.html"
    asked = ("reasons", tag["receivable_id"], "--as-of", DAY, *on(bought), "--json")
    english = json.loads(call(*asked, "--out", str(one)).out)
    chinese = json.loads(call(*asked, "--language", "zh").out)
    told = page.read(one.read_text("utf-8"))
    rows = page.table(told, "Reasons:")[1:]
    assert [row[0] for row in rows] == [each["code"] for each in english["reasons"]]
    for row, first, second in zip(rows, english["reasons"], chinese["reasons"], strict=True):
        assert row[1] == f"{first['reason']} {second['reason']}"
    answer = call("reasons", "--as-of", DAY, "--out", str(all_), *on(bought), "--json")
    assert (answer.code, json.loads(answer.out)) == (0, {"page": str(all_)})
    whole = page.read(all_.read_text("utf-8"))
    assert len(page.table(whole, "The first")) > 1
    assert tag["receivable_id"] not in whole.text
    assert [path.suffix for path in tmp_path.iterdir()] == [".html", ".html"]


def test_a_page_of_nothing_is_not_asked_for(call: Call, bought: Chain, tmp_path: Path) -> None:
    """Without a receivable there is no picture, and nothing to say without a page."""
    for extra in ((), ("--plot", str(tmp_path / "why.png"), "--out", str(tmp_path / "page.html"))):
        answer = call("reasons", "--as-of", DAY, *extra, *on(bought))
        assert (answer.code, answer.out) == (2, "")
        assert "a receivable to explain" in answer.err
