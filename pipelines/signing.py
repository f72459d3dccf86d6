"""Who acts: the name from the command line, the secret from the environment or the keyboard."""

import typer
from pydantic import SecretStr

from pool.people import Credentials
from pool.store import LedgerStore
from runtime.workspace import Workspace


def credentials(workspace: Workspace, name: str) -> Credentials:
    """Give the person's name with the secret of `POOLWRIGHT_SECRET`, or ask for it without showing it."""
    return _with_secret(name, workspace.environment.secret)


def new_credentials(workspace: Workspace, name: str) -> Credentials:
    """Give the name of who is enrolled with the secret of `POOLWRIGHT_SECRET`, or ask for it twice."""
    return _with_secret(name, workspace.environment.secret, is_new=True)


def admin_credentials(workspace: Workspace, name: str) -> Credentials:
    """Give the administrator's name with the secret of `POOLWRIGHT_ADMIN_SECRET`, or ask for it without showing it."""
    return _with_secret(name, workspace.environment.admin_secret)


def _with_secret(name: str, given: SecretStr | None, *, is_new: bool = False) -> Credentials:
    if given:
        return Credentials(name, given.get_secret_value())
    asked = typer.prompt(f"Secret of {name}", hide_input=True, err=True, confirmation_prompt=is_new)
    return Credentials(name, str(asked))


def ledger(workspace: Workspace) -> LedgerStore:
    """Open the pledge ledger of a workspace."""
    return LedgerStore(workspace.ledger_url)
