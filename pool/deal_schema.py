"""The deal document as a JSON Schema, so that an editor completes, explains and checks it while it is written.

`python -m pool.deal_schema > docs/reference/deal.schema.json` writes it.
"""

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pool import clauses, deal, deal_calendar
from pool.deal import Deal

_FIELD = re.compile(r"^(\w+): (.*)$")


def deal_schema() -> dict[str, Any]:
    """Give the schema; what each field means is taken from the words of the classes."""
    schema = Deal.model_json_schema()
    parts = {name: model for module in (clauses, deal_calendar, deal) for name, model in _models(module)}
    for name, part in (("Deal", schema), *schema["$defs"].items()):
        part["description"] = _summary(parts[name])
        for field, meaning in _meanings(parts[name]).items():
            part["properties"][field]["description"] = meaning
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A deal of Poolwright"}


def schema_text() -> str:
    """Give the schema as it is published."""
    return json.dumps(deal_schema(), indent=2, ensure_ascii=False) + "\n"


def _models(module: object) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, each in vars(module).items():
        if inspect.isclass(each) and issubclass(each, BaseModel):
            yield name, each


def _summary(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Read what the docstrings of a class and of those that it is made from say of each field."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        name = ""
        _, _, told = inspect.cleandoc(each.__doc__ or "").partition("Args:\n")
        for line in inspect.cleandoc(told).splitlines():
            start = _FIELD.match(line)
            name = start[1] if start else name
            found[name] = start[2] if start else f"{found[name]} {line.strip()}"
    return {name: meaning for name, meaning in found.items() if name in model.model_fields}


if __name__ == "__main__":
    import sys

    sys.stdout.write(schema_text())
