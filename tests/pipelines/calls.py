"""The command line called in this process."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.pipelines.chain import SMALL, Chain


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Call = Callable[..., Answer]


def on(chain: Chain) -> tuple[str, ...]:
    """Give the options that name a chain's workspace, configuration and settings."""
    settings = [word for one in SMALL for word in ("--set", one)]
    return ("--home", str(chain.space.home), "--conf", str(chain.space.settings.folder), *settings)
