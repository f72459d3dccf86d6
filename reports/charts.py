"""Pictures as plain marks: what to draw and where, in units of the picture's own grid; templates turn them into SVG."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from math import floor, log10

from reports import words
from reports.contents import LimitLine
from reports.evidence import Agreement, DefaultProbabilities
from reports.findings import agrees, limit_use

WIDTH = 500.0
HEIGHT = 270.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 18.0, 48.0, 44.0
LOWEST_TOP = 0.001
GAUGE_LENGTH = 120.0
GAUGE_BOUND = 100.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One SVG element: its name, its style class, where it stands, and its text."""

    element: str
    kind: str
    place: dict[str, float]
    text: str = ""


def mark(element: str, kind: str, text: str = "", **place: float) -> Mark:
    """Make a mark; places are rounded so that equal pictures have equal texts."""
    return Mark(element, kind, {name: round(value, 2) for name, value in place.items()}, text)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with the words that stand for it where it cannot be seen."""

    title: str
    description: str
    marks: tuple[Mark, ...]
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot area: `count` equal slots from left to right, and a scale from 0 to `top` upwards."""

    count: int
    top: float
    step: float
    slot: float = field(init=False)

    def __post_init__(self) -> None:
        """Divide the width among the slots."""
        object.__setattr__(self, "slot", (WIDTH - LEFT - RIGHT) / max(self.count, 1))

    def x(self, position: float) -> float:
        """Place a position measured in slots."""
        return round(LEFT + position * self.slot, 2)

    def y(self, value: float) -> float:
        """Place a value; what lies above the scale is drawn at its top."""
        return round(HEIGHT - BOTTOM - min(value / self.top, 1.0) * (HEIGHT - TOP - BOTTOM), 2)


def nice_step(top: float) -> float:
    """Give a round distance between grid lines, so that three to six of them reach the top.

    >>> nice_step(0.23), nice_step(41)
    (0.05, 10.0)
    """
    rough = top / 4
    scale = 10.0 ** floor(log10(rough))
    return float(next(step * scale for step in (1, 2, 2.5, 5, 10) if step * scale >= rough * 0.85))


def frame_for(count: int, highest: float) -> Frame:
    """Give a plot area whose scale ends on a grid line at or above the highest value."""
    highest = max(highest, LOWEST_TOP)
    step = nice_step(highest)
    lines = max(1, -int(-(highest - step * 1e-9) // step))
    return Frame(count, lines * step, step)


def grid_marks(frame: Frame, write: Callable[[float], str] | None = None) -> list[Mark]:
    """Draw the lines of the scale with their values, as percentages where nothing else is said."""
    digits = _percent_digits([frame.step])
    marks = []
    for line in range(round(frame.top / frame.step) + 1):
        y = frame.y(line * frame.step)
        value = line * frame.step
        label = write(value) if write else f"{value * 100:.{digits}f}{words.SPACE}%"
        marks.append(mark("line", "grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        marks.append(mark("text", "tick end", label, x=LEFT - 6, y=y + 4))
    return marks


def _percent_digits(fractions: list[float]) -> int:
    """Give how many digits tell these fractions apart from rounded ones when written as percentages."""
    exact = (d for d in range(4) if all(abs(f * 100 - round(f * 100, d)) < 1e-9 for f in fractions))
    return next(exact, 4)


def _column(frame: Frame, left: float, width: float, value: float, kind: str) -> Mark:
    top = frame.y(value)
    return mark("rect", kind, x=frame.x(left), y=top, width=width * frame.slot, height=HEIGHT - BOTTOM - top)


def tick_mark(frame: Frame, slot: float, text: str) -> Mark:
    """Name a place under the plot area."""
    return mark("text", "tick middle", text, x=frame.x(slot), y=HEIGHT - BOTTOM + 16)


def caption_mark(text: str) -> Mark:
    """Say what lies along the plot area."""
    return mark("text", "axis middle", text, x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 6)


def key_marks(entries: tuple[tuple[str, str], ...]) -> list[Mark]:
    """Say above the picture what each kind of mark stands for."""
    marks, x = [], LEFT
    for kind, text in entries:
        if kind == "dot":
            marks.append(mark("circle", kind, cx=x + 5, cy=10, r=4))
        else:
            marks.append(mark("rect", kind, x=x, y=5, width=10, height=10))
        marks.append(mark("text", "key", text, x=x + 15, y=14))
        x += 34 + 6.4 * len(text)
    return marks


def probability_picture(probabilities: DefaultProbabilities, title: str) -> Picture:
    """Draw how principal spreads over default probabilities, eligible beside batch, with both means."""
    bins = probabilities.bins
    eligible = _shares([one.eligible for one in bins])
    batch = _shares([one.batch for one in bins])
    frame = frame_for(len(bins), max([*eligible, *batch, 0.0]))
    marks = [*key_marks((("eligible", "eligible"), ("batch", "batch"))), *grid_marks(frame)]
    for slot, (theirs, ours) in enumerate(zip(eligible, batch, strict=True)):
        marks += [
            _column(frame, slot + 0.08, 0.42, theirs, "eligible"),
            _column(frame, slot + 0.5, 0.42, ours, "batch"),
        ]
    edges = [one.lower for one in bins] + [bins[-1].upper] if bins else []
    digits = _percent_digits(edges)
    for slot, edge in enumerate(edges):
        marks.append(tick_mark(frame, slot, f"{edge * 100:.{digits}f}"))
    marks += _means(frame, probabilities, edges)
    return Picture(title, f"{title}. {_means_said(probabilities)}", (*marks, caption_mark("default probability, %")))


def _shares(amounts: list[Decimal]) -> list[float]:
    whole = sum(amounts, Decimal(0))
    return [words.share(amount, whole) or 0.0 for amount in amounts]


def _means_said(probabilities: DefaultProbabilities) -> str:
    eligible, batch = words.percent(probabilities.eligible_mean, 2), words.percent(probabilities.batch_mean, 2)
    return (
        f"Columns show shares of principal by default probability; weighted means: eligible {eligible}, batch {batch}."
    )


def _means(frame: Frame, probabilities: DefaultProbabilities, edges: list[float]) -> list[Mark]:
    """Mark the means; the smaller one's note stands above the other's line, so that the two never cross."""
    means = ((probabilities.eligible_mean, "eligible"), (probabilities.batch_mean, "batch"))
    measured = sorted((mean, name) for mean, name in means if mean is not None and edges)
    marks = []
    for row, (mean, name) in enumerate(measured):
        x, top = frame.x(_slot_of(edges, mean)), TOP - 20 + row * 13
        side, shift = ("end", -5) if x > WIDTH * 0.75 else ("", 5)
        said = f"{name} mean {words.percent(mean, 2)}"
        marks.append(mark("line", f"mean {name}-line", x1=x, x2=x, y1=top - 7, y2=HEIGHT - BOTTOM))
        marks.append(mark("text", f"note {name}-note {side}".rstrip(), said, x=x + shift, y=top + 2))
    return marks


def _slot_of(edges: list[float], value: float) -> float:
    """Place a value between the edges of uneven bins, in slots."""
    inside = min(max(value, edges[0]), edges[-1])
    slot = min(bisect_right(edges, inside) - 1, len(edges) - 2)
    lower, upper = list(pairwise(edges))[slot]
    return slot + (inside - lower) / (upper - lower)


def agreement_picture(rows: tuple[Agreement, ...], title: str, axis: str) -> Picture:
    """Draw predicted default as columns and observed default as dots with their intervals."""
    seen = [
        value for row in rows for value in (row.predicted, row.observed.value, row.observed.high) if value is not None
    ]
    frame = frame_for(len(rows), max([*seen, 0.0]))
    marks = [*key_marks((("predicted", "predicted"), ("dot", "observed, 95 % interval"))), *grid_marks(frame)]
    for slot, row in enumerate(rows):
        marks.append(_column(frame, slot + 0.18, 0.64, row.predicted, "predicted"))
        marks += _observation(frame, slot + 0.5, row)
        marks.append(tick_mark(frame, slot + 0.5, row.label))
    said = f"{title}. Columns show predicted default rates, dots what was observed, by {axis}."
    return Picture(title, said, (*marks, caption_mark(axis)))


def _observation(frame: Frame, position: float, row: Agreement) -> list[Mark]:
    observed = row.observed
    if observed.value is None:
        return []
    kind = "" if agrees(row.predicted, observed.low, observed.high) else " off"
    x = frame.x(position)
    marks = []
    if observed.low is not None and observed.high is not None:
        marks.append(mark("line", f"whisker{kind}", x1=x, x2=x, y1=frame.y(observed.low), y2=frame.y(observed.high)))
    return [*marks, mark("circle", f"dot{kind}", cx=x, cy=frame.y(observed.value), r=4)]


def gauge_length(limit: LimitLine) -> float:
    """Give how far the bar of a limit reaches where its bound stands at 100; beyond the bar's end it is cut."""
    return round(min((limit_use(limit) or 0.0) * GAUGE_BOUND, GAUGE_LENGTH), 2)
