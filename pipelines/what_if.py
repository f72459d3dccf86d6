"""What other criteria would let in and shut out on a day, by the second opinion over the screening's own files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.screened import screening_that_stands
from pool.altered import Alteration, altered
from pool.what_if import ASKED, PUBLISHED, Effect, Holding, WhatIf, asked_of, compare
from runtime.stage import part
from runtime.workspace import Workspace
from schemas import derived


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, and what it comes to."""

    alterations: tuple[Alteration, ...]
    found: WhatIf

    @property
    def sentences(self) -> list[str]:
        """Say it in words: of each criterion alone, and where there are several of all together."""
        alone = [_sentence(self._words(one.code), one) for one in self.found.alone]
        return [*alone, _sentence("all together", self.found.together)] if len(alone) > 1 else alone

    def _words(self, code: str) -> str:
        return " and ".join(one.words for one in self.alterations if one.code == code)


def what_if(workspace: Workspace, as_of: date, deal_name: str, wanted: Sequence[str], dropped: Sequence[str]) -> Asked:
    """Judge a published screening's receivables by other criteria; nothing is published, no engine is started.

    Args:
        workspace: Where.
        as_of: The cut-off.
        deal_name: The deal.
        wanted: `CODE=VALUE`, as `pool.altered` reads it.
        dropped: Codes of criteria that are left out.

    Raises:
        ConfigurationError: There is no such criterion or threshold, or the deal would not hold with it.
        CatalogError: No screening of that day and deal stands, what it came from is not to be found, or does not give
            what was published.
    """
    found = screening_that_stands(workspace, as_of, deal_name)
    changed, alterations = altered(found.deal, wanted, dropped)
    codes = list(dict.fromkeys(one.code for one in alterations))
    asked = asked_of(found.deal, changed, codes)
    with found.second_opinion(workspace) as second:
        judged = second.outcomes(asked, found.champion, also=ASKED)
    place = part(derived.SCREENINGS, as_of, deal_name)
    published = workspace.catalog.arrow(derived.SCREENINGS, place, list(PUBLISHED))
    return Asked(alterations, compare(found.deal, asked, codes, published, judged))


def _sentence(what: str, effect: Effect) -> str:
    parts = list(_parts(effect))
    return f"{what[0].upper()}{what[1:]} would {' and '.join(parts) or 'let nothing in and shut nothing out'}."


def _parts(effect: Effect) -> Iterator[str]:
    if effect.gained.count:
        yield f"let in {_held(effect.gained)}"
    if effect.lost.count:
        yield f"shut out {_held(effect.lost)}"


def _held(some: Holding) -> str:
    risk = some.default_probability
    expected = "" if risk is None else f", of whose principal {risk:.2%} is expected to default"
    return f"{some.count:,} receivable{'' if some.count == 1 else 's'} of {some.amount:,}{expected}"
