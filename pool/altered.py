"""A deal with other criteria: one threshold, a whole expression or a criterion less, checked as its document is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pool.clauses import Criterion, parsed
from pool.deal import Deal, checked_deal
from schemas.errors import ConfigurationError, ExpressionError
from schemas.expression import parse
from schemas.expression_nodes import Call, Expression, Literal, Node, walk
from schemas.expression_written import written
from schemas.table import Kind

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_WANTED = re.compile(r"([A-Z][A-Z0-9_]{0,15})(?:\.([1-9][0-9]?))?=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Alteration:
    """One change to one criterion.

    Args:
        code: The criterion.
        act: What is done, as a sentence begins: raising, lowering, changing, dropping.
        what: What that is done to: the code, with the threshold's number where there are several.
        was: The threshold that stood there; empty where the whole criterion is another.
        becomes: The threshold or expression that comes; empty where the criterion is dropped.
    """

    code: str
    act: str
    what: str
    was: str = ""
    becomes: str = ""

    @property
    def words(self) -> str:
        """Say it.

        >>> Alteration("E21", "raising", "E21", "7", "30").words
        'raising E21 from 7 to 30'
        """
        came = f" from {self.was}" if self.was else ""
        return f"{self.act} {self.what}{came}" + (f" to {self.becomes}" if self.becomes else "")


def is_wanted(text: str) -> bool:
    """Tell whether a text asks for another threshold, as `CODE=VALUE` or `CODE.NUMBER=VALUE`.

    >>> is_wanted("E21=30"), is_wanted("E26.2=0"), is_wanted("training.folds=2")
    (True, True, False)
    """
    return _WANTED.fullmatch(text) is not None


def altered(deal: Deal, wanted: Sequence[str], dropped: Sequence[str]) -> tuple[Deal, tuple[Alteration, ...]]:
    """Give a deal with other criteria, and what is done to it, one after the other.

    Args:
        deal: The deal.
        wanted: `CODE=VALUE`. A literal, written as deals write it, takes the place of the criterion's only threshold,
            the literal that something is compared with; `CODE.NUMBER=VALUE` that of one of several. Anything else is
            the criterion's whole new expression.
        dropped: Codes of criteria that are left out.

    Raises:
        ConfigurationError: Nothing is asked for, there is no such criterion or threshold, or the deal would not hold:
            the expression is refused, another kind stands beside a threshold's, no criterion is left.
    """
    if not wanted and not dropped:
        raise ConfigurationError("no other threshold", "one at least", "--set CODE=VALUE or --drop CODE")
    there = {each.code: each for each in deal.criteria}
    done = []
    for text in wanted:
        code, number, value = _read(text)
        there[code], one = _with(_of(deal, there, code, f"--set {text}"), number, value, f"--set {text}")
        _holds(deal, there, f"--set {text}")
        done.append(one)
    for code in dropped:
        _of(deal, there, code, f"--drop {code}")
        if any(one.code == code for one in done):
            raise ConfigurationError(f"--drop {code}", "a criterion that no --set changes too, dropped once", "--drop")
        del there[code]
        done.append(Alteration(code, "dropping", code))
    return _holds(deal, there, " ".join(f"--drop {code}" for code in dropped)), tuple(done)


def thresholds(expression: Expression) -> list[tuple[Call, Literal]]:
    """Give the literals that something is compared with, each with its comparison, from left to right."""
    return list(_thresholds(expression.root))


def _thresholds(root: Node) -> Iterator[tuple[Call, Literal]]:
    for node in walk(root):
        if isinstance(node, Call) and node.function in COMPARISONS:
            literals = [each for each in node.arguments if isinstance(each, Literal) and each.kind is not Kind.FLAG]
            if len(literals) == 1:
                yield node, literals[0]


def _read(text: str) -> tuple[str, int | None, str]:
    found = _WANTED.fullmatch(text)
    if not found:
        raise ConfigurationError(f"--set {text}", "CODE=VALUE, as E21=30", "--set")
    return found[1], int(found[2]) if found[2] else None, found[3].strip()


def _of(deal: Deal, there: dict[str, Criterion], code: str, option: str) -> Criterion:
    if code in there:
        return there[code]
    bounded = code in {each.code for each in (*deal.limits, *deal.revolving, *deal.triggers)}
    told = "is not about one receivable: it decides what a pool holds, not what is eligible"
    found = f"{option}: {code} {told}" if bounded else f"{option}: no criterion {code}"
    raise ConfigurationError(found, f"one of the criteria {', '.join(there)}", option.split(maxsplit=1)[0])


def _with(criterion: Criterion, number: int | None, value: str, option: str) -> tuple[Criterion, Alteration]:
    literal = _literal(value)
    if literal is None and number is None:
        one = Alteration(criterion.code, "changing", criterion.code, becomes=value)
        return criterion.model_copy(update={"expression": value}), one
    expression = parsed(criterion.expression)
    places = thresholds(expression)
    if literal is None or not 1 <= (number or 1) <= len(places) or (number is None and len(places) > 1):
        raise _unclear(criterion, places, option)
    _, was = places[(number or 1) - 1]
    came = written(_replaced(expression.root, was, literal))
    what = criterion.code if number is None else f"{criterion.code}.{number}"
    one = Alteration(criterion.code, _act(was, literal), what, _told(was), _told(literal))
    return criterion.model_copy(update={"expression": came}), one


def _unclear(criterion: Criterion, places: Sequence[tuple[Call, Literal]], option: str) -> ConfigurationError:
    code = criterion.code
    listed = "; ".join(f"{code}.{n} is {_told(one)} in {written(call)}" for n, (call, one) in enumerate(places, 1))
    told = f"{len(places)} thresholds, {listed}" if places else f"no threshold in {criterion.expression}"
    promised = "a literal for one of them, or a whole expression" if places else "a whole expression"
    return ConfigurationError(f"{option}: {code} has {told}", promised, f"--set '{code}=EXPRESSION'")


def _literal(text: str) -> Literal | None:
    try:
        root = parse(text, {}).root
    except ExpressionError:
        return None
    return root if isinstance(root, Literal) else None


def _replaced(node: Node, old: Literal, new: Literal) -> Node:
    """Give the tree with one very node of it replaced."""
    if node is old:
        return new
    if isinstance(node, Call):
        return replace(node, arguments=tuple(_replaced(each, old, new) for each in node.arguments))
    return node


def _act(was: Literal, becomes: Literal) -> str:
    before, after = was.value, becomes.value
    if isinstance(before, int | Decimal) and isinstance(after, int | Decimal) and before != after:
        return "raising" if after > before else "lowering"
    return "changing"


def _told(literal: Literal) -> str:
    value = literal.value
    return format(value.normalize(), "f") if isinstance(value, Decimal) else written(literal)


def _holds(deal: Deal, there: dict[str, Criterion], options: str) -> Deal:
    document = {**deal.model_dump(), "criteria": [each.model_dump() for each in there.values()]}
    return checked_deal(document, f"{deal.name} with {options}" if options else deal.name)
