"""The hook of `make site`: the list of pages follows what is there.

`mkdocs.yml` names the pages in the order in which they are read. A page that is not written yet has its place there and
is left out; every decision record is listed by itself.
"""

from pathlib import Path
from typing import Any

DECISIONS = "decisions"


def on_config(config: Any) -> Any:  # noqa: ANN401 - mkdocs' own
    """Give the configuration with the pages that are there."""
    docs = Path(config["docs_dir"])
    found = [f"{DECISIONS}/{path.name}" for path in sorted((docs / DECISIONS).glob("[0-9]*.md"))]
    config["nav"] = present([*config["nav"], {"Decisions": [f"{DECISIONS}/README.md", *found]}], docs)
    return config


def present(nav: list[Any], docs: Path) -> list[Any]:
    """Give those entries of a list of pages whose files are there, sections without any left out."""
    kept: list[Any] = []
    for entry in nav:
        if isinstance(entry, str):
            kept += [entry] if (docs / entry).is_file() else []
            continue
        ((title, below),) = entry.items()
        if isinstance(below, list):
            inner = present(below, docs)
            kept += [{title: inner}] if inner else []
        elif (docs / below).is_file():
            kept.append(entry)
    return kept
