"""Every gate, alarm and leak detector is seen to fire, and seen to stay quiet."""

from pathlib import Path

import pytest

from models.gates import judge
from tests.models.detectors import CODES, TESTS, page, shown
from tests.models.test_gates import BOUNDS, DANA, FIT

PAGE = Path("docs", "reference", "detectors.md")
ALL = [code for codes in CODES.values() for code in codes]


@pytest.mark.parametrize("code", ALL)
@pytest.mark.parametrize("way", ["fires", "quiet"])
def test_each_code_has_a_test_both_ways(code: str, way: str) -> None:
    """Whoever adds a detector adds its two tests, marked with its code."""
    assert [one.test for one in shown() if (one.way, one.code) == (way, code)], f"no test is marked {way}({code!r})"


def test_the_marks_name_codes_that_there_are() -> None:
    """A detector that was renamed leaves no mark behind."""
    assert {one.code for one in shown()} == set(ALL)


def test_every_gate_that_judges_is_listed() -> None:
    """None judges in secret; codes of alarms and findings are the type checker's."""
    assert {gate.code for gate in judge(FIT, DANA, BOUNDS, None)} == set(CODES["gate"])


def test_the_page_is_what_the_tests_say() -> None:
    """`make docs` writes it anew."""
    assert (TESTS.parent / PAGE).read_text("utf-8") == page()
