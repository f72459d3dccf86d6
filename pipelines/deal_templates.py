"""The page of the deal templates: of each thing that deals promise, how a template says it, or why none can.

`python -m pipelines.deal_templates > docs/deal_templates.md` writes it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.deals import read_versions
from pool.clauses import Clause
from pool.deal import Deal
from pool.deal_items import FAMILIES, Item
from reports.deal_words import limit_rule, trigger_rule

TEMPLATES = ("cn_consumer_instalment", "cn_revolving_credit", "us_auto", "paylater_30")
HEADER = """\
# Deal templates

Written from `pool/deal_items.py` and the templates in `conf/deals/`: change those, then
`python -m pipelines.deal_templates > docs/deal_templates.md`.

A template is a whole deal to copy and change. Every threshold in it is an example, not a market standard and not that
of a signed contract. The codes are those of the house's catalogue of what plan documents and prospectuses promise.

| template | for | criteria | limits | triggers |
| --- | --- | --- | --- | --- |
"""
HOW = {"elsewhere": "elsewhere", "always": "always kept", "cannot": "**cannot be expressed**"}


def templates_page(conf: Path) -> str:
    """Give the page as Markdown."""
    deals = {name: read_versions(conf, name)[-1] for name in TEMPLATES}
    lines = [f"| `{name}` | {deal.note} | {_counts(deal)} |" for name, deal in deals.items()]
    families = [line for title, items in FAMILIES.items() for line in _family(title, items, deals)]
    return HEADER + "\n".join([*lines, *families]) + "\n"


def clauses_of(deal: Deal) -> dict[str, tuple[Clause, str]]:
    """Give every clause of a deal by its code, with its test in one line."""
    return {
        **{each.code: (each, f"`{each.expression}`") for each in deal.criteria},
        **{each.code: (each, limit_rule(each).en) for each in deal.limits},
        **{each.code: (each, f"`{each.requires}`") for each in deal.revolving},
        **{each.code: (each, trigger_rule(each).en) for each in deal.triggers},
    }


def _counts(deal: Deal) -> str:
    return f"{len(deal.criteria)} | {len(deal.limits)} | {len(deal.triggers)}"


def _family(title: str, items: tuple[Item, ...], deals: Mapping[str, Deal]) -> Iterator[str]:
    expressed = sum(item.how == "clause" for item in items)
    yield from ("", f"## {title}", "")
    yield f"{expressed} of {len(items)} are clauses of a template."
    yield from ("", "| code | promise | how | remark | templates |", "| --- | --- | --- | --- | --- |")
    clauses = {name: clauses_of(deal) for name, deal in deals.items()}
    for item in items:
        found = {name: known[item.code][1] for name, known in clauses.items() if item.code in known}
        how = next(iter(found.values()), HOW.get(item.how, ""))
        told = how.replace("|", "\\|")
        yield f"| {item.code} | {item.meaning} | {told} | {item.note} | {', '.join(f'`{name}`' for name in found)} |"


if __name__ == "__main__":
    import sys

    sys.stdout.write(templates_page(Path("conf")))
