"""Screening: every criterion judges what it says, nothing unknown passes, and the view holds what the logs said."""

import random
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from pool.deal import Deal, load_deal, parsed
from pool.ledger import Item
from pool.selection import select
from pool.spark import explain, limit_rows, proposal_rows, screen
from pool.spark_view import screening_view
from pool.vocabulary import COLUMNS, GROUPS, engine_name, visible_columns
from schemas import derived, events, lending, parties
from tests.oracles import pool as oracle
from tests.pool.worlds import AS_OF, BAD, CHAMPION, DEALS, ZONE, Row, ago, demo_deal, frame, view_of, wide_row

Found = dict[str, tuple[str, dict[str, str]]]


@pytest.fixture(scope="module")
def deal() -> Deal:
    return demo_deal()


def screened(view: DataFrame, deal: Deal) -> Found:
    """Give outcomes and observed values by receivable."""
    screenings, failures = screen(view, deal, AS_OF, CHAMPION)
    found: Found = {row["receivable_id"]: (row["outcomes"], {}) for row in screenings.collect()}
    for row in failures.collect():
        found[row["receivable_id"]][1][row["code"]] = row["observed"]
    return found


def expected(rows: list[Row], deal: Deal) -> Found:
    return {row["state.receivable_id"]: oracle.judge(deal, row, AS_OF, CHAMPION) for row in rows}


def test_each_criterion_fails_alone_for_the_receivable_that_breaks_just_it(engine: SparkSession, deal: Deal) -> None:
    """A good receivable passes all; one bad in one thing fails that criterion only, and the value is shown."""
    assert sorted(BAD) == sorted(criterion.code for criterion in deal.criteria)
    rows = [wide_row("good"), *(wide_row(code, **changes) for code, changes in BAD.items())]
    found = screened(view_of(engine, rows), deal)
    assert found["good"] == ("P" * len(deal.criteria), {})
    for place, criterion in enumerate(deal.criteria):
        outcomes, observed = found[criterion.code]
        assert outcomes == "P" * place + "F" + "P" * (len(deal.criteria) - place - 1), criterion.code
        assert list(observed) == [criterion.code]
    assert found["E38"][1]["E38"].endswith(
        "tag.default_probability=0.080000; deal.as_of=2025-06-01; deal.score_max_age_days=31"
    )
    assert found["E12"][1]["E12"].endswith("order.credit_amount=599.99")


def test_an_unknown_value_never_passes(engine: SparkSession, deal: Deal) -> None:
    """Each column of each criterion null in turn: U, or F where it asks for null itself, as plain Python says."""
    rows = [
        wide_row(f"{criterion.code} {column}", **{column: None})
        for criterion in deal.criteria
        for column in sorted(parsed(criterion.expression).columns)
        if not column.startswith("deal.")
    ]
    found = screened(view_of(engine, rows), deal)
    assert found == expected(rows, deal)
    letters = {name: found[name][0][code_place(deal, name.split()[0])] for name in found}
    assert {name for name, letter in letters.items() if letter == "P"} == {"E34 receivable.term_number"}
    assert {name.split()[0] for name, letter in letters.items() if letter == "F"} == {"E13"}


def code_place(deal: Deal, code: str) -> int:
    return [criterion.code for criterion in deal.criteria].index(code)


@pytest.mark.parametrize("name", ["demo_consumer", "ally_auto", "xente_paylater"])
def test_screening_equals_plain_python_on_random_receivables(engine: SparkSession, name: str) -> None:
    """Values from good and bad rows, mixed, a tenth of them null: the same outcomes, the same values shown."""
    deal = load_deal((DEALS / f"{name}.yaml").read_text(encoding="utf-8"))
    draw = random.Random(7)  # noqa: S311 - a test's own numbers
    rows = []
    for number in range(150):
        changes = {key: value for bad in BAD.values() for key, value in bad.items() if draw.random() < 0.04}
        nulls = {key: None for key in COLUMNS if not key.startswith("deal.") and draw.random() < 0.02}
        real = {"report.bureau_score": draw.uniform(500, 800), "tag.default_probability": draw.uniform(0, 0.1)}
        rows.append(wide_row(f"r{number}", **{**changes, **real, **nulls}))
    assert screened(view_of(engine, rows), deal) == expected(rows, deal)


def test_screenings_say_who_is_eligible_and_what_failed_first(engine: SparkSession, deal: Deal) -> None:
    """Eligible means all passed; the first failure is the first in the document's order."""
    rows = [wide_row("good"), wide_row("bad", **BAD["E20"], **BAD["E02"], **{"tag.default_probability": None})]
    screenings, failures = screen(view_of(engine, rows), deal, AS_OF, CHAMPION)
    told = {row["receivable_id"]: row.asDict() for row in screenings.collect()}
    assert (told["good"]["is_eligible"], told["good"]["first_failed_code"], told["good"]["failed_count"]) == (
        True,
        None,
        0,
    )
    assert (told["bad"]["is_eligible"], told["bad"]["first_failed_code"], told["bad"]["failed_count"]) == (
        False,
        "E02",
        3,
    )
    assert told["bad"]["deal_hash"] == deal.hash
    letters = {row["code"]: (row["outcome"], row["threshold"]) for row in failures.collect()}
    by_code = {criterion.code: criterion.expression for criterion in deal.criteria}
    assert letters == {"E02": ("F", by_code["E02"]), "E20": ("F", by_code["E20"]), "E38": ("U", by_code["E38"])}


def test_only_approved_models_count(engine: SparkSession, deal: Deal) -> None:
    """`champion` stands for the version in force, and for none where none is."""
    view = view_of(engine, [wide_row("good")])
    listed = deal.model_copy(update={"approved_models": ("1", "3")})
    place = code_place(deal, "E39")
    letters = [
        screen(view, terms, AS_OF, champion)[0].collect()[0]["outcomes"][place]
        for terms, champion in ((deal, "3"), (deal, "4"), (deal, None), (listed, None))
    ]
    assert letters == ["P", "F", "F", "P"]


def test_explain_shows_every_criterion_with_clause_and_value(engine: SparkSession, deal: Deal) -> None:
    """Passed ones too, in the deal's order; nothing for a receivable that is not there."""
    view = view_of(engine, [wide_row("good"), wide_row("bad", **BAD["E20"])])
    told = explain(view, deal, AS_OF, "bad", CHAMPION)
    assert [each.code for each in told] == [criterion.code for criterion in deal.criteria]
    late = told[code_place(deal, "E20")]
    assert (late.outcome, late.observed, late.clause) == ("F", "state.days_past_due=1", "5.3(a)")
    assert {each.outcome for each in told} == {"P", "F"}
    assert explain(view, deal, AS_OF, "nobody", CHAMPION) == []


def test_limits_see_the_pool_and_what_is_eligible_and_free(engine: SparkSession, deal: Deal) -> None:
    """Held by this pool, or eligible; never what another pool holds or what fails."""
    mine = {"position.is_pledged": True, "position.deal": deal.name, "state.days_past_due": 40}
    other = {"position.is_pledged": True, "position.deal": "other"}
    rows = [wide_row("free"), wide_row("mine", **mine), wide_row("other", **other), wide_row("bad", **BAD["E20"])]
    view = view_of(engine, rows)
    screenings, _ = screen(view, deal, AS_OF, CHAMPION)
    table = {row["receivable_id"]: row.asDict() for row in limit_rows(view, screenings, deal).collect()}
    assert sorted(table) == ["free", "mine"]
    assert (table["free"]["is_pooled"], table["mine"]["is_pooled"]) == (False, True)
    assert (table["mine"]["principal_minor"], table["mine"]["P01"], table["mine"]["P15"]) == (50000, "b", True)
    assert (table["free"]["P07"], table["free"]["P09"], table["free"]["P12"]) == (0.021, 5.0, False)


def small_platform() -> tuple[dict[str, list[Row]], list[Row], list[Row], list[Row]]:
    """Nine receivables of three borrowers, with what may be missing missing, and lists and reports of every age."""
    draw = random.Random(3)  # noqa: S311 - a test's own numbers

    def log(days: float, **values: Any) -> Row:
        return {**values, "happened_at": ago(days), "known_at": ago(days), "is_deleted": False}

    receivables, states, tags, orders = [], [], [], []
    for number in range(9):
        borrower, name = f"b{number % 3}", f"r{number}"
        order = f"o{number}" if number % 4 else None
        receivables.append(
            log(40, receivable_id=name, receivable_key=f"key-{name}", borrower_id=borrower, order_id=order)
            | {"merchant_id": f"m{number % 2}" if number % 5 else None, "annual_rate": Decimal("0.1")}
        )
        states.append(
            {"receivable_id": name, "receivable_key": f"key-{name}", "borrower_id": borrower, "as_of": AS_OF}
            | {"current_principal_amount": Decimal(draw.randrange(10**6)).scaleb(-2), "is_open": number % 3 != 2}
            | {"days_past_due": draw.choice([0, 3, 70]), "worst_days_past_due": 80, "is_written_off": number == 5}
        )
        tags.append({"receivable_id": name, "as_of": AS_OF, "default_probability": 0.01 * number, "model_version": "3"})
        if order:
            orders.append(log(41, order_id=order, borrower_id=borrower, device_id=f"d{number}"))
    blacklist = [
        log(10, entry_id="1", subject_type="BORROWER", subject_id="b1", ended_at=None),
        log(10, entry_id="2", subject_type="BORROWER", subject_id="b0", ended_at=ago(0)),
        log(10, entry_id="3", subject_type="MERCHANT", subject_id="m0", ended_at=ago(-1)),
        log(9, entry_id="4", subject_type="MERCHANT", subject_id="m0", ended_at=None),
        log(9, entry_id="5", subject_type="DEVICE", subject_id="d3", ended_at=None),
        log(9, entry_id="6", subject_type="DEVICE", subject_id="m1", ended_at=None),
    ]
    reports = [
        log(days, report_id=f"{who}{days}", borrower_id=who, bureau_score=600.0 + days)
        for who, days in (("b0", 9), ("b0", 2), ("b1", 30))
    ]
    logs = {
        "receivables": receivables,
        "orders": orders,
        "borrowers": [log(90, borrower_id=f"b{number}", customer_type="NATURAL_PERSON") for number in range(2)],
        "merchants": [log(90, merchant_id="m0", merchant_status="ACTIVE")],
        "credit_reports": [*reports, {**reports[1], "report_id": "b0again", "bureau_score": 700.0}],
        "blacklist": blacklist,
    }
    return logs, states, tags[:-3], [{"receivable_key": "key-r4", "deal": "other"}]


TABLES = {
    "receivables": lending.RECEIVABLES,
    "orders": events.ORDERS,
    "borrowers": parties.BORROWERS,
    "merchants": parties.MERCHANTS,
    "credit_reports": parties.CREDIT_REPORTS,
    "blacklist": parties.BLACKLIST,
}


def engine_view(engine: SparkSession, left_out: str = "") -> list[Row]:
    logs, states, tags, pledged = small_platform()
    frames = {name: frame(engine, TABLES[name], rows) for name, rows in logs.items() if name != left_out}
    view = screening_view(
        frames,
        frame(engine, derived.RECEIVABLE_STATES, states),
        frame(engine, derived.RECEIVABLE_TAGS, tags),
        engine.createDataFrame(
            [(row["receivable_key"], row["deal"]) for row in pledged], "receivable_key string, deal string"
        ),
        AS_OF,
        ZONE,
    )
    return sorted(view.toArrow().to_pylist(), key=lambda row: str(row["state__receivable_id"]))


def test_the_view_lays_side_by_side_what_the_logs_say(engine: SparkSession) -> None:
    """One row an open receivable; latest report, lists in force, sums over the borrower, as plain lookups give."""
    logs, states, tags, pledged = small_platform()
    plain = oracle.wide_rows(logs, states, tags, pledged, oracle.cut_off(AS_OF, ZONE))
    wanted = [{engine_name(name): value for name, value in row.items()} for row in plain]
    assert [comparable(row) for row in engine_view(engine)] == [comparable(row) for row in wanted]
    assert len(wanted) == 6


def comparable(row: Mapping[str, Any]) -> Row:
    return {
        name: value - timedelta(0) if name.endswith("_at") and value else value for name, value in sorted(row.items())
    }


def test_of_a_table_that_is_not_there_nothing_is_known(engine: SparkSession) -> None:
    """Without a blacklist nobody is known to be off it; without orders nothing of theirs is known."""
    assert {row["blacklist__is_borrower_listed"] for row in engine_view(engine, "blacklist")} == {None}
    without_orders = engine_view(engine, "orders")
    assert {row["order__order_status"] for row in without_orders} == {None}
    assert {row["blacklist__is_device_listed"] for row in without_orders} == {False}
    names = {
        engine_name(f"{group}.{column.name}")
        for group in GROUPS
        if group != "deal"
        for column in visible_columns(group)
    }
    assert names == set(without_orders[0])


def test_a_proposal_lays_out_its_list(engine: SparkSession, deal: Deal) -> None:
    """What is bought at which price, with the tag; an empty list gives no row."""
    view = view_of(engine, [wide_row("a"), wide_row("b")])
    row = proposal_rows(view, [Item("key-b", "b", 50000, 49000)], "p1", deal, AS_OF).collect()[0]
    assert (row["receivable_id"], row["principal_amount"], row["price_amount"]) == ("b", Decimal(500), Decimal(490))
    assert (row["grade"], row["default_probability"], row["remaining_period_number"]) == ("B", 0.021, 5)
    assert proposal_rows(view, [], "p1", deal, AS_OF).collect() == []


def test_from_the_view_to_a_batch(engine: SparkSession, deal: Deal) -> None:
    """Screened, gathered and chosen: eligible rows only, and the limits of the deal hold."""
    rows = [
        wide_row(f"r{n}", **{"receivable.borrower_id": f"b{n}", "receivable.merchant_id": f"m{n % 12}"})
        | {"receivable.region_code": str(n % 8), "receivable.category_code": ("HOME", "FOOD", "BABY")[n % 3]}
        for n in range(120)
    ]
    view = view_of(engine, [*rows, wide_row("bad", **BAD["E20"])])
    screenings, _ = screen(view, deal, AS_OF, CHAMPION)
    found = select(limit_rows(view, screenings, deal).toArrow(), deal, 5_500_000)
    assert (len(found.items), found.reasons, found.breaches) == (112, (), ())
    assert "bad" not in {item.receivable_id for item in found.items}
    assert found.cash_used == 112 * 49_000
