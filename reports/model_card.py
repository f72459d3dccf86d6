"""The model card: one self-contained HTML page by which a version of the model is judged."""

from reports import card_views, card_words
from reports.card_contents import ModelCard
from reports.pages import page

__all__ = ["ModelCard", "render"]


def render(card: ModelCard) -> str:
    """Lay out a version's card as one HTML text that loads nothing, works offline and prints on A4.

    Equal cards give equal texts. Every text is escaped; only the house's own style sheet is not.
    """
    return page(
        "card.html.j2",
        card=card,
        told=card.told,
        verdict=card_words.verdict(card),
        attention=card_words.attention(card),
        titles=card_words.titles(card),
        judged_on=card_words.JUDGED_ON[card.told.judged_on],
        limits=card_words.LIMITS,
        tiles=card_views.tiles(card),
        metrics=card_views.metric_rows(card),
        pictures=card_views.pictures(card),
        parts=card_views.parts(card),
        features=card_views.feature_rows(card),
        shifts=card.told.shifts[: card_views.SHIFTS],
    )
