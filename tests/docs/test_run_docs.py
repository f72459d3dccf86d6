"""Every command in the docs is run: each page's bash blocks in order, as a reader would, in a copy of the project.

The pages share one folder, those of `ORDER` first: the tutorial makes the workspace that the others look at. What
cannot be run here is listed with its reason, block by block. A block without a language that shows commands is a
synopsis: it has placeholders, and its commands are run on another page.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.examples import EXAMPLES
from tests.docs.blocks import DOCS, ROOT, Block, blocks, calls, pages

ORDER = (
    "tutorial.md",
    "story.md",
    "officer.md",
    "write_a_deal.md",
    "own_logs.md",
    "operations.md",
    "README.md",
    "retrain.md",
)
NOT_RUN = {
    ("README.md", "make demo      # sets up .venv; a simulated platform; train; two days' purchases; a report to open"):
        "the demo is the tutorial by a script, and the tests would run themselves",
    ("dagster.md", 'export DAGSTER_HOME="$PWD/dagster_home" POOLWRIGHT_HOME="$PWD/workspace"'):
        "a server that runs until it is stopped: tests/pipelines/test_dagster_walk.py starts it and walks its page",
    ("workbench.md", "poolwright ui"):
        "a server that runs until it is stopped: tests/workbench/test_browser.py walks every view",
    ("postgres.md", "poolwright doctor --env production"): "needs a PostgreSQL server",
    ("cluster.md", "make dist"): "needs a cluster: tests/pipelines/test_cluster.py builds and runs it",
    ("cluster.md", "make cluster                                # one master, two workers of one core, loopback only"):
        "needs a cluster: tests/pipelines/test_cluster.py starts one",
    ("cluster.md", "spark-submit --master spark://head:7077 --driver-memory 8g --executor-memory 4g \\"):
        "needs a cluster: tests/pipelines/test_cluster.py submits to one",
}  # fmt: skip
RUN_ELSEWHERE = {
    **dict.fromkeys(("substitute", "release", "repurchase", "clean-up"), "tests/pipelines/test_purchase.py"),
    "people retire": "tests/pipelines/test_command_line.py",
    "ui": "tests/workbench/test_browser.py",
}
"""Commands that no page types, with the test that runs them: what they end would be missed on other pages."""
PLACEHOLDER = re.compile(r"\b(?:[A-Z]{3,}|A B)\b")


def run_here(path: Path) -> list[Block]:
    """Give the blocks of a page that are typed."""
    return [one for one in blocks(path) if one.language == "bash" and (one.page, one.first) not in NOT_RUN]


def in_order() -> list[str]:
    """Give the pages with blocks to type: those whose order matters, then the others."""
    rest = [path.name for path in pages() if path.name not in ORDER and run_here(path)]
    return [*ORDER, *rest]


def commands(text: str) -> set[str]:
    """Give the commands that a text calls, by their words."""
    found = set()
    for words in calls(text):
        path = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in EXAMPLES), None)
        found |= {path} if path else set()
    return found


def test_what_is_not_run_is_a_short_list_with_reasons() -> None:
    """No reason stands for a block that is gone."""
    every = {(one.page, one.first) for path in pages() for one in blocks(path)}
    assert set(NOT_RUN) <= every
    assert len(NOT_RUN) <= 10


def test_a_block_that_shows_commands_is_typed_or_has_placeholders() -> None:
    """Nobody forgets to name the language of what a reader is to type."""
    shown = [
        one for path in pages() for one in blocks(path) if one.language == "" and one.text.startswith("poolwright")
    ]
    assert [one for one in shown if not PLACEHOLDER.search(one.text)] == []


def test_every_command_that_the_pages_name_is_run_by_one_of_them() -> None:
    """Commands in the text and in a synopsis are typed somewhere, but for those that are listed."""
    named = {name for path in pages() for name in commands(path.read_text("utf-8"))}
    typed = {name for path in pages() for one in run_here(path) for name in commands(f"```bash\n{one.text}```\n")}
    assert named - typed == set(RUN_ELSEWHERE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder as a clone has it after `make setup`: the configuration, and the environment of this process."""
    place = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "conf", place / "conf")
    (place / ".venv").symlink_to(Path(sys.prefix))
    return place


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", in_order())
def test_the_commands_of_a_page_run(name: str, folder: Path) -> None:
    """The page's blocks, typed one after the other into one shell, all end with 0."""
    path = ROOT / name if name == "README.md" else DOCS / name
    script = "\n".join(one.text for one in run_here(path))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("POOLWRIGHT_")}
    environment = {**inherited, "HOME": str(folder), "COLUMNS": "200"}
    line = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    assert "Traceback" not in done.stderr
