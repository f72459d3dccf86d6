"""The command line: help costs nothing, a mistake gets three plain sentences, machines get one JSON document."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.__main__ import app
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import DEAL, MONDAY, SECOND_DEAL, Chain

HEAVY = ("pyspark", "pandas", "mlflow", "great_expectations", "lightgbm", "matplotlib", "scipy", "sklearn", "pyarrow")
DAY = MONDAY.isoformat()
pytestmark = pytest.mark.timeout(900)


def commands() -> list[list[str]]:
    """Name every command of the command line, the root first."""
    root = typer.main.get_command(app)
    found: list[list[str]] = [[]]
    for path in found:
        here: Any = root
        for name in path:
            here = here.commands[name]
        found += [[*path, name] for name in getattr(here, "commands", {})]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help(words: list[str], call: Call) -> None:
    """Help exits 0, shows how to use the command and says what it does."""
    answer = call(*words, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"Usage: poolwright{''.join(f' {word}' for word in words)}")
    sentence = answer.out.split("\n\n")[1].strip()
    assert sentence[0].isupper()
    assert "Options:" in answer.out


def test_help_loads_no_heavy_library() -> None:
    """Help of every command, in one fresh process, leaves the engine and the model libraries alone."""
    script = (
        "import sys, json\nfrom pipelines.__main__ import app\n"
        f"for words in {commands()!r}:\n"
        "    try:\n        app([*words, '--help'])\n    except SystemExit as ended:\n"
        "        assert not ended.code, words\n"
        "sys.stderr.write(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603
    loaded = json.loads(done.stderr)
    assert "typer" in loaded
    assert set(HEAVY).isdisjoint(loaded)


MISTAKES = {
    "bad day": ("run --as-of 2024-13-01", "--as-of 2024-13-01"),
    "bad until": ("ingest --source simulated --from . --until tomorrow", "--until tomorrow"),
    "unknown deal": (f"run --as-of {DAY} --deal nobody", "nobody"),
    "unknown source": ("ingest --source nobody --from .", "nobody"),
    "missing folder": ("ingest --source simulated --from nowhere", "nowhere"),
    "engine without Java": (f"run --as-of {DAY} --engine spark", "no Java on this machine"),
    "empty folder": ("ingest --source simulated --from deals", "deals"),
    "unknown stage": (f"run --as-of {DAY} --to moon", "moon"),
    "stage of a deal without one": (f"run --as-of {DAY} --to screen", "screen"),
    "setting without value": (f"run --as-of {DAY} --set engine", "--set engine"),
    "unknown section": (f"run --as-of {DAY} --set moon.phase=1", "moon"),
    "unknown key": (f"run --as-of {DAY} --set engine.phase=1", "phase"),
    "value out of bounds": (f"run --as-of {DAY} --set engine.partitions=0", "partitions"),
    "setting of a section itself": (f"run --as-of {DAY} --set engine=3", "not 3"),
    "no YAML value": (f"run --as-of {DAY} --set engine.name=[", "engine.name"),
    "unknown engine": (f"run --as-of {DAY} --engine abacus", "abacus"),
    "unknown environment": (f"run --as-of {DAY} --env nowhere", "nowhere"),
    "no configuration": (f"run --as-of {DAY} --conf nowhere", "nowhere"),
    "no logs to run a day on": (f"run --as-of {DAY}", "no receivables in"),
    "no logs to train on": (f"train --as-of {DAY}", "receivables"),
    "no amount": (f"propose --as-of {DAY} --deal {DEAL} --cash lots --as alice", "lots"),
    "amount below a cent": (f"propose --as-of {DAY} --deal {DEAL} --cash 1.005 --as alice", "1.005"),
    "not a number": (f"propose --as-of {DAY} --deal {DEAL} --cash nan --as alice", "nan"),
    "unknown role": ("people add eve --role boss", "boss"),
    "unknown model": ("models promote 9 --reason best --as bob", "9"),
    "unknown model to show": ("models show 9", "9"),
    "unknown model to compare": ("models compare 9 champion", "9"),
    "no champion before": ("models rollback --reason best --as bob", "best"),
    "no report to write": (f"report --as-of {DAY} --deal {DEAL}", DAY),
    "export to nowhere": ("ledger export --out nowhere/file", "nowhere"),
    "workspace that is a file": (f"run --as-of {DAY} --home conf/base.yaml", "base.yaml"),
    "export into a file": ("ledger export --out conf/base.yaml/entries", "base.yaml"),
    "raw logs into a file": ("simulate --out conf/base.yaml --borrowers 50 --days 30", "base.yaml"),
    "days the wrong way round": ("rollforward --from 2024-03-01 --to 2024-01-01", "2024-01-01"),
}


@pytest.mark.parametrize(("line", "named"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gets_plain_sentences(line: str, named: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, what was found and what was promised on standard error, nothing on standard output."""
    monkeypatch.setenv("PATH", "nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    answer = call(*line.split())
    assert answer.code == 2, answer
    assert answer.out == ""
    assert "Traceback" not in answer.err
    found, promised = (next(part for part in answer.err.splitlines() if part.startswith(f"{name}:")) for name in SAID)
    assert named in found
    assert promised.removeprefix("Promised:").strip()


SAID = ("Found", "Promised")
SMALL_WORLDS = ("simulate --out raw --borrowers 3", "simulate --out raw --days 3")


@pytest.mark.parametrize("line", ["", "moon", "run", "run --as-of", "settle", "ledger moon", *SMALL_WORLDS])
def test_wrong_usage_gets_exit_code_two(line: str, call: Call) -> None:
    """A missing or unknown word of the command line says how it is used, without a traceback."""
    answer = call(*line.split())
    assert answer.code == 2
    assert "Usage:" in answer.out + answer.err or answer.err.startswith("Error: ")
    assert "Traceback" not in answer.err


def test_the_ledger_says_no_with_exit_code_one(call: Call) -> None:
    """An unknown proposal, a wrong secret and a role that is missing are refusals, in plain sentences."""
    assert call("people", "add", "root", "--role", "admin").code == 0
    refused = (
        call("settle", "no-such-proposal", "--as", "root", "--cash", "1.00"),
        call("settle", "no-such-proposal", "--as", "root", "--cash", "1.00", by="somebody else"),
        call("approve", "no-such-proposal", "--as", "nobody"),
        call("people", "add", "eve", "--role", "proposer"),
    )
    for answer in refused:
        assert (answer.code, answer.out) == (1, ""), answer
        assert "Found:" in answer.err
        assert "Traceback" not in answer.err


def test_a_wrong_folder_is_told(call: Call) -> None:
    """Whoever looks where no workspace is hears that it is new, and that a table has nothing to show."""
    first, second = call("people", "list"), call("proposals", "list")
    assert "is new and empty; another one is named by --home" in first.err
    assert (first.code, first.out) == (0, "People: none\n")
    assert (second.code, second.out, second.err) == (0, "Proposals: none\n", "")


def test_people_are_enrolled_by_an_administrator_with_a_secret_of_their_own(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The administrator's secret comes from its own variable, never from the command line; a wrong one is refused."""
    assert call("people", "add", "root", "--role", "admin").code == 0
    asked = ("people", "add", "alice", "--role", "proposer", "--as", "root")
    monkeypatch.setenv("POOLWRIGHT_ADMIN_SECRET", "secret of alice")
    assert call(*asked, by="alice").code == 1
    monkeypatch.setenv("POOLWRIGHT_ADMIN_SECRET", "secret of root")
    assert call(*asked, by="alice").code == 0
    assert json.loads(call("ledger", "verify", "--json").out)["people"] == 2
    enrolled = [{"name": "alice", "roles": "proposer"}, {"name": "root", "roles": "admin"}]
    assert json.loads(call("people", "list", "--json").out) == enrolled
    gone = ("people", "retire", "alice", "--as", "root")
    assert call(*gone, "--reason", "left the platform", by="root").code == 0
    assert "it was so already" in call(*gone, "--reason", "again", by="root").err
    assert json.loads(call("people", "list", "--json").out) == [enrolled[1]]
    assert "--admin-secret" not in call("people", "add", "--help").out


def test_a_broken_chain_gets_exit_code_one(call: Call, bought: Chain, tmp_path: Path) -> None:
    """A ledger whose second entry was changed behind its back is found out, and the entry is named."""
    home = tmp_path / "changed"
    home.mkdir()
    with sqlite3.connect(bought.space.home / "ledger.db") as kept, sqlite3.connect(home / "ledger.db") as copy:
        kept.backup(copy)
    assert call("ledger", "verify", "--home", str(home)).code == 0
    with sqlite3.connect(home / "ledger.db") as copy:
        for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            copy.execute(f'DROP TRIGGER "{name}"')
        copy.execute("UPDATE ledger_entries SET actor = 'alice' WHERE sequence = 2")
    answer = call("ledger", "verify", "--home", str(home), "--json")
    assert answer.code == 1
    assert json.loads(answer.out)["first_wrong"] == 2


def test_a_batch_that_no_limit_allows_gets_exit_code_one(call: Call, bought: Chain) -> None:
    """With cash below the smallest batch nothing is proposed, and the reason is told."""
    where = (*on(bought), "--set", "engine.partitions=2")
    asked = ("propose", "--as-of", DAY, "--deal", SECOND_DEAL, "--cash", "1.00", "--as", "alice")
    answer = call(*asked, *where, "--json", by="alice")
    assert answer.code == 1, answer
    assert json.loads(answer.out)["proposal"] == ""
    with bought.ledger() as store:
        assert [entry.kind.value for entry in store.history(DEAL)] == ["PROPOSED", "APPROVED", "BOOKED"]


def test_who_may_not_propose_makes_nothing_run(call: Call) -> None:
    """A wrong secret, an unknown name and a role that is missing are refused before the day is run."""
    assert call("people", "add", "root", "--role", "admin").code == 0
    asked = ("propose", "--as-of", DAY, "--deal", DEAL, "--cash", "1000")
    for who, by in (("root", "root"), ("root", "somebody else"), ("nobody", "nobody")):
        answer = call(*asked, "--as", who, by=by)
        assert (answer.code, answer.out) == (1, ""), answer
        assert answer.err.startswith("AccessError")
    assert json.loads(call("runs", "--json").out) == []


def test_a_proposal_speaks_to_machines_in_numbers(call: Call, bought: Chain) -> None:
    """Amounts are exact decimals as text, counts and shares numbers, and what binds a list of codes."""
    where = (*on(bought), "--set", "engine.partitions=2")
    asked = ("propose", "--as-of", DAY, "--deal", SECOND_DEAL, "--cash", "1.00", "--as", "alice")
    told = json.loads(call(*asked, *where, "--json", by="alice").out)
    assert told["cash_amount"] == "1.00"
    assert told["principal_amount"] == told["price_amount"] == "0.00"
    assert (told["proposal"], told["receivable_count"], told["cash_used_share"]) == ("", 0, 0.0)
    assert told["breaches"] == []


def test_json_is_one_document(call: Call, bought: Chain) -> None:
    """With --json standard output is one document and nothing else; progress goes to standard error."""
    where = on(bought)
    source = ("ingest", "--source", "simulated", "--from", str(bought.raw), "--until", DAY)
    ingested = json.loads(call(*source, *where, "--json").out)
    assert ingested == {"tables": bought.results["first"]["ingest"].tables}
    stages = json.loads(call("run", "--as-of", DAY, "--to", "featurize", *where, "--json").out)
    assert [one["stage"] for one in stages] == ["states", "reconcile", "featurize"]
    runs = json.loads(call("runs", *where, "--json").out)
    assert {one["stage"] for one in runs} >= {"ingest", "states", "featurize", "label", "train", "score", "screen"}
    assert {one["status"] for one in runs} == {"finished"}
    verified = json.loads(call("ledger", "verify", *where, "--json").out)
    with bought.ledger() as store:
        assert (verified["holds"], verified["entries"], verified["people"]) == (True, len(store.history()), 3)


def test_models_are_shown_compared_and_laid_out(call: Call, bought: Chain, tmp_path: Path) -> None:
    """Tables and JSON say the same of a version; what scores already is not promoted again."""
    where = on(bought)
    (listed,) = json.loads(call("models", "list", *where, "--json").out)
    assert (listed["version"], listed["aliases"], listed["promoted by"]) == ("1", "champion", "bob")
    shown = json.loads(call("models", "show", "champion", *where, "--json").out)
    assert {one["code"] for one in shown["gates"]} >= {"NOT_WORSE", "NO_LEAK", "SIGNED"}
    assert shown["snapshots"].keys() == {"features", "labels"}
    told = call("models", "show", "1", *where).out
    assert all(one["code"] in told for one in shown["gates"])
    assert "not signed" in told
    compared = json.loads(call("models", "compare", "1", "champion", *where, "--json").out)
    assert compared["auc"]["difference"] == 0
    assert "DeLong" in call("models", "compare", "1", "1", *where).out
    why = ("--reason", "once more, with feeling", "--as", "bob")
    again = call("models", "promote", "1", *why, *where, by="bob")
    assert (again.code, "nothing to do" in again.err) == (0, True)
    assert call("models", "promote", "1", *why, *where, by="eve").code == 1
    assert call("models", "rollback", *why, *where, by="bob").code == 2
    page = tmp_path / "card.html"
    assert call("models", "card", "1", "--out", str(page), *where).code == 0
    assert "Scores now, past a failed gate" in page.read_text("utf-8")
    assert call("models", "card", "1", "--out", str(tmp_path / "no" / "card.html"), *where).code == 2
