"""Pictures of why: what moves one receivable's score, and what moves scores at all; each states its finding."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.explain import Explanation, Reason
from models.plots import BLUE, INK, QUIET, RED, Format, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Reals = NDArray[np.float64]

MOST_STEPS, MOST_BARS = 8, 15
MARGIN = 0.04
"""Room for a number beside a bar, as a share of the width."""
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
)


def chinese_font() -> str:
    """Give a font of this machine that has Chinese letters; empty if there is none."""
    from matplotlib.font_manager import fontManager

    there = {each.name for each in fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in there), "")


def waterfall(
    told: Explanation, name: str, label: Callable[[Reason], str], form: Format = "png", font: str = ""
) -> bytes:
    """Draw how a receivable's score comes about: from the average training row, step by step, to its own.

    Args:
        told: Why it scores as it does.
        name: The receivable.
        label: Words for a theme.
        form: Kind of picture.
        font: A font that has the letters of the words, where matplotlib's own has not.
    """
    others = [one for one in told.parts if one not in told.reasons]
    shown = {one.theme for one in (*told.reasons, *others[: MOST_STEPS - len(told.reasons)])}
    first, rest = ([one for one in told.parts if (one.theme in shown) is kept] for kept in (True, False))
    steps = [(label(one), one.contribution) for one in first if one.contribution]
    if rest:
        steps.append((f"{len(rest)} other themes", sum(one.contribution for one in rest)))
    size = (8.6, 1.7 + 0.36 * (len(steps) + 2))
    return picture(lambda axes: _waterfall(axes, told, name, steps), form, font, size)


def _waterfall(axes: "Axes", told: Explanation, name: str, steps: list[tuple[str, float]]) -> None:
    names = ["average training row", *(what for what, _ in steps), f"{name}: its score"]
    ends = told.base + np.cumsum([0.0, *(by for _, by in steps)])
    width = max(float(np.ptp(ends)), 1e-9)
    for place, (_, by) in enumerate(steps, start=1):
        start = float(ends[place - 1])
        axes.barh(place, by, left=start, color=RED if by > 0 else BLUE, height=0.62)
        axes.plot([start, start], [place - 1.31, place + 0.31], color=QUIET, linewidth=0.8)
        edge = max(start, start + by) + MARGIN / 4 * width
        axes.text(edge, place, f"{by:+.2f}", va="center", fontsize=8.5, color=INK)
    for place, value in ((0, told.base), (len(steps) + 1, told.score)):
        axes.plot([value], [place], "o", color=INK, markersize=5)
        axes.text(value + MARGIN / 2 * width, place, f"{value:.2f}", va="center", fontsize=8.5, color=INK)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(float(ends.min()) - MARGIN * width, float(ends.max()) + 3 * MARGIN * width)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("score: log-odds of default before calibration")
    way = "above" if told.score > told.base else "below"
    reasons = f"{len(told.reasons)} reason{'' if len(told.reasons) == 1 else 's'}"
    axes.set_title(
        f"{name} scores {abs(told.score - told.base):.2f} {way} the average, {reasons} against it", loc="right"
    )


def moved_by(contributions: Reals, groups: Mapping[str, str], features: tuple[str, ...]) -> dict[str, float]:
    """Give by group the mean absolute contribution of its features together, largest first.

    Args:
        contributions: A row a receivable, a column a feature, in log-odds.
        groups: Of each feature its group: its family, or its theme.
        features: Names of the columns.

    >>> moved_by(np.array([[1.0, -1.0, 0.5], [2.0, 0.0, 0.5]]), {"a": "x", "b": "x", "c": "y"}, ("a", "b", "c"))
    {'x': 1.0, 'y': 0.5}
    """
    names = [groups.get(name, name) for name in features]
    found = {
        group: float(np.abs(contributions[:, [name == group for name in names]].sum(axis=1)).mean())
        for group in dict.fromkeys(names)
    }
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def movers(moved: Mapping[str, float], what: str, rows: int, form: Format = "png") -> bytes:
    """Draw what moves scores: the largest groups' mean absolute contributions."""

    def draw(axes: "Axes") -> None:
        first = dict(list(moved.items())[:MOST_BARS])
        names = list(first)[::-1]
        axes.barh(names, [first[name] for name in names], color=BLUE, height=0.7)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("mean absolute contribution to the score, in log-odds")
        top = next(iter(moved), "nothing")
        share = moved.get(top, 0.0) / max(sum(moved.values()), 1e-300)
        axes.set_title(f"{top} moves scores most, {share:.0%} of it all\nby {what}, {rows:,} receivables", loc="right")

    return picture(draw, form, size=(7.0, 1.7 + 0.27 * min(MOST_BARS, len(moved))))
