"""Commands about deal documents: check them, show them, tell two versions apart, write them out for people."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.common import Common, command, day, pairs, rows, say
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from pool.deal import Deal

NAMED = "A file, or the name of a deal: NAME for its latest version, NAME@2 for version 2."
Target = Annotated[str, typer.Argument(help=NAMED)]
Language = Annotated[str, typer.Option("--language", help="en, zh or both.")]
Format = Annotated[str, typer.Option("--format", help="md or html.")]
LANGUAGES = {"en": ("en",), "zh": ("zh",), "both": ("en", "zh")}

app = typer.Typer(help="Check, show, compare and render deal documents.", no_args_is_help=True)


@app.command()
@command
def check(
    common: Common,
    targets: Annotated[
        list[str] | None, typer.Argument(help=f"{NAMED} Where none is given, every version of every deal.")
    ] = None,
) -> None:
    """Check documents whole and tell every problem; exit 1 if there is any."""
    from pipelines.deals import deal_names

    sound: list[Deal] = []
    broken: dict[str, list[str]] = {}
    for target in targets or deal_names(_conf(common)):
        try:
            sound += _deals(common, target)
        except ConfigurationError as error:
            broken[target] = error.found.splitlines()
    for target, problems in broken.items():
        _say_plainly("\n".join([target, *problems]))
    names = ["deal", "version", "effective_on", "criteria", "limits", "triggers", "hash"]
    lines = [_told(each) for each in sound]
    result = {"sound": [dict(zip(names, line, strict=True)) for line in lines], "problems": broken}
    shown = [(*line[:-1], line[-1][:12]) for line in lines]
    common.answer(result, rows(f"{len(sound)} sound, {len(broken)} not", names, shown))
    raise typer.Exit(1 if broken else 0)


@app.command()
@command
def show(common: Common, target: Target) -> None:
    """Show a deal: its days, and every clause with its test."""
    deal = _deal(common, target)
    names = ["part", "code", "clause", "promise", "test"]
    lines = list(_clauses(deal))
    head = {
        "version": deal.version,
        "effective on": deal.effective_on,
        "revolving ends on": deal.calendar.revolving_end_on,
        "legal final on": deal.calendar.legal_final_on,
        "currency": deal.currency,
        "hash": deal.hash,
        "note": deal.note,
    }
    if not common.json:
        common.answer(None, pairs(deal.name, head))
    common.answer({**deal.model_dump(mode="json"), "hash": deal.hash}, rows("", names, lines))


@app.command()
@command
def diff(common: Common, first: Target, second: Target) -> None:
    """Say what changes from one document to another: which threshold, of which clause, and which way it moves."""
    from pool.deal_difference import differences, moved_bounds

    old, new = _deal(common, first), _deal(common, second)
    found = differences(old, new)
    looser, tighter = moved_bounds(found)
    names = ["place", "clause", "what", "was", "becomes", "effect"]
    title = f"{old.name} {old.version} to {new.name} {new.version}"
    lines = [tuple(asdict(each).values()) for each in found]
    told = f"{title}: {len(found)} changes, {looser} looser, {tighter} tighter" if found else f"Changes from {title}"
    common.answer([asdict(each) for each in found], rows(told, names, lines))


@app.command()
@command
def render(
    common: Common,
    target: Target,
    language: Language = "both",
    form: Format = "md",
    out: Annotated[Path | None, typer.Option("--out", help="File to write [standard output].")] = None,
) -> None:
    """Write a deal as a document for people: clauses, limits, days and triggers, in English, Chinese or both."""
    from reports.deal_document import html, markdown

    writers = {"md": markdown, "html": html}
    if language not in LANGUAGES or form not in writers:
        raise ConfigurationError(
            f"--language {language} --format {form}",
            "--language en, zh or both; --format md or html",
            "the command line",
        )
    text = writers[form](_deal(common, target), LANGUAGES[language])  # type: ignore[arg-type]
    if out is None:
        sys.stdout.write(text)
        return
    _write(out, text)
    common.answer({"document": str(out)}, lambda console: console.print(str(out), soft_wrap=True))


@app.command("days")
@command
def list_days(
    common: Common,
    target: Target,
    first: Annotated[str, typer.Option("--from", help="First day.")],
    last: Annotated[str, typer.Option("--to", help="Last day.")],
) -> None:
    """List a deal's cut-off, calculation, purchase, transfer and payment days, as its calendar's rules give them."""
    calendar = _deal(common, target).calendar
    span = (day(first, "--from"), day(last, "--to"))
    found = {kind: calendar.days_of(kind, *span) for kind in calendar.rules}
    lines = sorted((on, kind, f"{on:%A}") for kind, days in found.items() for on in days)
    shown = [(str(on), kind, weekday) for on, kind, weekday in lines]
    common.answer({kind: list(map(str, days)) for kind, days in found.items()}, rows(target, ["on", "day", ""], shown))


@app.command()
@command
def schema(common: Common) -> None:
    """Print the JSON Schema of a deal document, for editors."""
    from pool.deal_schema import schema_text

    del common
    sys.stdout.write(schema_text())


def _conf(common: Common) -> Path:
    return common.settings().folder


def _deals(common: Common, target: str) -> "list[Deal]":
    """Give the document in a file, or every version of a deal, or the version that is named."""
    from pipelines.deals import read_document, read_versions

    if Path(target).is_file():
        return [read_document(Path(target))]
    name, at, number = target.partition("@")
    versions = read_versions(_conf(common), name)
    found = [deal for deal in versions if not at or str(deal.version) == number]
    if not found:
        there = ", ".join(f"{name}@{deal.version}" for deal in versions)
        raise ConfigurationError(f"no version {number!r} of {name}", f"one of {there}", "the command line")
    return found


def _deal(common: Common, target: str) -> "Deal":
    return _deals(common, target)[-1]


def _told(deal: "Deal") -> tuple[str, int, str, int, int, int, str]:
    counts = (len(deal.criteria), len(deal.limits), len(deal.triggers))
    return (deal.name, deal.version, str(deal.effective_on), *counts, deal.hash)


def _clauses(deal: "Deal") -> Iterator[tuple[str, ...]]:
    from reports.deal_words import limit_rule, trigger_rule

    for criterion in deal.criteria:
        yield ("criterion", criterion.code, criterion.clause, criterion.text_en, criterion.expression)
    for limit in deal.limits:
        yield ("limit", limit.code, limit.clause, limit.text_en, limit_rule(limit).en)
    for condition in deal.revolving:
        yield ("condition", condition.code, condition.clause, condition.text_en, condition.requires)
    for trigger in deal.triggers:
        yield ("trigger", trigger.code, trigger.clause, trigger.text_en, trigger_rule(trigger).en)


def _say_plainly(text: str) -> None:
    from rich.markup import escape

    say(escape(text))


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise ConfigurationError(f"--out {path}: {error.strerror}", "a file that can be written", "--out") from error


def register(parent: typer.Typer) -> None:
    """Hang the group into the command line."""
    parent.add_typer(app, name="deals", rich_help_panel="The deal")
