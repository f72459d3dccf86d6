"""The site: built from what is there, every page in the list, and no page loads anything from outside."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.site import on_config, present
from tests.docs.blocks import DOCS, ROOT

LOADS = re.compile(
    r"<(?:script|img|iframe|source|video|audio)[^>]*\ssrc=\"([^\"]+)\"|<link[^>]*\shref=\"([^\"]+)\"[^>]*>"
)
CALLED = re.compile(r"(?:url\(|@import\s*)[\"']?(https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site; a broken link or anchor fails the build."""
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def named(nav: list[Any]) -> Iterator[str]:
    """Give every page of a list of pages."""
    for entry in nav:
        below = next(iter(entry.values())) if isinstance(entry, dict) else entry
        yield from named(below) if isinstance(below, list) else [below]


def test_every_page_stands_in_the_list() -> None:
    """A page that is written is found by a reader: in `mkdocs.yml`, or as a decision."""
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    listed = set(named(on_config({"docs_dir": str(DOCS), "nav": nav})["nav"]))
    assert {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} == listed


def test_a_page_that_is_not_written_yet_is_left_out(tmp_path: Path) -> None:
    """Its place stays; a section without any page goes."""
    (tmp_path / "here.md").touch()
    nav = [{"A": ["here.md", {"Not yet": "gone.md"}]}, {"B": ["gone.md"]}, "here.md"]
    assert present(nav, tmp_path) == [{"A": ["here.md"]}, "here.md"]


def test_no_page_loads_anything_from_outside(site: Path) -> None:
    """Scripts, styles, pictures and fonts lie in the site itself."""
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text("utf-8")
        loaded = [one or other for one, other in LOADS.findall(text)]
        assert loaded, page
        assert [one for one in loaded if re.match(r"(\w+:)?//", one)] == [], page
        assert "fonts.googleapis" not in text
    for style in site.rglob("*.css"):
        assert CALLED.search(style.read_text("utf-8")) is None, style


def test_the_search_is_local(site: Path) -> None:
    """The index lies in the site and knows the pages' words."""
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    texts = " ".join(one["text"] for one in index["docs"])
    assert "quarantine" in texts
    assert "违约概率" in texts
