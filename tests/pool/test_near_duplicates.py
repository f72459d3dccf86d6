"""Near-duplicates: the same loan under other ids is shown, whatever was changed, and nothing else is."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.ledger import Item, Pledge
from pool.near_duplicates import MOST_PARTS, REDATED_DAYS, SPLIT_DAYS, near_duplicates
from pool.purchase import Facts, NearDuplicate
from tests.pool.purchases import DAY, described, facts

Seen = list[tuple[str, tuple[str, ...], tuple[str, ...]]]


def held(key: str, **changes: object) -> Pledge:
    """Hold a loan in some pool."""
    return Pledge(key, f"id-{key}", "demo", "p", 1000, 990, DAY, 1, None, facts(**changes))


def seen(listed: Sequence[Item], pools: Sequence[Pledge] = ()) -> Seen:
    """Search, without the words."""
    return [(one.kind, one.listed, one.held) for one in near_duplicates(listed, pools)]


SHIFTED = "2025-03-20"
SAME = {
    "a renamed contract": ({}, "SAME_LOAN"),
    "a renamed contract with another term": ({"term_number": 12}, "SAME_LOAN"),
    "a renamed contract of a split source": ({"id_space": "other/1f"}, "SAME_LOAN"),
    "a re-dated contract": ({"disbursed_on": SHIFTED, "final_due_on": "2025-09-20"}, "REDATED"),
    "the same order": ({"order_id": "o1", "original_minor": 10_000, "borrower_id": "b2"}, "SAME_ORDER"),
    "another pseudonym secret": ({"id_space": "shop/2e", "borrower_id": "x7"}, "OTHER_SECRET"),
    "another source": (
        {"id_space": "bank/1f", "borrower_id": "x7", "merchant_id": "x8", "order_id": "x9"},
        "OTHER_SOURCE",
    ),
    "another source without borrowers": ({"id_space": "bank/", "borrower_id": "", "merchant_id": ""}, "OTHER_SOURCE"),
}


@pytest.mark.parametrize(("changes", "kind"), SAME.values(), ids=SAME)
@pytest.mark.parametrize("where", ["held", "listed"])
def test_the_same_loan_under_another_key_is_shown(changes: dict[str, object], kind: str, where: str) -> None:
    """In a pool or on the same list, whatever id was changed."""
    one = described("a", order_id="o1")
    if where == "held":
        assert seen([one], [held("z", **{"order_id": "o2", **changes})]) == [(kind, ("a",), ("z",))]
    else:
        assert seen([one, described("b", **{"order_id": "o2", **changes})]) == [(kind, ("a", "b"), ())]


OTHER = {
    "another amount": {"original_minor": 30_001},
    "another borrower": {"borrower_id": "b2"},
    "another merchant": {"merchant_id": "m2"},
    "long before": {"disbursed_on": "2025-01-01"},
    "another day and term": {"disbursed_on": SHIFTED, "term_number": 12},
    "another source, another rate": {"id_space": "bank/1f", "borrower_id": "x7", "annual_rate": "0.120000"},
    "another secret, another merchant": {"id_space": "shop/2e", "borrower_id": "x7", "merchant_id": "m2"},
    "the order of another source": {"id_space": "bank/1f", "borrower_id": "x", "order_id": "o1", "original_minor": 7},
    "nothing known": dict.fromkeys(("borrower_id", "merchant_id", "disbursed_on", "annual_rate"), ""),
}


@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER)
def test_another_loan_is_not_shown(changes: dict[str, object]) -> None:
    """One borrower may buy twice, and two may buy the same thing."""
    unlike = {"original_minor": 0} if "disbursed_on" in changes and not changes["disbursed_on"] else {}
    assert seen([described("a", order_id="o1")], [held("z", **{"order_id": "o2", **changes, **unlike})]) == []


def test_what_only_pools_hold_is_not_told_again() -> None:
    """A group without a listed receivable was looked at when it was bought; a receivable is not like itself."""
    assert seen([described("a", borrower_id="b9")], [held("y"), held("z")]) == []
    assert seen([described("a"), described("a")]) == []


@pytest.mark.parametrize("where", [("w", "x", "y", "z"), ("w",), ("x",), ("x", "y", "z")])
def test_parts_of_a_split_order_are_shown_with_the_whole(where: tuple[str, ...]) -> None:
    """Three contracts of 100, 150 and 50 beside one of 300: whichever of them is listed and whichever is held."""
    sizes = {"w": 30_000, "x": 10_000, "y": 15_000, "z": 5_000, "n": 7_000}
    listed = [described(key, original_minor=sizes[key], order_id=f"o-{key}") for key in where]
    pools = [held(key, original_minor=sizes[key], order_id=f"o-{key}") for key in sizes if key not in where]
    assert seen(listed, pools) == [("SPLIT", where, tuple(key for key in "wxyz" if key not in where))]
    late = (date(2025, 3, 1) + timedelta(days=SPLIT_DAYS + 1)).isoformat()
    one_late = [described("w", original_minor=30_000)]
    apart = [held("x", original_minor=10_000, disbursed_on=late), held("y", original_minor=20_000)]
    assert seen(one_late, apart) == []


def test_parts_of_one_order_are_shown_with_its_amount() -> None:
    """Several receivables that name one order, with what they add up to."""
    parts = [described(key, original_minor=10_000, order_id="o1", order_minor=30_000) for key in "abc"]
    (found,) = near_duplicates(parts, [])
    assert (found.kind, found.listed, found.observed) == (
        "SAME_ORDER",
        ("a", "b", "c"),
        "order o1 of 300.00 carries 300.00",
    )


def test_a_split_among_many_is_found_by_pairs_and_by_days() -> None:
    """Where a borrower has more loans at a merchant than subsets can be tried of."""
    many = [held(f"h{n}", original_minor=1000 + 37 * n, order_id=f"o{n}") for n in range(MOST_PARTS + 10)]
    assert seen([described("w", original_minor=2000 + 37)], many) == [("SPLIT", ("w",), ("h0", "h1"))]
    whole = sum(one.facts.original_minor for one in many)
    (found,) = near_duplicates([described("w", original_minor=whole)], many)
    assert (found.kind, len(found.held)) == ("SPLIT", len(many))


loans = st.builds(
    facts,
    id_space=st.sampled_from(["shop/1f", "shop/2e", "bank/1f"]),
    borrower_id=st.sampled_from(["", "b1", "b2"]),
    merchant_id=st.sampled_from(["", "m1"]),
    order_id=st.sampled_from(["", "o1", "o2"]),
    original_minor=st.sampled_from([100, 200, 300]),
    disbursed_on=st.sampled_from(["2025-03-01", "2025-03-05", "2025-03-25", "2025-05-01"]),
    term_number=st.sampled_from([3, 6]),
)


@given(st.lists(loans, min_size=1, max_size=7), st.integers(1, 7))
@settings(max_examples=300, deadline=None)
def test_pairs_are_those_of_the_plain_rules(found: list[Facts], listed: int) -> None:
    """Whatever is shown stands for a rule; every pair that a rule speaks of is within a shown group."""
    items = [Item(f"k{n}", f"id{n}", 1, 1, one) for n, one in enumerate(found[:listed])]
    pools = [Pledge(f"k{n}", "", "", "", 1, 1, DAY, 1, None, one) for n, one in enumerate(found) if n >= listed]
    groups = near_duplicates(items, pools)
    together = [{*group.listed, *group.held} for group in groups]
    known = dict(enumerate(found))
    for one, other in combinations(known, 2):
        if one < listed and alike(known[one], known[other]):
            assert any({f"k{one}", f"k{other}"} <= keys for keys in together), (one, other)
    for group in groups:
        assert group.listed
        members = [known[int(key[1:])] for key in (*group.listed, *group.held)]
        assert stands(group, members), group


def alike(one: Facts, other: Facts) -> bool:
    """Compare two loans by the rules for pairs, as a person would read them."""
    days = abs((date.fromisoformat(one.disbursed_on) - date.fromisoformat(other.disbursed_on)).days)
    same_day, same_amount = days == 0, one.original_minor == other.original_minor
    same_owner = bool(one.borrower_id) and (one.borrower_id, one.merchant_id) == (other.borrower_id, other.merchant_id)
    same_source = one.source == other.source
    same_terms = same_day and same_amount and one.term_number == other.term_number
    return (
        (same_source and bool(one.order_id) and one.order_id == other.order_id)
        or (same_owner and same_amount and same_day)
        or (same_owner and same_amount and one.term_number == other.term_number and days <= REDATED_DAYS)
        or (same_terms and not same_source)
        or (same_terms and one.id_space != other.id_space and one.merchant_id == other.merchant_id)
    )


def stands(group: NearDuplicate, members: list[Facts]) -> bool:
    """Tell whether the members of a group are what its kind says."""
    amounts = sorted(one.original_minor for one in members)
    agree = {
        "SAME_ORDER": lambda one: (one.source, one.order_id),
        "SAME_LOAN": lambda one: (one.borrower_id, one.merchant_id, one.original_minor, one.disbursed_on),
        "REDATED": lambda one: (one.borrower_id, one.merchant_id, one.original_minor, one.term_number),
        "SPLIT": lambda one: (one.borrower_id, one.merchant_id),
        "OTHER_SECRET": lambda one: (one.source, one.merchant_id, one.original_minor, one.disbursed_on),
        "OTHER_SOURCE": lambda one: (one.original_minor, one.disbursed_on, one.term_number),
    }[group.kind]
    is_sum = group.kind != "SPLIT" or sum(amounts[:-1]) == amounts[-1]
    return len(members) > 1 and len({agree(one) for one in members}) == 1 and is_sum
