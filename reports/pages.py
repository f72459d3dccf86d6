"""How a page is laid out: the house's templates and its one style sheet, nothing loaded from outside."""

from base64 import b64encode
from collections.abc import Callable
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import charts, findings, words
from reports.evidence import Measure


def page(template: str, **contents: object) -> str:
    """Lay out contents by a template as one HTML text; every text is escaped, only the house's style sheet is not."""
    environment = _environment()
    source, _, _ = environment.loader.get_source(environment, "style.css") if environment.loader else ("", "", None)
    style = source.replace("\r\n", "\n")
    return environment.get_template(template).render(
        style=Markup(style),  # noqa: S704 - the package's own style sheet, whose hash the policy names
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        **contents,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals["gauge_scale"] = {"length": charts.GAUGE_LENGTH, "bound": charts.GAUGE_BOUND}
    return environment


def _interval(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return words.NOTHING
    return f"{words.percent(measure.low, 2)} to {words.percent(measure.high, 2)}"


FILTERS: dict[str, Callable[..., object]] = {
    "count": words.count,
    "day": words.day,
    "figure": words.figure,
    "gauge_length": charts.gauge_length,
    "headroom": words.headroom,
    "interval": _interval,
    "limit_state": findings.limit_state,
    "many": words.many,
    "measured": words.measured,
    "money": words.money,
    "percent": words.percent,
    "points": words.points,
    "share": words.share,
    "short_money": words.short_money,
    "whole_money": words.whole_money,
}
