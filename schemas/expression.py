"""The house's expression language: the small, typed, three-valued part of SQL that sources, rules and deals speak."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from sqlglot import expressions as syntax

from schemas.errors import ExpressionError
from schemas.expression_build import MAX_LEVELS, MAX_WEIGHT, flat_members, negated, negative, size, summed
from schemas.expression_calls import checked_call
from schemas.expression_kinds import NUMERIC, coerce, day, moment, unify
from schemas.expression_nodes import Call, Expression, Literal, Name, Node, Others, Value, refusal, walk
from schemas.expression_others import OTHERS, checked_others
from schemas.expression_text import FUNCTION_MARK, is_plain_number, syntax_tree
from schemas.functions import FUNCTIONS
from schemas.table import Kind

__all__ = ["Call", "Expression", "Literal", "Name", "Node", "Others", "Value", "parse", "walk"]

MAX_DEPTH = 50

_COMPARISONS: dict[type[syntax.Expression], str] = {
    syntax.EQ: "eq",
    syntax.NEQ: "ne",
    syntax.LT: "lt",
    syntax.LTE: "le",
    syntax.GT: "gt",
    syntax.GTE: "ge",
}


NOTHING: Mapping[str, Kind] = MappingProxyType({})


def parse(
    text: str, columns: Mapping[str, Kind], wanted: Kind | None = None, others: Mapping[str, Kind] = NOTHING
) -> Expression:
    """Check a text and give it as an expression over those columns.

    Args:
        text: At most 4,000 characters of the language; names are exact, double quotes around those that SQL reserves.
        columns: What may be named (dots allowed: `state.days_past_due`), and its kind.
        wanted: The kind that must come out; literals, NULL and plain numbers adapt to it.
        others: What may be named of the borrower's other receivables, within the functions that look at them; where
            nothing may, the language has no such functions.

    Raises:
        ExpressionError: Anything else than the language, with place and reason.

    >>> sorted(parse("late_days <= 30 and grade in ('A')", {"late_days": Kind.DAYS, "grade": Kind.TEXT}).columns)
    ['grade', 'late_days']
    """
    functions = {*FUNCTIONS, *OTHERS} if others else {*FUNCTIONS}
    tree = syntax_tree(text, {*columns, *others}, functions)
    checker = _Checker(text, columns, others)
    try:
        root = checker.lower(tree)
    except RecursionError as error:
        raise refusal(text, 0, f"nested deeper than {MAX_DEPTH}") from error
    if wanted is not None:
        fitted = coerce(root, wanted)
        if fitted is None:
            raise refusal(text, 0, f"it gives {root.kind.value}, not {wanted.value}", _conversion_hint(wanted))
        root = fitted
    _require_plannable(text, root)
    names = frozenset(node.name for node in walk(root) if isinstance(node, Name))
    return Expression(text, root.kind, names, root)


def _require_plannable(text: str, node: Node) -> None:
    weight, levels = size(node)
    if weight > MAX_WEIGHT or levels > MAX_LEVELS:
        raise refusal(text, 0, f"too large for an engine ({weight} parts, {levels} deep)", "split it")


def _conversion_hint(kind: Kind) -> str:
    return f"to_{kind.value}(...)" if f"to_{kind.value}" in FUNCTIONS else "a comparison"


class _Checker:
    """Lowers sqlglot's tree to ours, node by node, refusing what has no rule here."""

    def __init__(self, text: str, columns: Mapping[str, Kind], others: Mapping[str, Kind], depth: int = 0) -> None:
        self.text = text
        self.columns = columns
        self.others = others
        self.depth = depth

    def lower(self, tree: syntax.Expression) -> Node:
        rule = _RULES.get(type(tree))
        if rule is None:
            raise self.refuse(tree, f"{type(tree).__name__.lower()} is not in the language")
        lower, parts = rule
        extra = [name for name, value in tree.args.items() if value and name not in parts]
        if extra:
            raise self.refuse(tree, f"{type(tree).__name__.lower()} with {extra[0]} is not in the language")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refuse(tree, f"nested deeper than {MAX_DEPTH}")
        node = lower(self, tree)
        self.depth -= 1
        return node

    def refuse(
        self, tree: syntax.Expression, reason: str, mend: str = "docs/expressions.md says what is"
    ) -> ExpressionError:
        starts = [node.meta["start"] for node in tree.walk() if "start" in node.meta]
        return refusal(self.text, min(starts, default=0), reason, mend)

    def flag(self, tree: syntax.Expression) -> Node:
        node = coerce(self.lower(tree), Kind.FLAG)
        if node is None:
            raise self.refuse(tree, "a condition is needed here, true or false", "compare it with something")
        return node

    def together(self, tree: syntax.Expression, trees: list[syntax.Expression]) -> tuple[Node, ...]:
        nodes = [self.lower(each) for each in trees]
        fitted = unify(nodes)
        if fitted is None:
            kinds = " and ".join(sorted({node.kind.value for node in nodes}))
            raise self.refuse(tree, f"{kinds} do not go together", "convert one of them")
        return fitted

    def column(self, tree: syntax.Expression) -> Node:
        name = ".".join(part.name for part in tree.parts)
        kind = self.columns.get(name)
        if kind is None:
            raise self.refuse(tree, f"no column {name!r}", f"the columns are {', '.join(sorted(self.columns)[:60])}")
        return Name(kind, name)

    def literal(self, tree: syntax.Expression) -> Node:
        if tree.is_string:
            return Literal(Kind.TEXT, tree.name)
        if not is_plain_number(tree.name):
            raise self.refuse(tree, f"{tree.name!r} is not a plain decimal")
        value = Decimal(tree.name)
        return Literal(Kind.COUNT, int(value)) if value == int(value) else Literal(Kind.REAL, value)

    def boolean(self, tree: syntax.Expression) -> Node:
        return Literal(Kind.FLAG, bool(tree.this))

    def null(self, _: syntax.Expression) -> Node:
        return Literal(Kind.TEXT, None)

    def paren(self, tree: syntax.Expression) -> Node:
        return self.lower(tree.this)

    def dated(self, tree: syntax.Expression) -> Node:
        if not isinstance(tree.this, syntax.Literal) or not tree.this.is_string:
            raise self.refuse(tree, "cast is not in the language", "use to_date(text, pattern) and the like")
        kind = {"DATE": Kind.DATE, "TIMESTAMP": Kind.MOMENT}.get(tree.to.sql())
        value = {Kind.DATE: day, Kind.MOMENT: moment}[kind](tree.this.name) if kind else None
        if kind is None or value is None:
            raise self.refuse(tree, f"{tree.this.name!r} is not an ISO day or moment", "DATE '2025-01-31'")
        return Literal(kind, value)

    def junction(self, tree: syntax.Expression) -> Node:
        return Call(Kind.FLAG, tree.key, tuple(self.flag(each) for each in flat_members(tree)))

    def negation(self, tree: syntax.Expression) -> Node:
        return negated(self.flag(tree.this))

    def comparison(self, tree: syntax.Expression) -> Node:
        arguments = self.together(tree, [tree.this, tree.expression])
        if any(isinstance(node, Literal) and node.value is None for node in arguments):
            raise self.refuse(tree, "a comparison with NULL is never true", "write IS NULL or IS NOT NULL")
        return Call(Kind.FLAG, _COMPARISONS[type(tree)], arguments)

    def between(self, tree: syntax.Expression) -> Node:
        value, low, high = self.together(tree, [tree.this, tree.args["low"], tree.args["high"]])
        return Call(Kind.FLAG, "and", (Call(Kind.FLAG, "ge", (value, low)), Call(Kind.FLAG, "le", (value, high))))

    def membership(self, tree: syntax.Expression) -> Node:
        value, *members = self.together(tree, [tree.this, *tree.expressions])
        if not members or not all(isinstance(node, Literal) and node.value is not None for node in members):
            raise self.refuse(tree, "IN takes a list of literals")
        return Call(Kind.FLAG, "in", (value, *members))

    def like(self, tree: syntax.Expression) -> Node:
        value, pattern = self.lower(tree.this), self.lower(tree.expression)
        if value.kind is not Kind.TEXT or not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
            raise self.refuse(tree, "LIKE takes a text and a literal pattern")
        if "\\" in pattern.value:
            raise self.refuse(tree, "a LIKE pattern has no backslash", "% is any text, _ any one character")
        return Call(Kind.FLAG, "like", (value, pattern))

    def identity(self, tree: syntax.Expression) -> Node:
        if isinstance(tree.expression, syntax.Null):
            found: Node = Call(Kind.FLAG, "is_null", (self.lower(tree.this),))
        elif isinstance(tree.expression, syntax.Boolean):
            wanted = bool(tree.expression.this)
            known = Call(Kind.FLAG, "coalesce", (self.flag(tree.this), Literal(Kind.FLAG, not wanted)))
            found = known if wanted else negated(known)
        else:
            raise self.refuse(tree, "IS takes NULL, TRUE or FALSE")
        return negated(found) if tree.args.get("negate") else found

    def case(self, tree: syntax.Expression) -> Node:
        subject = tree.args.get("this")
        branches = tree.args["ifs"]
        tests = [self.case_test(subject, branch.this) for branch in branches]
        values = [branch.args["true"] for branch in branches] + [tree.args.get("default") or syntax.Null()]
        *results, otherwise = self.together(tree, values)
        pairs = [node for pair in zip(tests, results, strict=True) for node in pair]
        return Call(otherwise.kind, "case", (*pairs, otherwise))

    def case_test(self, subject: syntax.Expression | None, test: syntax.Expression) -> Node:
        return self.flag(test) if subject is None else self.comparison(syntax.EQ(this=subject, expression=test))

    def minus_sign(self, tree: syntax.Expression) -> Node:
        node = self.lower(tree.this)
        if node.kind not in NUMERIC:
            raise self.refuse(tree, f"{node.kind.value} has no negative")
        return negative(node)

    def sum(self, tree: syntax.Expression) -> Node:
        left, right = self.together(tree, [tree.this, tree.expression])
        if left.kind in NUMERIC:
            return summed(left, right if isinstance(tree, syntax.Add) else negative(right))
        if left.kind is Kind.DATE and isinstance(tree, syntax.Sub):
            return Call(Kind.DAYS, "days_between", (left, right))
        raise self.refuse(
            tree, f"{left.kind.value} is not added or subtracted", "add_days(date, number), concat(text, text)"
        )

    def product(self, tree: syntax.Expression) -> Node:
        factors = [coerce(self.lower(each), Kind.REAL) for each in (tree.this, tree.expression)]
        left, right = factors
        if left is None or right is None:
            raise self.refuse(tree, "only numbers are multiplied or divided")
        return Call(Kind.REAL, "multiply" if isinstance(tree, syntax.Mul) else "divide", (left, right))

    def call(self, tree: syntax.Expression) -> Node:
        name = str(tree.this).removeprefix(FUNCTION_MARK)
        if name == tree.this or not (name in FUNCTIONS or name in OTHERS):
            raise self.refuse(tree, f"no function {tree.this!r}")
        made = self.of_others(tree, name) if name in OTHERS else self.of_row(tree, name)
        if isinstance(made, str):
            raise self.refuse(tree, f"{name}: {made}")
        return made

    def of_row(self, tree: syntax.Expression, name: str) -> Node | str:
        return checked_call(FUNCTIONS[name], [self.lower(each) for each in tree.expressions])

    def of_others(self, tree: syntax.Expression, name: str) -> Node | str:
        if not self.others:
            return "one look at the other receivables cannot stand within another"
        inner = _Checker(self.text, self.others, NOTHING, self.depth)
        made = checked_others(OTHERS[name], [inner.lower(each) for each in tree.expressions])
        if isinstance(made, Others):
            for part in (made.value, made.condition):
                if part is not None:
                    _require_plannable(self.text, part)
        return made


_Rule = tuple[Callable[[_Checker, syntax.Expression], Node], frozenset[str]]
_PAIR = frozenset({"this", "expression"})
_RULES: dict[type[syntax.Expression], _Rule] = {
    syntax.Column: (_Checker.column, frozenset({"this", "table", "db", "catalog"})),
    syntax.Literal: (_Checker.literal, frozenset({"this", "is_string"})),
    syntax.Boolean: (_Checker.boolean, frozenset({"this"})),
    syntax.Null: (_Checker.null, frozenset()),
    syntax.Paren: (_Checker.paren, frozenset({"this"})),
    syntax.Cast: (_Checker.dated, frozenset({"this", "to"})),
    syntax.And: (_Checker.junction, _PAIR),
    syntax.Or: (_Checker.junction, _PAIR),
    syntax.Not: (_Checker.negation, frozenset({"this"})),
    **dict.fromkeys(_COMPARISONS, (_Checker.comparison, _PAIR)),
    syntax.Between: (_Checker.between, frozenset({"this", "low", "high"})),
    syntax.In: (_Checker.membership, frozenset({"this", "expressions"})),
    syntax.Like: (_Checker.like, _PAIR),
    syntax.Is: (_Checker.identity, _PAIR | {"negate"}),
    syntax.Case: (_Checker.case, frozenset({"this", "ifs", "default"})),
    syntax.Neg: (_Checker.minus_sign, frozenset({"this"})),
    syntax.Add: (_Checker.sum, _PAIR),
    syntax.Sub: (_Checker.sum, _PAIR),
    syntax.Mul: (_Checker.product, _PAIR),
    syntax.Div: (_Checker.product, _PAIR | {"typed"}),
    syntax.Anonymous: (_Checker.call, frozenset({"this", "expressions"})),
}
