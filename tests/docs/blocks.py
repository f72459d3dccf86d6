"""The commands that the pages show: taken from their fenced blocks and from words in the text."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = {"reference", "decisions", "notebooks"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"(?<![\w./-])poolwright (?=[a-z-])((?:[^|;&)>\n\\`#]|\\\n)*)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    language: str
    text: str

    @property
    def first(self) -> str:
        """Give its first line, by which it is known."""
        return self.text.splitlines()[0]


def pages() -> list[Path]:
    """Give the README and every page that somebody wrote by hand."""
    return [ROOT / "README.md", *(path for path in sorted(DOCS.glob("*.md")))]


def blocks(path: Path) -> list[Block]:
    """Give a page's fenced blocks in order."""
    return [Block(path.name, language, text) for language, text in FENCE.findall(path.read_text("utf-8"))]


def calls(text: str) -> Iterator[list[str]]:
    """Give every call of the command line in a text as words: in blocks, and in code between words."""
    shown = [body for _, body in FENCE.findall(text)] + CODE.findall(FENCE.sub("", text))
    for part in shown:
        for found in CALL.finditer(part):
            yield _words(found.group(1))


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line.replace("\\\n", " "))
    except ValueError:  # a quote that opens and closes around the call itself, as in $(...)
        return line.replace('"', " ").replace("'", " ").split()
