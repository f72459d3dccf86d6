"""Commands that look at what stands: each tells the same to people and to machines, and changes nothing."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pool.chain import Entry
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import DEAL, MONDAY, Chain

DAY = MONDAY.isoformat()
pytestmark = pytest.mark.timeout(900)


def told(call: Call, *words: str) -> Any:
    """Call a command with --json and read what it says."""
    answer = call(*words, "--json")
    assert answer.code == 0, answer
    return json.loads(answer.out)


def test_explain_shows_a_receivable_against_every_criterion(call: Call, bought: Chain) -> None:
    """Of what was bought, all passes but that no pool holds it: each with clause, value and threshold."""
    row = bought.rows("proposals", MONDAY)[0]
    lines = told(call, "explain", row["receivable_id"], "--as-of", DAY, "--deal", DEAL, *on(bought))
    assert len(lines) >= 20
    assert [one["code"] for one in lines if one["outcome"] != "pass"] == ["E44"]
    assert all(one["clause"] and one["criterion"] and one["observed"] and one["threshold"] for one in lines)
    assert next(one for one in lines if one["code"] == "E44")["observed"].startswith("position.is_pledged=true")
    unknown = call("explain", "nobody", "--as-of", DAY, "--deal", DEAL, *on(bought))
    assert (unknown.code, unknown.out) == (2, "")
    assert "no open receivable nobody" in unknown.err


def test_screen_counts_why_receivables_fail(call: Call, bought: Chain) -> None:
    """Failures and unknowns by criterion are those of the stored table."""
    lines = told(call, "screen", "--as-of", DAY, "--deal", DEAL, *on(bought))
    stored = [(row["code"], row["outcome"]) for row in bought.rows("screening_failures", MONDAY)]
    assert {one["code"]: (one["failed"], one["unknown"]) for one in lines} == {
        one["code"]: (stored.count((one["code"], "F")), stored.count((one["code"], "U"))) for one in lines
    }
    assert sum(one["failed"] + one["unknown"] for one in lines) == len(stored)
    refused = {(row["code"], row["receivable_id"]) for row in bought.rows("screening_failures", MONDAY)}
    firsts = {code: min(found for other, found in refused if other == code) for code, _ in refused}
    assert {one["code"]: one["example"] for one in lines if one["example"]} == firsts
    shown = call("screen", "--as-of", DAY, "--deal", DEAL, *on(bought))
    screened = bought.rows("screenings", MONDAY)
    eligible = sum(row["is_eligible"] for row in screened)
    assert f"{DEAL}: {eligible:,} of {len(screened):,} open receivables are eligible" in shown.out
    assert f"Next: poolwright explain {min(firsts.values())} --as-of {DAY} --deal {DEAL}" in shown.err


def test_the_funnel_is_that_of_the_stored_outcomes(call: Call, bought: Chain) -> None:
    """Open, stopped, stopped for one reason alone, and left, of every criterion in the deal's order; a table too."""
    asked = ("funnel", "--as-of", DAY, "--deal", DEAL, *on(bought))
    found = told(call, *asked)
    stored = bought.rows("screenings", MONDAY)
    assert found["open"] == len(stored)
    assert Decimal(found["open_amount"]) == sum(row["current_principal_amount"] for row in stored)
    for place, one in enumerate(found["criteria"]):
        letters = [row["outcomes"][place] for row in stored]
        only = [row for row in stored if (row["failed_count"], row["first_failed_code"]) == (1, one["code"])]
        left = [row for row in stored if set(row["outcomes"][: place + 1]) == {"P"}]
        assert (one["failed"], one["unknown"]) == (letters.count("F"), letters.count("U"))
        assert (one["only"], one["left"]) == (len(only), len(left))
        assert Decimal(one["only_amount"]) == sum(row["current_principal_amount"] for row in only)
        assert Decimal(one["left_amount"]) == sum(row["current_principal_amount"] for row in left)
    eligible = [row for row in stored if row["is_eligible"]]
    assert found["criteria"][-1]["left"] == len(eligible) > 0
    assert f"{len(stored):,} open receivables" in call(*asked).out
    missing = call("funnel", "--as-of", "2020-01-01", "--deal", DEAL, *on(bought))
    assert (missing.code, "poolwright run --as-of 2020-01-01" in missing.err) == (2, True)


def test_what_if_says_what_a_clause_holds_back(call: Call, bought: Chain) -> None:
    """What fails one criterion alone is gained without it, in number, balance and words; nothing is written."""
    before = (bought.space.runs.all(), [one.entry_hash for one in history(bought)])
    stored = bought.rows("screenings", MONDAY)
    only = {
        code: [row for row in stored if row["failed_count"] == 1 and row["first_failed_code"] == code]
        for code in ("E21", "E44")
    }
    eligible = [row for row in stored if row["is_eligible"]]
    asked = ("what-if", "--as-of", DAY, "--deal", DEAL, *on(bought))
    dropped = told(call, *asked, "--drop", "E44")
    assert len(only["E44"]) > 5
    assert dropped["together"]["gained"]["count"] == len(only["E44"])
    amount = sum(row["current_principal_amount"] for row in only["E44"])
    assert Decimal(dropped["together"]["gained"]["amount"]) == amount
    assert 0 < dropped["together"]["gained"]["default_probability"] < 1
    assert dropped["sentences"][0].startswith(
        f"Dropping E44 would let in {len(only['E44']):,} receivables of {amount:,}"
    )
    assert (dropped["present"]["count"], dropped["then"]["count"]) == (len(eligible), len(eligible) + len(only["E44"]))
    both = told(call, *asked, "--set", "E21=9999", "--set", "E20=state.days_past_due < 0")
    assert both["together"]["lost"]["count"] == len(eligible) == both["alone"][1]["lost"]["count"]
    assert both["alone"][0]["gained"]["count"] == len(only["E21"])
    assert both["sentences"][-1].startswith("All together would shut out")
    person = call(*asked, "--set", "E21=9999").out
    assert "Raising E21 from 7 to 9999 would " in person
    assert "eligible now" in person
    assert (bought.space.runs.all(), [one.entry_hash for one in history(bought)]) == before


def test_what_if_refuses_what_no_deal_could_say(call: Call, bought: Chain) -> None:
    """Another unit, no such code, nothing asked, a day without a screening: three plain sentences."""
    asked = ("what-if", "--deal", DEAL, *on(bought))
    for words, reason in (
        (("--as-of", DAY, "--set", "E21='late'"), "days and text do not go together"),
        (("--as-of", DAY, "--set", "E99=3"), "no criterion E99"),
        (("--as-of", DAY), "no other threshold"),
        (("--as-of", "2020-01-01", "--set", "E21=3"), "poolwright run --as-of 2020-01-01"),
    ):
        answer = call(*asked, *words)
        assert (answer.code, answer.out) == (2, ""), words
        assert reason in answer.err


def history(chain: Chain) -> list[Entry]:
    """Give the entries of a chain's ledger."""
    with chain.ledger() as store:
        return store.history()


def test_the_report_of_real_tables_needs_nothing_else(call: Call, bought: Chain, tmp_path: Path) -> None:
    """One file with the numbers of the purchase, which asks nothing from outside and is the same each time."""
    out = tmp_path / "report.html"
    asked = ("report", "--as-of", DAY, "--deal", DEAL, "--out", str(out), *on(bought))
    assert told(call, *asked) == {"report": str(out)}
    html = out.read_text("utf-8")
    lines = bought.rows("proposals", MONDAY)
    assert f"{sum(row['principal_amount'] for row in lines):,}" in html
    assert lines[0]["proposal_id"] in html
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img", html)
    assert [path.name for path in tmp_path.iterdir() if path.suffix in {".html", ".new"}] == ["report.html"]
    told(call, *asked)
    assert out.read_text("utf-8") == html


def test_a_report_that_cannot_be_written_is_told(call: Call, bought: Chain, tmp_path: Path) -> None:
    """A place that is no folder gets plain sentences, not a stack trace."""
    (tmp_path / "file").touch()
    out = str(tmp_path / "file" / "report.html")
    answer = call("report", "--as-of", DAY, "--deal", DEAL, "--out", out, *on(bought))
    assert (answer.code, answer.out) == (2, "")
    assert "Found:" in answer.err
    assert "Traceback" not in answer.err


def test_tables_models_and_ledger_are_listed(call: Call, bought: Chain, tmp_path: Path) -> None:
    """Rows of tables, the champion, what the pool holds and every entry, as they stand."""
    counted = {one["table"]: one["rows"] for one in told(call, "tables", *on(bought))}
    for name in ("orders", "receivables", "features", "quarantine"):
        assert counted[name] == len(bought.rows(name)), name
    (model,) = told(call, "models", "list", *on(bought))
    assert (model["version"], model["aliases"]) == ("1", "champion")
    held = told(call, "ledger", "positions", *on(bought))
    assert {one["receivable"] for one in held} == {row["receivable_id"] for row in bought.rows("proposals", MONDAY)}
    entries = told(call, "ledger", "history", *on(bought))
    assert [one["kind"] for one in entries] == ["ENROLLED"] * 3 + ["PROPOSED", "APPROVED", "BOOKED"]
    out = tmp_path / "entries"
    assert call("ledger", "export", "--out", str(out), *on(bought)).code == 0
    assert [json.loads(line)["entry_hash"] for line in out.read_text().splitlines()] == [
        one["entry_hash"] for one in entries
    ]


def test_people_see_what_machines_see(call: Call, bought: Chain) -> None:
    """Ids stand whole in the table, so that the next command can be typed."""
    (proposal,) = {row["proposal_id"] for row in bought.rows("proposals", MONDAY)}
    assert proposal in call("ledger", "history", *on(bought)).out
    assert proposal in call("ledger", "positions", *on(bought)).out


def test_check_tells_what_does_not_fit_and_publishes_nothing(call: Call, bought: Chain) -> None:
    """Exit code 1 where something is found, with file, row and raw values; the workspace stays empty."""
    asked = ("sources", "check", "simulated", "--from", str(bought.raw), "--conf", str(bought.space.settings.folder))
    machine, person = call(*asked, "--json"), call(*asked)
    assert machine.code == person.code == 1
    found = json.loads(machine.out)
    assert {"table", "code", "column", "count", "samples"} == set(found[0])
    sample = found[0]["samples"][0]
    assert f"{sample['file']} row {sample['row']}: {sample['raw']}" in person.out
    assert told(call, "tables") == []
    assert "simulated" in told(call, "sources", "list")
