"""Which tests show that a gate, an alarm or a leak detector speaks where it must and stays quiet where it must.

A test says so by its marks: `fires` and `quiet`, with the codes. `python -m tests.models.detectors` writes the page.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from models.gates import GateCode
from models.leakage import FindingCode
from models.monitoring import AlarmCode

TESTS = Path(__file__).resolve().parents[1]
CODES = {"gate": get_args(GateCode), "leak detector": get_args(FindingCode), "alarm": get_args(AlarmCode)}
HEAD = """# Gates, leak detectors and alarms, and the tests that show each

Every one has a test in which it fires and one in which it rightly stays quiet (often one test does both). Written by
`make docs` from the tests' marks; `tests/models/test_detectors.py` fails where a code has none, or this page is old.

| what | code | fires in | stays quiet in |
|---|---|---|---|
"""


class Shown(NamedTuple):
    """A test that claims a code: `fires` or `quiet`, the code, and where it stands."""

    way: str
    code: str
    test: str


def shown() -> list[Shown]:
    """Give every claim of the tests' marks, in the order of files and lines."""
    files = sorted(path for path in TESTS.rglob("test_*.py") if "pytest.mark.fires" in path.read_text("utf-8"))
    return [one for path in files for one in _claims(path)]


def _claims(path: Path) -> Iterator[Shown]:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            for mark in (each for each in node.decorator_list if isinstance(each, ast.Call)):
                way = mark.func.attr if isinstance(mark.func, ast.Attribute) else ""
                if way in {"fires", "quiet"}:
                    for code in map(ast.literal_eval, mark.args):
                        yield Shown(way, code, f"{path.relative_to(TESTS.parent)}::{node.name}")


def page() -> str:
    """Lay out every code with its tests."""
    told = shown()
    lines = []
    for what, codes in CODES.items():
        for code in codes:
            cells = (
                "<br>".join(f"`{one.test}`" for one in told if one[:2] == (way, code)) for way in ("fires", "quiet")
            )
            lines.append(f"| {what} | `{code}` | {' | '.join(cells)} |\n")
    return HEAD + "".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page())
