"""Hostile documents: deals and sources are plain YAML, or refused with a reason, soon and without effect."""

import random
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pool.deal import load_deal
from runtime.mapping_plan import load_mapping
from schemas.document import MAX_CHARACTERS, read_yaml
from schemas.errors import ConfigurationError
from tests.schemas.hostile import STRANGE, watched

CONF = Path(__file__).resolve().parents[2] / "conf"
DEEP = 5_000
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{later}: &{later} [{', '.join([f'*{earlier}'] * 9)}]\n"
    for earlier, later in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "alias bomb": BOMB,
    "alias to itself": "a: &a [*a]",
    "merge key": "a: &a {x: 1}\nb:\n  <<: *a",
    "plain merge key": "<<: {a: 1}",
    "duplicate key": "name: a\nname: b",
    "duplicate key deep down": "a: {b: {c: 1, c: 2}}",
    "duplicate key in another spelling": 'name: a\n"name": b',
    "python object": "a: !!python/object/apply:os.system ['touch /tmp/poolwright-was-here']",
    "python name": "a: !!python/name:os.system",
    "python module": "a: !!python/module:os",
    "binary": "a: !!binary aGVsbG8=",
    "set": "a: !!set {x, y}",
    "timestamp tag": "a: !!timestamp 2025-01-01",
    "local tag": "a: !include /etc/passwd",
    "verbatim tag": "a: !<tag:yaml.org,2002:python/none> x",
    "tag directive": "%TAG ! tag:example.com,2000:\n---\na: !x 1",
    "deep lists": "a: " + "[" * DEEP + "]" * DEEP,
    "deep lists left open": "a: " + "[" * DEEP,
    "deep mappings": "a: " + "{b: " * DEEP + "1" + "}" * DEEP,
    "deep by indentation": "\n".join(" " * level + "a:" for level in range(300)),
    "deep keys": "? " * DEEP + "a",
    "mapping as key": "? {a: 1}\n: 2",
    "list as key": "[a]: 2",
    "number as key": "1: a",
    "nothing as key": "~: a",
    "several documents": "a: 1\n---\nb: 2",
    "not a mapping": "- a",
    "a word": "a",
    "nothing": "",
    "too long": "a: " + "x" * MAX_CHARACTERS,
    "control character": "a: \x07",
    "half a character": "a: \ud800",
    "nul": "a: \x00",
    "tab for indentation": "a:\n\tb: 1",
    "no such day": "a: 2025-02-30",
    "escape to nowhere": 'a: "\\xZZ"',
    "escape of half a character": 'a: "\\ud800"',
    "many lists": "a: [" + "[], " * 20_000 + "]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused_and_nothing_happens(text: str, tmp_path: Path) -> None:
    """As a deal and as a source: the house's own error, no file, no process, no import."""
    path = tmp_path / "source.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    reads: tuple[Callable[[], object], ...] = (lambda: load_deal(text), lambda: load_mapping(path))
    for read in reads:
        began = time.process_time()
        with watched() as effects, pytest.raises(ConfigurationError) as refusal:
            read()
        assert [each for each in effects if str(path) not in each] == []
        assert refusal.value.promised
        assert time.process_time() - began < 10


def test_numbers_are_plain_or_words() -> None:
    """Nothing grows beyond what the text says: no octal, no exponent, no infinity, no five thousand digits."""
    words = ("9" * 5_000, "1e9999", ".inf", "0o17", "017", "1_000", "0b11", "12:30:45", "-.5", "9" * 20)
    read = read_yaml("\n".join(f"{name}: {word}" for name, word in zip("abcdefghij", words, strict=True)), "x")
    assert tuple(read.values()) == words
    assert read_yaml("a: 123456789012345678\nb: -0.125", "x") == {"a": 123456789012345678, "b": -0.125}


def test_norway_is_a_country_and_a_day_is_a_day_in_deals_only() -> None:
    """`NO`, `on`, `y` are words everywhere; a source's raw text keeps days and `true` as words too."""
    text = "a: NO\nb: on\nc: y\nd: true\ne: 2025-06-01\nf: null\ng:"
    words = {"a": "NO", "b": "on", "c": "y"}
    assert read_yaml(text, "x") == {**words, "d": True, "e": date(2025, 6, 1), "f": None, "g": None}
    assert read_yaml(text, "x", words=True) == {**words, "d": "true", "e": "2025-06-01", "f": None, "g": None}


@pytest.mark.parametrize("place", ["deals/xente_paylater.yaml", "sources/xente.yaml"])
def test_a_damaged_document_is_read_or_refused(place: str, tmp_path: Path) -> None:
    """Lines dropped, doubled, moved, and strange signs put in: never another exception."""
    text = (CONF / place).read_text("utf-8")
    chance = random.Random(5)  # noqa: S311 - a seeded test
    path = tmp_path / "x.yaml"
    answers = {"read": 0, "refused": 0}
    for _ in range(60):
        lines = text.splitlines(keepends=True)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(lines))
            line = lines[at]
            cut = chance.randrange(len(line) + 1)
            scrap = chance.choice(
                [*STRANGE, "&a ", "*a", "!!x ", ": ", "- ", "{", "[", "'", '"', "#", "|\n", "? ", "%", "@", "`"]
            )
            lines[at] = chance.choice(["", line * 2, line[:cut] + scrap + line[cut:], " " * chance.randrange(9) + line])
        damaged = "".join(lines)
        path.write_bytes(damaged.encode("utf-8", "surrogatepass"))
        try:
            load_deal(damaged) if place.startswith("deals") else load_mapping(path)
            answers["read"] += 1
        except ConfigurationError as error:
            assert error.promised  # noqa: PT017 - either outcome is right
            answers["refused"] += 1
    assert min(answers.values()) > 0
