"""What every command shares: its options, its workspace, its way of speaking."""

import functools
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import completion
from pipelines.voice import console, speak, tell
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from runtime.settings import Settings
    from runtime.workspace import Workspace

PIPED_WIDTH = 200
"""Least width of a table that goes to a file or another program: ids stay whole."""

Home = Annotated[Path | None, typer.Option("--home", help="Workspace folder [POOLWRIGHT_HOME, else ./workspace].")]
Conf = Annotated[Path | None, typer.Option("--conf", help="Configuration folder [./conf].", envvar="POOLWRIGHT_CONF")]
Env = Annotated[
    str,
    typer.Option(
        "--env",
        help="Lay conf/env/NAME.yaml over conf/base.yaml.",
        envvar="POOLWRIGHT_ENV",
        autocompletion=completion.environments,
    ),
]
Set = Annotated[list[str] | None, typer.Option("--set", help="Override one setting: section.key=value.")]
Engine = Annotated[str, typer.Option("--engine", help="Dataframe engine: sail or spark.")]
Master = Annotated[
    str,
    typer.Option("--master", help="Apache Spark's master, as local[2] or spark://HOST:PORT; the engine is then spark."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
LogJson = Annotated[
    bool,
    typer.Option("--log-json", help="Write progress as one JSON object a line.", envvar="POOLWRIGHT_LOG_JSON"),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="Colour nothing; NO_COLOR in the environment does the same.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Day (YYYY-MM-DD): nothing from its start on is seen.")]
DealName = Annotated[
    str, typer.Option("--deal", help="Name of a document in conf/deals.", autocompletion=completion.deals)
]
Receivable = Annotated[str, typer.Argument(help="Receivable id.", autocompletion=completion.receivables)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would run and why, and run nothing.")]


@dataclass(frozen=True, slots=True)
class Common:
    """The options that every command takes, as given."""

    home: Path | None
    conf: Path | None
    env: str
    overrides: tuple[str, ...]
    engine: str
    json: bool
    master: str = ""

    def settings(self) -> "Settings":
        """Load the merged settings, with the engine that the command line names.

        Raises:
            ConfigurationError: A master is named for the engine in this process, or a setting is wrong.
        """
        from runtime.settings import conf_folder, is_submitted, load_settings

        if self.master and self.engine == "sail":
            raise ConfigurationError(
                f"--master {self.master} --engine sail",
                "a master of Apache Spark, or Sail without one",
                "--engine spark",
            )
        engine = self.engine or ("spark" if self.master or is_submitted() else "")
        chosen = [f"engine.name={engine}"] if engine else []
        master = [f'engine.master="{self.master}"'] if self.master else []
        return load_settings(conf_folder(self.conf), self.env, [*self.overrides, *chosen, *master])

    def workspace(self) -> "Workspace":
        """Open the workspace; a person who stands in the wrong folder is told that it is a new one."""
        from runtime.settings import workspace
        from runtime.workspace import Workspace

        home, settings = workspace(self.home), self.settings()
        if not home.exists():
            say(f"The workspace {home} is new and empty; another one is named by --home, or by POOLWRIGHT_HOME")
        return Workspace(home, settings, say)

    def answer(self, result: object, table: Callable[["Console"], None]) -> None:
        """Give a command's result on standard output: as JSON for machines, else as a table for people."""
        if self.json:
            sys.stdout.write(json.dumps(result, default=plain, ensure_ascii=False) + "\n")
        else:
            here = console(error=False)
            table(here if sys.stdout.isatty() else console(error=False, width=max(PIPED_WIDTH, here.width)))


SHARED: Mapping[str, tuple[Any, object]] = {
    "home": (Home, None),
    "conf": (Conf, None),
    "env": (Env, ""),
    "overrides": (Set, None),
    "engine": (Engine, ""),
    "master": (Master, ""),
    "json_": (Json, False),
    "log_json": (LogJson, False),
    "no_color": (NoColor, False),
}


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command function `(common, ...)` the options that all commands share."""
    return offered(function, SHARED, function)


def offered(
    function: Callable[..., None], shared: Mapping[str, tuple[Any, object]], called: Callable[..., None]
) -> Callable[..., None]:
    """Give the function that typer offers: the options of a command and the shared ones behind them."""
    signature = inspect.signature(function, eval_str=True)

    @functools.wraps(function)
    def wrapper(**given: Any) -> None:  # noqa: ANN401 - typer hands over what the signature names
        taken = {name: given.pop(name) for name in shared}
        speak(function.__name__, log_json=taken.pop("log_json"), no_color=taken.pop("no_color"))
        wait = taken.pop("wait", None)
        waits = () if wait is None else (f"operations.wait_seconds={wait}",)
        overrides = (*(taken.pop("overrides") or ()), *waits)
        called(Common(json=taken.pop("json_"), overrides=overrides, **taken), **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [item.replace(kind=keyword) for name, item in signature.parameters.items() if name != "common"]
    added = [
        inspect.Parameter(name, keyword, annotation=kind, default=default) for name, (kind, default) in shared.items()
    ]
    wrapper.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {item.name: item.annotation for item in (*own, *added)}
    return wrapper


def say(text: str, **facts: Any) -> None:  # noqa: ANN401 - what a log line carries beside words
    """Tell the person at the terminal something, on standard error; a line stays a line, also in a log file.

    Args:
        text: What to say, with rich's markup.
        facts: What a line of the JSON log carries beside the words: run, stage, seconds, rows, level.
    """
    tell(text, **facts)


def next_step(line: str) -> None:
    """Say which command comes next."""
    from rich.markup import escape

    say(f"[dim]Next:[/] {escape(line)}")


def day(text: str, option: str = "--as-of") -> date:
    """Read a day from the command line.

    Raises:
        ConfigurationError: It is not a day written as YYYY-MM-DD.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{option} {text}", "a day written as YYYY-MM-DD", f"{option} 2025-09-01") from error


def written(path: Path, content: bytes, option: str = "--out") -> Path:
    """Write a file whole or not at all; give where it is.

    Raises:
        ConfigurationError: It cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{option} {path}: {error.strerror}", "a file that can be written", option) from error
    return path


def plain(value: object) -> object:
    """Turn a value that JSON does not know into one that it does."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def rows(
    title: str, names: Sequence[str], lines: Iterable[Sequence[object]], **columns: str
) -> Callable[["Console"], None]:
    """Lay out rows as a table, or say that there are none; numbers stand right.

    Args:
        title: What the table shows; it stands above the table in one line.
        names: The columns; underscores are shown as spaces.
        lines: The rows.
        columns: Justification of a column, where it is another.
    """

    def show(console: "Console") -> None:
        from rich.table import Table
        from rich.text import Text

        held = [list(line) for line in lines]
        console.print(Text(title if held else f"{title}: none", style="italic"), soft_wrap=True)
        table = Table(header_style="bold", box=None, pad_edge=False, show_header=any(name.strip() for name in names))
        for place, name in enumerate(names):
            numeric = all(isinstance(line[place], int | float) or line[place] is None for line in held)
            justify = columns.get(name, "right" if numeric and held else "left")
            table.add_column(name.replace("_", " "), justify=justify, overflow="fold")  # type: ignore[arg-type]
        for line in held:
            table.add_row(*(cell(value) for value in line))
        if held:
            console.print(table)

    return show


def cell(value: object) -> str:
    """Write one value as a person reads it: thousands apart, four decimals at most, a dash for none.

    >>> cell(1234567), cell(0.123456), cell(None), cell(True)
    ('1,234,567', '0.1235', '-', 'yes')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4f}" if isinstance(value, float) else str(value)


def pairs(title: str, values: Mapping[str, object]) -> Callable[["Console"], None]:
    """Lay out names and values as a two-column table."""
    return rows(title, ["", " "], list(values.items()))
