"""Who is signed in: sessions that live in this process alone, each under a random id that says nothing."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock

from runtime.clock import stopwatch

IDLE_SECONDS = 30 * 60
"""A session that nobody used for so long is over."""
LONGEST_SECONDS = 10 * 60 * 60
"""No session lasts longer, used or not."""
ID_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in; moments are seconds on a clock that only runs forward."""

    name: str
    begun_at: float
    used_at: float


class Sessions:
    """The sessions of a running workbench; all are over when it stops."""

    def __init__(self, clock: Callable[[], float] = stopwatch) -> None:
        """Begin with nobody signed in, and a key that no other process has."""
        self._clock = clock
        self._key = secrets.token_bytes(ID_BYTES)
        self._open: dict[str, Session] = {}
        self._lock = Lock()

    def begin(self, name: str) -> str:
        """Let a person in; give the id of their session."""
        session_id = fresh_id()
        moment = self._clock()
        with self._lock:
            self._open = {one: told for one, told in self._open.items() if self._lasts(told, moment)}
            self._open[session_id] = Session(name, moment, moment)
        return session_id

    def of(self, session_id: str) -> Session | None:
        """Give the session of an id and note that it was used; None where there is none, or it is over."""
        moment = self._clock()
        with self._lock:
            known = self._open.get(session_id)
            if known is None or not self._lasts(known, moment):
                self._open.pop(session_id, None)
                return None
            self._open[session_id] = replace(known, used_at=moment)
            return known

    def end(self, session_id: str) -> None:
        """Sign a person out."""
        with self._lock:
            self._open.pop(session_id, None)

    def token(self, visit_id: str) -> str:
        """Give the token that forms of a session, or of a visit before signing in, carry: no other page can know it."""
        return hmac.new(self._key, visit_id.encode(), sha256).hexdigest()

    def is_ours(self, visit_id: str, token: str) -> bool:
        """Tell whether a form carries the token of its session or visit."""
        return bool(visit_id) and hmac.compare_digest(self.token(visit_id).encode(), token.encode())

    @staticmethod
    def _lasts(session: Session, moment: float) -> bool:
        return moment - session.used_at < IDLE_SECONDS and moment - session.begun_at < LONGEST_SECONDS


def fresh_id() -> str:
    """Give an id that nobody can guess."""
    return secrets.token_urlsafe(ID_BYTES)
