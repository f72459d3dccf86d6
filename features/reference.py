"""The catalogue as text: the page of the docs, and the golden file by which a review sees a change of meaning."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from features.catalogue import FEATURES
from features.declarations import Aggregate, Definition, Feature, Term, leaves
from features.streams import FRAMES, STREAMS

DIRECTIONS = {1: "more is riskier", -1: "less is riskier", 0: ""}
INTRODUCTION = """# Features

This page is generated from the catalogue (`features/catalogue.py`). One row of the feature table describes one open
receivable as of the start of a local day, by what was known before it.

- **Windows** are the whole local days before the as-of day: 30d is from 30 days before it to the day before it. An
  event belongs to the local day on which it happened, a payment to its value day, an instalment to its due day.
- **Empty windows**: a count, a sum and a number of distinct things are 0; a mean, extreme, deviation, share, last value
  and recency are null. What belongs to a merchant, region or category is null where the receivable has none.
- **Sums** are of whole units (hundredths of money), so they do not depend on the order of rows; deviation is the
  population's. A ratio is null where its divisor is not above zero.
- **Smoothed** rates are drawn towards the platform's own: (cases + weight x platform rate) / (rows + weight).
- **Direction** is the domain's judgement, which the model is held to; where none stands, the model is free.
"""


def lineage(definition: Definition) -> tuple[str, ...]:
    """Give the streams and frames that a definition reads, in order."""
    return tuple(dict.fromkeys(_source(leaf) for leaf in leaves(definition)))


def _source(leaf: Aggregate | Term) -> str:
    return leaf.stream if isinstance(leaf, Aggregate) else leaf.frame


def _told(definition: Definition) -> dict[str, object]:
    """Write a definition with the kind of each of its parts, and without what is empty."""
    fields = {name: getattr(definition, name) for name in asdict(definition)}
    parts = {name: _told(part) if hasattr(part, "__dataclass_fields__") else part for name, part in fields.items()}
    where = parts.get("where")
    if isinstance(where, tuple):
        parts["where"] = [asdict(each) for each in where]
    return {
        "is": type(definition).__name__,
        **{name: part for name, part in parts.items() if part not in ("", [], None)},
    }


def catalogue_json() -> str:
    """Write the whole catalogue as JSON, one feature after the other."""
    told = {
        each.name: {
            "family": each.family,
            "sentence": each.sentence,
            "unit": each.unit,
            "direction": each.direction,
            "null_means": each.null_means,
            "definition": _told(each.definition),
        }
        for each in FEATURES
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def catalogue_page() -> str:
    """Write the page of the docs."""
    parts = [INTRODUCTION, "## Streams\n", _streams(), "## Frames\n", _frames()]
    for family, features in groupby(sorted(FEATURES, key=lambda each: each.family), key=lambda each: each.family):
        parts += [f"## {family.replace('_', ' ').capitalize()}\n", _features(list(features))]
    return "\n".join(parts)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _streams() -> str:
    rows = [(each.name, each.meaning, each.day, ", ".join(each.tables)) for each in STREAMS.values()]
    return _table(("stream", "one row is", "placed by", "made of"), rows)


def _frames() -> str:
    return _table(("frame", "one row a", "tells"), [(name, key, meaning) for name, (key, meaning) in FRAMES.items()])


def _features(features: list[Feature]) -> str:
    rows = [
        (
            f"`{each.name}`",
            each.sentence,
            each.unit,
            DIRECTIONS[each.direction],
            each.null_means or "never null",
            ", ".join(lineage(each.definition)),
        )
        for each in features
    ]
    return _table(("feature", "meaning", "unit", "direction", "null means", "reads"), rows)
