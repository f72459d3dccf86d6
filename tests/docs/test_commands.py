"""Every command and option that a page names is there; the pages that are written from code are up to date."""

from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from pipelines.__main__ import app
from pipelines.examples import EXAMPLES, infos
from pipelines.reference import SECTIONS, commands_page, keys_of, settings_page
from tests.docs.blocks import DOCS, ROOT, calls, pages

COMMANDS = dict(infos(app))
TREE: Any = typer.main.get_command(app)


def misused(words: list[str]) -> str:
    """Say what of a call is not there; nothing where all is."""
    here = TREE
    rest = list(words)
    while hasattr(here, "commands") and not (rest and rest[0].startswith("-")):
        if not rest or rest[0].isupper() or rest[0].startswith("$"):
            return ""
        if rest[0].startswith("--"):
            break
        name = rest.pop(0)
        if name not in here.commands:
            return f"no command {name}"
        here = here.commands[name]
    known = {opt for option in here.params for opt in (*option.opts, *option.secondary_opts)} | {"-h", "--help"}
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"no option {unknown[0]}" if unknown else ""


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_every_command_that_a_page_names_is_there(path: Path) -> None:
    """Command words and options of each call on the page exist in the command line."""
    wrong = {" ".join(words): said for words in calls(path.read_text("utf-8")) if (said := misused(words))}
    assert wrong == {}


def test_misuse_is_seen() -> None:
    """The check itself finds an unknown command, subcommand and option, in a block and in the text."""
    block = "```bash\nx=$(poolwright ledger moon --json) && poolwright run --moon 1 \\\n --deal d\n```\n"
    text = f"Say `poolwright moon`.\n\n{block}"
    assert [misused(words) for words in calls(text)] == ["no command moon", "no option --moon", "no command moon"]
    assert misused(["run", "--as-of", "2025-01-01", "--set", "a.b=c"]) == ""


def test_every_command_has_an_example_that_can_be_typed() -> None:
    """No command without one, none for a command that is gone, and each is a call of its own command."""
    assert set(EXAMPLES) == set(COMMANDS)
    for path, examples in EXAMPLES.items():
        for line in examples:
            assert line.startswith(f"poolwright {path}"), line
            (words,) = calls(f"`{line}`")
            assert misused(words) == "", line


def test_the_pages_from_code_are_up_to_date() -> None:
    """`make docs` writes them anew."""
    assert (DOCS / "reference" / "commands.md").read_text("utf-8") == commands_page(app)
    assert (DOCS / "reference" / "settings.md").read_text("utf-8") == settings_page(ROOT / "conf")


def test_the_settings_page_knows_every_section() -> None:
    """Each section of the shipped settings has an owner there, and each key of an owner a line."""
    shipped = set(yaml.safe_load((ROOT / "conf" / "base.yaml").read_text("utf-8")))
    assert set(SECTIONS) == shipped
    page = settings_page(ROOT / "conf")
    for owner in SECTIONS.values():
        assert all(f"| `{key}` |" in page for key, *_ in keys_of(owner, {}))
    assert "training.booster.rounds" not in page
    assert "| `booster.rounds` | number | `600` | Most trees that early stopping may try. |" in page
