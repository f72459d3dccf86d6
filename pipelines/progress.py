"""Progress of long work, on standard error: a bar on a terminal, plain lines in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pipelines.common import say
from runtime.stage import Outcome


@contextmanager
def bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """Show a bar that the work moves by calling `move(what, share done)`."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=1.0)

        def move(what: str, share: float) -> None:
            progress.update(task, description=f"{title}: {what}", completed=share)

        yield move


def told(outcome: Outcome, place: str = "") -> Outcome:
    """Tell how a stage went, and pass it on."""
    manifest = outcome.manifest
    subject = " ".join(manifest.subject.values())
    written = ", ".join(f"{name} {output['rows']:,}" for name, output in manifest.outputs.items())
    end = f"{written} rows in {outcome.seconds:.1f} s" if outcome.fresh else "stands already; nothing to do"
    say(f"{place}[bold]{manifest.stage}[/] {subject}: {end}")
    return outcome
