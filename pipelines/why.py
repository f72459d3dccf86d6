"""Why: a receivable's reasons in words, and what moves a model's scores at all."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import functions as F

from features.catalogue import FEATURES as CATALOGUE
from features.lexicon import Words
from features.phrases import Side as Told
from features.phrases import phrase, reason_code
from models.explain import Explanation, Guide, Reason, Side, ranked
from models.plots_why import chinese_font, moved_by, movers, waterfall
from models.scorer import Scorer
from pipelines.featurize import FEATURES
from pipelines.score import champion
from runtime.stage import part
from runtime.workspace import Workspace
from schemas.errors import CatalogError, ConfigurationError

Language = Literal["en", "zh"]
Reals = NDArray[np.float64]

SAMPLE = 2_000
"""Receivables that an overview looks at, by hash of their id."""
KNOWN = {each.name: each for each in CATALOGUE}
FAMILIES = {"own": "own terms", "profile": "the profile"}
"""Words for families whose name says little by itself."""


@dataclass(frozen=True, slots=True)
class Why:
    """A receivable's reasons.

    Args:
        receivable: Its id.
        version: The model.
        default_probability: What the model says.
        default_probability_upper: Its 95 % upper bound.
        grade: Its grade.
        told: Base, score, reasons and all themes.
    """

    receivable: str
    version: str
    default_probability: float
    default_probability_upper: float
    grade: str
    told: Explanation

    def lines(self, language: Language) -> list[dict[str, Any]]:
        """Give the reasons as plain values, in words of a language."""
        return [{**_said(one, language), **_plain(one)} for one in self.told.reasons]

    def picture(self, language: Language) -> bytes:
        """Draw how its score comes about; in English where the machine has no Chinese letters."""
        font = chinese_font() if language == "zh" else ""
        spoken: Language = "zh" if font else "en"
        return waterfall(self.told, self.receivable, lambda one: str(_said(one, spoken)["reason"]), font=font)


def language_of(text: str) -> Language:
    """Take the name of a language.

    Raises:
        ConfigurationError: There are no reasons in it.
    """
    if text not in {"en", "zh"}:
        raise ConfigurationError(f"language {text}", "en or zh", "--language on the command line")
    return "zh" if text == "zh" else "en"


def _plain(one: Reason) -> dict[str, Any]:
    """Give a reason's numbers, none for what is missing."""
    told = asdict(one)
    return {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in told.items()}


def _said(one: Reason, language: Language) -> Mapping[str, object]:
    code, words = said(one.feature, one.side)
    return {"code": code, "reason": getattr(words, language)}


def said(name: str, side: Side) -> tuple[str | None, Words]:
    """Give a reason's code and words; a feature that the catalogue no longer has is named as it is."""
    feature = KNOWN.get(name)
    if feature is None or not side:
        return None, Words(name, name)
    return reason_code(feature), phrase(feature, Told(side))


def _family(name: str) -> str:
    return FAMILIES.get(name, name.replace("_", " "))


def why(workspace: Workspace, as_of: date, receivable: str, version: str) -> Why:
    """Explain what a model says of an open receivable.

    Raises:
        CatalogError: The receivable has no features on that day.
        ModelError: There is no such model.
    """
    model = champion(workspace, version)
    scorer = Scorer.from_files(model.files)
    features = workspace.catalog.read(workspace.session, FEATURES, part(FEATURES, as_of))
    row = features.where(F.col("receivable_id") == receivable).toPandas()
    if not len(row):
        raise CatalogError(
            f"no features of receivable {receivable} as of {as_of}",
            "an open receivable of a day that was run",
            f"poolwright run --as-of {as_of}, or another id",
        )
    values = scorer.matrix(row)
    scored = scorer.score(values, explained=False)
    both = float(scored.default_probability[0]), float(scored.default_probability_upper[0])
    return Why(receivable, model.version, *both, str(scored.grade[0]), scorer.explain(values[0]))


@dataclass(frozen=True, slots=True)
class Overview:
    """What moves a model's scores on a day, on receivables taken by the hash of their ids.

    Args:
        version: The model.
        rows: Receivables looked at.
        by_family: Mean absolute contribution of each family of features together, largest first, in log-odds.
        by_theme: The same of each theme.
        speakers: Of each theme the feature that moves scores most.
        given: How many of the receivables have a feature and side among their reasons, most frequent first.
    """

    version: str
    rows: int
    by_family: dict[str, float]
    by_theme: dict[str, float]
    speakers: Mapping[str, str]
    given: Mapping[tuple[str, Side], int]

    def pictures(self) -> dict[str, bytes]:
        """Draw families and themes, by file name."""
        told = (("family", self.by_family), ("theme", self.by_theme))
        return {f"movers_by_{what}.png": movers(moved, what, self.rows) for what, moved in told}


def overview(workspace: Workspace, as_of: date, version: str) -> Overview:
    """Give what moves a model's scores on a day, and which reasons it gives.

    Raises:
        CatalogError: There are no features on that day.
    """
    model = champion(workspace, version)
    scorer = Scorer.from_files(model.files, threads=2)
    features = workspace.catalog.read(workspace.session, FEATURES, part(FEATURES, as_of))
    rows = features.orderBy(F.xxhash64("receivable_id"), "receivable_id").limit(SAMPLE).toPandas()
    if not len(rows):
        raise CatalogError(f"no features as of {as_of}", "a day that was run", f"poolwright run --as-of {as_of}")
    values = scorer.matrix(rows)
    parts = scorer.contributions(values)
    families = {name: _family(KNOWN[name].family) for name in scorer.features if name in KNOWN}
    themes = dict(zip(scorer.features, scorer.guide.themes, strict=True))
    moved = dict(zip(scorer.features, np.abs(parts).mean(axis=0), strict=True))
    return Overview(
        version=model.version,
        rows=len(rows),
        by_family=moved_by(parts, families, scorer.features),
        by_theme=moved_by(parts, themes, scorer.features),
        speakers={themes[name]: name for name in sorted(moved, key=lambda name: (moved[name], name))},
        given=_given(parts, values, scorer.guide),
    )


def _given(parts: Reals, values: Reals, guide: Guide) -> dict[tuple[str, Side], int]:
    """Count how often a feature and side is a reason."""
    places = ranked(parts, values, guide)
    pairs = [(row, int(place)) for row, told in enumerate(places) for place in told if place >= 0]
    counts = Counter((str(guide.features[place]), guide.side(place, values[row, place])) for row, place in pairs)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
