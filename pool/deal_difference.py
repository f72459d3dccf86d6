"""What one version of a deal says that another does not, clause by clause, and which way each threshold moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pool.clauses import Bounded, Clause, Criterion, Limit, parsed
from pool.deal import Deal
from schemas.expression_nodes import Call, Literal, Node
from schemas.expression_written import written

LOOSER, TIGHTER = "looser", "tighter"
NOTHING = "-"
_FAMILIES = ("criteria", "limits", "revolving", "triggers")
_NAMES = {"criteria": "criterion", "limits": "limit", "revolving": "condition", "triggers": "trigger"}
_SIGNS = {"le": "at most", "lt": "below", "ge": "at least", "gt": "above", "eq": "equal to", "ne": "other than"}
_UPPER, _LOWER = frozenset({"le", "lt"}), frozenset({"ge", "gt"})
_TURNED = {"le": "ge", "lt": "gt", "ge": "le", "gt": "lt", "eq": "eq", "ne": "ne"}
_MORE_IS = {"at_most": LOOSER, "at_least": TIGHTER, "days_past_due": LOOSER, "fire_periods": LOOSER}
_MORE_IS |= {"cure_periods": TIGHTER, "score_max_age_days": LOOSER}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed.

    Args:
        place: Which clause, or which part of the deal.
        clause: Where the contract says it; empty where it is no clause.
        what: What of it.
        was: As the first document has it.
        becomes: As the second one has it.
        effect: `looser` where more may be bought after it, `tighter` where less; empty where that cannot be said.
    """

    place: str
    clause: str
    what: str
    was: str
    becomes: str
    effect: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    what: str
    was: str
    becomes: str
    moved: int = 0
    """1 where the condition is true more often after it, -1 where less often, 0 where that cannot be said."""


def differences(first: Deal, second: Deal) -> list[Difference]:
    """Say what changes from the first document to the second, in the order of a deal; nothing for layout alone."""
    found = list(_plain_differences(first, second))
    for family in _FAMILIES:
        found += _family_differences(_NAMES[family], getattr(first, family), getattr(second, family))
    return found


def _plain_differences(first: Deal, second: Deal) -> Iterator[Difference]:
    was, becomes = (dict(_flat(deal.model_dump(mode="json", exclude={*_FAMILIES}))) for deal in (first, second))
    for name in dict.fromkeys([*was, *becomes]):
        if was.get(name) != becomes.get(name):
            place, _, what = name.rpartition(".")
            effect = _effect_of_more(what, was.get(name), becomes.get(name))
            yield Difference(place or "deal", "", what, _shown(was.get(name)), _shown(becomes.get(name)), effect)


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a document's values
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _flat(below, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for number, below in enumerate(value, start=1):
            yield from _flat(below, f"{place}.{number}")
    elif value is not None:
        yield place, value


def _family_differences(kind: str, first: Sequence[Clause], second: Sequence[Clause]) -> Iterator[Difference]:
    was, becomes = ({clause.code: clause for clause in clauses} for clauses in (first, second))
    for code in dict.fromkeys([*was, *becomes]):
        old, new = was.get(code), becomes.get(code)
        if old is None and new is not None:
            yield Difference(f"{kind} {code}", new.clause, "added", NOTHING, new.text_en, TIGHTER)
        elif new is None and old is not None:
            yield Difference(f"{kind} {code}", old.clause, "removed", old.text_en, NOTHING, LOOSER)
        elif old is not None and new is not None:
            yield from _clause_differences(f"{kind} {code}", old, new)


def _clause_differences(place: str, old: Clause, new: Clause) -> Iterator[Difference]:
    for name in type(old).model_fields:
        was, becomes = getattr(old, name), getattr(new, name)
        if name == "expression":
            for change in _expression_changes(was, becomes):
                yield Difference(place, new.clause, change.what, change.was, change.becomes, _effect(old, new, change))
        elif was != becomes:
            effect = _effect_of_more(name, was, becomes)
            yield Difference(place, new.clause, name, _shown(was), _shown(becomes), effect)


def _effect(old: Clause, new: Clause, change: _Change) -> str:
    """Tell what a condition that is true more often does: of a criterion it lets more in, of a capped share less."""
    if isinstance(new, Criterion):
        return {1: LOOSER, -1: TIGHTER}.get(change.moved, "")
    counts = isinstance(old, Limit) and isinstance(new, Limit) and {old.measure, new.measure} <= _CONDITIONED
    if not counts or not isinstance(old, Bounded) or not isinstance(new, Bounded) or old.is_cap != new.is_cap:
        return ""
    return {1: TIGHTER, -1: LOOSER}.get(change.moved if new.is_cap else -change.moved, "")


_CONDITIONED = frozenset({"attribute_share", "total_amount"})


def _effect_of_more(name: str, was: object, becomes: object) -> str:
    if name not in _MORE_IS:
        return ""
    if name == "cure_periods" and None in (was, becomes):
        return LOOSER if was is None else TIGHTER
    numbers = [Decimal(str(value)) for value in (was, becomes) if value is not None]
    if len(numbers) < 2:
        return ""
    other = TIGHTER if _MORE_IS[name] == LOOSER else LOOSER
    return _MORE_IS[name] if numbers[1] > numbers[0] else other


def _shown(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "; ".join(f"from month {step.from_month} {step.bound:f}" for step in value) or NOTHING
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _expression_changes(was: str, becomes: str) -> list[_Change]:
    old, new = parsed(was).root, parsed(becomes).root
    changes = _compared(old, new, 1)
    return [_Change("expression", written(old), written(new))] if changes is None else changes


def _compared(old: Node, new: Node, polarity: int) -> list[_Change] | None:
    """Give the thresholds that moved where nothing else did; None where the condition itself is another."""
    if old == new:
        return []
    if not isinstance(old, Call) or not isinstance(new, Call) or old.function != new.function:
        return None
    if old.function == "in":
        return _members_compared(old, new, polarity)
    if len(old.arguments) != len(new.arguments):
        return None
    if old.function in _SIGNS and (found := _bound_compared(old, new, polarity)):
        return [found]
    below = {"and": polarity, "or": polarity, "not": -polarity}.get(old.function, 0)
    found_below = [_compared(*pair, below) for pair in zip(old.arguments, new.arguments, strict=True)]
    known = [changes for changes in found_below if changes is not None]
    return [each for changes in known for each in changes] if len(known) == len(found_below) else None


def _bound_compared(old: Call, new: Call, polarity: int) -> _Change | None:
    for subject, bound, sign in ((0, 1, old.function), (1, 0, _TURNED[old.function])):
        was, becomes = old.arguments[bound], new.arguments[bound]
        same = old.arguments[subject] == new.arguments[subject]
        if same and isinstance(was, Literal) and isinstance(becomes, Literal):
            moved = polarity * _moved(sign, was.value, becomes.value)
            told = [f"{_SIGNS[sign]} {written(each)}" for each in (was, becomes)]
            return _Change(written(old.arguments[subject]), told[0], told[1], moved)
    return None


def _moved(sign: str, was: Any, becomes: Any) -> int:  # noqa: ANN401 - two values of one kind
    if sign not in _UPPER | _LOWER:
        return 0
    rises = 1 if becomes > was else -1
    return rises if sign in _UPPER else -rises


def _members_compared(old: Call, new: Call, polarity: int) -> list[_Change] | None:
    if old.arguments[0] != new.arguments[0]:
        return None
    was, becomes = ([written(member) for member in call.arguments[1:]] for call in (old, new))
    grows = int({*was} < {*becomes}) - int({*becomes} < {*was})
    told = [f"one of {', '.join(each)}" for each in (was, becomes)]
    return [_Change(written(old.arguments[0]), told[0], told[1], polarity * grows)]


def moved_bounds(found: Sequence[Difference]) -> tuple[int, int]:
    """Count what became looser, and what tighter."""
    effects = [each.effect for each in found]
    return effects.count(LOOSER), effects.count(TIGHTER)
