"""The published JSON Schema: fresh, understood by a validator, and as strict as the reader about names."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pool.deal_schema import deal_schema, schema_text
from tests.pool.worlds import DEALS

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "reference" / "deal.schema.json"


class Editor(yaml.SafeLoader):
    """YAML as an editor reads it: a day is a text."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith("timestamp")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def problems(document: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(deal_schema(), format_checker=jsonschema.FormatChecker())
    return [error.json_path for error in validator.iter_errors(document)]


def test_the_published_schema_is_fresh() -> None:
    """`make docs` writes it."""
    assert PUBLISHED.read_text("utf-8") == schema_text()


@pytest.mark.parametrize("path", sorted(DEALS.glob("**/*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_deal_satisfies_it(path: Path) -> None:
    """As an editor would check it."""
    assert problems(yaml.load(path.read_text("utf-8"), Editor)) == []  # noqa: S506 - of SafeLoader


def test_a_wrong_name_value_or_form_is_marked_in_its_place() -> None:
    """Unknown fields, measures and days."""
    document = yaml.load((DEALS / "cn_revolving_credit.yaml").read_text("utf-8"), Editor)  # noqa: S506 - of SafeLoader
    document["surprise"] = 1
    document["limits"][0]["measure"] = "vibes"
    document["calendar"]["legal_final_on"] = "soon"
    document["triggers"][0]["cure_periods"] = -1
    found = problems(document)
    for place in ("$", "$.limits[0].measure", "$.calendar.legal_final_on", "$.triggers[0].cure_periods"):
        assert place in found


def test_every_field_with_words_of_its_own_carries_them() -> None:
    """What an editor shows beside a field is what the class says."""
    schema = json.loads(schema_text())
    trigger = schema["$defs"]["Trigger"]["properties"]
    assert trigger["cure_periods"]["description"].startswith("Periods in a row that must be within the bound")
    assert "`excess_spread`: 12 x" in trigger["measure"]["description"]
    assert schema["$defs"]["Limit"]["properties"]["at_most"]["description"] == "Upper bound, inclusive."
    assert schema["properties"]["effective_on"]["description"] == "First day on which this version is applied."
