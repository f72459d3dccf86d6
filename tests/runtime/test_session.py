"""The engine session without a fit Java: a sentence that says what to install, and Sail never asks for one."""

from pathlib import Path

import pytest

from runtime.session import java_version, session
from runtime.settings import EngineSettings
from schemas.errors import EngineError

SPARK = EngineSettings(name="spark", master="local[1]")


def java_that_says(folder: Path, text: str) -> Path:
    """Put a `java` into a folder that answers with this text, as the real one does: on standard error."""
    program = folder / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{text}\nEND\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a machine on which no Java is found."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return tmp_path


@pytest.mark.usefixtures("bare")
def test_no_java_is_a_sentence_that_says_what_to_install() -> None:
    """What is missing, which versions do, the package by name, and the way without any."""
    assert java_version() is None
    with pytest.raises(EngineError) as caught, session(SPARK):
        pytest.fail("an engine without Java")
    assert caught.value.found == "no Java on this machine"
    assert "Java 17 or 21" in caught.value.promised
    assert "openjdk-17-jre-headless" in caught.value.mend
    assert "--engine sail" in caught.value.mend
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ('openjdk version "11.0.22" 2024-01-16', "Java 11"),
        ('openjdk version "25" 2025-09-16', "Java 25"),
        ('java version "1.8.0_401"', "Java 8"),
        ('Picked up JAVA_TOOL_OPTIONS: -Da="b"\nopenjdk version "11.0.22" 2024-01-16', "Java 11"),
        ("the library libjvm.so was not found", "no Java on this machine"),
    ],
)
@pytest.mark.parametrize("found_by", ["JAVA_HOME", "PATH"])
def test_a_wrong_java_is_named(
    bare: Path, monkeypatch: pytest.MonkeyPatch, told: str, version: str, found_by: str
) -> None:
    """Too old, too new or broken, wherever it is found: never a stack trace of a virtual machine."""
    program = java_that_says(bare, told)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin" if found_by == "PATH" else "/usr/bin:/bin")
    if found_by == "JAVA_HOME":
        monkeypatch.setenv("JAVA_HOME", str(bare))
    with pytest.raises(EngineError) as caught, session(SPARK):
        pytest.fail("an engine on a wrong Java")
    assert caught.value.found == version


def test_a_java_that_fits_is_known_by_its_number(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 17 or 21 by its first number."""
    java_that_says(bare, 'openjdk version "21.0.2" 2024-01-16')
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("JAVA_HOME", str(bare))
    assert java_version() == "21"


@pytest.mark.usefixtures("bare")
def test_sail_needs_no_java() -> None:
    """The default engine starts and counts on a machine without Java."""
    with session(EngineSettings(name="sail", partitions=1)) as spark:
        assert spark.range(3).count() == 3
