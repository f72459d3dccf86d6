"""The purchase day: nothing is bought after the cut-off that does not pass on the day itself."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool.acts import check_act
from pool.chain import Act, EntryKind
from pool.deal import load_deal
from pool.purchase_day import NAMED, refuse_failing, refuse_unmet
from pool.store import LedgerStore
from pool.triggers import TriggerResult, check_revolving
from schemas.errors import LedgerError
from tests.pool.purchases import ANN, AT, BOB, DAY, back, booked, described, listed, paid, reviewed
from tests.pool.worlds import DEALS, demo_deal

LATER = DAY + timedelta(days=1)
CRITERIA = demo_deal().criteria[:3]
DEAL = demo_deal().model_copy(update={"criteria": CRITERIA})
OUTCOMES = st.none() | st.lists(st.sampled_from("PPPFU"), min_size=3, max_size=3).map("".join)


@given(told=st.lists(OUTCOMES, min_size=1, max_size=NAMED + 4))
def test_each_receivable_that_does_not_pass_is_named_with_its_clauses(told: list[str | None]) -> None:
    """Not open, failed and unknown; nothing is said where all pass; other receivables do not matter."""
    items = [described(f"k{place:02}") for place in range(len(told))]
    names = [(item.receivable_key, item.receivable_id) for item in items]
    outcomes = {name: letters for name, letters in zip(names, told, strict=True) if letters is not None}
    outcomes |= {("other", "id-other"): "FFF", ("k00", "id-renamed"): "FFF"}
    wanted = []
    for item, letters in zip(items, told, strict=True):
        if letters is None:
            wanted.append(f"{item.receivable_id} is not open")
        elif letters != "PPP":
            words = {"F": "fails", "U": "is unknown"}
            pairs = zip(CRITERIA, letters, strict=True)
            broken = [f"{one.code} ({one.clause}) {words[letter]}" for one, letter in pairs if letter in words]
            wanted.append(f"{item.receivable_id}: {', '.join(broken)}")
    if not wanted:
        refuse_failing(DEAL, LATER, "name", items, outcomes)
        return
    more = f"; and {len(wanted) - NAMED} more" if len(wanted) > NAMED else ""
    found = f"{len(wanted)} of {len(told)} receivables do not pass on {LATER}: {'; '.join(wanted[:NAMED])}{more}"
    with pytest.raises(LedgerError, match=f"^Found: {re.escape(found)}$"[:-1]) as refused:
        refuse_failing(DEAL, LATER, "name", items, outcomes)
    assert f"poolwright propose --as-of {LATER} --deal {DEAL.name}" in refused.value.mend


def test_the_day_of_a_purchase_meets_every_condition() -> None:
    """A list of the month's last day is proposed for the purchase day to come; bought on no other, nor in stress."""
    deal = load_deal((DEALS / "cn_consumer_instalment.yaml").read_text("utf-8"))
    days = deal.calendar
    (cut_off,) = days.days_of("cut_off", date(2025, 3, 1), date(2025, 3, 31))
    (purchase,) = days.days_of("purchase", cut_off, days.bought_until(cut_off))
    assert cut_off < purchase
    assert all(one.is_met for one in check_revolving(deal, (), cut_off, days.bought_until(cut_off)))
    refuse_unmet(deal, purchase, "p", ())
    for day in (cut_off, purchase - timedelta(days=1), purchase + timedelta(days=1)):
        with pytest.raises(LedgerError, match=f"a purchase on {day} does not meet R13: .*none by {day}"):
            refuse_unmet(deal, day, "p", ())
    fired = TriggerResult(deal.name, purchase, "T02", 0.05, 0.04, True, "FIRED", purchase, "STOP_PURCHASES")
    with pytest.raises(LedgerError, match="R02: fired=T02"):
        refuse_unmet(deal, purchase, "p", (fired,))
    last = days.revolving_end_on - timedelta(days=1)
    assert not all(one.is_met for one in check_revolving(deal, (), last, days.bought_until(last)))


def approved(store: LedgerStore, key: str) -> str:
    """Have a list approved that may be settled a few days after its cut-off."""
    name = store.propose(listed(key, valid_until=DAY + timedelta(days=3)), ANN, AT).entry.proposal_id
    store.approve(name, BOB, AT, reviewed())
    return name


def test_a_booking_after_the_cut_off_names_its_screening(store: LedgerStore) -> None:
    """Without one it is refused, with one it stands in the entry; on the cut-off itself the inputs say it."""
    name = approved(store, "k1")
    with pytest.raises(LedgerError, match="without a screening of that day") as refused:
        store.book(name, ANN, AT, paid(1, on=LATER))
    assert f"poolwright run --as-of {LATER} --deal demo" in refused.value.mend
    entry = store.book(name, ANN, AT, paid(1, on=LATER, screening="bb")).entry
    assert (entry.payload["on"], entry.payload["screening"]) == (LATER.isoformat(), "bb")
    booked(store, listed("k2"))
    assert store.verify() is None


def test_a_substitution_after_the_cut_off_names_its_screening(store: LedgerStore) -> None:
    """The replacement is bought on that day too."""
    booked(store, listed("k1"))
    name = approved(store, "k2")
    with pytest.raises(LedgerError, match="without a screening of that day"):
        store.substitute(name, BOB, AT, paid(1, cash_minor=90, on=LATER), back("k1"))
    entry = store.substitute(name, BOB, AT, paid(1, cash_minor=90, on=LATER, screening="bb"), back("k1")).entry
    assert entry.payload["screening"] == "bb"
    assert store.verify() is None


def test_entries_from_before_the_rule_hold(store: LedgerStore) -> None:
    """A booking whose entry has no word for a screening was made when none was asked for."""
    name = approved(store, "k1")
    payload = {word: value for word, value in paid(1, on=LATER).payload.items() if word != "screening"}
    check_act(Act(EntryKind.BOOKED, "demo", name, "ann", AT, payload), store.words(name))
