"""Whom unattended work tells: a failure, with what was found and how to mend it, and the alarms of monitoring."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipelines.common import Common, say
from pipelines.voice import VOICE
from runtime import clock
from runtime.notify import Notice, send
from runtime.operations import OperationsSettings
from runtime.settings import Environment, Settings, workspace
from schemas.errors import PoolwrightError

STOP = "stop"


@contextmanager
def telling_failures(common: Common, options: Mapping[str, str]) -> Iterator[None]:
    """Tell whom the settings name when the work inside fails, and let it fail.

    Wrong settings are told nobody: they are what says whom.
    """
    settings = common.settings()
    try:
        yield
    except Exception as error:
        import typer

        if not isinstance(error, typer.Exit):
            _post(_failure(error, {**_place(common), "options": dict(options)}), settings)
        raise


def tell_alarms(common: Common, as_of: str, alarms: Sequence[Mapping[str, Any]]) -> None:
    """Tell whom the settings name of the alarms that they ask for."""
    settings = common.settings()
    wanted = settings.section("operations", OperationsSettings).notify.alarms
    told = [one for one in alarms if wanted == "look" or (wanted == STOP and one["severity"] == STOP)]
    if not told:
        return
    lines = "\n".join(f"{one['severity']}: {one['code']} {one['subject']}: {one['found']}" for one in told)
    facts = {**_place(common), "as_of": as_of, "alarms": [dict(one) for one in told]}
    _post(Notice("alarm", f"{len(told)} alarms of monitoring as of {as_of}", lines, facts), settings)


def _failure(error: Exception, facts: Mapping[str, object]) -> Notice:
    title = f"{VOICE.command} failed: {type(error).__name__}"
    parts: dict[str, object] = {"error": type(error).__name__}
    if isinstance(error, PoolwrightError):
        parts |= {"found": error.found, "promised": error.promised, "mend": error.mend, "exit_code": error.exit_code}
    return Notice("failure", title, str(error) or type(error).__name__, {**facts, **parts})


def _place(common: Common) -> dict[str, object]:
    return {
        "command": VOICE.command,
        "host": socket.gethostname(),
        "workspace": str(workspace(common.home)),
        "at": clock.now().isoformat(),
    }


def _post(notice: Notice, settings: Settings) -> None:
    for problem in send(notice, settings.section("operations", OperationsSettings).notify, Environment()):
        say(f"[yellow]{problem}[/]", level="warning")
