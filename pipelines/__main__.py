"""The command line `poolwright`: data on standard output, progress on standard error.

Exit code 0: done. 1: a check, a limit or the ledger said no. 2: wrong use or a broken promise.
"""

import sys

import typer

from pipelines import (
    command_data,
    command_features,
    command_ledger,
    command_model,
    command_monitor,
    command_pool,
    command_proposals,
    command_purchase,
    command_study,
    command_workspace,
)
from pipelines.common import say
from schemas.errors import ConfigurationError, PoolwrightError

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
    command_features,
    command_study,
    command_model,
    command_monitor,
    command_pool,
    command_proposals,
    command_purchase,
    command_ledger,
    command_workspace,
):
    part.register(app)


def main() -> None:
    """Run a command; a broken promise becomes three plain sentences and an exit code."""
    try:
        app()
    except PoolwrightError as error:
        from rich.markup import escape

        say(f"[bold red]{type(error).__name__}[/]\n{escape(str(error))}")
        sys.exit(error.exit_code)
    except OSError as error:
        from rich.markup import escape

        told = ConfigurationError(
            str(error), "a file or folder that can be used", "that place, or the option naming it"
        )
        say(f"[bold red]{type(error).__name__}[/]\n{escape(str(told))}")
        sys.exit(told.exit_code)


if __name__ == "__main__":
    main()
