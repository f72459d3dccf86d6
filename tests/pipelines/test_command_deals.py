"""The deals on the command line: checked, shown, compared, written out; a mistake gets the house's own words."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.deals import read_deal
from schemas.errors import ConfigurationError
from tests.pipelines.calls import Call

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "conf" / "deals" / "demo_consumer.yaml"


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Give a configuration in which the demonstration deal has a second version, effective in June 2025."""
    folder = tmp_path / "versions"
    shutil.copytree(ROOT / "conf", folder)
    later = (
        DEMO.read_text("utf-8")
        .replace("version: 1", "version: 2")
        .replace("effective_on: 2024-03-01", "effective_on: 2025-06-01")
    )
    later = later.replace("state.worst_days_past_due <= 7", "state.worst_days_past_due <= 30")
    (folder / "deals" / "demo_consumer").mkdir()
    (folder / "deals" / "demo_consumer" / "2.yaml").write_text(later, "utf-8")
    return folder


def test_every_shipped_deal_is_sound(call: Call) -> None:
    """All of them where none is named, with their hashes for machines."""
    answer = call("deals", "check", "--json")
    told = json.loads(answer.out)
    assert (answer.code, told["problems"]) == (0, {})
    assert {each["deal"] for each in told["sound"]} >= {"demo_consumer", "ally_auto", "us_auto", "paylater_30"}
    assert all(len(each["hash"]) == 64 for each in told["sound"])


def test_a_broken_document_exits_1_with_every_problem(call: Call, tmp_path: Path) -> None:
    """On standard error for people, in the answer for machines."""
    path = tmp_path / "broken.yaml"
    path.write_text(DEMO.read_text("utf-8").replace("state.late_count <= 2", "read_parquet('/etc/passwd')"), "utf-8")
    answer = call("deals", "check", str(path), "--json")
    (problems,) = json.loads(answer.out)["problems"].values()
    assert answer.code == 1
    assert "criterion E22: no function 'read_parquet', at line 1, column 1" in problems[1]
    assert "no function 'read_parquet'" in answer.err


def test_versions_are_named_and_the_latest_is_shown(call: Call, versions: Path) -> None:
    """NAME is the latest version, NAME@1 the first; what is not there is told with what is."""
    given = ("--conf", str(versions), "--json")
    latest = json.loads(call("deals", "show", "demo_consumer", *given).out)
    first = json.loads(call("deals", "show", "demo_consumer@1", *given).out)
    assert (latest["version"], first["version"]) == (2, 1)
    checked = json.loads(call("deals", "check", "demo_consumer", *given).out)
    assert [each["version"] for each in checked["sound"]] == [1, 2]
    missing = call("deals", "show", "demo_consumer@3", *given)
    assert (missing.code, "demo_consumer@1, demo_consumer@2" in missing.err) == (2, True)
    assert call("deals", "show", "../../etc/passwd", *given).code == 2


def test_every_day_has_its_version(versions: Path) -> None:
    """The latest that is effective on the day; a name is no path, and bytes that are no text are refused."""
    days = ("2023-01-01", "2025-05-31", "2025-06-01", "2026-01-01")
    assert [read_deal(versions, "demo_consumer", date.fromisoformat(day)).version for day in days] == [1, 1, 2, 2]
    for name in ("../deals/demo_consumer", "demo_consumer/2", ""):
        with pytest.raises(ConfigurationError, match="no deal"):
            read_deal(versions, name, date(2025, 1, 1))
    (versions / "deals" / "demo_consumer" / "2.yaml").write_bytes("name: x".encode("utf-16"))
    with pytest.raises(ConfigurationError, match="codec"):
        read_deal(versions, "demo_consumer", date(2025, 1, 1))


def test_two_versions_are_told_apart(call: Call, versions: Path) -> None:
    """Which clause, which threshold, which way."""
    answer = call("deals", "diff", "demo_consumer@1", "demo_consumer@2", "--conf", str(versions), "--json")
    assert json.loads(answer.out)[-1] == {
        "place": "criterion E21",
        "clause": "5.3(b)",
        "what": "state.worst_days_past_due",
        "was": "at most 7",
        "becomes": "at most 30",
        "effect": "looser",
    }
    shown = call("deals", "diff", "demo_consumer@1", "demo_consumer@2", "--conf", str(versions))
    assert "demo_consumer 1 to demo_consumer 2: 3 changes, 1 looser, 0 tighter" in shown.out
    assert "Changes from demo_consumer 1 to demo_consumer 1: none" in call("deals", "diff", str(DEMO), str(DEMO)).out


def test_a_deal_is_shown_and_rendered(call: Call, tmp_path: Path) -> None:
    """As tables, as Markdown on standard output, as a file in HTML."""
    shown = call("deals", "show", "cn_revolving_credit")
    assert "Payment rate of the month (average of 3 months); fires below 25 %" in " ".join(shown.out.split())
    text = call("deals", "render", "us_auto", "--language", "zh")
    assert text.out.startswith("# 专项计划 us\\_auto")
    out = tmp_path / "new" / "deal.html"
    answer = call("deals", "render", "us_auto", "--format", "html", "--out", str(out), "--json")
    assert json.loads(answer.out) == {"document": str(out)}
    assert out.read_text("utf-8").startswith("<!doctype html>")
    assert [each.name for each in out.parent.iterdir()] == ["deal.html"]
    assert call("deals", "render", "us_auto", "--language", "fr").code == 2


def test_days_and_schema_for_machines(call: Call) -> None:
    """The days of a calendar by kind, and the schema for editors."""
    days = json.loads(
        call("deals", "days", "cn_consumer_instalment", "--from", "2025-01-01", "--to", "2025-02-28", "--json").out
    )
    assert days == {
        "cut_off": ["2025-01-31", "2025-02-28"],
        "calculation": ["2025-02-08"],
        "purchase": ["2025-02-11"],
        "transfer": ["2025-02-12"],
        "payment": [],
    }
    schema = call("deals", "schema")
    assert schema.out == (ROOT / "docs" / "reference" / "deal.schema.json").read_text("utf-8")
