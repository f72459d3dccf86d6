"""What the workbench says, in English and in Chinese: one file, `words.yaml`, a key a sentence."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Give every sentence by key and language."""
    told: dict[str, dict[str, str]] = yaml.safe_load(files("workbench").joinpath("words.yaml").read_text("utf-8"))
    return told


def say(language: Language, key: str, **values: object) -> str:
    """Say a sentence in a language, with values in its blanks.

    >>> say("en", "receivables.found", count="1,234"), say("zh", "receivables.found", count="1,234")
    ('1,234 receivables', '1,234笔应收账款')
    """
    return sentences()[key][language].format(**values)


def named(language: Language, kind: str, name: str) -> str:
    """Say what a code of some kind means; one that has no words of its own is said as it is.

    >>> named("en", "alias", "champion"), named("zh", "alias", "canary")
    ('champion', 'canary')
    """
    key = f"{kind}.{name}"
    return sentences()[key][language] if key in sentences() else name
