"""YAML without surprises, for deals and sources: one value a key, no aliases, no tags; `NO` is a word, and 1:30 too."""

import re
from collections.abc import Hashable, Iterable
from typing import Any

import yaml

from schemas.errors import ConfigurationError

MAX_CHARACTERS = 250_000
MAX_DEPTH = 30


def read_yaml(text: str, name: str, *, words: bool = False) -> dict[str, Any]:
    """Read a document that must be one mapping of plain values.

    Args:
        text: The document.
        name: What to call it in an error.
        words: Whether `true`, `false` and days are words too, as a source's raw text has them.

    Raises:
        ConfigurationError: Not YAML, too long or deep, not a mapping, or with duplicate keys, aliases or tags.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigurationError(f"{name} has {len(text)} characters", f"at most {MAX_CHARACTERS}", "split it")
    try:
        value = yaml.load(text, Loader=_WordLoader if words else _PlainLoader)  # noqa: S506 - of SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        found = " ".join(str(error).split())
        raise ConfigurationError(f"{name}: {found}", "plain YAML: unique keys, no aliases, no tags", name) from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{name} is a {type(value).__name__}", "a mapping of names to values", name)
    return value


class _PlainLoader(yaml.SafeLoader):
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - PyYAML's type
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="an anchor or alias", problem_mark=event.start_mark)
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(problem=f"the tag {event.tag}", problem_mark=event.start_mark)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"more than {MAX_DEPTH} levels", problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str) or key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} twice or not a word", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


class _WordLoader(_PlainLoader):
    pass


_NUMBERS = (
    ("int", r"^[-+]?(?:0|[1-9][0-9]{0,17})$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]{1,15}\.[0-9]{1,15}$", "-+0123456789"),
    ("null", r"^(?:null|~|)$", "n~"),
)
_WORDS = (("bool", r"^(?:true|false)$", "tf"), ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"))


def _teach(loader: type[yaml.SafeLoader], forms: Iterable[tuple[str, str, str]]) -> None:
    """Let a loader take these forms of plain text, and no others, for more than text."""
    loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in forms:
        starts = [*first, *([""] if tag == "null" else [])]
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), starts)


_teach(_PlainLoader, [*_WORDS, *_NUMBERS])
_teach(_WordLoader, _NUMBERS)
