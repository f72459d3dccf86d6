"""The page of reasons: what moves scores at all and why one receivable scores as it does, in one file, whole or not."""

from datetime import date
from pathlib import Path

from features.declarations import Term
from features.lexicon import Words
from features.lexicon_terms import FACTS
from features.phrases import quantity
from pipelines.why import KNOWN, Overview, Why, said
from reports.reasons_page import Reasons, Receivable, render
from schemas.errors import ConfigurationError


def write_page(as_of: date, found: Overview, of: Why | None, out: Path) -> None:
    """Write the page.

    Args:
        as_of: The day.
        found: What moves scores on it.
        of: The receivable to explain; None for none.
        out: Where.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    fresh = out.with_suffix(".new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(laid_out(as_of, found, of), "utf-8")
        fresh.replace(out)
    except OSError as error:
        raise ConfigurationError(f"--out {out}: {error.strerror}", "a file that can be written", "--out") from error


def laid_out(as_of: date, found: Overview, of: Why | None) -> str:
    """Lay out the page of a day."""
    whole = sum(found.by_theme.values()) or 1.0
    moved = [
        {**_words(named(found.speakers[theme])), "theme": theme, "moved": value, "share": value / whole}
        for theme, value in found.by_theme.items()
    ]
    given = [
        {"code": code, **_words(words), "count": count, "share": count / found.rows}
        for (name, side), count in found.given.items()
        for code, words in (said(name, side),)
    ]
    return render(Reasons(as_of, found.version, found.rows, moved, given, _receivable(of) if of else None))


def named(name: str) -> Words:
    """Name what a feature measures, in both languages; one that the catalogue no longer has by its column.

    >>> named("behaviour__count_payment_failure_30d").en, named("gone").zh
    ('number of failed payments, last 30 days', 'gone')
    """
    feature = KNOWN.get(name)
    if feature is None:
        return Words(name, name)
    told = feature.definition
    fact = FACTS.get(f"{told.frame}.{told.column}") if isinstance(told, Term) else None
    return fact.yes if fact else quantity(told)


def _words(words: Words) -> dict[str, str]:
    return {"en": words.en[0].upper() + words.en[1:], "zh": words.zh}


def _receivable(of: Why) -> Receivable:
    return Receivable(
        name=of.receivable,
        probability=of.default_probability,
        upper=of.default_probability_upper,
        grade=of.grade,
        base=of.told.base,
        score=of.told.score,
        reasons=[{**row, **_words(said(row["feature"], row["side"])[1])} for row in of.lines("en")],
        parts=[{**_words(named(one.feature)), "contribution": one.contribution} for one in of.told.parts],
    )
