"""Commands about the feature catalogue: what there is, what it means, what it is made of."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.common import AsOf, Common, command, day, pairs, rows
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from features.declarations import Feature

Name = Annotated[str, typer.Argument(help="Name of a feature.")]
Family = Annotated[str, typer.Option("--family", help="Only features of this family.")]
DIRECTIONS = {1: "more is riskier", -1: "less is riskier", 0: "not said"}

app = typer.Typer(help="List, describe and trace features.", no_args_is_help=True)


@app.command("list")
@command
def list_features(common: Common, family: Family = "") -> None:
    """List the features with their sentences."""
    from features.catalogue import FEATURES

    families = dict.fromkeys(each.family for each in FEATURES)
    if family and family not in families:
        raise ConfigurationError(f"--family {family}", f"one of {', '.join(families)}", "the command line")
    found = [each for each in FEATURES if family in {"", each.family}]
    names = ["name", "family", "unit", "sentence"]
    lines = [(each.name, each.family, each.unit, each.sentence) for each in found]
    title = f"{len(found)} features"
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows(title, names, lines))


@app.command()
@command
def describe(common: Common, name: Name) -> None:
    """Say what a feature means, in which unit, what a null says, and how it is computed."""
    from features.reference import described, formula

    feature = _feature(name)
    told = {
        "family": feature.family,
        "sentence": feature.sentence,
        "unit": feature.unit,
        "direction": DIRECTIONS[feature.direction],
        "null means": feature.null_means or "never null",
        "formula": formula(feature.definition),
    }
    result = {"name": name, **described(feature), "formula": formula(feature.definition)}
    common.answer(result, pairs(name, told))


@app.command()
@command
def lineage(common: Common, name: Name) -> None:
    """Show which streams and frames a feature reads, which of their columns, and the tables that they are made of."""
    from features.reference import columns_of, tables_of
    from features.reference import lineage as sources_of

    definition = _feature(name).definition
    told = [(source, columns_of(definition, source), tables_of(source)) for source in sources_of(definition)]
    names = ["reads", "columns", "tables"]
    lines = [(source, ", ".join(columns), ", ".join(tables)) for source, columns, tables in told]
    common.answer([dict(zip(names, line, strict=True)) for line in told], rows(name, names, lines))


@app.command("audit")
@command
def audit(common: Common, as_of: AsOf) -> None:
    """Compute a day's features again from logs that end at that day; name each that differs, and exit 1 if any does."""
    from dataclasses import asdict

    from pipelines.later_data import audit as look

    with common.workspace() as space, space.writing():
        found = look(space, [day(as_of)])
    lines = [(one.code, one.found, one.bound, one.where) for one in found]
    title = f"Features of {as_of} that later data change"
    common.answer([asdict(one) for one in found], rows(title, ["code", "found", "bound", "look at"], lines))
    raise typer.Exit(1 if found else 0)


def _feature(name: str) -> "Feature":
    """Find a feature by its name.

    Raises:
        ConfigurationError: There is none; the error names the nearest ones.
    """
    from difflib import get_close_matches

    from features.catalogue import FEATURES

    named = {each.name: each for each in FEATURES}
    if name not in named:
        near = get_close_matches(name, named, n=3, cutoff=0.5)
        wanted = f"one like {', '.join(near)}" if near else "the name of a feature"
        raise ConfigurationError(f"feature {name}", wanted, "`poolwright features list` names them all")
    return named[name]


def register(parent: typer.Typer) -> None:
    """Hang the group into the command line."""
    parent.add_typer(app, name="features", rich_help_panel="Features")
