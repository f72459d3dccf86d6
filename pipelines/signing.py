"""Who acts: the name from the command line, the secret from the environment or the keyboard."""

import typer
from pydantic import SecretStr

from models.versions import Trainer
from pool.people import Credentials, Role
from pool.store import LedgerStore
from runtime.settings import machine_user
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


def signed(workspace: Workspace, name: str, roles: frozenset[Role]) -> str:
    """Give the name of a person who proved with their secret who they are, and has one of the roles.

    Raises:
        AccessError: Unknown name, wrong secret, or none of the roles.
    """
    with ledger(workspace) as store:
        return store.authenticated(credentials(workspace, name), roles).name


def trainer(workspace: Workspace, name: str) -> Trainer:
    """Give who answers for a training: the person who signs, or the machine's user, whom nobody vouches for."""
    if not name:
        return Trainer(machine_user(), is_signed=False)
    return Trainer(signed(workspace, name, frozenset(Role)), is_signed=True)


def ledger(workspace: Workspace) -> LedgerStore:
    """Open the pledge ledger of a workspace; close it, or use it for the length of a block."""
    return LedgerStore(workspace.ledger_url)
