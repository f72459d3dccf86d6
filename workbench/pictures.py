"""Pictures as plain geometry, for the templates to draw as SVG: every point is worked out here, no style is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from math import floor, log10
from typing import Any

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 720, 64, 16, 12, 26
HEIGHT = 220
MOST_MARKS = 7


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on an axis: where, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point that is drawn by itself, with what it says."""

    x: float
    y: float
    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, by name."""

    name: str
    path: str
    dots: tuple[Dot, ...] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """Axes and what is drawn between them."""

    across: tuple[Mark, ...]
    up: tuple[Mark, ...]
    lines: tuple[Line, ...]
    area: str = ""
    bound: float | None = None
    today: float | None = None
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def left(self) -> int:
        """Give where the vertical axis stands."""
        return LEFT

    @property
    def right(self) -> int:
        """Give where the plot ends."""
        return self.width - RIGHT

    @property
    def top(self) -> int:
        """Give where the plot begins."""
        return TOP

    @property
    def bottom(self) -> int:
        """Give where the horizontal axis stands."""
        return self.height - BOTTOM


class Scale:
    """From numbers to places along an axis."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        """Let `low` stand at `start` and `high` at `end`."""
        self._low, self._start = low, start
        self._step = (end - start) / ((high - low) or 1)

    def __call__(self, value: float) -> float:
        """Give the place of a number, to a tenth of a pixel."""
        return round(self._start + (value - self._low) * self._step, 1)


def days_axis(days: Sequence[date], width: int = WIDTH) -> tuple[Scale, tuple[Mark, ...]]:
    """Lay days out across a plot, with a few of them named."""
    first, last = min(days), max(days)
    if first == last:
        first, last = first - timedelta(days=1), last + timedelta(days=1)
    scale = Scale(first.toordinal(), last.toordinal(), LEFT + 8, width - RIGHT - 8)
    span = (last - first).days
    steps = min(MOST_MARKS - 1, span)
    named = dict.fromkeys(first + timedelta(days=round(span * number / steps)) for number in range(steps + 1))
    return scale, tuple(Mark(scale(day.toordinal()), day.isoformat()) for day in named)


def up_axis(highest: float, height: int = HEIGHT, *, as_share: bool = False) -> tuple[Scale, tuple[Mark, ...]]:
    """Lay numbers from zero up a plot, with round ones named."""
    step = round_step(highest / 4 if highest > 0 else 0.25)
    count = max(1, -int(-highest // step)) if highest > 0 else 4
    scale = Scale(0, count * step, height - BOTTOM, TOP)

    def named(value: float) -> str:
        if as_share:
            return f"{value * 100:.{max(0, -floor(log10(step * 100)))}f} %"
        return f"{value:,.{max(0, -floor(log10(step)))}f}"

    return scale, tuple(Mark(scale(number * step), named(number * step)) for number in range(count + 1))


def round_step(least: float) -> float:
    """Give the smallest of 1, 2, 5, 10 ... that is not smaller.

    >>> round_step(0.03), round_step(1.2), round_step(700)
    (0.05, 2.0, 1000.0)
    """
    power = 10.0 ** floor(log10(least))
    step = next(each for each in (1, 2, 5, 10) if each * power >= least * (1 - 1e-9))
    return float(f"{step * power:.10g}")


def schedule(instalments: Sequence[Mapping[str, Any]], payments: Sequence[Mapping[str, Any]], day: date) -> Plot | None:
    """Draw what fell due and what was paid, added up over time, and shade what was due and not paid.

    Money that is principal, interest or fee counts; penalties are not in the schedule and are left out.
    """
    due = _summed(instalments, "due_on", ("principal_due_amount", "interest_due_amount", "fee_due_amount"))
    paid = _summed(payments, "value_on", ("principal_amount", "interest_amount", "fee_amount"))
    if not due:
        return None
    begun = min((*due, *paid, day)) - timedelta(days=1)
    ended = max((*due, *paid, day))
    across, marks = days_axis([begun, ended])
    up, named = up_axis(float(max(sum(due.values()), sum(paid.values()))))
    due_steps, paid_steps = _added(due, begun, ended), _added(paid, begun, day)
    lines = (
        Line("due", _stairs(due_steps, across, up), _dots(due, due_steps, across, up)),
        Line("paid", _stairs(paid_steps, across, up), _dots(paid, paid_steps, across, up)),
    )
    area = _gap(due, paid, (begun, day), across, up)
    return Plot(marks, named, lines, area, today=across(day.toordinal()))


def _summed(rows: Sequence[Mapping[str, Any]], on: str, names: tuple[str, ...]) -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    for row in rows:
        found[row[on]] = found.get(row[on], Decimal(0)) + sum((row[name] for name in names), Decimal(0))
    return dict(sorted(found.items()))


def _added(amounts: Mapping[date, Decimal], begun: date, ended: date) -> list[tuple[date, Decimal]]:
    total, steps = Decimal(0), [(begun, Decimal(0))]
    for day, amount in amounts.items():
        total += amount
        steps.append((day, total))
    return [*steps, (max(ended, steps[-1][0]), total)]


def _stairs(steps: Sequence[tuple[date, Decimal]], across: Scale, up: Scale) -> str:
    words = []
    for place, (day, total) in enumerate(steps):
        x, y = across(day.toordinal()), up(float(total))
        words.append(f"M{x} {y}" if place == 0 else f"H{x}V{y}")
    return "".join(words)


def _dots(
    amounts: Mapping[date, Decimal], steps: Sequence[tuple[date, Decimal]], across: Scale, up: Scale
) -> tuple[Dot, ...]:
    totals = dict(steps)
    return tuple(
        Dot(across(day.toordinal()), up(float(totals[day])), f"{day}: {amount:,.2f}") for day, amount in amounts.items()
    )


def _gap(
    due: Mapping[date, Decimal], paid: Mapping[date, Decimal], span: tuple[date, date], across: Scale, up: Scale
) -> str:
    """Outline what was due before each day and not paid before it: a box for each stretch of days."""
    days = sorted({day for day in (*due, *paid, *span) if span[0] <= day <= span[1]})
    words = []
    for day, after in pairwise(days):
        owed = sum((amount for one, amount in due.items() if one <= day), Decimal(0))
        had = sum((amount for one, amount in paid.items() if one <= day), Decimal(0))
        if owed > had:
            left, right = across(day.toordinal()), across(after.toordinal())
            words.append(f"M{left} {up(float(had))}V{up(float(owed))}H{right}V{up(float(had))}Z")
    return "".join(words)


def over_time(
    name: str, values: Sequence[tuple[date, float, bool]], bound: float | None = None, *, as_share: bool = False
) -> Plot | None:
    """Draw a number over days, with the bound that it must not pass; a marked point is drawn as such."""
    if not values:
        return None
    height = 150
    across, marks = days_axis([day for day, _, _ in values], WIDTH)
    up, named = up_axis(max((*(value for _, value, _ in values), (bound or 0) * 1.1)), height, as_share=as_share)
    dots = tuple(
        Dot(
            across(day.toordinal()),
            up(value),
            f"{day}: {value * 100:.2f} %" if as_share else f"{day}: {value:,.0f}",
            is_marked,
        )
        for day, value, is_marked in values
    )
    path = "".join(f"{'L' if place else 'M'}{dot.x} {dot.y}" for place, dot in enumerate(dots))
    line = Line(name, path, dots)
    return Plot(marks, named, (line,), bound=None if bound is None else up(bound), height=height)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A part of the judged rows: predicted beside observed default rate, with the observed rate's 95 % interval."""

    label: str
    count: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Span:
    """An interval up a plot, at a place across, with the prediction beside it."""

    x: float
    low: float
    high: float
    observed: float
    predicted: float
    label: str
    text: str
    is_apart: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted beside observed default rates, part by part."""

    plot: Plot
    spans: tuple[Span, ...]


def calibration(parts: Sequence[Agreement]) -> Calibration | None:
    """Draw predicted beside observed default rates."""
    if not parts:
        return None
    up, named = up_axis(max(max(one.high, one.predicted) for one in parts), as_share=True)
    across = Scale(-0.5, len(parts) - 0.5, LEFT, WIDTH - RIGHT)
    spans = tuple(
        Span(
            across(place),
            up(one.low),
            up(one.high),
            up(one.observed),
            up(one.predicted),
            one.label,
            f"{one.label}: {one.predicted:.2%} | {one.observed:.2%} ({one.low:.2%} to {one.high:.2%}), n={one.count:,}",
            not one.low <= one.predicted <= one.high,
        )
        for place, one in enumerate(parts)
    )
    return Calibration(Plot((), named, ()), spans)


@dataclass(frozen=True, slots=True)
class Gauge:
    """How far a limit is used: lengths from 0 to 100, the bound always at 80."""

    before: float | None
    after: float | None
    is_cap: bool


GAUGE_BOUND = 80.0


def gauge(before: float | None, after: float | None, threshold: float, *, is_cap: bool) -> Gauge:
    """Lay a limit's values out beside its bound."""

    def length(value: float | None) -> float | None:
        if value is None:
            return None
        share = value / threshold if threshold else float(value > 0) * 1.25
        return round(min(max(share, 0.0) * GAUGE_BOUND, 100.0), 1)

    return Gauge(length(before), length(after), is_cap)
