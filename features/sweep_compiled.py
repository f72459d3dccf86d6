"""How the sweep is compiled: all of its modules count as one source."""

from schemas.compiled import Compiler

COMPILER = Compiler("features", "sweep_")
IS_KEPT = COMPILER.is_kept
compiled = COMPILER.compiled
inlined = COMPILER.inlined
