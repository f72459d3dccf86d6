"""Who acts: the name from the command line, the secret from the environment or the keyboard."""

import typer

from pool.people import Credentials
from pool.store import LedgerStore
from runtime.workspace import Workspace


def credentials(workspace: Workspace, name: str) -> Credentials:
    """Give the person's name with the secret of `POOLWRIGHT_SECRET`, or ask for it without showing it."""
    given = workspace.environment.secret
    secret = given.get_secret_value() if given else typer.prompt(f"Secret of {name}", hide_input=True, err=True)
    return Credentials(name, str(secret))


def ledger(workspace: Workspace) -> LedgerStore:
    """Open the pledge ledger of a workspace."""
    return LedgerStore(workspace.ledger_url)
