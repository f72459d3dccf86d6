"""How the sweep is compiled: once for a machine, and anew whenever any of its sources says something else.

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
HERE = Path(__file__).resolve().parent


def _place() -> Path:
    """Give the folder for what was compiled of just these sources."""
    found = sorted((each for each in files("features").iterdir() if each.name.startswith("sweep_")), key=_name)
    sources = b"".join(each.read_bytes() for each in found if each.name.endswith(".py"))
    return _writable() / f"sweep-{hashlib.sha256(sources).hexdigest()[:16]}"


def _name(each: Traversable) -> str:
    return each.name


def _writable() -> Path:
    """Give a folder that only this user, or whom the installation belongs to, writes: what is kept there is run."""
    if config.CACHE_DIR:
        return Path(config.CACHE_DIR)
    if os.access(HERE, os.W_OK):
        return HERE / "__pycache__"
    own = Path(tempfile.gettempdir()) / f"poolwright-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    told = own.lstat()
    is_own = own.is_dir() and not own.is_symlink() and told.st_uid == os.getuid() and not told.st_mode & 0o077
    return own if is_own else Path(tempfile.mkdtemp(prefix="poolwright-"))


PLACE = _place()
IS_KEPT = HERE.is_dir()


def compiled(function: Function) -> Function:
    """Compile a function without Python's lock, and keep it for later processes."""
    return _kept(function, is_inlined=False)


def inlined(function: Function) -> Function:
    """Compile a function into each that calls it."""
    return _kept(function, is_inlined=True)


def _kept(function: Function, *, is_inlined: bool) -> Function:
    before = config.CACHE_DIR
    config.CACHE_DIR = str(PLACE)
    try:
        return cast("Function", njit(nogil=True, cache=IS_KEPT, forceinline=is_inlined)(function))
    finally:
        config.CACHE_DIR = before
