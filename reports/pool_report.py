"""The pool report as one self-contained HTML text: contents, findings and pictures laid out by the templates."""

from reports import findings, views
from reports.contents import PoolReport
from reports.pages import page

__all__ = ["PoolReport", "render"]


def render(report: PoolReport) -> str:
    """Lay out a pool report as one HTML text that loads nothing, works offline and prints on A4.

    Equal reports give equal texts. Every text of the report is escaped; only the house's own style sheet is not.
    """
    return page(
        "page.html.j2",
        report=report,
        verdict=findings.verdict(report),
        attention=findings.attention(report),
        **views.view(report),
    )
