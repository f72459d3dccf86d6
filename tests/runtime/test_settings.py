"""Settings are merged key by key, parsed by their owners, and refuse what they do not know."""

from pathlib import Path

import pytest

from runtime.settings import EngineSettings, load_settings
from schemas.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a configuration folder with one environment."""
    (tmp_path / "env").mkdir()
    (tmp_path / "base.yaml").write_text("engine:\n  name: sail\n  partitions: 4\nplatform: {}\n")
    (tmp_path / "env" / "cluster.yaml").write_text("engine:\n  name: spark\n")
    return tmp_path


def test_environment_and_override_win_key_by_key(folder: Path) -> None:
    """What an environment does not name stays as the base says; an override wins over both."""
    settings = load_settings(folder, "cluster", ["engine.memory=2g"])
    engine = settings.section("engine", EngineSettings)
    assert (engine.name, engine.partitions, engine.memory) == ("spark", 4, "2g")


@pytest.mark.parametrize(
    ("override", "word"),
    [("engine", "section.key=value"), ("nowhere.x=1", "section nowhere"), ("engine.colour=red", "colour")],
)
def test_an_unknown_or_broken_override_is_named(folder: Path, override: str, word: str) -> None:
    """A typing error is found and named, never ignored."""
    with pytest.raises(ConfigurationError, match=word):
        load_settings(folder, "", [override]).section("engine", EngineSettings)


def test_every_problem_of_a_section_is_listed(folder: Path) -> None:
    """Two mistakes are told in one message."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(folder, "", ["engine.name=flink", "engine.partitions=0"]).section("engine", EngineSettings)
    assert "name" in caught.value.found
    assert "partitions" in caught.value.found


def test_the_engine_does_not_change_the_settings_hash(folder: Path) -> None:
    """The same answer is promised on either engine, so the engine is no part of a run's identity."""
    assert load_settings(folder, "cluster").hash == load_settings(folder).hash
    assert load_settings(folder, "", ["platform.currency=USD"]).hash != load_settings(folder).hash
