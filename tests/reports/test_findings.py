"""The sentences of the report: what is forbidden, what is worth a look, and titles that follow the numbers."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import findings, titles
from reports.contents import Holding, LimitLine, PoolReport, Purchase, Unit
from reports.evidence import DataQuality, DefaultProbabilities, Invariant, TableQuality
from reports.shares import batch_of, compose, eligible_of, total, widest_gap
from tests.reports.sample import breached, empty_pool, nothing_bought, sample_report


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def purchased(**changes: object) -> PoolReport:
    report = sample_report()
    assert report.purchase
    return replace(report, purchase=replace(report.purchase, **changes))  # type: ignore[arg-type]


def limit(**changes: object) -> LimitLine:
    return replace(sample_report().limits[0], **changes)  # type: ignore[arg-type]


def test_the_verdict_of_a_good_batch_is_one_plain_sentence() -> None:
    """A kept batch can be bought, and the sentence names size, price and what binds."""
    verdict = findings.verdict(sample_report())
    assert verdict.level == "good"
    assert plain(verdict.text) == (
        "The batch of 3,412 receivables for CNY 9.98 m can be bought: every limit is kept; MERCHANT_SHARE binds."
        " It waits for the approval of a second person."
    )


@pytest.mark.parametrize(
    ("report", "level", "said"),
    [
        (lambda: purchased(status="booked", approver="wu.approver"), "good", "was bought: every limit is kept"),
        (lambda: purchased(status="approved", approver="wu.approver"), "good", "It is approved, not yet booked."),
        (lambda: purchased(status="rejected", approver="wu.approver"), "calm", "was rejected by wu.approver"),
        (lambda: purchased(status="approved", approver="lin.manager"), "stop", "two people are promised"),
        (lambda: purchased(cash_available=Decimal(9_000_000)), "stop", "CNY 981,204 above the cash available"),
        (breached, "stop", "must not be bought: MERCHANT_SHARE is breached"),
        (nothing_bought, "calm", "nothing was proposed"),
        (empty_pool, "calm", "No receivable was open"),
        (lambda: replace(sample_report(), limits=()), "good", "the deal sets no limits"),
    ],
)
def test_the_verdict_follows_the_facts(report: Callable[[], PoolReport], level: str, said: str) -> None:
    """Each state of a purchase has its own level and sentence."""
    verdict = findings.verdict(report())
    assert verdict.level == level
    assert said in plain(verdict.text)


def test_a_fired_trigger_forbids_the_purchase() -> None:
    """A trigger in force stops a proposed batch, and shows as gravest."""
    report = sample_report()
    fired = replace(report, triggers=(replace(report.triggers[1], is_fired=True),))
    assert findings.verdict(fired).level == "stop"
    assert findings.attention(fired)[0].level == "stop"


def test_what_to_look_at_is_what_stands_out() -> None:
    """The sample's five oddities are listed, and nothing else."""
    texts = [plain(finding.text) for finding in findings.attention(sample_report())]
    assert [text.split()[0] for text in texts] == [
        "MERCHANT_SHARE",
        "MEAN_DEFAULT_PROBABILITY",
        "within_order",
        "A",
        "Predicted",
    ]
    assert "BUREAU_FRESH for 1,204 receivables" in texts[3]


def test_a_day_without_oddities_is_calm() -> None:
    """Nothing is listed where nothing stands out."""
    report = sample_report()
    calm = replace(
        report,
        criteria=(),
        limits=(limit(value_after=0.02, is_binding=False),),
        model=None,
        data=replace(report.data, invariants=()),
    )
    assert findings.attention(calm) == ()


def test_quarantine_lost_rows_and_failed_audits_are_named() -> None:
    """Each thing wrong with the data of a table gives its own sentence."""
    bad = TableQuality("orders", read=100, filtered=0, merged=0, published=90, quarantined=5, checks_failed=2)
    report = sample_report()
    said = [plain(f.text) for f in findings.attention(replace(report, data=replace(report.data, tables=(bad,))))]
    assert {"orders: 5 rows not accounted for.", "orders: 2 audit checks failed."} <= set(said)
    assert "orders: 5.0 % of the rows went to quarantine." in said


def test_a_picked_batch_is_said() -> None:
    """A batch that is all of one grade differs from the eligible, and the page asks why."""
    report = sample_report()
    grade = report.compositions[0]
    parts = tuple(
        replace(member, batch=Holding(10, Decimal(100)) if member.label == "A" else Holding())
        for member in grade.members
    )
    picked = replace(report, compositions=(replace(grade, members=parts),))
    gap = widest_gap(picked.compositions)
    assert gap is not None
    assert (gap.label, round(gap.difference, 3)) == ("A", 0.759)
    assert "75.9 pp more grade A" in plain(" ".join(f.text for f in findings.attention(picked)))
    assert plain(titles.compositions_title(picked)) == "The batch holds 75.9 pp more grade A than the eligible"


@pytest.mark.parametrize(
    ("direction", "threshold", "value", "use"),
    [
        ("at most", 0.05, 0.025, 0.5),
        ("at most", 0.05, 0.06, 1.2),
        ("at least", 100.0, 200.0, 0.5),
        ("at least", 100.0, 80.0, 1.25),
        ("at least", 100.0, 0.0, float("inf")),
        ("at most", 0.0, 0.0, 0.0),
        ("at most", 0.0, 0.1, float("inf")),
        ("at most", 0.05, None, None),
    ],
)
def test_use_of_a_limit_is_one_at_its_bound(
    direction: str, threshold: float, value: float | None, use: float | None
) -> None:
    """Use grows towards 1 as the bound comes near, from either side, and passes it on a breach."""
    one = limit(direction=direction, threshold=threshold, value_before=None, value_after=value, unit=Unit.NUMBER)
    assert findings.limit_use(one) == (pytest.approx(use) if use is not None else None)


def test_titles_follow_the_numbers() -> None:
    """A title is computed from what stands under it, so other numbers give another title."""
    report = sample_report()
    assert plain(titles.eligibility_title(report)) == (
        "61 % of the refused principal does not pass NO_ARREARS: No amount is overdue on the cut-off day"
    )
    assert plain(titles.funnel_title(report)) == "Of CNY 55.3 m open, 44 % is eligible and 18 % is in the batch"
    assert plain(titles.limits_title(report)) == "All 8 limits are kept; MERCHANT_SHARE is the tightest, 99.8 % used"
    assert plain(titles.limits_title(breached())) == "2 of 8 limits breached: MERCHANT_SHARE and REGION_SHARE"
    assert plain(titles.data_title(report.data)).endswith("every row is accounted for")
    assert titles.triggers_title(nothing_bought()) == "CUMULATIVE_DEFAULT is in force"


def test_a_promise_with_nothing_to_look_at_does_not_hold() -> None:
    """Only what was looked at is said to hold or to be broken; the rest is counted apart."""

    def said(*pairs: tuple[int, int | None]) -> str:
        found = [Invariant(f"I{n}", "It holds.", breaches, seen) for n, (breaches, seen) in enumerate(pairs)]
        return plain(titles.invariants_title(DataQuality(invariants=tuple(found))))

    assert said((0, 5), (0, None)) == "All 2 invariants hold"
    assert said((0, 5), (0, 7), (0, 0)) == "All 2 invariants hold; 1 had nothing to look at"
    assert said((0, 5), (0, 0)) == "The invariant holds; 1 had nothing to look at"
    assert said((2, 5), (0, 7), (0, 0)) == "1 of 2 invariants broken: I0; 1 had nothing to look at"
    assert said((0, 0)) == said() == "No invariant was checked"


def test_tenths_and_grades_are_counted_in_words() -> None:
    """The plural is that of the noun, not of the phrase."""
    tenths = sample_report().model.bins  # type: ignore[union-attr]
    off = tuple(replace(one, predicted=0.99) if place < 2 else one for place, one in enumerate(tenths))
    held = plain(titles.agreement_title(off, "tenth of risk", "tenths of risk"))
    assert re.fullmatch(r"In \d of 10 tenths of risk the prediction lies within the observed interval", held)


@pytest.mark.parametrize(
    ("batch", "word"), [(0.01, "is safer than"), (0.03, "is riskier than"), (0.020001, "is as risky as")]
)
def test_the_batch_is_compared_as_shown(batch: float, word: str) -> None:
    """Batch and eligible are called alike exactly when they are written alike."""
    means = DefaultProbabilities((), eligible_mean=0.02, batch_mean=batch)
    assert word in titles.probability_title(means)


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=12), st.integers(min_value=1, max_value=6))
def test_gathering_small_parts_loses_nothing(counts: dict[str, int], largest: int) -> None:
    """However few parts stand alone, each column still adds up, and no gathered part is larger than one shown."""
    held = {label: Holding(count, Decimal(count * 7)) for label, count in counts.items()}
    composition = compose("region", held, {}, held, largest)
    assert total(composition, eligible_of) == Holding(sum(counts.values()), Decimal(sum(counts.values()) * 7))
    shown = [member.pool.count for member in composition.members if not member.is_rest]
    assert shown == sorted(shown, reverse=True) or len(counts) <= largest
    assert len(shown) == min(largest, len(counts))
    assert total(composition, batch_of) == Holding()


def test_the_rest_is_never_called_the_largest_part() -> None:
    """The gathered small parts may be the largest sum and still give no title."""
    region = next(one for one in sample_report().compositions if one.trait == "region")
    assert plain(titles.composition_title(region)) == "Region: Guangdong is the largest part of the batch, 17 %"


def test_a_purchase_without_receivables_is_no_batch() -> None:
    """An empty proposal is said to be nothing, not a batch of 0."""
    empty = Purchase("P-1", "proposed", Holding(), Decimal(0), "", Decimal(5), "lin.manager")
    assert "nothing was proposed" in findings.verdict(replace(sample_report(), purchase=empty)).text
