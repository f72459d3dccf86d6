"""Progress of long work, on standard error: a bar on a terminal, plain lines in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pipelines.common import say
from pipelines.voice import VOICE, console
from runtime import clock
from runtime.stage import Outcome


@contextmanager
def bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """Show a bar with the time left, that the work moves by calling `move(what, share done)`."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    drawn = console(error=True)
    with Progress(*columns, console=drawn, transient=True, disable=VOICE.is_json) as progress:
        task = progress.add_task(title, total=1.0)

        def move(what: str, share: float) -> None:
            progress.update(task, description=f"{title}: {what}", completed=share)

        before, VOICE.live = VOICE.live, drawn
        try:
            yield move
        finally:
            VOICE.live = before


class Pace:
    """How long the rest of equal pieces of work will take, by how long those before took: for lines in a log."""

    def __init__(self, total: int, unit: str) -> None:
        """Start the watch."""
        self._total, self._unit, self._done, self._started = total, unit, 0, clock.stopwatch()

    def step(self, name: str) -> None:
        """Tell that one more piece is done, and about how long the others will take."""
        self._done += 1
        left = self._total - self._done
        spent = clock.stopwatch() - self._started
        rest = f", about {duration(spent / self._done * left)} left" if left else f" in {duration(spent)}"
        facts = {"done": self._done, "total": self._total}
        say(f"[dim]{self._done}/{self._total} {self._unit}[/] {name} done{rest}", **facts)


def duration(seconds: float) -> str:
    """Write a length of time as people say it.

    >>> duration(42.4), duration(250), duration(7500)
    ('42 s', '4 min 10 s', '2 h 5 min')
    """
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def told(outcome: Outcome, place: str = "") -> Outcome:
    """Tell how a stage went, and pass it on."""
    manifest = outcome.manifest
    subject = " ".join(manifest.subject.values())
    written = ", ".join(f"{name} {output['rows']:,}" for name, output in manifest.outputs.items())
    end = f"{written} rows in {outcome.seconds:.1f} s" if outcome.fresh else "stands already; nothing to do"
    say(
        f"{place}[bold]{manifest.stage}[/] {subject}: {end}",
        run=manifest.run,
        stage=manifest.stage,
        subject=manifest.subject,
        fresh=outcome.fresh,
        seconds=round(outcome.seconds, 3),
        rows={name: output["rows"] for name, output in manifest.outputs.items()},
    )
    return outcome
