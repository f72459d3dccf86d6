"""How often a secret may be tried: a few misses a name and an address, one guess at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from threading import Lock

from runtime.clock import stopwatch
from workbench.refusal import Refusal

MOST_MISSES = 5
SPAN_SECONDS = 5 * 60
"""So many wrong secrets in such a span, and the next is not looked at."""
MOST_NAMES = 10_000
"""So many names and addresses are remembered; the oldest miss is forgotten first."""


class Throttle:
    """The misses of late, by name and by address."""

    def __init__(self, clock: Callable[[], float] = stopwatch) -> None:
        """Begin with none."""
        self._clock = clock
        self._missed: dict[str, list[float]] = {}
        self._lock = Lock()
        self._guessing = Lock()

    @contextmanager
    def guess(self, *subjects: str) -> Iterator[None]:
        """Let one guess at a secret be made; if it raises, it counts as a miss of every subject.

        Raises:
            Refusal: 429; one of the subjects missed too often.
        """
        self._refuse(subjects)
        with self._guessing:
            self._refuse(subjects)
            try:
                yield
            except Exception:
                self._note(subjects)
                raise
        with self._lock:
            for subject in subjects:
                self._missed.pop(subject, None)

    def _recent(self, subject: str) -> list[float]:
        return [moment for moment in self._missed.get(subject, []) if self._clock() - moment < SPAN_SECONDS]

    def _refuse(self, subjects: tuple[str, ...]) -> None:
        with self._lock:
            for subject in subjects:
                recent = self._recent(subject)
                if len(recent) >= MOST_MISSES:
                    seconds = ceil(SPAN_SECONDS - (self._clock() - recent[-MOST_MISSES]))
                    raise Refusal(429, "refusal.often", seconds=max(seconds, 1))

    def _note(self, subjects: tuple[str, ...]) -> None:
        with self._lock:
            for subject in subjects:
                recent = [*self._recent(subject), self._clock()]
                self._missed.pop(subject, None)
                self._missed[subject] = recent
            while len(self._missed) > MOST_NAMES:
                self._missed.pop(next(iter(self._missed)))
