"""How the sweep is compiled: once for a machine, and anew whenever any of its sources says something else.

Numba keeps what it compiled beside the function's own file, and asks only that file whether it is still right; but a
compiled function holds the functions of other files that it calls. So what is kept bears the digest of them all.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., object])
config: Any = numba_config
HERE = Path(__file__).resolve().parent


def _place() -> Path:
    """Give the folder for what was compiled of just these sources."""
    sources = b"".join(path.read_bytes() for path in sorted(HERE.glob("sweep_*.py")))
    return Path(config.CACHE_DIR or HERE / "__pycache__") / f"sweep-{hashlib.sha256(sources).hexdigest()[:16]}"


PLACE = _place()


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
        return cast("Function", njit(nogil=True, cache=True, forceinline=is_inlined)(function))
    finally:
        config.CACHE_DIR = before
