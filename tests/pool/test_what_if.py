"""What other criteria change: DuckDB and numpy say what one counts by judging each receivable twice in plain Python."""

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pool.altered import altered, thresholds
from pool.deal import Criterion, Deal, checked_deal, parsed
from pool.duckdb_screening import SecondOpinion
from pool.what_if import ASKED, PRINCIPAL, TRAITS, Holding, WhatIf, asked_of, compare
from schemas.errors import CatalogError, ConfigurationError
from schemas.expression_nodes import Literal
from tests.oracles import pool as oracle
from tests.pool.platforms import LOGS, Platform, cut, random_deal, seen_day
from tests.pool.worlds import AS_OF, CHAMPION, Row, demo_deal

RANDOM = settings(
    deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck), max_examples=12
)
Judged = list[tuple[Row, str]]


def with_criteria(*expressions: str) -> Deal:
    """Give a deal that asks these things, coded X0, X1 and so on."""
    asked = [
        Criterion(code=f"X{n}", clause="1", text_en="x", text_zh="x", expression=one)
        for n, one in enumerate(expressions)
    ]
    return demo_deal().model_copy(update={"name": "own", "criteria": tuple(asked)})


def judged_by_hand(platform: Platform, deal: Deal) -> Judged:
    """Give the wide row and the outcomes of each open receivable, by plain Python."""
    logs, rows = {table.name: platform.visible(table) for table in LOGS}, platform.rows
    wide = oracle.wide_rows(logs, rows["receivable_states"], rows["receivable_tags"], platform.pledged, cut())
    every = oracle.all_rows(rows["receivable_states"], logs["receivables"])
    return [(row, oracle.judge(deal, row, AS_OF, CHAMPION, every)[0]) for row in wide]


def asked(platform: Platform, deal: Deal, changed: Deal, codes: list[str], folder: Any) -> WhatIf:
    """Ask what the changes come to, against a screening as plain Python makes it."""
    told = judged_by_hand(platform, deal)
    published = pa.table(
        {
            "receivable_id": [row["state.receivable_id"] for row, _ in told],
            "outcomes": [outcomes for _, outcomes in told],
            "failed_count": [len(outcomes) - outcomes.count("P") for _, outcomes in told],
        }
    )
    part = asked_of(deal, changed, codes)
    with SecondOpinion(platform.write(folder), platform.pledges(), seen_day(), folder) as second:
        judged = second.outcomes(part, CHAMPION, also=ASKED)
    return compare(deal, part, codes, published, judged)


def held(rows: list[Row]) -> Holding:
    """Add receivables up, one after the other."""
    amount = sum((row[PRINCIPAL] for row in rows), Decimal(0))
    averages = []
    for name in TRAITS:
        known = [(float(row[name]), float(row[PRINCIPAL])) for row in rows if row[name] is not None]
        weight = math.fsum(weight for _, weight in known)
        averages.append(math.fsum(value * part for value, part in known) / weight if weight else None)
    return Holding(len(rows), amount, *averages)


def is_same(found: Holding, told: Holding) -> bool:
    """Compare exactly but for the last digits of an average."""
    pairs = [
        (found.default_probability, told.default_probability),
        (found.annual_rate, told.annual_rate),
        (found.remaining_periods, told.remaining_periods),
    ]
    close = [one is other or (one is not None and other == pytest.approx(one, rel=1e-12)) for one, other in pairs]
    return (found.count, found.amount) == (told.count, told.amount) and all(close)


@RANDOM
@given(seed=st.integers(0, 2**32), size=st.integers(2, 4), data=st.data())
def test_gains_and_losses_are_those_of_judging_twice(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, data: st.DataObject
) -> None:
    """Random platforms, deals and changes: alone and together, by number, balance, risk, rate and term."""
    platform, deal, other = Platform(seed), random_deal(seed, size), random_deal(seed + 1, size)
    codes = data.draw(st.lists(st.sampled_from([each.code for each in deal.criteria]), min_size=1, unique=True))
    out = data.draw(st.booleans()) and len(codes) < size
    dropped = codes[:1] if out else []
    sets = {each.code: each.expression for each in other.criteria if each.code in codes and each.code not in dropped}
    changed, alterations = altered(deal, [f"{code}={text}" for code, text in sets.items()], dropped)
    assert {one.code for one in alterations} == {*codes}
    found = asked(platform, deal, changed, codes, tmp_path_factory.mktemp("what-if"))
    before = judged_by_hand(platform, deal)

    def then(some: list[str]) -> list[bool]:
        kept = [
            sets.get(each.code, each.expression) if each.code in some else each.expression for each in deal.criteria
        ]
        gone = {place for place, each in enumerate(deal.criteria) if each.code in some and each.code in dropped}
        after = judged_by_hand(platform, with_criteria(*kept))
        return [{letter for n, letter in enumerate(told) if n not in gone} <= {"P"} for _, told in after]

    now = [set(told) == {"P"} for _, told in before]
    assert is_same(found.present, held([row for (row, _), is_in in zip(before, now, strict=True) if is_in]))
    assert is_same(found.then, held([row for (row, _), is_in in zip(before, then(codes), strict=True) if is_in]))
    for effect in (*found.alone, found.together):
        becomes = then([effect.code] if effect.code else codes)
        trios = [(row, was, will) for (row, _), was, will in zip(before, now, becomes, strict=True)]
        assert is_same(effect.gained, held([row for row, was, will in trios if will and not was]))
        assert is_same(effect.lost, held([row for row, was, will in trios if was and not will]))


def test_a_screening_of_other_receivables_is_refused(tmp_path: Any) -> None:
    """Published outcomes of receivables that the files do not hold are not compared with them."""
    platform, deal = Platform(3), with_criteria("state.days_past_due <= 7")
    part = asked_of(deal, deal, ["X0"])
    with SecondOpinion(platform.write(tmp_path), platform.pledges(), seen_day(), tmp_path) as second:
        judged = second.outcomes(part, CHAMPION, also=ASKED)
    published = pa.table({"receivable_id": ["nobody"], "outcomes": ["P"], "failed_count": [0]})
    with pytest.raises(CatalogError, match="other receivables"):
        compare(deal, part, ["X0"], published, judged)


def test_a_screening_that_does_not_come_out_again_is_refused(tmp_path: Any) -> None:
    """One published letter is another than judging again gives: nothing is said of what a change would do."""
    platform, deal = Platform(3), with_criteria("state.days_past_due <= 7", "state.days_past_due >= 0")
    changed, _ = altered(deal, ["X0=30"], ["X1"])
    part = asked_of(deal, changed, ["X0", "X1"])
    with SecondOpinion(platform.write(tmp_path), platform.pledges(), seen_day(), tmp_path) as second:
        judged = second.outcomes(part, CHAMPION, also=ASKED)
    letters = [outcomes[:2] for outcomes in judged.column("outcomes").to_pylist()]
    stopped = [2 - told.count("P") for told in letters]

    def found(told: list[str]) -> WhatIf:
        columns = {"receivable_id": judged.column("receivable_id"), "outcomes": told, "failed_count": stopped}
        return compare(deal, part, ["X0", "X1"], pa.table(columns), judged)

    assert found(letters).present.count == stopped.count(0)
    with pytest.raises(CatalogError, match="1 of X1"):
        found([letters[0][0] + ("F" if letters[0][1] == "P" else "P"), *letters[1:]])


CHANGED = {
    "X0=30": ("state.days_past_due <= 30", "raising X0 from 7 to 30"),
    "X0=3": ("state.days_past_due <= 3", "lowering X0 from 7 to 3"),
    "X1.2=36": ("receivable.term_number >= 3 AND receivable.term_number <= 36", "raising X1.2 from 24 to 36"),
    "X2=0.3": ("receivable.annual_rate <= 0.3", "raising X2 from 0.24 to 0.3"),
    "X3='USD'": ("receivable.currency = 'USD'", "changing X3 from 'CNY' to 'USD'"),
    "X4=DATE '2026-01-01'": (
        "state.final_due_on < DATE '2026-01-01'",
        "changing X4 from DATE '2025-12-31' to DATE '2026-01-01'",
    ),
    "X0=state.late_count < 2": ("state.late_count < 2", "changing X0 to state.late_count < 2"),
}
DEAL = with_criteria(
    "state.days_past_due <= 7",
    "receivable.term_number BETWEEN 3 AND 24",
    "receivable.annual_rate <= 0.24",
    "receivable.currency = 'CNY'",
    "state.final_due_on < '2025-12-31'",
    "receivable.is_signed",
)


@pytest.mark.parametrize(("text", "told"), CHANGED.items(), ids=CHANGED)
def test_a_threshold_is_set_as_deals_write_it(text: str, told: tuple[str, str]) -> None:
    """The new deal asks the new thing, nothing else of it is another, and the change is said in words."""
    changed, (one,) = altered(DEAL, [text], [])
    criterion = next(each for each in changed.criteria if each.code == one.code)
    assert (criterion.expression, one.words) == told
    rest = [each for each in DEAL.criteria if each.code != one.code]
    assert [each for each in changed.criteria if each.code != one.code] == rest
    assert changed.model_dump(exclude={"criteria"}) == DEAL.model_dump(exclude={"criteria"})


REFUSED = {
    "": "no other threshold",
    "X9=3": "no criterion X9",
    "P01=0.1": "not about one receivable",
    "X1=4": r"2 thresholds, X1.1 is 3 in receivable.term_number >= 3; X1.2 is 24",
    "X1.3=4": "2 thresholds",
    "X1.1=state.late_count < 2": "2 thresholds",
    "X5=3": "no threshold in receivable.is_signed",
    "X0='late'": "days and text do not go together",
    "X0=DATE '2025-01-01'": "date and days do not go together",
    "X0=NULL": "NULL",
    "X0=2025-01-01": "where a flag is needed",
    "X0=state.nothing < 3": "no column 'state.nothing'",
    "X0=read_text('/etc/passwd') = 'x'": "read_text",
    "X0=" + "state.days_past_due < 7 AND " * 40 + "true": "at most 1000 characters",
    "nonsense": "CODE=VALUE",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=[one[:30] for one in REFUSED])
def test_what_no_deal_could_say_is_refused_with_the_reason(text: str, reason: str) -> None:
    """Type, unit, name, place: as in a deal document."""
    with pytest.raises(ConfigurationError, match=reason):
        altered(DEAL, [text] if text else [], [])


def test_what_cannot_be_dropped_is_refused() -> None:
    """One that is not there, one that is changed as well, the last one."""
    for sets, dropped, reason in (
        ([], ["X9"], "no criterion X9"),
        (["X0=3"], ["X0"], "no --set changes"),
        ([], ["X0", "X0"], "no criterion X0"),
        ([], [each.code for each in DEAL.criteria], "at least 1 item"),
    ):
        with pytest.raises(ConfigurationError, match=reason):
            altered(DEAL, sets, dropped)


def real_thresholds() -> Iterator[tuple[Criterion, int, Literal]]:
    """Give every threshold of the demonstration deal."""
    for criterion in demo_deal().criteria:
        for number, (_, literal) in enumerate(thresholds(parsed(criterion.expression)), start=1):
            yield criterion, number, literal


def test_every_threshold_of_a_deal_can_be_set_to_itself() -> None:
    """And then the condition is the very same."""
    places = list(real_thresholds())
    assert len(places) > 20
    for criterion, number, literal in places:
        told = f"'{literal.value}'" if isinstance(literal.value, str) else str(literal.value)
        changed, _ = altered(demo_deal(), [f"{criterion.code}.{number}={told}"], [])
        again = next(each for each in changed.criteria if each.code == criterion.code)
        assert parsed(again.expression).root == parsed(criterion.expression).root
    assert checked_deal(demo_deal().model_dump(), "the same") == demo_deal()
