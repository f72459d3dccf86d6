"""How the command line speaks: lines for people, or one JSON object a line for machines; colours can be turned off."""

import json
import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(slots=True)
class Voice:
    """The way in which this process speaks; the options of the command line set it.

    Args:
        command: What is being run, as it stands in a log line.
        is_json: Whether standard error carries one JSON object a line.
        is_plain: Whether nothing is coloured, on a terminal neither.
        live: Where a bar is being drawn: lines go through it, so that they stand above the bar.
    """

    command: str = ""
    is_json: bool = False
    is_plain: bool = False
    live: "Console | None" = None


VOICE = Voice()


def speak(command: str, *, log_json: bool, no_color: bool) -> None:
    """Set the way in which this process speaks from here on; `NO_COLOR` in the environment is heeded too."""
    VOICE.command, VOICE.is_json = command, log_json
    VOICE.is_plain = no_color or bool(os.environ.get("NO_COLOR"))
    if log_json:
        logging.captureWarnings(capture=True)
        logging.getLogger().handlers[:] = [_Lines()]


def console(*, error: bool, width: int | None = None) -> "Console":
    """Give the terminal's own console, without colours where they were turned off."""
    from rich.console import Console

    return Console(
        stderr=error, highlight=False, width=width, color_system=None if VOICE.is_plain or VOICE.is_json else "auto"
    )


def tell(text: str, level: str = "info", **facts: Any) -> None:  # noqa: ANN401 - what a log line carries beside words
    """Say a line on standard error: marked-up text for people, or the text and its facts as JSON for machines."""
    if VOICE.is_json:
        from rich.text import Text

        _write(Text.from_markup(text).plain, level, facts)
    else:
        (VOICE.live or console(error=True)).print(text, soft_wrap=True)


def _write(message: str, level: str, facts: dict[str, Any]) -> None:
    from runtime import clock

    line = {"at": clock.now().isoformat(), "level": level, "command": VOICE.command, "message": message, **facts}
    sys.stderr.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
    sys.stderr.flush()


class _Lines(logging.Handler):
    """What libraries have to say, as lines of the same log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        if record.levelno >= logging.WARNING:
            _write(record.getMessage(), record.levelname.lower(), {"logger": record.name})
