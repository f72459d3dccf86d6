"""The catalogue as text: the page of the docs, and the golden file by which a review sees a change of meaning."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from features.catalogue import FEATURES
from features.declarations import (
    PLATFORM,
    Aggregate,
    Definition,
    Difference,
    Feature,
    Ratio,
    Smoothed,
    Term,
    Trend,
    leaves,
)
from features.streams import FRAME_TABLES, FRAMES, STREAMS

DIRECTIONS = {1: "more is riskier", -1: "less is riskier", 0: ""}
INTRODUCTION = """# Features

This page is generated from the catalogue (`features/catalogue.py`). One row of the feature table describes one open
receivable as of the start of a local day, by what was known before it.

- **Windows** are the whole local days before the as-of day: 30d is from 30 days before it to the day before it. An
  event belongs to the local day on which it happened, a payment to its value day, an instalment to its due day.
- **Last k**: `_last5` looks at the latest five events that count: in the window if there is one, past every filter,
  with the measure known. Events stand in the order of their time, those of one moment in that of their ids.
- **Empty windows**: a count, a sum and a number of distinct things are 0; a mean, extreme, deviation, share, last
  value, age, streak, run and entropy are null. What belongs to a merchant, region or category is null where the
  receivable has none.
- **Sums** are of whole units (hundredths of money), so they do not depend on the order of rows; deviation is the
  population's. A ratio is null where its divisor is not above zero.
- **Streaks**: `streak` is how many of the latest events had it without a break, 0 when the latest had not; `longest` is
  the longest such run. **Recency** is the age in days of the latest event, `oldest` that of the first.
- **Entropy** says how evenly things spread over groups, in nats: -sum p ln p.
- **Smoothed** rates are drawn towards the platform's own: (cases + weight x platform rate) / (rows + weight). A
  smoothed **ratio** is that over the platform's rate of the same day, (cases / platform rate + weight) / (rows +
  weight): 1 is the platform's own, whatever its level.
- **Direction** is the domain's judgement, which the model is held to; where none stands, the model is free.
"""


def lineage(definition: Definition) -> tuple[str, ...]:
    """Give the streams and frames that a definition reads, in order."""
    return tuple(dict.fromkeys(_source(leaf) for leaf in leaves(definition)))


def _source(leaf: Aggregate | Term) -> str:
    return leaf.stream if isinstance(leaf, Aggregate) else leaf.frame


def tables_of(source: str) -> tuple[str, ...]:
    """Give the tables that a stream or frame is made of."""
    return STREAMS[source].tables if source in STREAMS else FRAME_TABLES[source]


def columns_of(definition: Definition, source: str) -> tuple[str, ...]:
    """Give the columns that a definition reads from a stream or frame, in order."""
    found: list[str] = []
    for leaf in leaves(definition):
        if _source(leaf) == source:
            found += [leaf.column] if isinstance(leaf, Term) else _columns(leaf)
    return tuple(dict.fromkeys(found))


def _columns(aggregate: Aggregate) -> list[str]:
    entity = [] if aggregate.entity == PLATFORM else [aggregate.entity]
    filters = [each.column for each in aggregate.where]
    return [*entity, *filters, *(name for name in (aggregate.measure, aggregate.by) if name)]


def formula(definition: Definition) -> str:
    """Say how a definition is computed.

    >>> from features.declarations import Aggregation, Where
    >>> formula(Aggregate("order", Aggregation.MEAN, "size", "amount", (Where("is_kept"),), last_count=5))
    'mean of amount over the latest 5 order events of the borrower where is_kept'
    """
    match definition:
        case Aggregate():
            return _aggregate_formula(definition)
        case Term():
            return f"{definition.column} of the {definition.frame}"
        case Ratio(numerator=left, denominator=right):
            return f"({formula(left)}) / ({formula(right)})"
        case Difference(minuend=left, subtrahend=right):
            return f"({formula(left)}) - ({formula(right)})"
        case Trend(recent=recent, longer=longer):
            return f"({formula(recent)}) / {recent.window_days} / (({formula(longer)}) / {longer.window_days})"
        case Smoothed():
            return _smoothed_formula(definition)


def _smoothed_formula(smoothed: Smoothed) -> str:
    cases, rate, weight = formula(smoothed.cases), "the platform's rate of these", smoothed.weight
    top = f"({cases}) / {rate} + {weight}" if smoothed.is_relative else f"({cases}) + {weight} x {rate}"
    return f"({top}) / (({formula(smoothed.rows)}) + {weight})"


def _aggregate_formula(aggregate: Aggregate) -> str:
    entity = aggregate.entity.removesuffix("_id").removesuffix("_code")
    what = f" of {aggregate.measure}" if aggregate.measure else ""
    groups = f" by {aggregate.by}" if aggregate.by else ""
    latest = f"the latest {aggregate.last_count}" if aggregate.last_count else "the"
    events = f"{latest} {aggregate.stream} events of the {entity}"
    days = f" of the last {aggregate.window_days} days" if aggregate.window_days else ""
    filters = [
        f"{each.column} is {' or '.join(each.values)}" if each.values else each.column for each in aggregate.where
    ]
    where = f" where {' and '.join(filters)}" if filters else ""
    return f"{aggregate.aggregation.replace('_', ' ')}{what}{groups} over {events}{days}{where}"


def definition_parts(definition: Definition) -> dict[str, object]:
    """Write a definition with the kind of each of its parts, and without what is empty."""
    fields = {name: getattr(definition, name) for name in asdict(definition)}
    parts = {
        name: definition_parts(part) if hasattr(part, "__dataclass_fields__") else part for name, part in fields.items()
    }
    where = parts.get("where")
    if isinstance(where, tuple):
        parts["where"] = [asdict(each) for each in where]
    return {
        "is": type(definition).__name__,
        **{name: part for name, part in parts.items() if part not in ("", [], None)},
    }


def described(feature: Feature) -> dict[str, object]:
    """Tell everything that is declared of a feature."""
    return {
        "family": feature.family,
        "sentence": feature.sentence,
        "unit": feature.unit,
        "direction": feature.direction,
        "null_means": feature.null_means,
        "definition": definition_parts(feature.definition),
    }


def catalogue_json() -> str:
    """Write the whole catalogue as JSON, one feature after the other."""
    told = {each.name: described(each) for each in FEATURES}
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
    rows = [(name, key, meaning, ", ".join(FRAME_TABLES[name])) for name, (key, meaning) in FRAMES.items()]
    return _table(("frame", "one row a", "tells", "made of"), rows)


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
