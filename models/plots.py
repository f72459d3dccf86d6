"""Pictures of a model: each states its finding in the title."""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import evaluate
from models.evaluate import Sample
from models.fit import TrainedModel
from models.grade import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Format = Literal["png", "svg"]

INK, QUIET, BLUE, RED, PALE = "#1f2933", "#9aa5b1", "#2f6f9f", "#c2503c", "#d3dee7"
MOST_FEATURES = 20
FEWEST_BARS = 4
BELOW: Mapping[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14), "ncols": 2}
SIZE = (7.0, 4.4)
"""Inches."""
STYLE: Mapping[str, Any] = {
    "figure.dpi": 130,
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "svg.hashsalt": "poolwright",
    "svg.fonttype": "path",
}


def _percent(axis: Any) -> None:  # noqa: ANN401 - matplotlib carries no types
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, decimals=None))


def _calibration(axes: "Axes", sample: Sample, where: str) -> None:
    table = evaluate.calibration_table(sample)
    top = max(float(table["predicted_rate"].max()), float(table["observed_rate"].max())) * 1.08
    half = 1.96 * np.sqrt(table["predicted_rate"] * (1 - table["predicted_rate"]) / table["row_count"])
    axes.fill_between(
        table["predicted_rate"],
        np.maximum(table["predicted_rate"] - half, 0),
        table["predicted_rate"] + half,
        color=PALE,
        label="95 % of samples, were the model right",
    )
    axes.plot([0, top], [0, top], color=QUIET, linewidth=1)
    axes.plot(table["predicted_rate"], table["observed_rate"], "o-", color=BLUE, label="tenths of the receivables")
    error = evaluate.calibration_error(sample)
    axes.set(xlabel="predicted default rate", ylabel="observed default rate", xlim=(0, top), ylim=(0, top))
    axes.set_title(f"Predicted and observed default rates differ by {100 * error:.2f} points on average\n{where}")
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    axes.legend(**BELOW)


def _roc(axes: "Axes", sample: Sample, where: str) -> None:
    bad, good = (np.cumsum(values[::-1]) for values in sample.tied())
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1)
    axes.plot(np.append(0.0, good / good[-1]), np.append(0.0, bad / bad[-1]), color=BLUE)
    axes.set(xlabel="share of non-defaults flagged", ylabel="share of defaults flagged", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(
        f"A default ranks above a non-default in {evaluate.auc(sample):.1%} of pairs (AUC)\n"
        f"Gini {evaluate.gini(sample):.3f}, KS {evaluate.ks(sample):.3f}; {where}"
    )
    _percent(axes.xaxis)
    _percent(axes.yaxis)


def _distribution(axes: "Axes", sample: Sample, where: str) -> None:
    log10 = np.log10(np.clip(sample.probability, 1e-5, 1))
    edges = np.linspace(log10.min(), max(float(log10.max()), float(log10.min()) + 0.1), 50)
    for outcome, color, name in ((0, BLUE, "no default"), (1, RED, "default")):
        inside = sample.outcome == outcome
        axes.hist(
            10 ** log10[inside],
            bins=list(10**edges),
            weights=sample.weight[inside] / sample.weight[inside].sum(),
            color=color,
            alpha=0.55,
            label=name,
        )
    axes.set_xscale("log")
    medians = [float(np.median(sample.probability[sample.outcome == outcome])) for outcome in (1, 0)]
    axes.set(xlabel="default probability (log scale)", ylabel="share of the receivables")
    axes.set_title(f"Half of the defaults had more than {medians[0]:.1%}, half of the others {medians[1]:.1%}\n{where}")
    _percent(axes.xaxis)
    _percent(axes.yaxis)
    axes.legend(**BELOW)


def _importance(axes: "Axes", importance: pd.DataFrame) -> None:
    first = importance[importance["gain"] > 0].head(MOST_FEATURES).iloc[::-1]
    axes.barh(first["feature"], first["gain"], color=BLUE, height=0.7)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("share of the gain over all trees")
    axes.set_title(f"{len(first)} features carry {first['gain'].sum():.0%} of what the trees learned")
    _percent(axes.xaxis)


def _bars(axes: "Axes", table: pd.DataFrame, part: str, title: str) -> None:
    names = table[part].astype(str)
    axes.bar(names, table["observed_rate"], color=PALE, width=0.7, label="observed")
    axes.plot(names, table["predicted_rate"], "o", color=RED, label="predicted")
    ceiling = max(float(table["observed_rate"].max()), float(table["predicted_rate"].max()))
    for place, rows in enumerate(table["row_count"]):
        axes.annotate(f"{rows:,}", (place, ceiling * 1.06), ha="center", color=QUIET, fontsize=8)
    axes.set_ylim(0, ceiling * 1.16)
    axes.grid(visible=False, axis="x")
    axes.set(xlabel=f"{part} (receivables above)", ylabel="default rate")
    axes.set_title(title)
    _percent(axes.yaxis)
    axes.set_xlim(-0.6, max(len(table), FEWEST_BARS) - 0.4)
    axes.legend(**BELOW)


def _by_grade(axes: "Axes", sample: Sample, grade: NDArray[np.object_], where: str) -> None:
    table = evaluate.by_part(grade, sample, "grade")
    ratio = float(table["observed_rate"].iloc[-1]) / max(float(table["observed_rate"].iloc[0]), 1e-9)
    rises = bool((np.diff(table["observed_rate"]) >= 0).all())
    ends = f"from {table['observed_rate'].iloc[0]:.2%} in {table['grade'].iloc[0]}"
    ends += f" to {table['observed_rate'].iloc[-1]:.1%} in {table['grade'].iloc[-1]}"
    told = "The default rate rises with every grade" if rises and ratio > 1 else "The default rate does not always rise"
    _bars(axes, table, "grade", f"{told}, {ends}\n{where}")


def _by_month(axes: "Axes", sample: Sample, as_of: pd.Series, where: str) -> None:
    month = pd.to_datetime(as_of).dt.strftime("%Y-%m").to_numpy(dtype=object)
    table = evaluate.by_part(month, sample, "month")
    gap = (table["predicted_rate"] - table["observed_rate"]).abs()
    worst = table["month"].iloc[int(gap.to_numpy().argmax())]
    _bars(
        axes,
        table,
        "month",
        f"By month the prediction is at most {100 * gap.max():.2f} points off, in {worst}\n{where}",
    )
    axes.tick_params(axis="x", rotation=45 if len(table) > 8 else 0)


def picture(draw: Callable[["Axes"], None], form: Format, font: str = "", size: tuple[float, float] = SIZE) -> bytes:
    """Draw one picture in the house's style; a font other than matplotlib's own where its letters are needed."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({**STYLE, **({"font.family": [font, "sans-serif"]} if font else {})}):
        figure: Figure = Figure(figsize=size)
        FigureCanvasAgg(figure)
        draw(figure.add_subplot())
        out = io.BytesIO()
        figure.savefig(out, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return out.getvalue()


def plots(trained: TrainedModel, form: Format = "png") -> dict[str, bytes]:
    """Draw the model's pictures by file name: calibration, ROC, score distribution, importance, grades, months.

    They show the out-of-time rows where there are any, else the out-of-fold ones, and say which.
    """
    rows = trained.tested
    where = "out of time" if len(trained.out_of_time) else "out of fold"
    where = f"{where}, {len(rows):,} receivables, {int(rows['is_default'].sum()):,} defaults"
    probability = rows["default_probability"].to_numpy(dtype=np.float64)
    sample = Sample.of(rows["is_default"].to_numpy(dtype=np.float64), probability)
    drawn: dict[str, Callable[[Axes], None]] = {
        "calibration": lambda axes: _calibration(axes, sample, where),
        "importance": lambda axes: _importance(axes, trained.importance),
        "by_month": lambda axes: _by_month(axes, sample, rows["as_of"], where),
    }
    if sample.has_both:
        drawn["roc"] = lambda axes: _roc(axes, sample, where)
        drawn["distribution"] = lambda axes: _distribution(axes, sample, where)
    grade = Scale.of(trained.parameters.grades).grade(probability)
    drawn["by_grade"] = lambda axes: _by_grade(axes, sample, grade, where)
    return {f"{name}.{form}": picture(draw, form) for name, draw in sorted(drawn.items())}
