"""Whether a function of the language may be called with these arguments, and what then comes out."""

import re
from collections.abc import Callable, Sequence

from schemas.date_patterns import pattern_fault, read_pattern
from schemas.errors import ConfigurationError
from schemas.expression_kinds import coerce, unify
from schemas.expression_nodes import Call, Literal, Node
from schemas.functions import Function, Parameter
from schemas.moments import zone
from schemas.table import Kind

_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]{1,20}(/[A-Za-z0-9_+-]{1,30}){1,2}")
MAX_POSITION = 10_000
MAX_DECIMALS = 6
ORDERED_ONLY = frozenset({"least", "greatest"})


def checked_call(function: Function, arguments: Sequence[Node]) -> Call | str:
    """Give the call with its arguments made to fit, or the reason why it is refused."""
    least, most = len(function.parameters) - function.optional, len(function.parameters)
    if len(arguments) < least or (len(arguments) > most and not function.repeats):
        shown = ", ".join(parameter.name for parameter in function.parameters)
        return f"takes ({shown}), not {len(arguments)} values"
    parameters = [function.parameters[min(place, most - 1)] for place in range(len(arguments))]
    fitted = [_fit(parameter, argument) for parameter, argument in zip(parameters, arguments, strict=True)]
    for outcome in fitted:
        if isinstance(outcome, str):
            return outcome
    return _result(function, [node for node in fitted if not isinstance(node, str)])


def _fit(parameter: Parameter, argument: Node) -> Node | str:
    if parameter.constant:
        return _fit_constant(parameter, argument)
    if not parameter.kinds or argument.kind in parameter.kinds:
        return argument
    candidates = (coerce(argument, kind) for kind in sorted(parameter.kinds, key=lambda kind: kind.value))
    fitted = next((node for node in candidates if node is not None), None)
    wanted = " or ".join(sorted(kind.value for kind in parameter.kinds))
    return fitted or f"takes {wanted}, not {argument.kind.value}"


def _fit_constant(parameter: Parameter, argument: Node) -> Node | str:
    if not isinstance(argument, Literal) or argument.kind not in parameter.kinds or argument.value is None:
        return f"the {parameter.name} must be written out as a literal"
    fault = _CONSTANTS[parameter.constant](argument.value)
    return fault or argument


def _zone_fault(value: object) -> str:
    try:
        known = _ZONE.fullmatch(str(value)) is not None and zone(str(value)) is not None
    except (ConfigurationError, OSError):
        known = False
    return "" if known else f"{value!r} is not an IANA time zone such as Asia/Shanghai"


def _word_fault(value: object) -> str:
    return "" if len(str(value)) <= MAX_POSITION else "the word is too long"


def _whole_fault(value: object) -> str:
    return "" if isinstance(value, int) and 0 <= value <= MAX_POSITION else f"{value!r} is not a position"


_CONSTANTS: dict[str, Callable[[object], str]] = {
    "pattern": lambda value: pattern_fault(str(value)),
    "zone": _zone_fault,
    "text": _word_fault,
    "whole": _whole_fault,
}


def _result(function: Function, arguments: list[Node]) -> Call | str:
    fault = _extra_fault(function.name, arguments)
    if fault:
        return fault
    if function.gives is not None:
        return Call(function.gives, function.name, tuple(arguments))
    unified = unify(arguments)
    if unified is None:
        return f"{' and '.join(sorted({node.kind.value for node in arguments}))} do not go together"
    if function.name in ORDERED_ONLY and unified[0].kind is Kind.FLAG:
        return "true and false have no order"
    return Call(unified[0].kind, function.name, unified)


def _extra_fault(name: str, arguments: Sequence[Node]) -> str:
    """Say what no single parameter can: what the arguments must be to each other."""
    constants = [node.value for node in arguments if isinstance(node, Literal)]
    match name:
        case "to_moment":
            has_offset = any("X" in token for token in read_pattern(str(constants[-2 if len(arguments) > 2 else -1])))
            if has_offset == (len(arguments) > 2):
                return "give a zone, or an offset (X) in the pattern, and not both"
        case "round" if constants[-1] not in range(MAX_DECIMALS + 1):
            return f"rounds to 0 to {MAX_DECIMALS} decimals"
        case "substring" if constants[-2] == 0:
            return "the first character is 1"
        case "replace" if constants[-2] == "":
            return "an empty word cannot be replaced"
    return ""
