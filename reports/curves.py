"""Pictures of a pool's life: lines by month, stacked columns, and a movement from opening to closing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports import charts, words

MOST_TICKS = 12
ROOM = 46
"""Characters that stand side by side under a picture."""
LABEL = 7.2
"""Width that a character of a note takes."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a picture: its name, its points (x from 0, a fraction), and how it is drawn.

    Args:
        name: As the key, or the note at its end, says it.
        points: In order of x.
        kind: `one` of many, `told` in the title, or `all` together.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    kind: str = "one"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a picture: what stands under it, and its parts from the bottom up, each with its kind."""

    label: str
    parts: tuple[tuple[str, float], ...]

    @property
    def height(self) -> float:
        """Give the whole."""
        return sum(value for _, value in self.parts)


def lines_picture(title: str, lines: Sequence[Line], caption: str, keys: Sequence[tuple[str, str]]) -> charts.Picture:
    """Draw fractions by month; a line that the title tells of, and all together, are named at their end."""
    last = max((x for line in lines for x, _ in line.points), default=1)
    frame = charts.frame_for(max(int(last), 1), max((y for line in lines for _, y in line.points), default=0))
    marks = [*charts.key_marks(tuple(keys)), *charts.grid_marks(frame)]
    for line in sorted(lines, key=lambda one: ("one", "all", "told").index(one.kind)):
        marks += [_stroke(frame, line.kind, *both) for both in pairwise(line.points)]
    step = max(1, -(-int(last) // MOST_TICKS))
    marks += [charts.tick_mark(frame, month, str(month)) for month in range(0, int(last) + 1, step)]
    said = f"{title}. {'; '.join(_told(line) for line in lines if line.points)}."
    return charts.Picture(title, said, (*marks, *_ends(frame, lines), charts.caption_mark(caption)))


def _stroke(frame: charts.Frame, kind: str, before: tuple[float, float], after: tuple[float, float]) -> charts.Mark:
    (x1, y1), (x2, y2) = before, after
    return charts.mark("line", f"curve {kind}", x1=frame.x(x1), x2=frame.x(x2), y1=frame.y(y1), y2=frame.y(y2))


def _ends(frame: charts.Frame, lines: Sequence[Line]) -> list[charts.Mark]:
    """Mark where the told lines end, with their value; what would overlap stands apart."""
    marks, taken = [], list[float]()
    for line in (one for one in lines if one.kind != "one" and one.points):
        x, value = line.points[-1]
        y = frame.y(value)
        level = y - 7
        while any(abs(level - other) < LABEL * 2 for other in taken):
            level -= LABEL * 2
        taken.append(level)
        marks.append(charts.mark("circle", f"dot {line.kind}", cx=frame.x(x), cy=y, r=3))
        text = words.percent(value, 1 if value >= 0.01 else 2)
        marks.append(charts.mark("text", f"note {line.kind} end", text, x=frame.x(x), y=level))
    return marks


def _told(line: Line) -> str:
    x, value = line.points[-1]
    return f"{line.name} {words.percent(value, 2)} at {x:g}"


def columns_picture(
    title: str, columns: Sequence[Column], caption: str, keys: Sequence[tuple[str, str]], write: Callable[[float], str]
) -> charts.Picture:
    """Draw stacked columns; labels stand under as many of them as there is room for."""
    frame = charts.frame_for(len(columns), max((one.height for one in columns), default=0))
    marks = [*charts.key_marks(tuple(keys)), *charts.grid_marks(frame, write)]
    longest = max((len(column.label) for column in columns), default=1)
    step = max(1, -(-len(columns) * (longest + 1) // ROOM))
    for place, column in enumerate(columns):
        base = 0.0
        for kind, value in column.parts:
            if value > 0:
                marks.append(_block(frame, place, (base, base + value), kind))
            base += value
        if place % step == 0:
            marks.append(charts.tick_mark(frame, place + 0.5, column.label))
    said = f"{title}. " + "; ".join(f"{one.label}: {write(one.height)}" for one in columns[:60])
    return charts.Picture(title, said, (*marks, charts.caption_mark(caption)))


def _block(frame: charts.Frame, place: float, ends: tuple[float, float], kind: str) -> charts.Mark:
    top, bottom = frame.y(max(ends)), frame.y(min(ends))
    return charts.mark(
        "rect", kind, x=frame.x(place + 0.14), y=top, width=0.72 * frame.slot, height=max(bottom - top, 0.6)
    )


def moving_picture(title: str, steps: Sequence[tuple[str, float]], write: Callable[[float], str]) -> charts.Picture:
    """Draw a movement: the first step and the last one stand, each between hangs where the one before ended."""
    last, level = len(steps) - 1, 0.0
    spans = []
    for place, (_, value) in enumerate(steps):
        start = 0.0 if place in (0, last) else level
        level = start + value
        spans.append((start, level))
    frame = charts.frame_for(len(spans), max((max(span) for span in spans), default=0))
    marks = charts.grid_marks(frame, write)
    for place, ((name, value), (start, end)) in enumerate(zip(steps, spans, strict=True)):
        kind = "batch" if place in (0, last) else "kept" if end >= start else "taken"
        middle = frame.x(place + 0.5)
        marks.append(_block(frame, place, (start, end), kind))
        marks.append(charts.tick_mark(frame, place + 0.5, name))
        marks.append(charts.mark("text", "note middle", write(value), x=middle, y=frame.y(max(start, end)) - 4))
    said = f"{title}. " + "; ".join(f"{name} {write(value)}" for name, value in steps)
    return charts.Picture(title, said, tuple(marks))
