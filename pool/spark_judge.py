"""Criteria on the engine: each is judged on the first frame that has all of its columns, before the large joins.

So a frame carries on only letters, the texts of what does not pass (nearly always none), and the few columns that
criteria across tables still need; a wide row is never laid out.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pool.clauses import PASSED
from pool.deal import CHAMPION, Deal, parsed
from pool.spark_others import with_others
from pool.spark_view import FINAL, FLAGS, Tables, lay
from pool.vocabulary import COLUMNS, engine_name, in_order
from schemas import derived
from schemas.expression_nodes import Expression, Name, walk
from schemas.spark import compile_expression, conform, engine_type
from schemas.table import Kind

MICRO = 1_000_000
SEPARATOR = "\x1e"
"""Between the entries of a row's text; within one it is shown as a space."""
PLACE_DIGITS = 3
Resolve = Callable[[str], Column]
"""Gives the column that a name of a criterion stands for."""


class Words:
    """Gives an expression's columns: the deal's own words as literals, the others from the view."""

    def __init__(self, deal: Deal, as_of: Column, champion: str | None) -> None:
        """Take the deal's words for a day."""
        days = deal.calendar
        self.words = {
            "deal.as_of": as_of,
            "deal.revolving_end_on": F.lit(days.revolving_end_on),
            "deal.expected_maturity_on": F.lit(days.expected_maturity_on),
            "deal.legal_final_on": F.lit(days.legal_final_on),
            "deal.currency": F.lit(deal.currency),
            "deal.score_max_age_days": F.lit(deal.score_max_age_days).cast("bigint"),
            "deal.approves_model": _approval(deal, champion, F.col("tag__model_version")),
        }
        self.unmatched = {
            **self.words,
            "deal.approves_model": _approval(deal, champion, F.lit(None).cast("string")),
            **{name: F.lit(False) for name in COLUMNS if engine_name(name) in FLAGS.values()},
        }

    def __call__(self, name: str) -> Column:
        """Give the column of a name."""
        return self.words[name] if name in self.words else F.col(engine_name(name))

    def nowhere(self, name: str) -> Column:
        """Give what a name is where the receivable finds no row of its table."""
        return self.unmatched[name] if name in self.unmatched else F.lit(None).cast(engine_type(COLUMNS[name]))


def _approval(deal: Deal, champion: str | None, version: Column) -> Column:
    versions = [version for version in deal.approved_models if version != CHAMPION]
    versions += [champion] if champion and CHAMPION in deal.approved_models else []
    return F.when(version.isNotNull(), version.isin(*versions) if versions else F.lit(False))


class Judge:
    """Judges the criteria of a deal, frame by frame; what one frame has settled stands in two of its columns."""

    def __init__(self, deal: Deal, as_of: date, champion: str | None) -> None:
        """Begin with every criterion open."""
        self.words = Words(deal, F.lit(as_of), champion)
        self.expressions = [parsed(criterion.expression) for criterion in deal.criteria]
        self.kinds = {**COLUMNS, **{each.name: each.kind for each in deal.others}}
        self.open = list(range(len(self.expressions)))
        self.settled: list[tuple[list[int], bool]] = []

    def visit(self, frame: DataFrame, links: Sequence[str], is_sure: bool) -> DataFrame:  # noqa: FBT001 - a Visit
        """Settle what the frame has all columns for; keep those columns, the links, and what is still needed."""
        there = frozenset(frame.columns)
        now = [place for place in self.open if _columns(self.expressions[place]) <= there]
        self.open = [place for place in self.open if place not in now]
        needed = {name for place in self.open for name in _columns(self.expressions[place], deep=True)} | {*links}
        kept = [name for name in frame.columns if name in needed or name.startswith(("letters_", "seen_"))]
        if not now:
            return frame.select(*kept)
        looked_at = {name for place in now for name in _columns(self.expressions[place])} - {*kept}
        tests = {place: compile_expression(self.expressions[place], self.words) for place in now}
        tested = frame.select(*kept, *sorted(looked_at), *(each.alias(_test(place)) for place, each in tests.items()))
        label = len(self.settled)
        self.settled.append((now, is_sure))
        passes = {place: F.col(_test(place)) for place in now}
        is_passed = reduce(lambda left, right: left & right, (_known(each) for each in passes.values()))
        letters = F.concat(*(letter(each) for each in passes.values()))
        entries = [F.when(~_known(each), self._entry(place, letter(each))) for place, each in passes.items()]
        return tested.select(
            *kept,
            F.when(is_passed, F.lit("")).otherwise(letters).alias(f"letters_{label}"),
            F.when(~is_passed, F.concat_ws(SEPARATOR, *entries)).alias(f"seen_{label}"),
        )

    def packed(self, frame: DataFrame, as_of: date, deal: Deal) -> DataFrame:
        """Put what all frames have settled together: `outcomes`, and `seen`, null where everything passed."""
        letters, seen = [], []
        for label, (places, is_sure) in enumerate(self.settled):
            told = (F.col(f"letters_{label}"), F.col(f"seen_{label}"))
            if not is_sure:
                missed, entries = self._unmatched(places)
                told = (F.coalesce(told[0], missed), F.when(told[0].isNull(), entries).otherwise(told[1]))
            letters.append(told[0])
            seen.append(told[1])
        is_passed = reduce(lambda left, right: left & right, (each == F.lit("") for each in letters))
        runs = [
            F.when(letters[label] == F.lit(""), F.lit(PASSED * length)).otherwise(
                F.substring(letters[label], start + 1, length)
            )
            for label, start, length in self._runs()
        ]
        whole = F.lit(PASSED * len(self.expressions))
        return frame.select(
            F.col("state__receivable_id").alias("receivable_id"),
            F.lit(as_of).alias("as_of"),
            F.lit(deal.name).alias("deal"),
            F.col("state__receivable_key").alias("receivable_key"),
            F.when(is_passed, whole).otherwise(F.concat(*runs)).alias("outcomes"),
            F.col("state__current_principal_amount").alias("current_principal_amount"),
            F.when(~is_passed, F.concat_ws(SEPARATOR, *seen)).alias("seen"),
        )

    def _unmatched(self, places: Sequence[int]) -> tuple[Column, Column]:
        """Give the letters and entries of a receivable that finds no row where those criteria were settled."""
        passes = {place: compile_expression(self.expressions[place], self.words.nowhere) for place in places}
        entries = [
            F.when(~_known(each), self._entry(place, letter(each), self.words.nowhere))
            for place, each in passes.items()
        ]
        letters = F.concat(*(letter(each) for each in passes.values()))
        is_passed = letters == F.lit(PASSED * len(places))
        return F.when(is_passed, F.lit("")).otherwise(letters), F.when(~is_passed, F.concat_ws(SEPARATOR, *entries))

    def _entry(self, place: int, letter: Column, resolve: Resolve | None = None) -> Column:
        seen = observed(self.expressions[place], resolve or self.words, self.kinds)
        return F.concat(F.lit(f"{place:0{PLACE_DIGITS}}"), letter, F.translate(seen, SEPARATOR, " "))

    def _runs(self) -> list[tuple[int, int, int]]:
        """Give the stretches of the deal's order that stand together in one frame's letters: frame, start, length."""
        stands = {place: (label, k) for label, (places, _) in enumerate(self.settled) for k, place in enumerate(places)}
        runs: list[tuple[int, int, int]] = []
        for place in range(len(self.expressions)):
            label, start = stands[place]
            if runs and runs[-1][0] == label and runs[-1][1] + runs[-1][2] == start:
                runs[-1] = (label, runs[-1][1], runs[-1][2] + 1)
            else:
                runs.append((label, start, 1))
        return runs


def judge_view(view: DataFrame, deal: Deal, as_of: date, champion: str | None) -> DataFrame:
    """Judge the rows of a wide view."""
    judge = Judge(deal, as_of, champion)
    return judge.packed(judge.visit(view, FINAL, True), as_of, deal)


def judge_tables(tables: Tables, deal: Deal, champion: str | None) -> DataFrame:
    """Judge what the tables say, as `judge_view` would judge the view of them, without laying that out."""
    judge = Judge(deal, tables.as_of, champion)
    also = ["state__borrower_id"] if deal.others else []
    view = lay(tables, judge.visit, also)
    view = with_others(view, tables.states, tables.logs["receivables"], deal.others)
    return judge.packed(judge.visit(_completed(view, judge), FINAL, True), tables.as_of, deal)


def screened(judged: DataFrame, deal: Deal) -> tuple[DataFrame, DataFrame]:
    """Give rows of `screenings`, and of `screening_failures` for all that failed or is unknown."""
    is_eligible = F.col("outcomes") == F.lit(PASSED * len(deal.criteria))
    codes = F.array(*(F.lit(criterion.code) for criterion in deal.criteria))
    thresholds = F.array(*(F.lit(criterion.expression) for criterion in deal.criteria))
    passed_first = F.length(F.regexp_extract("outcomes", f"^{PASSED}*", 0))
    screenings = judged.select(
        *("receivable_id", "as_of", "deal"),
        F.lit(deal.hash).alias("deal_hash"),
        *("receivable_key", "outcomes"),
        is_eligible.alias("is_eligible"),
        F.when(~is_eligible, F.element_at(codes, passed_first + 1)).alias("first_failed_code"),
        F.length(F.translate("outcomes", PASSED, "")).cast("bigint").alias("failed_count"),
        "current_principal_amount",
    )
    each = judged.where(F.col("seen").isNotNull()).select(
        "receivable_id", "as_of", "deal", F.explode(F.split("seen", SEPARATOR)).alias("entry")
    )
    place = F.substring("entry", 1, PLACE_DIGITS).cast("int") + 1
    failures = each.select(
        *("receivable_id", "as_of", "deal"),
        F.element_at(codes, place).alias("code"),
        F.substring("entry", PLACE_DIGITS + 1, 1).alias("outcome"),
        F.expr(f"substring(entry, {PLACE_DIGITS + 2})").alias("observed"),
        F.element_at(thresholds, place).alias("threshold"),
    )
    return conform(screenings, derived.SCREENINGS), conform(failures, derived.SCREENING_FAILURES)


def observed(expression: Expression, resolve: Resolve, kinds: "dict[str, Kind]") -> Column:
    """Write the values that an expression looks at, as `name=value`."""
    shown = [
        F.concat(F.lit(f"{name}="), F.coalesce(_text(resolve(name), kinds[name]), F.lit("null")))
        for name in in_order(expression.columns)
    ]
    return F.concat_ws("; ", *shown)


def _completed(view: DataFrame, judge: Judge) -> DataFrame:
    """Add what is still asked for and stands in no table that was given: nothing is known of it."""
    asked = {name for place in judge.open for name in _names(judge.expressions[place])}
    missing = [name for name in in_order(asked) if engine_name(name) not in view.columns]
    unknown = (F.lit(None).cast(engine_type(judge.kinds[name])).alias(engine_name(name)) for name in missing)
    return view.select("*", *unknown)


def _names(expression: Expression) -> set[str]:
    """Give the columns that an expression needs of the view: a deal's word needs none, or the tag's model."""
    names = {name for name in expression.columns if not name.startswith("deal.")}
    return names | ({"tag.model_version"} if "deal.approves_model" in expression.columns else set())


def _columns(expression: Expression, *, deep: bool = False) -> set[str]:
    """Give those columns by their names on the engine; deep, also what is asked of each of the other receivables."""
    parts = [part for one in expression.others for part in (one.value, one.condition) if part is not None]
    below = {each.name for part in parts for each in walk(part) if isinstance(each, Name)} if deep else set()
    return {engine_name(name) for name in _names(expression) | below}


def _test(place: int) -> str:
    return f"test_{place}"


def _known(passes: Column) -> Column:
    return F.coalesce(passes, F.lit(False))


def letter(passes: Column) -> Column:
    """Give the outcome's letter: P pass, F fail, U unknown."""
    return F.when(passes.isNull(), F.lit("U")).when(passes, F.lit(PASSED)).otherwise(F.lit("F"))


def _text(value: Column, kind: Kind) -> Column:
    """Write a value the same on every engine: exact numbers plain, doubles with six decimals, moments in UTC."""
    if kind is Kind.MOMENT:
        return F.date_format(value, "yyyy-MM-dd'T'HH:mm:ss'Z'")
    if kind is not Kind.REAL:
        return value.cast("string")
    micro = F.floor(F.abs(value) * F.lit(float(MICRO)) + F.lit(0.5)).cast("bigint")
    sign = F.when((value < 0) & (micro > 0), F.lit("-")).otherwise(F.lit(""))
    whole = F.floor(micro / F.lit(MICRO)).cast("bigint")
    return F.concat(sign, whole.cast("string"), F.lit("."), F.lpad((micro % F.lit(MICRO)).cast("string"), 6, "0"))
