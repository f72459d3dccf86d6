"""Reasons in words: what a feature's declaration says, put together by a small grammar in English and in Chinese.

A reason says of a quantity that it is high, low or not known, beside what is usual (the median of the training rows).
Its code never changes while the feature keeps its name; its theme tells which reasons are about the same thing.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

from features.catalogue import FEATURES
from features.declarations import (
    Aggregate,
    Aggregation,
    Definition,
    Difference,
    Feature,
    Ratio,
    Smoothed,
    Term,
    Trend,
    leaves,
)
from features.lexicon import EACH, GROUPS, MARKS, OF_ENTITY, THINGS, TOTALS, Thing, Words
from features.lexicon_terms import FACTS, TERMS

LANGUAGES = ("en", "zh")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 4
LATENESS = frozenset({"days_late", "is_late", "is_late_7", "is_late_30", "is_in_time", "is_worst", "is_cured"})
"""What is all about whether instalments were paid late."""
TIMES = frozenset({Aggregation.RECENCY, Aggregation.OLDEST})


class Side(StrEnum):
    """Where a value lies beside what is usual."""

    HIGH = "high"
    USUAL = "usual"
    LOW = "low"
    MISSING = "missing"


def reason_code(feature: Feature) -> str:
    """Give the stable code of a feature's reasons: three letters of its family, and four of its name's SHA-256.

    >>> from features.catalogue import FEATURES
    >>> len({reason_code(each) for each in FEATURES}) == len(FEATURES)
    True
    """
    number = int(hashlib.sha256(feature.name.encode()).hexdigest(), 16)
    letters = "".join(ALPHABET[number >> 5 * place & 31] for place in range(CODE_LENGTH))
    return f"{feature.family.replace('_', '')[:3].upper()}-{letters}"


def theme(feature: Feature) -> str:
    """Give what a feature is about, whatever the window and the aggregation: reasons are given once a theme."""
    return _theme(next(leaves(feature.definition)))


def _theme(leaf: Aggregate | Term) -> str:
    if isinstance(leaf, Term):
        return f"{leaf.frame}.{leaf.column}"
    filters = [each.column if not each.values else "_".join(each.values).lower() for each in leaf.where]
    about = leaf.measure or leaf.by or (filters[-1] if filters else "number")
    about = "lateness" if about in LATENESS else about
    if about in {"amount", "is_kept"}:
        about = "_".join(each for each in filters if each != "is_kept") or "size"
    entity = "" if leaf.entity == "borrower_id" else f"{leaf.entity.rpartition('_')[0]}."
    return f"{entity}{leaf.stream}.{about}"


def phrase(feature: Feature, side: Side) -> Words:
    """Say in both languages that a feature is high, low or not known.

    >>> from features.catalogue import FEATURES
    >>> found = {each.name: each for each in FEATURES}
    >>> phrase(found["behaviour__count_payment_failure_30d"], Side.HIGH).en
    'Number of failed payments, last 30 days: high'
    >>> phrase(found["behaviour__count_payment_failure_30d"], Side.HIGH).zh
    '近30天支付失败次数偏高'
    >>> phrase(found["profile__is_verified"], Side.LOW).en
    'Identity not verified'
    """
    definition = feature.definition
    fact = FACTS.get(f"{definition.frame}.{definition.column}") if isinstance(definition, Term) else None
    if fact:
        said = fact.no if side in {Side.LOW, Side.USUAL} else fact.yes
        words = Words(f"{said.en}: not known", f"{said.zh}情况未知") if side is Side.MISSING else said
    else:
        words = _judged(definition, side)
    return Words(words.en[0].upper() + words.en[1:], words.zh)


def _judged(definition: Definition, side: Side) -> Words:
    said = quantity(definition)
    if side is Side.MISSING:
        return Words(f"{said.en}: not known", f"{said.zh}无记录")
    is_time = isinstance(definition, Aggregate) and definition.aggregation in TIMES
    high, low = ("long", "short") if is_time else ("high", "low")
    english = {Side.HIGH: high, Side.USUAL: "as usual", Side.LOW: low}
    chinese = {Side.HIGH: "偏长" if is_time else "偏高", Side.USUAL: "正常", Side.LOW: "偏短" if is_time else "偏低"}
    return Words(f"{said.en}: {english[side]}", said.zh + chinese[side])


def quantity(definition: Definition) -> Words:
    """Name what a definition measures, with its window."""
    match definition:
        case Aggregate():
            return _windowed(_aggregate(definition), definition)
        case Term():
            return TERMS[f"{definition.frame}.{definition.column}"]
        case Ratio(numerator=left, denominator=right):
            return _pair(left, right, Words("{} relative to {}", "{}与{}之比"))
        case Difference(minuend=left, subtrahend=right):
            return _pair(left, right, Words("{} less {}", "{}与{}之差"))
        case Trend(recent=recent, longer=longer):
            said = _aggregate(recent)
            en = f"pace of {said.en}, last {recent.window_days} against last {longer.window_days} days"
            return Words(en, f"{said.zh}近{recent.window_days}天相对近{longer.window_days}天的日均水平")
        case Smoothed(cases=cases, rows=rows):
            few, all_ = _thing(cases), _thing(rows)
            of = OF_ENTITY[cases.entity]
            said = Words(f"share of {few.many} among {all_.many}{of.en}", f"{of.zh}{all_.zh}中{few.zh}占比")
            return _windowed(said, cases)


def _pair(left: Definition, right: Definition, form: Words) -> Words:
    """Set two quantities beside each other; a window that both have is said once."""
    if isinstance(left, Aggregate) and isinstance(right, Aggregate):
        spans = {(each.window_days, each.last_count) for each in (left, right)}
        if len(spans) == 1:
            one, other = _aggregate(left), _aggregate(right)
            return _windowed(Words(form.en.format(one.en, other.en), form.zh.format(one.zh, other.zh)), left)
    one, other = quantity(left), quantity(right)
    return Words(form.en.format(_inside(one.en), _inside(other.en)), form.zh.format(one.zh, other.zh))


def _inside(text: str) -> str:
    """Put a window in brackets where more words follow."""
    what, comma, window = text.partition(", ")
    return f"{what} ({window})" if comma else text


def _windowed(said: Words, aggregate: Aggregate) -> Words:
    if aggregate.last_count:
        return Words(f"{said.en}, latest {aggregate.last_count}", f"最近{aggregate.last_count}次{said.zh}")
    if aggregate.window_days:
        return Words(f"{said.en}, last {aggregate.window_days} days", f"近{aggregate.window_days}天{said.zh}")
    return said


def _aggregate(aggregate: Aggregate) -> Words:
    said, of = _of_events(aggregate), OF_ENTITY[aggregate.entity]
    return Words(f"{said.en}{of.en}", f"{of.zh}{said.zh}")


def _of_events(aggregate: Aggregate) -> Words:
    each = _found(EACH, aggregate)
    match aggregate.aggregation:
        case Aggregation.SUM:
            return _found(TOTALS, aggregate) or Words("", "")
        case Aggregation.MEAN | Aggregation.MAX | Aggregation.MIN | Aggregation.LAST | Aggregation.STD if each:
            return _spread(aggregate.aggregation, each)
        case Aggregation.DISTINCT | Aggregation.TOP_SHARE | Aggregation.ENTROPY:
            return _grouped(aggregate)
        case Aggregation.SHARE | Aggregation.STREAK | Aggregation.LONGEST:
            return _marked(aggregate)
        case _:
            return _counted(aggregate)


def _spread(aggregation: Aggregation, each: Words) -> Words:
    forms = {
        Aggregation.MEAN: Words("mean {}", "平均{}"),
        Aggregation.MAX: Words("highest {}", "最高{}"),
        Aggregation.MIN: Words("lowest {}", "最低{}"),
        Aggregation.LAST: Words("latest {}", "最近一次{}"),
        Aggregation.STD: Words("variation of {}", "{}波动"),
    }
    form = forms[aggregation]
    return Words(form.en.format(each.en), form.zh.format(each.zh))


def _grouped(aggregate: Aggregate) -> Words:
    groups = GROUPS[f"{aggregate.stream}.{aggregate.by}"]
    match aggregate.aggregation:
        case Aggregation.DISTINCT:
            return Words(f"number of {groups.en}", f"{groups.zh}数")
        case Aggregation.TOP_SHARE:
            return Words(f"share of the largest among {groups.en}", f"最大{groups.zh}金额占比")
        case _:
            return Words(f"spread of {_thing(aggregate).many} over {groups.en}", f"{groups.zh}分散度")


def _marked(aggregate: Aggregate) -> Words:
    thing, mark = _thing(aggregate), MARKS[f"{aggregate.stream}.{aggregate.measure}"]
    match aggregate.aggregation:
        case Aggregation.SHARE:
            return Words(f"share of {thing.many} {mark.en}", f"{mark.zh}{thing.zh}占比")
        case Aggregation.STREAK:
            return Words(f"latest unbroken run of {thing.many} {mark.en}", f"最近连续{mark.zh}{thing.tally}")
        case _:
            return Words(f"longest run of {thing.many} {mark.en}", f"最长连续{mark.zh}{thing.tally}")


def _counted(aggregate: Aggregate) -> Words:
    thing = _thing(aggregate)
    match aggregate.aggregation:
        case Aggregation.RECENCY:
            return Words(f"time since the latest {thing.one}", f"距最近一次{thing.zh}的时间")
        case Aggregation.OLDEST:
            return Words(f"time since the first {thing.one}", f"距首次{thing.zh}的时间")
        case _:
            return Words(f"number of {thing.many}", thing.tally)


def _filters(aggregate: Aggregate) -> str:
    told = "+".join(" or ".join(each.values) or each.column for each in aggregate.where)
    return f"|{told}" if told else ""


def _thing(aggregate: Aggregate) -> Thing:
    return THINGS[f"{aggregate.stream}{_filters(aggregate)}"]


def _found(words: Mapping[str, Words], aggregate: Aggregate) -> Words | None:
    key = f"{aggregate.stream}.{aggregate.measure}"
    return words.get(f"{key}{_filters(aggregate)}") or words.get(key)


def reasons_json(features: Sequence[Feature] = FEATURES) -> str:
    """Write every feature's reasons as JSON: the golden file by which a review sees a change of words."""
    told = {
        each.name: {
            "code": reason_code(each),
            "theme": theme(each),
            **{side.value: [phrase(each, side).en, phrase(each, side).zh] for side in Side if side is not Side.USUAL},
        }
        for each in features
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


PAGE = """# Reasons

This page is generated (`make docs`). A reason says of a feature that its value is high, low or not known beside what is
usual: the median of the training rows. Where the catalogue gives a direction, a reason is only given on the risky side
or for a missing value; windows of one theme give one reason together. Codes stay while features keep their names.

| code | feature | theme | English | 中文 |
| --- | --- | --- | --- | --- |
"""


def reasons_page(features: Sequence[Feature] = FEATURES) -> str:
    """Write the page of the docs: every feature's code, theme and words, on its risky side."""
    lines = []
    for each in features:
        said = phrase(each, Side.LOW if each.direction < 0 else Side.HIGH)
        lines.append(f"| {reason_code(each)} | `{each.name}` | {theme(each)} | {said.en} | {said.zh} |\n")
    return PAGE + "".join(lines)
