"""Texts that somebody might put where a criterion belongs: random, broken, or with bad intent; all of them seeded."""

import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from schemas.errors import ExpressionError
from schemas.expression import Expression, parse
from schemas.expression_others import OTHERS
from schemas.expression_written import written
from schemas.functions import FUNCTIONS
from schemas.table import Kind

ENGINE_FUNCTIONS = re.findall(
    r"\w+",
    """
    read_parquet read_csv read_csv_auto read_json read_json_auto read_text read_blob parquet_scan glob sniff_csv
    parquet_metadata sqlite_scan postgres_scan mysql_scan delta_scan iceberg_scan st_read load_aws_credentials
    getenv pragma_version duckdb_settings current_setting query query_table load install attach copy
    export_database java_method reflect try_reflect input_file_name input_file_block_start
    monotonically_increasing_id spark_partition_id current_user current_database current_catalog version rand
    randn uuid shuffle assert_true raise_error from_json schema_of_json xpath xpath_string aes_encrypt
    hll_sketch_agg transform aggregate zip_with current_timestamp now current_date unix_timestamp pg_read_file
    pg_read_binary_file pg_ls_dir lo_import lo_export dblink pg_sleep set_config current_setting txid_current
    system exec eval open __import__ getattr load_extension fts_main readfile writefile edit load_file sleep
    benchmark extractvalue updatexml sys_eval utl_http httpuritype count sum max min avg array_agg string_agg
    row_number explode unnest generate_series range sequence cast try_cast convert date_trunc extract interval
    struct named_struct map array list_value lambda if iff ifnull decode exists
    """,
)
WORDS = re.findall(
    r"\w+",
    """
    AND OR NOT IN IS NULL TRUE FALSE BETWEEN LIKE ILIKE RLIKE GLOB CASE WHEN THEN ELSE END DATE TIMESTAMP
    INTERVAL CAST SELECT FROM WHERE UNION ALL WITH RECURSIVE VALUES EXISTS ANY SOME LATERAL UNNEST OVER
    PARTITION BY ORDER FILTER DISTINCT ESCAPE COLLATE AT TIME ZONE CREATE DROP ALTER INSERT UPDATE DELETE
    TRUNCATE GRANT COPY ATTACH INSTALL LOAD PRAGMA CALL EXECUTE EXPORT DESCRIBE EXPLAIN SHOW USE SET RESET PIVOT
    QUALIFY USING TABLESAMPLE ROW MAP STRUCT ARRAY
    """,
)
SIGNS = [
    *"(),.+-*/=<>;[]{}%^~!@#$&|?:\\'`",
    '"',
    "<>",
    "<=",
    ">=",
    "||",
    "::",
    "''",
    "--",
    "/*",
    "*/",
    "$$",
    "->",
    "=>",
]
LOOK_ALIKES = dict(
    zip(
        "aceopxysijAEOPCTHKXBM",
        "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0455\u0456\u0458\u0410\u0415\u041e\u0420\u0421\u0422\u041d\u041a\u0425\u0412\u041c",
        strict=True,
    )
) | {
    "'": "\u2019",
    '"': "\u201d",
    "(": "\uff08",
    ")": "\uff09",
    "=": "\uff1d",
    "<": "\uff1c",
    ">": "\uff1e",
    "0": "\uff10",
    "1": "\u0661",
    "3": "\u09e9",
    " ": "\u00a0",
    "-": "\u2212",
    ".": "\u3002",
    ",": "\uff0c",
    "_": "\uff3f",
    "*": "\u2217",
    "/": "\u2215",
}
STRANGE = [
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\ud800",
    "\udfff",
    "\U0001f4a9",
    "\u0301",
    "\x85",
]
STRANGE += ["\u2028", "\r", "\n", "\t", "\x0b", "\x7f", "\uffff", "ﬁ", "\u017f", "K", "İ", "ß", "々", "٣", "²", "Ⅷ"]
INTENT = [
    "'; DROP TABLE receivables; --",
    "' OR '1'='1",
    "1 UNION SELECT * FROM read_csv('/etc/passwd')",
    "(SELECT content FROM read_text('/etc/passwd'))",
    "reflect('java.lang.Runtime', 'getRuntime')",
    "java_method('java.lang.System', 'exit', 0)",
    "__import__('os').system('id')",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "${jndi:ldap://127.0.0.1/a}",
    "$$ SELECT 1 $$",
    "E'\\x41'",
    "U&'\\0041'",
    "x'41'",
    "/*! 1 */",
    "/*+ BROADCAST(a) */",
    "@@version",
    ":name",
    "?",
    "COPY (SELECT 1) TO '/tmp/stolen'",
    "ATTACH 'x.db'",
    "a[1:2]",
    "x -> x + 1",
    "COLUMNS(*)",
    "'a' 'b'",
    "DATE '9999-99-99'",
    "TIMESTAMP '0001-01-01'",
    "INTERVAL 1 DAY",
    "1e999",
    "0x7fffffffffffffff",
    "99999999999999999999",
    "local_day(receivable.known_at, '../../../etc/passwd')",
    "local_day(receivable.known_at, '/etc/localtime')",
    "to_date('x', 'yyyy-MM-dd''; DROP')",
]
SLOW_SECONDS = 1.0


@dataclass
class Harvest:
    """What came of many texts.

    Args:
        accepted: Texts that are expressions, the last thousand of each kind of text.
        counts: How many of each kind of text were accepted and refused.
        slow: Texts that took more than a second of processor time, each time they were read.
        unlike: Accepted texts that, written out, read as something else.
    """

    accepted: list[tuple[str, Expression]] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    slow: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Tell how many texts got an answer."""
        return sum(self.counts.values())


def harvest(
    texts: Iterator[tuple[str, str]], columns: Mapping[str, Kind], others: Mapping[str, Kind], *, keep: int = 1000
) -> Harvest:
    """Parse every text; any exception but the language's own goes through to the test."""
    found = Harvest()
    for kind, text in texts:
        expression, seconds = _read(text, columns, others)
        found.counts[kind, "refused" if expression is None else "accepted"] += 1
        if expression is not None:
            if len(found.accepted) < keep:
                found.accepted.append((text, expression))
            if _fits(expression) and parse(written(expression.root), columns, others=others).root != expression.root:
                found.unlike.append(text)
        if seconds > SLOW_SECONDS and all(_read(text, columns, others)[1] > SLOW_SECONDS for _ in range(2)):
            found.slow.append(text)
    return found


def _read(text: str, columns: Mapping[str, Kind], others: Mapping[str, Kind]) -> tuple[Expression | None, float]:
    """Give the expression or None where it is refused, and the seconds of processor time that the answer took.

    A machine that stands still for a moment charges its pause to whatever runs: a text hangs when it does so again.
    """
    began = time.process_time()
    try:
        expression = parse(text, columns, others=others)
    except ExpressionError:
        expression = None
    return expression, time.process_time() - began


def _fits(expression: Expression) -> bool:
    return len(written(expression.root)) <= 4_000


EFFECTS = (
    "open",
    "socket.",
    "subprocess.",
    "os.",
    "shutil.",
    "ctypes.",
    "urllib.",
    "exec",
    "import",
    "sqlite3.",
    "pty.",
)


class _Watch:
    """The one listener of this process to what Python does outside of itself; a listener cannot be taken away again."""

    def __init__(self) -> None:
        self.thread = 0
        self.seen: list[str] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: Sequence[object]) -> None:
        if self.thread and event.startswith(EFFECTS) and threading.get_ident() == self.thread:
            told = f"{event} {arguments[:2]!r}"
            finds_package = event == "os.listdir" and arguments[0] in sys.path
            if "zoneinfo" not in told and "tzdata" not in told and not finds_package:
                self.seen.append(told)


@cache
def _watch() -> _Watch:
    return _Watch()


@contextmanager
def watched() -> Iterator[list[str]]:
    """Note every file, network, process, code or import event of this thread but for looking a time zone up.

    Where the system has no such zone, Python looks for the package `tzdata` on its path.
    """
    watch = _watch()
    watch.seen = []
    watch.thread = threading.get_ident()
    try:
        yield watch.seen
    finally:
        watch.thread = 0


class Writer:
    """Writes texts of every sort, the same ones for the same seed."""

    def __init__(
        self, seed: int, columns: Mapping[str, Kind], others: Mapping[str, Kind], valid: Sequence[str]
    ) -> None:
        """Take the columns and the valid criteria that texts are made of."""
        self.chance = random.Random(seed)  # noqa: S311 - a seeded test
        self.columns = {kind: [name for name, each in columns.items() if each is kind] for kind in Kind}
        self.others = {kind: [name for name, each in others.items() if each is kind] for kind in Kind}
        self.names = list(columns)
        self.valid = list(valid)
        self.sorts: tuple[Callable[[], str], ...] = (
            self.grammatical,
            self.mutated,
            self.mutated,
            self.called,
            self.quoted,
            self.jumbled,
            self.alike,
            self.huge,
            self.intended,
        )

    def texts(self, number: int) -> Iterator[tuple[str, str]]:
        """Give so many texts, each with its sort, one sort after the other."""
        for place in range(number):
            write = self.sorts[place % len(self.sorts)]
            yield write.__name__, write()

    def grammatical(self) -> str:
        """Give a well-formed condition, most of them well-typed too."""
        return self._condition(self.chance.randrange(1, 5), self.columns, self.chance.random() < 0.4)

    def _condition(self, depth: int, columns: Mapping[Kind, list[str]], asks: bool) -> str:  # noqa: FBT001 - a test's own
        pick = self.chance.random()
        if depth > 0 and pick < 0.45:
            sign = self.chance.choice([" AND ", " OR ", " and "])
            return sign.join(
                f"({self._condition(depth - 1, columns, asks)})" for _ in range(self.chance.randrange(2, 4))
            )
        if depth > 0 and pick < 0.55:
            return f"NOT ({self._condition(depth - 1, columns, asks)})"
        if asks and pick < 0.7:
            return self._asked(depth)
        return self._comparison(columns)

    def _comparison(self, columns: Mapping[Kind, list[str]]) -> str:
        kind = self.chance.choice([kind for kind in Kind if columns[kind]])
        name, other = self.chance.choice(columns[kind]), self.chance.choice(columns[kind])
        if kind is Kind.FLAG:
            return self.chance.choice([name, f"{name} IS TRUE", f"{name} IS NOT NULL"])
        literal = self._literal(kind if self.chance.random() < 0.9 else self.chance.choice(list(Kind)))
        sign = self.chance.choice(["=", "<>", "<", "<=", ">", ">=", "!="])
        return self.chance.choice(
            [
                f"{name} {sign} {literal}",
                f"{name} {sign} {other}",
                f"{name} BETWEEN {literal} AND {self._literal(kind)}",
                f"{name} IN ({literal}, {self._literal(kind)})",
                f"{name} IS NULL",
                f"coalesce({name}, {literal}) {sign} {other}",
                f"CASE WHEN {name} {sign} {literal} THEN true ELSE false END",
                f"{name} * {self.chance.randrange(9)} {sign} {other} / 2",
            ]
        )

    def _asked(self, depth: int) -> str:
        inner = self._condition(min(depth, 1), self.others, asks=False)
        amount, days = (self.chance.choice(self.others[kind]) for kind in (Kind.MONEY, Kind.DAYS))
        return self.chance.choice(
            [
                f"others_exist({inner})",
                f"others_count({inner}) <= {self.chance.randrange(9)}",
                f"others_sum({amount}, {inner}) + {amount} < {self._literal(Kind.MONEY)}",
                f"others_max({days}, {inner}, 0) > {self._literal(Kind.DAYS)}",
                f"others_min({amount}, {inner}, -1.5) >= others_max({amount}, {inner}, 0)",
            ]
        )

    def _literal(self, kind: Kind) -> str:
        number = str(self.chance.choice([0, 1, 7, 30, 60, 360, 999_999_999_999_999]))
        forms = {
            Kind.TEXT: ["'A'", "'it''s'", "'债权'", "''"],
            Kind.FLAG: ["true", "false"],
            Kind.MONEY: [number, "0.5", "0.005", "-12.34", "200000"],
            Kind.RATE: ["0.24", "0.000001", "1"],
            Kind.REAL: ["0.08", ".5", "3.", number],
            Kind.DATE: ["DATE '2025-01-31'", "'2024-02-29'"],
            Kind.MOMENT: ["TIMESTAMP '2025-01-31 08:00:00+08:00'", "'2025-01-31T00:00:00Z'"],
        }
        return self.chance.choice(forms.get(kind, [number, f"-{number}"]))

    def mutated(self) -> str:
        """Give a valid criterion with some damage."""
        text = self.chance.choice(self.valid)
        for _ in range(self.chance.choice([1, 1, 1, 2, 3, 8])):
            start = self.chance.randrange(len(text) + 1)
            end = min(len(text), start + self.chance.randrange(1, 12))
            piece = text[start:end]
            fresh = self.chance.choice(
                ["", piece * 2, piece[::-1], piece.upper(), self._scrap(), self._scrap() + piece]
            )
            text = text[:start] + fresh + text[end:]
        return text

    def _scrap(self) -> str:
        source = self.chance.choice(
            [SIGNS, WORDS, STRANGE, INTENT, self.names, self.valid, list(FUNCTIONS), list(OTHERS)]
        )
        return self.chance.choice(source)

    def called(self) -> str:
        """Give an engine's function where a value may stand, in some spelling."""
        name = self.chance.choice(ENGINE_FUNCTIONS)
        spelt = self.chance.choice(
            [name, name.upper(), f'"{name}"', f"main.{name}", f"`{name}`", name.title(), f"{name}\n"]
        )
        given = ", ".join(
            self.chance.choice(["'/etc/passwd'", "'http://127.0.0.1'", "1", "*", self.chance.choice(self.names)])
            for _ in range(self.chance.randrange(4))
        )
        call = f"{spelt}({given})"
        column = self.chance.choice(self.names)
        forms = [
            call,
            f"{call} = 'a'",
            f"{column} IN ({call})",
            f"coalesce({column}, {call}) IS NULL",
            f"others_count({call}) > 0",
        ]
        forms += [f"CASE WHEN {call} THEN true END", f"{column} = {call} OR true", f"NOT {call}", f"{call}.a > 0"]
        return self.chance.choice(forms)

    def quoted(self) -> str:
        """Give quotes within quotes within remarks, open and closed."""
        marks = ["'", '"', "`", "''", '""', "--", "/*", "*/", "\n", "\\'", "$$", "$a$", "E'", "N'", "B'", "\u2018", " "]
        parts = [self.chance.choice([*marks, *marks, self._scrap()]) for _ in range(self.chance.randrange(2, 30))]
        name = self.chance.choice(self.names)
        return self.chance.choice(["", f"{name} = ", f"{name} IS NULL AND "]) + "".join(parts)

    def jumbled(self) -> str:
        """Give words of SQL and of the language in any order."""
        words = [*self.names, *FUNCTIONS, *OTHERS, *SIGNS, *WORDS, "'a'", "1", "2.5", "(", ")", "("]
        joint = self.chance.choice([" ", " ", " ", ""])
        return joint.join(self.chance.choice(words) for _ in range(self.chance.randrange(1, 30)))

    def alike(self) -> str:
        """Give a valid criterion in which some signs are others that look the same."""
        text = self.chance.choice(self.valid)
        share = self.chance.choice([0.02, 0.1, 0.5, 1.0])
        told = "".join(LOOK_ALIKES.get(sign, sign) if self.chance.random() < share else sign for sign in text)
        place = self.chance.randrange(len(told) + 1)
        return told[:place] + self.chance.choice(["", *STRANGE]) + told[place:]

    def huge(self) -> str:
        """Give something long or deep, mostly within and sometimes beyond what is read at all."""
        size = self.chance.choice([30, 60, 200, 500, 1500, 4100])
        opening, closing = self.chance.choice(
            [
                *[("(", ")"), ("NOT (", ")"), ("coalesce(", ", 1)"), ("CASE WHEN ", " THEN true END"), ("-", "")],
                *[("others_exist(", ")"), ("abs(", ")"), ("(1 + ", ")"), ("'", "'"), ("/*", "*/"), ("{", "}")],
            ]
        )
        unit = self.chance.choice(
            [" AND state.is_open", " OR 1 = 1", "+1", ",1", ".a", "''", "9", " IS NULL", "||'a'", "\n"]
        )
        repeats = max(1, size // max(1, len(opening) + len(closing)))
        name = self.chance.choice(self.names)
        return self.chance.choice(
            [
                opening * repeats + name + closing * repeats,
                opening * repeats,
                name + unit * (size // len(unit)),
                f"{name} IN (" + unit * (size // len(unit)) + ")",
                opening * (repeats // 2) + unit * (size // len(unit) // 2) + closing * (repeats // 2),
            ]
        )

    def intended(self) -> str:
        """Give a text with an intent, alone or hung onto a criterion."""
        intent, text = self.chance.choice(INTENT), self.chance.choice(self.valid)
        return self.chance.choice(
            [intent, f"{text} OR {intent}", f"{intent} AND {text}", f"{text}{intent}", f"({intent}) IS NULL"]
        )
