"""Commands that schedulers start: they can wait for another run's end, and people are told when they fail."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from pipelines.common import SHARED, Common, offered

Wait = Annotated[
    float | None,
    typer.Option("--wait", min=0, help="Wait so many seconds for another run's end [operations.wait_seconds, 0]."),
]


def scheduled(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command that schedulers start: it can wait for another run's end, and people are told when it fails."""

    def watched(common: Common, **given: object) -> None:
        from pipelines.hooks import telling_failures

        with telling_failures(common, _shown(given)):
            function(common, **given)

    return offered(function, {**SHARED, "wait": (Wait, None)}, watched)


def _shown(given: Mapping[str, object]) -> dict[str, str]:
    """Give the options that a command was started with as text, without those that were left out."""
    return {name: str(value) for name, value in given.items() if value not in {None, "", False}}
