"""From text to a syntax tree, with sqlglot as parser only: what is not in the language is stopped before it parses."""

import re
from collections.abc import Collection, Sequence

from sqlglot import expressions as syntax
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from schemas.expression_nodes import refusal

MAX_LENGTH = 4_000
MAX_NESTING = 50
FUNCTION_MARK = "__"
"""Put before a function's name so that the parser takes it for nothing that it knows."""

_DIALECT = Dialect.get_or_raise("postgres")
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OPENING = {TokenType.L_PAREN, TokenType.CASE}
_CLOSING = {TokenType.R_PAREN, TokenType.END}
_NAMES = {TokenType.VAR, TokenType.IDENTIFIER}
_TYPED = {TokenType.DATE, TokenType.TIMESTAMP}
_WORDS = {
    TokenType.AND,
    TokenType.OR,
    TokenType.NOT,
    TokenType.IN,
    TokenType.IS,
    TokenType.NULL,
    TokenType.TRUE,
    TokenType.FALSE,
    TokenType.BETWEEN,
    TokenType.LIKE,
    TokenType.CASE,
    TokenType.WHEN,
    TokenType.THEN,
    TokenType.ELSE,
    TokenType.END,
}
_SIGNS = {
    TokenType.DOT,
    TokenType.COMMA,
    TokenType.L_PAREN,
    TokenType.R_PAREN,
    TokenType.PLUS,
    TokenType.DASH,
    TokenType.STAR,
    TokenType.SLASH,
    TokenType.EQ,
    TokenType.NEQ,
    TokenType.LT,
    TokenType.LTE,
    TokenType.GT,
    TokenType.GTE,
}
_ALLOWED = _NAMES | _TYPED | _WORDS | _SIGNS | {TokenType.NUMBER, TokenType.STRING}


def syntax_tree(text: str, columns: Collection[str], functions: Collection[str]) -> syntax.Expression:
    """Parse the text into sqlglot's tree; functions of the language come out as anonymous ones, marked.

    Raises:
        ExpressionError: Too long, too deep, not SQL, or a word or sign that the language does not have.
    """
    _require_readable(text)
    try:
        read = _DIALECT.tokenize(text)
        if not read:
            raise refusal(text, 0, "nothing is written")
        tokens = _renamed(text, read, columns, functions)
        _require_bounded(text, tokens)
        trees = _DIALECT.parser().parse(tokens, text)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise refusal(text, 0, f"not an expression ({_first_line(error)})") from error
    if len(trees) != 1 or trees[0] is None:
        raise refusal(text, 0, "not one expression")
    return trees[0]


def is_plain_number(text: str) -> bool:
    """Tell whether a number is written as digits with at most one point."""
    return _NUMBER.fullmatch(text) is not None


def _require_readable(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise refusal(text, MAX_LENGTH, f"longer than {MAX_LENGTH} characters")
    control = _CONTROL.search(text)
    if control:
        raise refusal(text, control.start(), "a control character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise refusal(text, error.start, "half a character") from error


def _renamed(text: str, tokens: Sequence[Token], columns: Collection[str], functions: Collection[str]) -> list[Token]:
    """Mark functions, and make identifiers of words that SQL reserves but that name a column here."""
    words = {part for name in columns for part in (name, *name.split("."))}
    following = [*tokens[1:], None]
    preceding = [None, *tokens[:-1]]
    return [
        _function(text, token, functions)
        if _is_word(token) and after is not None and after.token_type is TokenType.L_PAREN
        else _token(text, token, before, after, words)
        for before, token, after in zip(preceding, tokens, following, strict=True)
    ]


def _is_word(token: Token) -> bool:
    kind = token.token_type
    is_free = kind not in _WORDS and kind not in {TokenType.STRING, TokenType.IDENTIFIER}
    return is_free and _WORD.fullmatch(token.text) is not None


def _token(text: str, token: Token, before: Token | None, after: Token | None, words: Collection[str]) -> Token:
    kind = token.token_type
    opens = after is not None and after.token_type is TokenType.L_PAREN
    if _is_word(token):
        dotted = any(near is not None and near.token_type is TokenType.DOT for near in (before, after))
        literal = kind in _TYPED and after is not None and after.token_type is TokenType.STRING
        if kind is TokenType.VAR or dotted or (token.text in words and not literal):
            return _as(token, TokenType.IDENTIFIER, token.text)
    if kind not in _ALLOWED or (kind is TokenType.IDENTIFIER and opens):
        raise refusal(text, token.start, f"{token.text!r} is not in the language")
    if kind is TokenType.NUMBER and not is_plain_number(token.text):
        raise refusal(text, token.start, f"the number {token.text!r} is not a plain decimal of at most 18 digits")
    return token


def _function(text: str, token: Token, functions: Collection[str]) -> Token:
    name = token.text.lower()
    if name not in functions:
        raise refusal(
            text, token.start, f"no function {token.text!r}", f"the functions are {', '.join(sorted(functions))}"
        )
    return _as(token, TokenType.VAR, FUNCTION_MARK + name)


def _as(token: Token, kind: TokenType, text: str) -> Token:
    return Token(kind, text, token.line, token.col, token.start, token.end)


def _require_bounded(text: str, tokens: Sequence[Token]) -> None:
    depth = signs = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        signs = signs + 1 if token.token_type in {TokenType.NOT, TokenType.DASH, TokenType.PLUS} else 0
        if max(depth, signs) > MAX_NESTING:
            raise refusal(text, token.start, f"nested deeper than {MAX_NESTING}")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
