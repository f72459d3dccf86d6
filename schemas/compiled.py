"""How numeric loops are compiled: once for a machine, and anew whenever any of their sources says something else.

Numba keeps what it compiled beside the function's own file, and asks only that file whether it is still right; but a
compiled function holds the functions of other files that it calls. So what is kept bears the digest of them all.
Where nothing can be written beside the sources (a container's image), it is kept in a folder of the user's own among
temporary files, or where NUMBA_CACHE_DIR says. Sources inside a zip are compiled anew by each process.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., object])
config: Any = numba_config


class Compiler:
    """Compiles the functions of those modules of a package whose names begin alike."""

    def __init__(self, package: str, start: str) -> None:
        """Find the modules, and where what is compiled of just these is kept."""
        found = sorted((each for each in files(package).iterdir() if each.name.startswith(start)), key=_name)
        sources = b"".join(each.read_bytes() for each in found if each.name.endswith(".py"))
        home = Path(str(files(package)))
        self.is_kept = home.is_dir()
        self.place = _writable(home) / f"{start.rstrip('_')}-{hashlib.sha256(sources).hexdigest()[:16]}"

    def compiled(self, function: Function) -> Function:
        """Compile a function without Python's lock, and keep it for later processes."""
        return self._kept(function, is_inlined=False)

    def inlined(self, function: Function) -> Function:
        """Compile a function into each that calls it."""
        return self._kept(function, is_inlined=True)

    def _kept(self, function: Function, *, is_inlined: bool) -> Function:
        before = config.CACHE_DIR
        config.CACHE_DIR = str(self.place)
        try:
            return cast("Function", njit(nogil=True, cache=self.is_kept, forceinline=is_inlined)(function))
        finally:
            config.CACHE_DIR = before


def _name(each: Traversable) -> str:
    return each.name


def _writable(home: Path) -> Path:
    """Give a folder that only this user, or whom the installation belongs to, writes: what is kept there is run."""
    if config.CACHE_DIR:
        return Path(config.CACHE_DIR)
    if os.access(home, os.W_OK):
        return home / "__pycache__"
    own = Path(tempfile.gettempdir()) / f"poolwright-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    told = own.lstat()
    is_own = own.is_dir() and not own.is_symlink() and told.st_uid == os.getuid() and not told.st_mode & 0o077
    return own if is_own else Path(tempfile.mkdtemp(prefix="poolwright-"))
