"""What changes between two versions of a deal, clause by clause, and which way."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.deal import Deal, load_deal
from pool.deal_difference import Difference, differences, moved_bounds
from tests.pool.worlds import DEALS

OLD = load_deal((DEALS / "cn_consumer_instalment.yaml").read_text("utf-8"))


def deal(**expressions: str) -> Deal:
    """Give the template with other expressions, by code."""
    criteria = [
        each.model_copy(update={"expression": expressions.get(each.code, each.expression)}) for each in OLD.criteria
    ]
    return OLD.model_copy(update={"criteria": tuple(criteria)})


def changed(part: str, code: str, **fields: Any) -> Deal:
    """Give the template with other fields of one clause."""
    clauses = getattr(OLD, part)
    made = [
        type(each).model_validate({**each.model_dump(), **fields}) if each.code == code else each for each in clauses
    ]
    return OLD.model_copy(update={part: tuple(made)})


def told(found: list[Difference]) -> list[tuple[str, ...]]:
    return [(each.place, each.what, each.was, each.becomes, each.effect) for each in found]


@pytest.mark.parametrize(
    ("code", "expression", "wanted"),
    [
        ("E21", "state.worst_days_past_due <= 30", ("state.worst_days_past_due", "at most 7", "at most 30", "looser")),
        ("E21", "3 >= state.worst_days_past_due", None),
        ("E22", "(state.late_count) <= (1) -- once", ("state.late_count", "at most 2", "at most 1", "tighter")),
        (
            "E30",
            "state.current_principal_amount BETWEEN 50 AND 50000",
            ("state.current_principal_amount", "at least 100.00", "at least 50.00", "looser"),
        ),
        (
            "E33",
            "receivable.rate_type = 'FLOATING'",
            ("receivable.rate_type", "equal to 'FIXED'", "equal to 'FLOATING'", ""),
        ),
        (
            "E18",
            "receivable.purpose IN ('SHOPPING', 'SERVICE', 'TRAVEL')",
            ("receivable.purpose", "one of 'SHOPPING', 'SERVICE'", "one of 'SHOPPING', 'SERVICE', 'TRAVEL'", "looser"),
        ),
        (
            "E17",
            "NOT order.is_virtual_goods AND receivable.category_code NOT IN ('TOPUP', 'GAME', 'VOUCHER', 'BOOK')",
            (
                "receivable.category_code",
                "one of 'TOPUP', 'GAME', 'VOUCHER'",
                "one of 'TOPUP', 'GAME', 'VOUCHER', 'BOOK'",
                "tighter",
            ),
        ),
        ("E36", "receivable.is_signed", ("expression", "receivable.is_auto_debit", "receivable.is_signed", "")),
    ],
)
def test_a_threshold_that_moved_is_told_with_its_direction(code: str, expression: str, wanted: Any) -> None:
    """More let in is looser, less is tighter; a condition that is another is told whole."""
    found = differences(OLD, deal(**{code: expression}))
    if wanted is None:
        assert [(each.place, each.what) for each in found] == [(f"criterion {code}", "expression")]
    else:
        assert told(found) == [(f"criterion {code}", *wanted)]
        assert all(each.clause.startswith("5.1(") for each in found)


def test_layout_of_an_expression_is_no_change() -> None:
    """Other parentheses, spaces, cases of words and remarks say the same."""
    same = {"E06": "(NOT (borrower.is_deceased)) and not borrower.is_insolvent -- alive"}
    assert differences(OLD, deal(**same)) == []
    assert differences(OLD, OLD) == []


@pytest.mark.parametrize(
    ("part", "code", "fields", "wanted"),
    [
        ("limits", "P03", {"at_most": 0.25}, [("limit P03", "at_most", "0.2", "0.25", "looser")]),
        ("limits", "P08", {"at_least": 0.09}, [("limit P08", "at_least", "0.08", "0.09", "tighter")]),
        (
            "limits",
            "P05",
            {"expression": "receivable.term_number > 18"},
            [("limit P05", "receivable.term_number", "above 12", "above 18", "looser")],
        ),
        ("triggers", "T02", {"days_past_due": 91}, [("trigger T02", "days_past_due", "61", "91", "looser")]),
        ("triggers", "T02", {"cure_periods": None}, [("trigger T02", "cure_periods", "3", "-", "tighter")]),
        ("triggers", "T01", {"cure_periods": 2}, [("trigger T01", "cure_periods", "-", "2", "looser")]),
        (
            "triggers",
            "T01",
            {"steps": [{"from_month": 6, "bound": 0.05}]},
            [
                (
                    "trigger T01",
                    "steps",
                    "from month 6 0.05; from month 12 0.07; from month 24 0.08",
                    "from month 6 0.05",
                    "",
                )
            ],
        ),
        (
            "limits",
            "P03",
            {"text_en": "Other words."},
            [("limit P03", "text_en", "No province has more than 20 % of the pool.", "Other words.", "")],
        ),
    ],
)
def test_bounds_of_limits_and_triggers(part: str, code: str, fields: dict[str, Any], wanted: Any) -> None:
    """A higher cap is looser, a higher floor tighter; what cannot be cured is tighter than what can."""
    assert told(differences(OLD, changed(part, code, **fields))) == wanted


def test_clauses_that_come_and_go_and_the_rest_of_the_deal() -> None:
    """A criterion less is looser, one more is tighter; parties, days and price are told by their place."""
    price = OLD.price.model_copy(update={"discount_rate": Decimal("0.03")})
    days = OLD.calendar.model_copy(update={"weekend": ("SUNDAY",)})
    parts = {"criteria": OLD.criteria[1:], "score_max_age_days": 62, "version": 2, "price": price, "calendar": days}
    new = OLD.model_copy(update=parts)
    found = differences(OLD, new)
    assert told(found) == [
        ("deal", "version", "1", "2", ""),
        ("calendar.weekend", "1", "SATURDAY", "SUNDAY", ""),
        ("calendar.weekend", "2", "SUNDAY", "-", ""),
        ("price", "discount_rate", "0.02", "0.03", ""),
        ("deal", "score_max_age_days", "31", "62", "looser"),
        ("criterion E01", "removed", "The borrower is a natural person.", "-", "looser"),
    ]
    back = differences(new, OLD)
    assert ("criterion E01", "added", "tighter") in [(each.place, each.what, each.effect) for each in back]
    assert (moved_bounds(found), moved_bounds(back)) == ((2, 0), (0, 2))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.sampled_from(["<=", "<", ">", ">="]), st.booleans(), st.integers(0, 400))
def test_looser_means_that_more_pass(bound: int, sign: str, negated: bool, other: int) -> None:  # noqa: FBT001 - drawn
    """What is told of a moved bound is what counting says."""
    form = "NOT (state.days_past_due {} {})" if negated else "state.days_past_due {} {}"
    old, new = (form.format(sign, each) for each in (bound, other))

    def passing(text: str) -> int:
        return sum(eval(text.replace("NOT", "not").replace("state.days_past_due", str(day))) for day in range(500))  # noqa: S307

    found = differences(deal(E20=old), deal(E20=new))
    wanted = {1: "looser", -1: "tighter"}.get((passing(new) > passing(old)) - (passing(new) < passing(old)))
    assert [each.effect for each in found] == ([wanted] if wanted else [])
