"""The master scale: from a probability to a grade, A best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.parameters import GradeBand


@dataclass(frozen=True, slots=True)
class Scale:
    """Grades from best to worst, each with the probability at which it ends, exclusive."""

    grades: tuple[str, ...]
    below: tuple[float, ...]

    @classmethod
    def of(cls, bands: Sequence[GradeBand]) -> "Scale":
        """Make the scale that the configuration declares."""
        return cls(tuple(band.grade for band in bands), tuple(band.below for band in bands))

    def grade(self, probability: NDArray[np.float64]) -> NDArray[np.object_]:
        """Give the grade of each probability; 1 itself has the worst.

        >>> Scale(("A", "B"), (0.01, 1.0)).grade(np.array([0.0099, 0.01, 1.0])).tolist()
        ['A', 'B', 'B']
        """
        place = np.searchsorted(np.array(self.below[:-1]), probability, side="right")
        return np.array(self.grades, dtype=np.object_)[place]
