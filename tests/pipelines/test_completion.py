"""Completion: a shell is offered commands, documents, proposals and receivables, quickly and without an engine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.chain import DEAL, MONDAY, Chain

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(900)


def offered(typed: str, home: Path) -> list[str]:
    """Ask as bash does, by typer's own protocol."""
    asked = {
        "_POOLWRIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
        "POOLWRIGHT_HOME": str(home),
    }
    script = "import sys; from pipelines.__main__ import app; app(prog_name='poolwright')"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.stdout.split()


def test_commands_and_documents_are_offered(tmp_path: Path) -> None:
    """Commands, deals, sources and environments that begin as what was typed."""
    assert offered("poolwright back", tmp_path) == ["backfill"]
    assert DEAL in offered("poolwright run --deal ", tmp_path)
    assert offered("poolwright run --deal demo_c", tmp_path) == [DEAL]
    assert offered("poolwright ingest --source simu", tmp_path) == ["simulated"]
    assert offered("poolwright run --env xe", tmp_path) == ["xente"]


def test_an_empty_workspace_offers_nothing(tmp_path: Path) -> None:
    """Neither proposals nor receivables, no error, and nothing is made."""
    home = tmp_path / "none"
    assert offered("poolwright approve ", home) == []
    assert offered("poolwright explain ", home) == []
    assert not home.exists()


def test_proposals_and_receivables_of_the_workspace_are_offered(bought: Chain) -> None:
    """What the ledger and the last written states hold."""
    proposal = bought.results["first"]["propose"].proposal_id
    assert offered(f"poolwright approve {proposal[:4]}", bought.space.home) == [proposal]
    known = {row["receivable_id"] for row in bought.rows("receivable_states", MONDAY)}
    found = offered("poolwright explain ", bought.space.home)
    assert 0 < len(found) <= 30
    assert set(found) <= known
    assert offered(f"poolwright reasons {found[0]}", bought.space.home)[0] == found[0]
