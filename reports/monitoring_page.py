"""The monitoring page: one self-contained HTML page by which a person sees whether the champion still holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Any

from reports import charts, words
from reports.evidence import Agreement, Measure
from reports.findings import Finding, Verdict, agrees
from reports.pages import page
from reports.rows import Tile

Row = Mapping[str, Any]
SHOWN = 25
SECTIONS = {"drifts": "drift", "agreements": "outcomes"}
KINDS = (
    ("scoring_day", "Scoring day", "scoring day"),
    ("vintage", "Quarter", "quarter of disbursement"),
    ("grade", "Grade", "grade"),
)


@dataclass(frozen=True, slots=True)
class Monitoring:
    """A monitored day, told to whoever answers for the model; rows as `schemas.watched` lays them out.

    Args:
        as_of: The day.
        run_id: The run that measured it.
        version: The champion.
        alarms: Gravest first.
        drifts: The score, then the features, largest shift first.
        agreements: Predicted beside realised.
        sentences: What each feature says, by its name.
        least_gain_share: Features with less of the gain raise no alarm.
    """

    as_of: date
    run_id: str
    version: str
    alarms: Sequence[Row]
    drifts: Sequence[Row]
    agreements: Sequence[Row]
    sentences: Mapping[str, str]
    least_gain_share: float

    def of(self, kind: str) -> list[Row]:
        """Give the agreements of one kind."""
        return [one for one in self.agreements if one["kind"] == kind]


def render(told: Monitoring) -> str:
    """Lay out a monitored day as one HTML text that loads nothing, works offline and prints on A4."""
    cohorts = _cohorts(told.of("pool"))
    return page(
        "monitoring.html.j2",
        told=told,
        verdict=verdict(told),
        attention=[_finding(one) for one in told.alarms],
        tiles=_tiles(told),
        features=_features(told),
        titles=_titles(told),
        outcomes=[(name, heading, [_rated(one) for one in told.of(kind)]) for kind, heading, name in KINDS],
        pictures={kind: _picture(told.of(kind), name) for kind, _, name in KINDS if told.of(kind)},
        cohorts=[(name, [_rated(one) for one in rows]) for name, rows in cohorts],
        seasoning=seasoning_picture(cohorts) if cohorts else None,
    )


def verdict(told: Monitoring) -> Verdict:
    """Answer in a word and a sentence whether the champion holds."""
    stops = sum(one["severity"] == "stop" for one in told.alarms)
    looks = len(told.alarms) - stops
    score = _score(told)
    said = "No receivable was at risk on the day, so no drift is told. " if score is None else f"{_moved(score)}. "
    over = [one for one in told.of("scoring_day") if one["is_over"]]
    if over:
        rows, defaults, predicted = _sums(over)
        said += f"Of {words.many(rows, 'receivable')} whose horizon is over {words.percent(defaults / rows, 2)} "
        said += f"defaulted, where {words.percent(predicted / rows, 2)} was predicted."
    else:
        said += "No scored day has its whole horizon behind it yet, so nothing has come to pass that could be judged."
    if stops:
        return Verdict("stop", f"Stop: {words.many(stops, 'grave alarm')}", said)
    return Verdict("look", f"Look: {words.many(looks, 'alarm')}", said) if looks else Verdict("good", "Holds", said)


def _score(told: Monitoring) -> Row | None:
    return next((one for one in told.drifts if one["subject"] == "score"), None)


def _moved(score: Row) -> str:
    index, noise = score["stability_index"], score["noise"]
    if index <= noise:
        return f"The probability has not moved since training beyond chance (index {words.figure(index)})"
    return f"The probability has moved since training (index {words.figure(index)}, chance gives {words.figure(noise)})"


def _sums(rows: Sequence[Row]) -> tuple[int, int, float]:
    count, defaults = (sum(one[name] for one in rows) for name in ("row_count", "default_count"))
    return count, defaults, sum(one["expected_defaults"] for one in rows)


def _finding(one: Row) -> Finding:
    of_pool = one["subject"].startswith("pool")
    section = "pool" if of_pool else SECTIONS.get(one["explained_by"] or "", "alarms")
    return Finding(one["severity"], f"{one['code']}, {one['subject']}: {one['found']}", section)


def _tiles(told: Monitoring) -> tuple[Tile, ...]:
    score, over = _score(told), [one for one in told.of("scoring_day") if one["is_over"]]
    moved = [one for one in told.alarms if one["code"] == "FEATURE_MOVED"]
    rows, defaults, predicted = _sums(over)
    pool = [rows[-1] for _, rows in _cohorts(told.of("pool"))]
    held, fallen, expected = _sums(pool)
    days = words.many(len(over), "scoring day")
    return (
        Tile(
            "Alarms", words.count(len(told.alarms)), f"{sum(a['severity'] == 'stop' for a in told.alarms)} to stop for"
        ),
        Tile(
            "Shift of the score",
            words.figure(score["stability_index"] if score else None),
            "stability index since training",
        ),
        Tile(
            "Features that moved",
            words.count(len(moved)),
            f"with {words.percent(told.least_gain_share, 0)} of the gain or more",
        ),
        Tile("Realised", words.percent(defaults / rows if rows else None, 2), f"{days} with the horizon over"),
        Tile("Predicted", words.percent(predicted / rows if rows else None, 2), "for the same receivables"),
        Tile(
            "Bought, so far",
            words.percent(fallen / held if held else None, 2),
            f"of {words.percent(expected / held if held else None, 2)} predicted",
        ),
    )


def _titles(told: Monitoring) -> dict[str, str]:
    stops = sum(one["severity"] == "stop" for one in told.alarms)
    score = _score(told)
    rows = [one for kind, _, _ in KINDS for one in told.of(kind)]
    held = sum(one["low_share"] <= one["expected_defaults"] / one["row_count"] <= one["high_share"] for one in rows)
    agreed = f"in {held} of {words.many(len(rows), 'part')}"
    pool = [cohort[-1] for _, cohort in _cohorts(told.of("pool"))]
    count, defaults, _ = _sums(pool)
    return {
        "alarms": f"{words.many(len(told.alarms), 'alarm')}, {words.count(stops)} of them to stop for",
        "drift": f"{_moved(score)}" if score else "No receivable was at risk on the day",
        "outcomes": f"The prediction lies in the interval of what came to pass {agreed}"
        if rows
        else "No scored day has its whole horizon behind it yet",
        "pool": f"Of {words.many(count, 'receivable')} bought, {words.count(defaults)} defaulted so far"
        if pool
        else "No pool has held anything for a day yet",
    }


def _features(told: Monitoring) -> list[dict[str, Any]]:
    """Give the features to show: those with an alarm, then those that moved most."""
    alarming = {each["subject"] for each in told.alarms}
    rows = sorted(
        (one for one in told.drifts if one["subject"] != "score"), key=lambda one: one["subject"] not in alarming
    )
    return [
        {**one, "said": told.sentences.get(one["subject"], ""), "is_alarming": one["subject"] in alarming}
        for one in rows[: max(SHOWN, len(alarming))]
    ]


def _rated(one: Row) -> dict[str, Any]:
    rows = one["row_count"]
    return {**one, "predicted": one["expected_defaults"] / rows, "observed": one["default_count"] / rows}


def _picture(rows: Sequence[Row], axis: str) -> charts.Picture:
    shown = tuple(
        Agreement(
            str(one["part"]).removeprefix("20"),
            one["row_count"],
            one["expected_defaults"] / one["row_count"],
            Measure(one["default_count"] / one["row_count"], one["low_share"], one["high_share"]),
        )
        for one in rows[-SHOWN // 2 :]
    )
    held = sum(agrees(row.predicted, row.observed.low, row.observed.high) for row in shown)
    title = f"Predicted and realised agree in {held} of {words.many(len(shown), axis, _plural(axis))}"
    return charts.agreement_picture(shown, title, axis)


def _plural(axis: str) -> str:
    return axis.replace("quarter", "quarters") if axis.startswith("quarter") else f"{axis}s"


def _cohorts(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Divide the pool's rows by cohort, each from its youngest age to its oldest."""
    ordered = sorted(rows, key=lambda one: (one["part"], one["after_days"]))
    return [(name, list(part)) for name, part in groupby(ordered, key=lambda one: str(one["part"]))]


def seasoning_picture(cohorts: Sequence[tuple[str, Sequence[Row]]]) -> charts.Picture:
    """Draw which share of the defaults predicted for the whole horizon each cohort has had by its age."""
    horizon = cohorts[0][1][0]["horizon_days"]
    curves = [[(0, 0.0), *((one["after_days"], _share(one)) for one in rows)] for _, rows in cohorts]
    frame = charts.frame_for(6, max(1.0, *(share for curve in curves for _, share in curve)))
    marks = [
        *charts.key_marks((("dot", "a month's purchases"), ("predicted", "all that was predicted"))),
        *charts.grid_marks(frame),
    ]
    marks.append(charts.mark("line", "chance", x1=frame.x(0), x2=frame.x(6), y1=frame.y(1.0), y2=frame.y(1.0)))
    for curve in curves:
        for (day, share), (later, grown) in pairwise(curve):
            x1, x2 = frame.x(day / horizon * 6), frame.x(later / horizon * 6)
            marks.append(charts.mark("line", "whisker", x1=x1, x2=x2, y1=frame.y(share), y2=frame.y(grown)))
            marks.append(charts.mark("circle", "dot", cx=x2, cy=frame.y(grown), r=3))
    marks += [charts.tick_mark(frame, slot, str(round(horizon * slot / 6))) for slot in range(7)]
    late = sum(curve[-1][1] > 1 for curve in curves)
    title = (
        f"Receivables bought in {late} of {words.many(len(curves), 'month')} defaulted more than was predicted in all"
    )
    said = f"{title}. A line shows a month's purchases: realised defaults over those predicted, by days since purchase."
    return charts.Picture(title, said, (*marks, charts.caption_mark("days since purchase")))


def _share(one: Row) -> float:
    return float(one["default_count"] / one["expected_defaults"]) if one["expected_defaults"] else 0.0
