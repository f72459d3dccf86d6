"""A mapping read from YAML and checked whole: every expression parsed, every needed raw column known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from runtime.mapping import Lookup, Part, Reading, SourceMapping
from runtime.raw_files import FileLayout
from schemas.document import read_yaml
from schemas.errors import ConfigurationError, ExpressionError
from schemas.expression import Expression, parse
from schemas.house import SOURCE_TABLES
from schemas.moments import zone
from schemas.table import PROVENANCE, Kind, Table

PLACE = {"_file": Kind.TEXT, "_row": Kind.COUNT, "_delivery": Kind.DATE}
"""Columns that every raw row has: its file, its position in it from 1, and the day on which the file was delivered."""
COMPUTED = frozenset({"receivable_key", *(column.name for column in PROVENANCE)})
DEFAULTED = frozenset({"known_at", "is_deleted", "originator_id", "currency"})


class RawKinds(Mapping[str, Kind]):
    """The kinds of raw columns: any name is a text but the few that the reading itself adds."""

    def __init__(self, reading: Reading, defined: Mapping[str, Kind] | None = None) -> None:
        """Know the place columns, the index of the reading's unpivot, and what was defined so far."""
        index = {reading.unpivot.index: Kind.COUNT} if reading.unpivot else {}
        self._known = {**PLACE, **index, **(defined or {})}

    def __getitem__(self, name: str) -> Kind:
        """Give the kind of a column."""
        return self._known.get(name, Kind.TEXT)

    def __contains__(self, name: object) -> bool:
        """Allow every name: whether a file has the column is seen when it is read."""
        return isinstance(name, str)

    def __iter__(self) -> Iterator[str]:
        """Give the names that are known before a file is seen."""
        return iter(self._known)

    def __len__(self) -> int:
        """Count them."""
        return len(self._known)


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """A reading with its filter parsed and the raw columns that it takes from its files."""

    reading: Reading
    layout: FileLayout
    filter: Expression | None


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part ready to run: its own files, the files that it looks into, and an expression a column."""

    table: Table
    part: Part
    main: ReadingPlan
    lookups: Mapping[str, ReadingPlan]
    defined: Mapping[str, Expression]
    columns: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """A whole mapping ready to run: tables in the order in which they refer to each other."""

    mapping: SourceMapping
    parts: Mapping[str, tuple[PartPlan, ...]]

    @property
    def personal(self) -> bool:
        """Tell whether any file holds personal ids."""
        return any(
            reading.pseudonymize
            for parts in self.mapping.tables.values()
            for part in parts
            for reading in (part, *part.lookup.values())
        )


@dataclass(slots=True)
class _Problems:
    where: str = ""
    found: list[str] = field(default_factory=list)

    def add(self, place: str, text: str) -> None:
        self.found.append(f"{self.where}.{place}: {text}" if self.where else f"{place}: {text}")


def load_mapping(path: Path) -> SourcePlan:
    """Read and check a mapping.

    Raises:
        ConfigurationError: The file is not strict YAML or not a mapping; every problem is listed with its place.
    """
    try:
        tree = read_yaml(path.read_text(encoding="utf-8"), str(path), words=True)
    except FileNotFoundError as error:
        raise ConfigurationError(f"no source mapping {path}", "a YAML file there", "--source NAME") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: {error}", "a mapping in UTF-8", str(path)) from error
    return plan_mapping(tree, str(path))


def plan_mapping(tree: object, where: str) -> SourcePlan:
    """Check a mapping given as plain values.

    Raises:
        ConfigurationError: Every problem is listed with its place.
    """
    try:
        mapping = SourceMapping.model_validate(tree)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc'])) or 'document'}: {item['msg']}" for item in error.errors()]
        raise ConfigurationError("\n  ".join(["", *lines]), "a source mapping", where) from error
    problems = _Problems()
    known = {table.name for table in SOURCE_TABLES}
    for name in sorted(set(mapping.tables) - known):
        problems.add(f"tables.{name}", f"no such table; there are {', '.join(sorted(known))}")
    _check_zone(mapping, problems)
    parts = {table.name: tuple(_plan_parts(table, given, problems)) for table, given in mapping.in_order()}
    if problems.found:
        raise ConfigurationError("\n  ".join(["", *problems.found]), "a source mapping that can be run", where)
    return SourcePlan(mapping, parts)


def _check_zone(mapping: SourceMapping, problems: _Problems) -> None:
    try:
        zone(mapping.time_zone)
    except ConfigurationError as error:
        problems.add("time_zone", error.found)


def _plan_parts(table: Table, parts: tuple[Part, ...], problems: _Problems) -> Iterator[PartPlan]:
    for number, part in enumerate(parts):
        problems.where = f"tables.{table.name}.{number}"
        yield _plan_part(table, part, problems)


def _plan_part(table: Table, part: Part, problems: _Problems) -> PartPlan:
    defined = _defined(part, problems)
    kinds = RawKinds(part, {name: expression.kind for name, expression in defined.items()})
    columns = {}
    for name, text in part.columns.items():
        if (parsed := _column(table, name, text, kinds, problems)) is not None:
            columns[name] = parsed
    _check_columns(table, part, problems)
    kept = _filter(part, kinds, problems)
    lookups = {name: _plan_lookup(name, lookup, problems) for name, lookup in part.lookup.items()}
    used = {
        name for parsed in [*defined.values(), *columns.values(), *([kept] if kept else [])] for name in parsed.columns
    }
    used |= {name for running in part.running.values() for name in (running.sum, *running.by, *running.order)}
    used |= {name for lookup in part.lookup.values() for name in lookup.on}
    needed = _needed(part, used)
    for name in sorted(name for name in needed if name.split(".")[0] in part.lookup):
        problems.add("columns", f"{name} is not among the columns of that lookup")
    return PartPlan(table, part, ReadingPlan(part, _layout(part, needed), kept), lookups, defined, columns)


def _defined(part: Part, problems: _Problems) -> dict[str, Expression]:
    defined: dict[str, Expression] = {}
    for name, text in part.define.items():
        try:
            defined[name] = parse(text, RawKinds(part, {earlier: defined[earlier].kind for earlier in defined}))
        except ExpressionError as error:
            problems.add(f"define.{name}", error.found)
    return defined


def _plan_lookup(name: str, lookup: Lookup, problems: _Problems) -> ReadingPlan:
    kept = _filter(lookup, RawKinds(lookup), problems, f"lookup.{name}.")
    used = {*lookup.columns, *lookup.on.values(), *(kept.columns if kept else ())}
    return ReadingPlan(lookup, _layout(lookup, _needed(lookup, used)), kept)


def _column(table: Table, name: str, text: str, kinds: RawKinds, problems: _Problems) -> Expression | None:
    if name not in table.names or name in COMPUTED:
        problems.add(f"columns.{name}", f"table {table.name} takes no such column from a mapping")
        return None
    try:
        return parse(text, kinds, table.column(name).kind)
    except ExpressionError as error:
        problems.add(f"columns.{name}", error.found)
        return None


def _filter(reading: Reading, kinds: RawKinds, problems: _Problems, prefix: str = "") -> Expression | None:
    if reading.filter is None:
        return None
    try:
        return parse(reading.filter, kinds, Kind.FLAG)
    except ExpressionError as error:
        problems.add(f"{prefix}filter", error.found)
        return None


def _check_columns(table: Table, part: Part, problems: _Problems) -> None:
    for column in table.columns:
        if column.required and column.name not in {*part.columns, *COMPUTED, *DEFAULTED}:
            problems.add("columns", f"{column.name} is required by table {table.name} and not mapped")
    for name in part.words:
        if name not in part.columns:
            problems.add(f"words.{name}", "no such column in this part")


def _needed(reading: Reading, used: set[str]) -> set[str]:
    needed = set(used)
    if reading.group:
        needed |= {*reading.group.by, *reading.group.take}
    if reading.unpivot:
        needed -= {reading.unpivot.index, *reading.unpivot.columns}
        needed |= reading.unpivot.raw_columns()
    return {name for name in needed if name not in PLACE and not _looked_up(reading, name)}


def _looked_up(reading: Reading, name: str) -> bool:
    if not isinstance(reading, Part):
        return False
    brought = {f"{key}.{column}" for key, lookup in reading.lookup.items() for column in lookup.columns}
    return name in {*brought, *reading.running, *reading.define}


def _layout(reading: Reading, needed: set[str]) -> FileLayout:
    return FileLayout(
        format=reading.format,
        columns=tuple(sorted(needed - set(reading.optional))),
        optional=tuple(sorted(needed & set(reading.optional))),
        delimiter=reading.delimiter,
        encoding=reading.encoding,
        nulls=reading.nulls,
    )
