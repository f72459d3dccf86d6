"""The language itself: what parses, what is refused and why, and that hostile text is only ever refused."""

import random
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import ExpressionError
from schemas.expression import Call, Literal, Name, parse
from schemas.functions import FUNCTIONS
from schemas.table import Kind

COLUMNS = {
    "raw": Kind.TEXT,
    "date": Kind.TEXT,
    "Transaction Id": Kind.TEXT,
    "state.days_past_due": Kind.DAYS,
    "order.order_status": Kind.TEXT,
    "principal_amount": Kind.MONEY,
    "income_amount": Kind.MONEY,
    "annual_rate": Kind.RATE,
    "late_count": Kind.COUNT,
    "term_number": Kind.NUMBER,
    "score": Kind.REAL,
    "is_open": Kind.FLAG,
    "due_on": Kind.DATE,
    "paid_at": Kind.MOMENT,
}

ACCEPTED = {
    "state.days_past_due <= 30 AND is_open": Kind.FLAG,
    "order.order_status IN ('DELIVERED', 'COMPLETED')": Kind.FLAG,
    "principal_amount + income_amount - 5": Kind.MONEY,
    "principal_amount * 0.3": Kind.REAL,
    "principal_amount <= 0.3 * income_amount": Kind.FLAG,
    "annual_rate <= 0.24": Kind.FLAG,
    "annual_rate + 0.01": Kind.RATE,
    "late_count >= term_number": Kind.FLAG,
    "due_on - DATE '2025-01-31'": Kind.DAYS,
    "due_on >= '2025-01-31'": Kind.FLAG,
    "paid_at < TIMESTAMP '2025-01-31 00:00:00'": Kind.FLAG,
    "paid_at < '2025-01-31T08:00:00+08:00'": Kind.FLAG,
    "date": Kind.TEXT,
    "to_date(date, 'yyMMdd')": Kind.DATE,
    "\"Transaction Id\" LIKE 'T%'": Kind.FLAG,
    "CASE WHEN is_open THEN 1 ELSE score END": Kind.REAL,
    "CASE WHEN is_open THEN principal_amount END": Kind.MONEY,
    "coalesce(principal_amount, 0)": Kind.MONEY,
    "NOT is_open IS NULL": Kind.FLAG,
    "raw != 'it''s' -- a remark": Kind.FLAG,
    "local_day(paid_at, 'Asia/Shanghai')": Kind.DATE,
    "-(late_count) + 3": Kind.COUNT,
    "1 + 2.5": Kind.REAL,
}

REFUSED = {
    "principal_amount > state.days_past_due": "days and money do not go together",
    "principal_amount > late_count": "count and money do not go together",
    "state.days_past_due + late_count": "count and days do not go together",
    "raw > 3": "text",
    "due_on > raw": "date and text do not go together",
    "due_on > '31.01.2025'": "date and text do not go together",
    "due_on > paid_at": "date and moment do not go together",
    "due_on + 1": "do not go together",
    "due_on + due_on": "date is not added",
    "raw || raw": "'||' is not in the language",
    "raw = NULL": "a comparison with NULL is never true",
    "raw IN (raw)": "IN takes a list of literals",
    "raw IN (SELECT 1)": "'SELECT' is not in the language",
    "raw LIKE raw": "LIKE takes a text and a literal pattern",
    "raw LIKE 'a\\b'": "no backslash",
    "raw AND is_open": "a condition is needed",
    "nobody > 1": "no column 'nobody'",
    "order.nobody = 'a'": "no column 'order.nobody'",
    "Raw = 'a'": "no column 'Raw'",
    "reflect('java.lang.Runtime', 'exec', 'id')": "no function 'reflect'",
    "java_method('a', 'b')": "no function",
    "input_file_name()": "no function",
    'raw = "upper"(raw)': "'upper' is not in the language",
    "raw.upper(raw)": "not in the language",
    "cast(raw as date)": "no function 'cast'",
    "raw::date": "'::' is not in the language",
    "DATE raw": "",
    "DATE '2025-02-30' > due_on": "not an ISO day",
    "extract(year FROM due_on)": "no function",
    "INTERVAL '1 day'": "not in the language",
    "raw; raw": "';' is not in the language",
    "raw raw": "not in the language",
    "raw, raw": "",
    "*": "",
    "late_count ** 2": "",
    "late_count % 2": "'%' is not in the language",
    "raw COLLATE x": "not in the language",
    "{{ raw }}": "not in the language",
    "$1": "not in the language",
    "@raw": "not in the language",
    "raw[1]": "'[' is not in the language",
    "E'\\x41'": "not in the language",
    "1e3": "not a plain decimal",
    "1_000": "",
    "²": "",
    "\uff11 + 1": "",
    "\uff52\uff41\uff57 = 'a'": "no column",
    "raw = 'a\x00b'": "a control character",
    "raw = '\ud800'": "half a character",
    "raw = 'open": "",
    "(raw": "",
    "": "nothing is written",
    "-- only a remark": "nothing is written",
    "to_date(raw)": "takes (text, pattern)",
    "to_date(raw, raw)": "must be written out",
    "to_date(raw, 'yyyy-QQ')": "has 'Q'",
    "to_date(raw, 'yyyy-yyyy')": "one year, one month",
    "to_moment(raw, 'yyyy-MM-dd')": "give a zone, or an offset",
    "to_moment(raw, 'yyyy-MM-dd', 'Mars/Base')": "is not an IANA time zone",
    "to_moment(raw, 'yyyy-MM-ddTmm:HH', 'UTC')": "HH before mm",
    "local_day(paid_at, 'America')": "is not an IANA time zone",
    "local_day(paid_at, '../../etc/passwd')": "is not an IANA time zone",
    f"local_day(paid_at, 'Asia/{'x' * 400}')": "is not an IANA time zone",
    "1 + .2.5": "not a plain decimal",
    "substring(raw, 0, 2)": "the first character is 1",
    "replace(raw, '', 'x')": "an empty word",
    "round(score, 9)": "rounds to 0 to 6 decimals",
    "upper(3)": "takes text, not count",
    "least(is_open, true)": "no order",
    "coalesce(raw, 3)": "do not go together",
    "is_open + 1": "do not go together",
    "raw * 2": "only numbers",
    "-raw": "text has no negative",
    "raw IS DISTINCT FROM 'a'": "",
    "raw = ANY('a')": "",
    "EXISTS(raw)": "",
    "raw BETWEEN SYMMETRIC 'a' AND 'b'": "",
    "raw SIMILAR TO 'a'": "",
    "(raw, raw) = ('a', 'b')": "",
    "CASE is_open WHEN NULL THEN 1 END": "never true",
    "upper(raw) OVER ()": "",
    "upper(DISTINCT raw)": "",
    "coalesce(raw, 'a') FILTER (WHERE is_open)": "",
    "x -> x": "",
    "raw NOTNULL": "",
}


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_the_language_has_is_typed(text: str) -> None:
    """Every construct parses, and its kind follows from its columns."""
    assert parse(text, COLUMNS).kind is ACCEPTED[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_it_has_not_is_refused_with_reason(text: str) -> None:
    """Units that do not go together, engine functions, other SQL: refused, and the reason says so."""
    with pytest.raises(ExpressionError) as caught:
        parse(text, COLUMNS)
    assert REFUSED[text] in caught.value.found
    assert "at line " in caught.value.found


@pytest.mark.parametrize("text", ["is_open AND\n  nobody > 1", "is_open\nAND  foreign(raw)", "is_open and\n  raw > 3"])
def test_refusal_names_the_place(text: str) -> None:
    """The place is the line and column where the fault begins."""
    with pytest.raises(ExpressionError) as caught:
        parse(text, COLUMNS)
    assert f"at line 2, column {6 if 'foreign' in text else 3} of" in caught.value.found


def test_columns_are_told_by_their_whole_names() -> None:
    """An expression knows which columns it reads."""
    found = parse("state.days_past_due > 3 or \"Transaction Id\" = 'a' or date = raw", COLUMNS).columns
    assert found == {"state.days_past_due", "Transaction Id", "date", "raw"}


def test_literals_take_the_kind_of_their_company() -> None:
    """Beside money 0 is exact money; what does not fit the unit makes the comparison one of doubles."""
    exact, rough = (parse(f"principal_amount > {text}", COLUMNS).root for text in ("0.5", "0.005"))
    assert exact == Call(Kind.FLAG, "gt", (Name(Kind.MONEY, "principal_amount"), Literal(Kind.MONEY, Decimal("0.50"))))
    assert isinstance(rough, Call)
    assert [node.kind for node in rough.arguments] == [Kind.REAL, Kind.REAL]


@pytest.mark.parametrize(
    ("text", "wanted", "fits"),
    [
        ("null", Kind.DATE, True),
        ("0", Kind.MONEY, True),
        ("'2025-01-31'", Kind.DATE, True),
        ("term_number", Kind.COUNT, True),
        ("late_count", Kind.REAL, True),
        ("late_count", Kind.DAYS, False),
        ("raw", Kind.MONEY, False),
        ("score", Kind.MONEY, False),
        ("principal_amount * 2", Kind.MONEY, False),
    ],
)
def test_wanted_kind_is_reached_without_guessing(text: str, wanted: Kind, *, fits: bool) -> None:
    """Literals and plain numbers adapt; units are never changed silently."""
    if fits:
        assert parse(text, COLUMNS, wanted).kind is wanted
    else:
        with pytest.raises(ExpressionError, match=f"not {wanted.value}"):
            parse(text, COLUMNS, wanted)


HOSTILE = [
    "(" * 3999,
    "(" * 49 + "1" + ")" * 49,
    "NOT " * 900 + "is_open",
    "-" * 3000 + "1",
    "- " * 1500 + "1",
    "is_open" + " AND is_open" * 300,
    "is_open" + " OR is_open AND NOT is_open" * 120,
    "1" + "+1" * 1900,
    "CASE WHEN is_open THEN " * 160,
    "raw IN (" + "'a'," * 990 + "'b')",
    "upper(" * 600 + "raw" + ")" * 600,
    "upper(" * 40 + "raw" + ")" * 40,
    "nullif(" * 300 + "raw" + ", 'a')" * 300,
    "to_count(to_text(" * 100 + "raw" + "))" * 100,
    "raw LIKE '" + "%" * 3900 + "'",
    "raw = '" + "é" * 3900 + "'",
    "'" * 3999,
    "/*" * 1999,
    "a.b." * 999 + "c",
    "raw " * 999,
    "1 " * 1999,
    "1" * 3999,
    "case " * 799,
    "case when " * 49 + "is_open",
    "(case when " * 24 + "is_open",
    "(" * 48 + "is_open" + " and is_open)" * 48,
    "((((((((((((((((((((((((is_open, is_open",
    "x" * 4001,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_large_and_deep_text_is_answered_at_once(text: str) -> None:
    """Whatever is written is accepted or refused within a second."""
    began = time.process_time()
    try:
        parse(text, COLUMNS)
    except ExpressionError as error:
        assert "at line" in error.found  # noqa: PT017 - either outcome is right
    assert time.process_time() - began < 1


SIGNS = [*"(),.+-*/=<>;[]{}%^~!@#$&|?:\\'`", '"', "<>", "<=", ">=", "||", "::", "''", "--", "/*", "*/"]
SQL = """
    AND OR NOT IN IS NULL TRUE FALSE BETWEEN LIKE CASE WHEN THEN ELSE END DATE TIMESTAMP SELECT FROM WHERE CAST EXISTS
    INTERVAL WITH UNION LATERAL ARRAY STRUCT MAP OVER DISTINCT ALL ANY ESCAPE COLLATE AT TIME ZONE CREATE DROP USING
    UNNEST ROW VALUES DESCRIBE EXPLAIN PIVOT reflect java_method read_files load_file
    'a' '2025-01-31' 'yyyy-MM-dd' 'UTC' 1 0 2.5 1e9 0x1F .5. é
"""
WORDS = [*COLUMNS, *FUNCTIONS, *SIGNS, *SQL.split(), "\n", "\u00a0", "\u202e", "\uff1d"]


def random_text(chance: random.Random) -> str:
    """Give words of SQL and of the language in any order."""
    joint = chance.choice([" ", " ", ""])
    return joint.join(chance.choice(WORDS) for _ in range(chance.randrange(1, 25)))


def test_random_words_give_an_expression_or_a_typed_error() -> None:
    """Thousands of texts from the words of SQL and of the language: an answer each, and never another exception."""
    chance = random.Random(7)  # noqa: S311 - a seeded test
    answered = accepted = 0
    for _ in range(2_000):
        try:
            parse(random_text(chance), COLUMNS)
            accepted += 1
        except ExpressionError:
            pass
        answered += 1
    assert answered == 2_000
    assert accepted > 0


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_an_expression_or_a_typed_error(text: str) -> None:
    """Any characters at all, surrogates and controls among them."""
    try:
        parse(text, COLUMNS)
    except ExpressionError as error:
        assert error.promised  # noqa: PT017 - either outcome is right
