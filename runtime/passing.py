"""Which failures may pass by themselves: a connection that was lost, a database or file system that was busy."""

import errno
import sqlite3
import sys
from collections.abc import Iterator

PASSING_NUMBERS = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENETDOWN,
    }
)
PASSING_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR})
LOST_ENGINE = ("UNAVAILABLE", "Connection refused", "Socket closed", "Connection reset")
"""What gRPC says where nobody answers any more."""


def is_passing(error: BaseException) -> bool:
    """Tell whether a failure, or what caused it, may be gone on the next try; data, settings and promises never are."""
    return any(_passes(one) for one in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _passes(error: BaseException) -> bool:
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, sqlite3.OperationalError):
        return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in PASSING_SQLITE
    if isinstance(error, OSError):
        return error.errno in PASSING_NUMBERS
    return _is_lost_engine(error) or _is_lost_database(error)


def _is_lost_engine(error: BaseException) -> bool:
    """Tell whether Spark Connect's server, Sail's too, or the Java process of Spark answers no more.

    What derives from Spark Connect's error is about a plan, not about the connection.
    """
    if _is_of(error, "py4j.protocol", "Py4JNetworkError"):
        return True
    told = type(error).__name__ == "SparkConnectGrpcException" or _is_of(error, "grpc", "RpcError")
    return told and any(word in str(error) for word in LOST_ENGINE)


def _is_lost_database(error: BaseException) -> bool:
    return _is_of(error, "psycopg", "OperationalError")


def _is_of(error: BaseException, module: str, name: str) -> bool:
    """Tell whether an error is of a library's class, without loading a library that is not in use."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(error, kind)
