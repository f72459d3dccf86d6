"""What a model card lays out: tiles, rows and pictures, prepared from the version's assessment."""

from itertools import pairwise
from typing import Any

from models.assess import Row
from reports import charts, words
from reports.card_contents import ModelCard
from reports.card_words import FEATURES, between, measure
from reports.evidence import Agreement, Measure
from reports.findings import agrees
from reports.rows import Tile

SHIFTS = 8
METRICS = (
    ("auc", "AUC", "A default ranks above a non-default; 0.5 is chance", 3),
    ("gini", "Gini", "2 AUC less 1", 3),
    ("ks", "KS", "Widest gap between the distributions of defaults and others", 3),
    ("h_measure", "H-measure", "Share of the avoidable cost avoided, costs about the default rate", 3),
    ("pr_auc", "Average precision", "Precision at each cut, weighted by the recall that it adds", 3),
    ("captured_top_10", "Caught in the riskiest tenth", "Share of all defaults", 3),
    ("lift_top_10", "Lift of the riskiest tenth", "Times the whole's default rate", 2),
    ("brier", "Brier score", "Mean squared distance of probability and outcome", 4),
    ("log_loss", "Log loss", "Mean negative log-likelihood", 4),
    ("calibration_error", "Calibration error", "Mean distance of predicted and observed rate over tenths", 4),
    ("calibration_slope", "Calibration slope", "Of the outcomes on the predicted log-odds; 1 is perfect", 3),
    ("calibration_intercept", "Calibration intercept", "The same line at even odds; 0 is perfect", 3),
    ("predicted_rate", "Predicted default rate", "Mean probability", 4),
    ("observed_rate", "Observed default rate", "What came to pass", 4),
)


def tiles(card: ModelCard) -> tuple[Tile, ...]:
    """Give the six figures that people look at first."""
    error = measure(card, "calibration_error")
    shown = (
        ("AUC", "auc", 3),
        ("KS", "ks", 3),
        ("H-measure", "h_measure", 3),
        ("Calibration slope", "calibration_slope", 2),
    )
    found = [_tile(card, *one) for one in shown]
    caught = measure(card, "captured_top_10")
    tenth = Tile("Riskiest tenth", words.percent(caught.value, 0), "of all defaults are in it")
    gap = words.points(error.value, 2).removeprefix("+")
    ends = "" if error.low is None else f"95{words.SPACE}%: from {words.points(error.low, 2).removeprefix('+')}"
    return (*found[:3], tenth, found[3], Tile("Calibration error", gap, ends or "mean distance over tenths"))


def _tile(card: ModelCard, name: str, metric: str, digits: int) -> Tile:
    found = measure(card, metric)
    note = "" if found.low is None else f"95{words.SPACE}%: {between(found, digits)}"
    return Tile(name, words.figure(found.value, digits), note)


def metric_rows(card: ModelCard) -> list[dict[str, str]]:
    """Give every metric with its interval and meaning."""
    found = [(name, said, digits, measure(card, key)) for key, name, said, digits in METRICS]
    return [
        {"name": name, "said": said, "value": words.figure(one.value, digits), "between": between(one, digits)}
        for name, said, digits, one in found
        if one.value is not None
    ]


def agreements(table: list[Row], name: str) -> tuple[Agreement, ...]:
    """Give a table of parts as predicted beside observed."""
    return tuple(
        Agreement(
            str(row[name]),
            int(row["row_count"]),
            row["predicted_rate"],
            Measure(row["observed_rate"], row["low"], row["high"]),
        )
        for row in table
    )


def parts(card: ModelCard) -> list[tuple[str, list[Row]]]:
    """Give the tables by part, the usual ones first."""
    order = {name: place for place, name in enumerate(("month", "product", "vintage", "borrower"))}
    return sorted(card.told.parts.items(), key=lambda one: (order.get(one[0], len(order)), one[0]))


def pictures(card: ModelCard) -> dict[str, charts.Picture]:
    """Draw calibration by tenth and by grade, and how many defaults a cut catches."""
    drawn = {}
    for key, table, name, axis in (
        ("tenths", card.told.calibration, "tenth", "tenths of risk, safest first"),
        ("grades", card.told.grades, "grade", "grade"),
    ):
        rows = agreements(table, name)
        held = sum(agrees(row.predicted, row.observed.low, row.observed.high) for row in rows)
        title = f"The prediction lies in the interval of what came to pass in {held} of {words.many(len(rows), name)}"
        drawn[key] = charts.agreement_picture(rows, title, axis)
    if card.told.lift:
        drawn["capture"] = capture_picture(card.told.lift)
    return drawn


def capture_picture(lift: list[Row]) -> charts.Picture:
    """Draw which share of all defaults is caught when the riskiest tenths are flagged, one after the other."""
    shares = [0.0, *(float(row["captured_share"]) for row in lift)]
    frame = charts.frame_for(len(lift), 1.0)
    title = f"Flagging the riskiest fifth catches {words.percent(shares[min(2, len(lift))], 0)} of the defaults"
    keys = (("dot", "caught by the model"), ("predicted", "caught by chance"))
    marks = [*charts.key_marks(keys), *charts.grid_marks(frame)]
    for slot, (before, after) in enumerate(pairwise(shares)):
        x1, x2 = frame.x(slot), frame.x(slot + 1)
        by_chance = [frame.y(place / len(lift)) for place in (slot, slot + 1)]
        marks.append(charts.mark("line", "chance", x1=x1, x2=x2, y1=by_chance[0], y2=by_chance[1]))
        marks.append(charts.mark("line", "whisker", x1=x1, x2=x2, y1=frame.y(before), y2=frame.y(after)))
        marks.append(charts.mark("circle", "dot", cx=x2, cy=frame.y(after), r=3.5))
        marks.append(charts.tick_mark(frame, slot + 1, words.percent((slot + 1) / len(lift), 0)))
    said = f"{title}. A line shows defaults caught against receivables flagged, riskiest first."
    return charts.Picture(title, said, (*marks, charts.caption_mark("receivables flagged, riskiest first")))


def feature_rows(card: ModelCard) -> list[dict[str, Any]]:
    """Give the features that carry most: what they say, which way they point, and how far they moved."""
    moved = {row["feature"]: row for row in card.told.shifts}
    first = card.told.features[:FEATURES]
    most = max((row["gain"] for row in first), default=1.0)
    ways = {1: "more is riskier", -1: "less is riskier", 0: "either way"}
    return [
        {
            **row,
            "said": card.sentences.get(row["feature"], ""),
            "way": ways[row["direction"]],
            "bar": row["gain"] / most,
            "shift": moved.get(row["feature"], {}).get("index"),
        }
        for row in first
    ]
