"""What schedulers rely on: exit codes, JSON lines, colours that stay away, and people who are told."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import command_data, ingest
from runtime.lock import hold
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import MONDAY, Chain
from tests.runtime.servers import mail_server, webhook

DAY = MONDAY.isoformat()
ROOT = Path(__file__).resolve().parents[2]
RUN = ("run", "--as-of", DAY, "--to", "states")
pytestmark = pytest.mark.timeout(600)


def lines(text: str) -> list[dict[str, Any]]:
    """Read one JSON object a line."""
    return [json.loads(line) for line in text.splitlines()]


def to(port: int) -> tuple[str, ...]:
    """Let a command tell a local webhook."""
    return ("--set", f"operations.notify.webhook=http://127.0.0.1:{port}/")


def test_a_held_workspace_gives_exit_code_three(call: Call, tmp_path: Path) -> None:
    """Who holds it is said; with patience that is too short the wait is said first."""
    home = tmp_path / "workspace"
    home.mkdir()
    with hold(home, 0, str):
        refused = call(*RUN)
        waited = call(*RUN, "--wait", "0.1")
    assert (refused.code, waited.code) == (3, 3)
    assert f"process {os.getpid()}" in refused.err
    assert "Waiting for" not in refused.err
    assert waited.err.startswith("Waiting for")


def test_what_nobody_foresaw_gives_exit_code_four(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The traceback is told in full; what may pass by itself gets exit code 3 instead."""

    def broken(*_: object) -> None:
        raise RuntimeError("[a defect]")

    monkeypatch.setattr(ingest, "load_source", broken)
    asked = ("ingest", "--source", "simulated", "--from", str(tmp_path))
    answer = call(*asked)
    assert answer.code == 4
    assert "Traceback" in answer.err
    assert "RuntimeError: [a defect]" in answer.err

    def lost(*_: object) -> None:
        raise ConnectionResetError("Socket closed")

    monkeypatch.setattr(ingest, "load_source", lost)
    assert call(*asked).code == 3
    assert command_data.ingest.__name__ == "ingest"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_told_to_end_puts_its_things_away(number: int, code: int, tmp_path: Path) -> None:
    """The holder's record is gone, so that nothing has to be recovered."""
    script = (
        "import sys, time; from pipelines import command_run, __main__ as m\n"
        "import pipelines.daily as d\n"
        "d.run_day = lambda *_: (print('at work', flush=True), time.sleep(60))\n"
        f"sys.argv = ['poolwright', *{RUN!r}]\nm.main()\n"
    )
    environment = {**os.environ, "POOLWRIGHT_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    assert (tmp_path / "home" / "writing.lock").read_text("utf-8") != ""
    process.send_signal(number)
    assert process.wait(timeout=60) == code
    assert (tmp_path / "home" / "writing.lock").read_text("utf-8") == ""


def test_a_json_log_is_one_object_a_line(call: Call, trained: Chain) -> None:
    """Stages carry run id, subject, seconds and rows; standard output stays the answer's."""
    answer = call(*RUN, *on(trained), "--log-json", "--json")
    assert answer.code == 0
    told = lines(answer.err)
    assert {"at", "level", "command", "message"} <= set(told[0])
    (stage,) = (one for one in told if one.get("stage") == "states")
    (result,) = json.loads(answer.out)
    assert (stage["run"], stage["rows"]) == (result["run"], result["rows"])
    assert (stage["command"], stage["level"], stage["subject"]) == ("run", "info", {"as_of": DAY})
    assert isinstance(stage["seconds"], float)
    assert "[bold]" not in stage["message"]


def test_an_error_in_a_json_log_has_its_parts(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found, promised, where to mend and the exit code stand apart; the setting comes from the environment too."""
    monkeypatch.setenv("POOLWRIGHT_LOG_JSON", "1")
    answer = call("run", "--as-of", DAY, "--deal", "nobody")
    *_, line = lines(answer.err)
    assert (answer.code, line["level"], line["error"], line["exit_code"]) == (2, "error", "ConfigurationError", 2)
    assert "nobody" in line["found"]
    assert line["promised"]
    assert line["mend"]


@pytest.mark.parametrize("way", ["option", "environment"])
def test_colours_can_be_turned_off(way: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where colours are forced, there are some; by option or by NO_COLOR there are none."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    asked = ("run", "--as-of", "2024-13-01")
    assert "\x1b[" in call(*asked).err
    if way == "environment":
        monkeypatch.setenv("NO_COLOR", "1")
    words = ("--no-color",) if way == "option" else ()
    assert "\x1b[" not in call(*asked, *words).err


def test_a_failure_is_told_by_webhook_and_by_mail(call: Call) -> None:
    """What failed, where, what was found and how to mend it arrive; the exit code stays."""
    with webhook() as web, mail_server() as post:
        mail = (
            f"operations.notify.mail={{host: 127.0.0.1, port: {post.port}, sender: a@x.example, "
            "recipients: [b@x.example]}"
        )
        answer = call("run", "--as-of", DAY, "--deal", "nobody", *to(web.port), "--set", mail)
    assert answer.code == 2
    (told,) = web.bodies
    assert (told["kind"], told["command"], told["exit_code"]) == ("failure", "run", 2)
    assert told["options"] == {"as_of": DAY, "deal": "nobody"}
    assert "nobody" in told["found"]
    assert told["title"] == "run failed: ConfigurationError"
    assert len(post.bodies) == 1


def test_a_notice_that_cannot_be_sent_changes_nothing_but_is_said(call: Call) -> None:
    """The failure keeps its own exit code, and the log says that nobody could be told."""
    with webhook(404) as web:
        answer = call("run", "--as-of", DAY, "--deal", "nobody", *to(web.port))
    assert answer.code == 2
    assert "no notice by webhook" in answer.err


def test_success_and_wrong_settings_tell_nobody(call: Call, trained: Chain) -> None:
    """Only work that failed is told."""
    with webhook() as web:
        assert call(*RUN, *on(trained), *to(web.port)).code == 0
        assert call(*RUN, *to(web.port), "--set", "engine.partitions=0").code == 2
        assert call("runs", *to(web.port)).code == 0
    assert [body["kind"] for body in web.bodies] == ["failure"] * len(web.bodies)
    assert all("partitions" in body["found"] for body in web.bodies)


def test_alarms_of_monitoring_are_told_once(call: Call, trained: Chain) -> None:
    """A stop alarm arrives when it is found, not again when nothing has changed; the settings say which count."""
    fires = ("--set", "monitoring.model_old={severity: stop, threshold: -1}")
    asked = ("monitor", "--as-of", DAY, *on(trained), *fires)
    with webhook() as web:
        first = call(*asked, *to(web.port))
        again = call(*asked, *to(web.port))
    assert (first.code, again.code) == (1, 1), first.err
    (told,) = web.bodies
    assert (told["kind"], told["as_of"]) == ("alarm", DAY)
    assert "MODEL_OLD" in {one["code"] for one in told["alarms"]}
    assert {one["severity"] for one in told["alarms"]} == {"stop"}


def test_a_plan_is_shown_and_nothing_is_run(call: Call, trained: Chain, tmp_path: Path) -> None:
    """Run, backfill, train and ingest say what they would do; the runs stay as they were."""
    where = on(trained)
    before = call("runs", *where, "--json").out
    run = json.loads(call("run", "--as-of", DAY, "--to", "score", "--dry-run", *where, "--json").out)
    assert [(one["stage"], one["would run"], one["why"]) for one in run] == [
        (name, False, "stands already") for name in ("states", "reconcile", "featurize", "score")
    ]
    late = call("run", "--as-of", f"{MONDAY + timedelta(days=9)}", "--to", "states", "--dry-run", *where)
    assert f"The logs end 9 days before {MONDAY + timedelta(days=9)}" in late.err
    assert "The logs end" not in call("run", "--as-of", DAY, "--to", "states", "--dry-run", *where).err
    fill = call("backfill", "--from", "2024-06-01", "--to", "2024-06-03", "--dry-run", *where)
    assert "12 of 12 stages would run; nothing was run" in fill.out
    train = json.loads(call("train", "--as-of", DAY, "--dry-run", *where, "--json").out)
    assert {one["stage"] for one in train} == {"states", "featurize", "label", "train"}
    assert not any(one["would run"] for one in train)
    source = ("ingest", "--source", "simulated", "--from", str(trained.raw), "--until", DAY)
    (batch,) = json.loads(call(*source, "--dry-run", *where, "--json").out)
    assert (batch["would publish"], batch["why"]) == (False, "published")
    read = sum(one["read"] for one in trained.ingest().tables.values())
    assert 0.5 * read < batch["rows, about"] < 2 * read
    new = ("--home", str(tmp_path / "new"), "--conf", str(trained.space.settings.folder))
    (fresh,) = json.loads(call(*source, "--dry-run", *new, "--json").out)
    assert (fresh["would publish"], fresh["why"]) == (True, "new")
    assert call("runs", *where, "--json").out == before


def test_a_backfill_tells_how_much_is_left(call: Call, trained: Chain) -> None:
    """A log without a terminal has a line a day, with the days done and the time left."""
    asked = ("backfill", "--from", "2024-07-01", "--to", "2024-07-02", "--stage", "states", *on(trained))
    done = call(*asked)
    assert done.code == 0, done.err
    assert "1/2 days 2024-07-01 done, about" in done.err
    assert "2/2 days 2024-07-02 done in" in done.err
    assert "2 days: 2 brought up to date, 0 stood already" in done.err
    assert "2 days: 0 brought up to date, 2 stood already" in call(*asked).err
