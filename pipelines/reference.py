"""The reference of the command line and of the settings, written from their declarations.

`python -m pipelines.reference` writes both pages into docs/reference.
"""

import inspect
import json
import re
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import typer
from pydantic import BaseModel

from features.labels import LabelDefinition
from features.states import StateConvention
from features.study import StudyParameters
from models.monitoring import MonitoringParameters
from models.parameters import TrainingParameters
from pipelines.common import SHARED
from pipelines.examples import EXAMPLES
from pipelines.lay_out import LayoutSettings
from pipelines.schedule import TrainingDays
from pool.watch import WatchParameters
from runtime.operations import DagsterSettings, OperationsSettings
from runtime.settings import EngineSettings, PlatformSettings, StorageSettings, load_settings

SECTIONS: dict[str, type[BaseModel]] = {
    "platform": PlatformSettings,
    "engine": EngineSettings,
    "storage": StorageSettings,
    "states": StateConvention,
    "labels": LabelDefinition,
    "label_study": StudyParameters,
    "training": TrainingParameters,
    "observation": TrainingDays,
    "layout": LayoutSettings,
    "monitoring": MonitoringParameters,
    "pool": WatchParameters,
    "operations": OperationsSettings,
    "dagster": DagsterSettings,
}
"""Every section of the settings with the type that its owner declares."""
KINDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "true or false",
    "date": "day",
    "NoneType": "none",
}
COMMANDS_HEAD = """\
# Commands

Written from the command line's own declarations: `make docs`. `poolwright COMMAND --help` says the same.
"""
SETTINGS_HEAD = """\
# Settings

Written from the declarations of the sections' owners: `make docs`. `conf/base.yaml` (with `conf/model.yaml` as the
section `training`), then `conf/env/NAME.yaml` of `--env NAME`, then each `--set section.key=value`; later ones win, key
by key. The value is what the project ships.
"""
EXIT_CODES = """\
## Exit codes

| code | means | a scheduler should |
|---|---|---|
| 0 | done, or nothing had to be done | go on |
| 1 | a check, a limit, a grave alarm or the ledger said no | call a person: the answer is on standard output |
| 2 | wrong use, or a promise was broken: what was found, what was promised, where to mend it | call a person |
| 3 | another run holds the workspace, or an engine or database was lost for good after all tries | try again later |
| 4 | a defect of Poolwright, told with its traceback | call a person, who reports it |
| 130, 143 | told to end, by Ctrl-C or by SIGTERM | run it again: nothing is half-written |
"""


def commands_page(app: typer.Typer) -> str:
    """Give the reference page of the command line as Markdown."""
    root = typer.main.get_command(app)
    sample = next(command for path, command in _commands(root) if path == "runs")
    shared = [option for option in sample.params if option.name in SHARED]
    parts = [COMMANDS_HEAD, EXIT_CODES, "## Options of every command\n", _options(shared)]
    parts += [_command(path, command) for path, command in _commands(root)]
    return "\n".join(parts)


def _commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own click
    for name, command in group.commands.items():
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield f"{above}{name}", command
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield f"{above}{name}", command
            yield from _commands(command, f"{above}{name} ")


def _command(path: str, command: Any) -> str:  # noqa: ANN401 - typer's own click
    own = [option for option in command.params if option.name not in SHARED]
    arguments = " ".join(str(one.name).upper() for one in own if one.param_type_name == "argument")
    examples = "\n".join(EXAMPLES.get(path, ()))
    parts = [
        f"## {path}\n",
        f"{inspect.cleandoc(command.help or '')}\n",
        f"`{f'poolwright {path} {arguments}'.strip()}`",
    ]
    parts += ["", _options(own)] if own else [""]
    return "\n".join([*parts, f"```text\n{examples}\n```\n"] if examples else parts)


def _options(options: list[Any]) -> str:
    lines = []
    for one in options:
        name = ", ".join(one.opts) if one.param_type_name == "option" else str(one.name).upper()
        needed = "needed" if one.required else "" if one.default in {None, "", False} else f"`{one.default}`"
        lines.append(f"| `{name}` | {(one.help or '').replace('|', chr(92) + '|')} | {needed} |")
    return "\n".join(["| option | meaning | if left out |", "|---|---|---|", *lines, ""])


def settings_page(conf: Path) -> str:
    """Give the reference page of the settings as Markdown."""
    tree = load_settings(conf).tree
    parts = [_section(name, owner, tree.get(name) or {}) for name, owner in SECTIONS.items()]
    return "\n".join([SETTINGS_HEAD, *parts])


def _section(name: str, owner: type[BaseModel], shipped: Mapping[str, Any]) -> str:
    lines = [f"| `{key}` | {kind} | {value} | {meaning} |" for key, kind, value, meaning in keys_of(owner, shipped)]
    first = inspect.cleandoc(owner.__doc__ or "").splitlines()[0]
    return "\n".join(
        [f"## {name}\n", f"{first}\n", "| key | kind | value | meaning |", "|---|---|---|---|", *lines, ""]
    )


def keys_of(owner: type[BaseModel], shipped: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Give every key of a section with its kind, shipped value and meaning; keys within keys by their path."""
    meanings = _meanings(owner)
    for name, field in owner.model_fields.items():
        value = shipped.get(name, field.get_default(call_default_factory=True))
        inner = _model_in(field.annotation)
        meaning = meanings.get(name, "").replace("|", "\\|")
        if inner is None or get_origin(field.annotation) in {tuple, list, dict}:
            yield f"{above}{name}", _kind(field.annotation), _shown(value), meaning
        else:
            if value is None:
                yield f"{above}{name}", "section", "none", meaning
            held = value if isinstance(value, Mapping) else value.model_dump() if isinstance(value, BaseModel) else {}
            yield from keys_of(inner, held, f"{above}{name}.")


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _kind(annotation: Any) -> str:  # noqa: ANN401 - any type
    origin, parts = get_origin(annotation), [part for part in get_args(annotation) if part is not Ellipsis]
    if origin in {Union, types.UnionType}:
        return " or ".join(_kind(part) for part in parts)
    if origin in {tuple, list}:
        return f"list of {_kind(parts[0])}" if parts else "list"
    if origin is dict or origin is Mapping:
        return "mapping"
    if parts:
        return ", ".join(f"`{part}`" for part in parts)
    names = {
        "str": "text",
        "int": "number",
        "float": "number",
        "bool": "true or false",
        "date": "day",
        "NoneType": "none",
    }
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, name)


def _shown(value: Any) -> str:  # noqa: ANN401 - any setting
    if value is None or type(value).__name__ == "PydanticUndefinedType":
        return "none" if value is None else "to be given"
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    text = json.dumps(value, default=_plain, ensure_ascii=False)
    return f"`{text}`".replace("|", "\\|")


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _meanings(owner: type[BaseModel]) -> dict[str, str]:
    """Read what each key means from the owner's docstring."""
    _, _, told = inspect.cleandoc(owner.__doc__ or "").partition("Args:\n")
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", told, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


if __name__ == "__main__":
    from pipelines.__main__ import app

    folder = Path("docs/reference")
    (folder / "commands.md").write_text(commands_page(app), "utf-8")
    (folder / "settings.md").write_text(settings_page(Path("conf")), "utf-8")
