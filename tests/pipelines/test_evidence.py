"""Recheck and evidence on a workspace: the published screening judged again, the purchase checked far from it."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest

from pipelines.screened import held_then, screening_that_stands
from pool.evidence_file import read_zip, write_zip
from pool.ledger import pledges
from runtime.stage import part
from schemas import derived
from schemas.errors import CatalogError
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import DEAL, MONDAY, Chain

DAY = MONDAY.isoformat()
pytestmark = pytest.mark.timeout(900)


def test_a_published_screening_is_judged_again(call: Call, bought: Chain) -> None:
    """Every cell and every value seen agree, also those that look at what the pool held then; no engine is needed."""
    session = bought.space.__dict__.pop("session")
    try:
        answer = call("recheck", "--as-of", DAY, "--deal", DEAL, "--json", *on(bought))
    finally:
        bought.space.__dict__["session"] = session
    assert answer.code == 0, answer
    told = json.loads(answer.out)
    screenings, failures = (bought.rows(name, MONDAY) for name in ("screenings", "screening_failures"))
    assert (told["receivables"], told["cells"]) == (len(screenings), len(screenings) * told["criteria"])
    assert told["values"] == len(failures) > 0
    assert (told["cells_unequal"], told["values_unequal"], told["differences"]) == (0, 0, [])
    assert "E44" in {row["code"] for row in failures}, "what the pool holds was seen"


def test_a_deal_edited_in_place_is_judged_by_the_document_that_was_applied(call: Call, bought: Chain) -> None:
    """The origin of a proposal keeps it, whatever stands in the configuration; where none does, it is asked for."""
    path = bought.space.settings.folder / "deals" / f"{DEAL}.yaml"
    before = path.read_text("utf-8")
    origins = bought.space.home / "origins"
    asked = ("recheck", "--as-of", DAY, "--deal", DEAL, *on(bought))
    try:
        path.write_text(before.replace("clean_up_share", "# clean_up_share"), "utf-8")
        answer = call(*asked, "--json")
        origins.rename(origins.with_name("elsewhere"))
        lost = call(*asked)
    finally:
        path.write_text(before, "utf-8")
        origins.with_name("elsewhere").rename(origins)
    assert (answer.code, json.loads(answer.out)["cells_unequal"]) == (0, 0), answer
    assert (lost.code, "the document that was applied" in lost.err) == (2, True)


def test_a_published_cell_that_is_wrong_is_told(call: Call, bought: Chain) -> None:
    """A letter and a value changed in the published files: exit 1, with receivable, clause and both answers."""
    place = part(derived.SCREENINGS, MONDAY, DEAL)
    paths = [bought.space.catalog.files(name, place)[0] for name in ("screenings", "screening_failures")]
    before = [Path(path).read_bytes() for path in paths]
    rows = pq.read_table(paths[0])
    lines = rows.to_pylist()
    lines[0]["outcomes"] = ("U" if lines[0]["outcomes"][0] == "P" else "P") + lines[0]["outcomes"][1:]
    seen = pq.read_table(paths[1])
    values = [{**row, "observed": "nothing"} if not n else row for n, row in enumerate(seen.to_pylist())]
    try:
        pq.write_table(rows.from_pylist(lines, schema=rows.schema), paths[0])
        pq.write_table(seen.from_pylist(values, schema=seen.schema), paths[1])
        answer = call("recheck", "--as-of", DAY, "--deal", DEAL, "--json", *on(bought))
        shown = call("recheck", "--as-of", DAY, "--deal", DEAL, *on(bought))
    finally:
        for path, content in zip(paths, before, strict=True):
            Path(path).write_bytes(content)
    told = json.loads(answer.out)
    assert (answer.code, told["cells_unequal"], told["values_unequal"]) == (1, 1, 1)
    assert told["differences"][0]["receivable"] == lines[0]["receivable_id"]
    assert told["differences"][1]["published"].endswith(": nothing")
    assert (shown.code, lines[0]["receivable_id"] in shown.out) == (1, True)


def test_a_day_that_was_not_screened_is_told(call: Call, bought: Chain) -> None:
    """Nothing is judged where nothing stands."""
    answer = call("recheck", "--as-of", "2024-02-01", "--deal", DEAL, *on(bought))
    assert answer.code == 2
    assert "no screening of" in answer.err
    with pytest.raises(CatalogError, match="pledges"):
        held_then([], "0" * 64)


def test_what_a_pool_held_is_found_by_its_hash(bought: Chain) -> None:
    """The screening that stands came after the booking: it knows the pool's receivables."""
    held = screening_that_stands(bought.space, MONDAY, DEAL).held(bought.space)
    with bought.ledger() as store:
        ever = pledges(store.history())
    assert {one.receivable_key for one in held if one.deal == DEAL} == {
        one.receivable_key for one in ever if one.deal == DEAL
    }
    assert held


def test_a_purchase_is_checked_far_from_its_workspace(
    call: Call, bought: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle of a purchase that was booked, and screened again since: the same bytes each time, all of it holds."""
    name = bought.results["first"]["propose"].proposal_id
    paths = [tmp_path / "one.zip", tmp_path / "two.zip"]
    made = [told(call, "evidence", "make", name, "--out", str(path), *on(bought)) for path in paths]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert made[0]["receivables"] == len(bought.rows("proposals", MONDAY))
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    found = told(call, "evidence", "check", str(paths[0]), "--home", str(away / "none"), "--conf", str(away / "none"))
    assert [one for one in found["checks"] if not one["ok"]] == []
    assert (found["holds"], list(away.iterdir())) == (True, [])
    lines = {one["check"]: one["found"] for one in found["checks"]}
    assert lines["two people"] == "proposed by alice, approved by bob, booked by bob"
    assert lines["runs"].endswith(": featurize, propose, score, screen, states")
    assert f"{len(bought.results['screened']['screenings'])} open" in lines["screenings"]
    people_can_read(call, bought, paths[0])
    members = read_zip(paths[0].read_bytes())
    members["deal.yaml"] += b"\n# a word more\n"
    paths[1].write_bytes(write_zip(members))
    changed = call("evidence", "check", str(paths[1]))
    assert (changed.code, "deal.yaml was changed" in changed.out) == (1, True)
    paths[1].write_bytes(paths[0].read_bytes()[:-9])
    cut = call("evidence", "check", str(paths[1]))
    assert (cut.code, "EvidenceError" in cut.err) == (1, True)


def people_can_read(call: Call, bought: Chain, path: Path) -> None:
    """Members open in ordinary programs, and a table says in words what was found."""
    with ZipFile(path) as file:
        assert file.testzip() is None
        names = set(file.namelist())
        assert b"receivable_key" in file.read("purchase_list.csv")
        assert b"<html" in file.read("model/card.html")
    assert {"deal.yaml", "ledger.jsonl", "head.json", "view.parquet", "model/version.json"} < names
    assert any(name.startswith("model/files/") for name in names)
    answer = call("evidence", "check", str(path))
    assert (answer.code, "everything holds" in answer.out) == (0, True)
    assert "cells judged again, 0 unequal" in answer.out
    unknown = call("evidence", "make", "nothing", "--out", str(path) + ".no", *on(bought))
    assert (unknown.code, Path(str(path) + ".no").exists()) == (1, False)


def told(call: Call, *words: str) -> Any:
    """Call a command with --json and read what it says."""
    answer = call(*words, "--json")
    assert answer.code == 0, answer
    return json.loads(answer.out)


def test_a_deal_that_changed_since_is_the_one_that_was_applied(call: Call, bought: Chain, tmp_path: Path) -> None:
    """The document of the proposal goes into the bundle, whatever stands in the configuration today."""
    name = bought.results["first"]["propose"].proposal_id
    path = bought.space.settings.folder / "deals" / f"{DEAL}.yaml"
    before, out = path.read_text("utf-8"), tmp_path / "bundle.zip"
    made = told(call, "evidence", "make", name, "--out", str(out), *on(bought))
    content = out.read_bytes()
    try:
        path.write_text(before.replace("version: 1", "version: 2", 1), "utf-8")
        assert told(call, "evidence", "make", name, "--out", str(out), *on(bought)) == made
        assert out.read_bytes() == content
        assert told(call, "recheck", "--as-of", DAY, "--deal", DEAL, *on(bought))["cells_unequal"] == 0
    finally:
        path.write_text(before, "utf-8")
    assert told(call, "evidence", "check", str(out))["holds"]
