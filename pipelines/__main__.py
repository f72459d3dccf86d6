"""The command line `poolwright`: data on standard output, progress on standard error.

Exit code 0: done. 1: a check, a limit or the ledger said no. 2: wrong use or a broken promise. 3: try again later:
another run holds the workspace, or an engine or database was lost. 4: a defect of ours. 130 and 143: told to end.
"""

import signal
import sys
from importlib.metadata import entry_points

import typer

from pipelines import (
    command_after,
    command_clauses,
    command_data,
    command_deals,
    command_evidence,
    command_features,
    command_ledger,
    command_model,
    command_monitor,
    command_pool,
    command_proposals,
    command_purchase,
    command_report,
    command_run,
    command_study,
    command_workspace,
)
from pipelines.common import say
from pipelines.examples import show_examples
from schemas.errors import ConfigurationError, PoolwrightError

LATER, DEFECT, ENDED = 3, 4, 143
ABOVE = "poolwright.commands"
"""Entry points by which floors above this one, such as the workbench, hang in commands of their own."""
app = typer.Typer(
    name="poolwright",
    help="Turn a lending platform's logs into receivables that a securitization pool may buy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (
    command_data,
    command_deals,
    command_features,
    command_study,
    command_model,
    command_monitor,
    command_run,
    command_pool,
    command_clauses,
    command_proposals,
    command_purchase,
    command_evidence,
    command_report,
    command_ledger,
    command_after,
    command_workspace,
):
    part.register(app)
for entry in entry_points(group=ABOVE):
    entry.load()(app)
show_examples(app)


def main() -> None:
    """Run a command; a broken promise becomes three plain sentences and an exit code."""
    signal.signal(signal.SIGTERM, _ended)
    try:
        app()
    except PoolwrightError as error:
        sys.exit(_refused(error))
    except OSError as error:
        sys.exit(_unforeseen(error) if _is_passing(error) else _refused(_in_words(error)))
    except Exception as error:  # noqa: BLE001 - the edge: what nobody foresaw is told in full, with a code of its own
        sys.exit(_unforeseen(error))


def _ended(_number: int, _frame: object) -> None:
    """Let a run that is told to end put its things away."""
    sys.exit(ENDED)


def _in_words(error: OSError) -> ConfigurationError:
    return ConfigurationError(str(error), "a file or folder that can be used", "that place, or the option naming it")


def _is_passing(error: Exception) -> bool:
    """Tell whether a failure may be gone when the command is run again later."""
    from runtime.passing import is_passing as passes

    return passes(error)


def _refused(error: PoolwrightError) -> int:
    from rich.markup import escape

    code = error.exit_code
    facts = {"found": error.found, "promised": error.promised, "mend": error.mend, "exit_code": code}
    say(
        f"[bold red]{type(error).__name__}[/]\n{escape(str(error))}", level="error", error=type(error).__name__, **facts
    )
    return code


def _unforeseen(error: Exception) -> int:
    """Tell an error that is no broken promise with its traceback, and whether it may pass."""
    import traceback

    from rich.markup import escape

    code = LATER if _is_passing(error) else DEFECT
    told = "This may pass: run the command again" if code == LATER else "This is a defect of Poolwright: report it"
    trace = "".join(traceback.format_exception(error))
    say(f"{escape(trace)}\n[bold red]{told}[/]", level="error", error=type(error).__name__, exit_code=code)
    return code


if __name__ == "__main__":
    main()
