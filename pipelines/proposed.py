"""A selection as plain lines: for the tables that it is stored in, and for the terminal."""

from typing import TYPE_CHECKING, Any

from pipelines.common import cell, rows
from pool.offer import CASH, LARGEST
from pool.price import to_amount
from pool.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

Lines = list[dict[str, Any]]
VERDICTS = {
    "ALIKE": "alike",
    "BY_CHANCE": "no more apart than a random part may be",
    "SLIGHT": "slightly apart",
    "DIFFERENT": "of another kind",
}


def limit_lines(selection: Selection) -> Lines:
    """Give every limit as a row of `limit_results`."""
    looser = {one.code: one for one in selection.loosened}
    shown = ("code", "value_before", "value_after", "threshold", "headroom", "worst_member")
    flags = ("is_kept", "is_maintained", "is_binding")
    found = []
    for result in selection.results:
        line = {name: getattr(result, name) for name in (*shown, *flags)}
        one = looser.get(result.code)
        if one:
            gains = {
                "looser_gain_amount": to_amount(round(one.gained)),
                "priced_gain_amount": to_amount(round(one.priced)),
            }
            line |= {"looser_threshold": one.looser, **gains}
        found.append(line)
    return found


def fairness_lines(selection: Selection) -> Lines:
    """Give every comparison as a row of `fairness_results`."""
    return [
        {
            "trait": one.trait,
            "member": one.member or None,
            "batch_value": one.batch,
            "rest_value": one.rest,
            "effect_size": one.effect,
            "distance": one.distance,
            "chance": one.chance,
            "verdict": one.verdict,
            "explained_by": one.explained_by or None,
        }
        for one in selection.fairness
    ]


def loosened_lines(selection: Selection) -> Lines:
    """Say what every bound that binds would let in if it were one hundredth looser."""
    names = {CASH: "the cash", LARGEST: "the largest batch"}
    return [
        {
            "code": one.code,
            "bound": one.bound,
            "looser": one.looser,
            "gain_amount": to_amount(round(one.gained)),
            "priced_amount": to_amount(round(one.priced)),
            "words": (
                f"{names.get(one.code, f'limit {one.code}')} at {cell(one.looser)} instead of {cell(one.bound)}: "
                f"{to_amount(round(one.gained)):,} more could be used"
            ),
        }
        for one in selection.loosened
    ]


def shown(title: str, figures: "Mapping[str, Any]") -> "Callable[[Console], None]":
    """Lay out a proposal's figures, what stopped it, and how it compares with what was left."""
    plain = {name: value for name, value in figures.items() if name not in ("loosened", "fairness", "conflicts")}
    lines = [
        (name.replace("_", " "), ", ".join(v) or "nothing" if isinstance(v, list) else v) for name, v in plain.items()
    ]
    traits = [
        (one["trait"], one["member"], one["batch_value"], one["rest_value"], one["effect_size"], one["distance"],
         VERDICTS[one["verdict"]], one["explained_by"])
        for one in figures["fairness"]
    ]  # fmt: skip
    heads = ["trait", "member", "batch", "not bought", "effect", "distance", "verdict", "explained by"]

    def show(console: "Console") -> None:
        rows(title, ["", " "], lines)(console)
        if figures["loosened"]:
            rows("What one hundredth more would buy", [""], [(one["words"],) for one in figures["loosened"]])(console)
        if traits:
            rows("The batch beside what was not bought", heads, traits)(console)

    return show
