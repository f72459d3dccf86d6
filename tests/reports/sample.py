"""A pool report as a day of the simulated platform would give it; every part adds up with the others."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from reports.contents import Composition, DealFacts, Funnel, Holding, Member, Party, PoolReport, Purchase
from reports.evidence import (
    DataQuality,
    DefaultProbabilities,
    Measure,
    ModelQuality,
    ProbabilityBin,
    Provenance,
    TableSnapshot,
)
from tests.reports.sample_life import sample_life
from tests.reports.sample_rows import CRITERIA, GRADES, INVARIANTS, LIMITS, REASONS, SHARES, TABLES, TENTHS, TRIGGERS

ELIGIBLE = Holding(8_214, Decimal("24107733.18"))
BATCH = Holding(3_412, Decimal("10184902.55"))
POOL = Holding(31_077, Decimal("92440118.02"))
PRICE = Decimal("9981204.37")


MODEL = ModelQuality(
    version="default_6m/7",
    measured_on="receivables open from 1 July to 31 August 2024, out of time",
    count=41_206,
    default_count=1_401,
    auc=Measure(0.797, 0.786, 0.808),
    gini=Measure(0.594, 0.572, 0.616),
    ks=Measure(0.446, 0.425, 0.466),
    brier=Measure(0.0302),
    calibration_error=Measure(0.0031, 0.0018, 0.0049),
    bins=TENTHS,
    grades=GRADES,
    reasons=REASONS,
)

PARTIES = (
    Party("Originator", "Lantern Micro-Credit Co., Ltd."),
    Party("Plan manager", "Cedar Asset Management"),
    Party("Trustee", "Harbour Trust"),
)


def sample_report() -> PoolReport:
    """Give a proposed batch that keeps every limit, with a few things to look at."""
    return PoolReport(
        deal=DealFacts(
            name="spring_revolving_1",
            version="3",
            document_hash="9f2c41d07be85a13c6d4e07721f0b9a85d3e6c1b24f7a90813ce55d2b6740fa1",
            parties=PARTIES,
            title_en="Spring Revolving Consumer Receivables No. 1",
            title_zh="春晖一期消费分期资产支持专项计划",
        ),
        as_of=date(2025, 3, 5),
        run_id="5b1e77c0a94d2f38",
        currency="CNY",
        funnel=Funnel(
            opened=Holding(18_940, Decimal("55318420.91")),
            scored=Holding(18_902, Decimal("55201388.40")),
            eligible=ELIGIBLE,
            proposed=BATCH,
            booked=Holding(),
        ),
        criteria=CRITERIA,
        compositions=tuple(_composition(trait) for trait in dict.fromkeys(trait for trait, _, _ in SHARES)),
        limits=LIMITS,
        triggers=TRIGGERS,
        probabilities=_probabilities(),
        model=MODEL,
        data=DataQuality(TABLES, INVARIANTS),
        purchase=Purchase(
            proposal_id="P-20250305-7c1d02",
            status="proposed",
            batch=BATCH,
            price=PRICE,
            price_basis="principal balance 本金余额 less 2.00 %",
            cash_available=Decimal("10000000.00"),
            proposer="lin.manager",
            ledger_head="c07d9be1402f6a5588d13fb0a2ce7719a4b8e6f05d21c39e7740bb6a1f9d3e82",
        ),
        provenance=Provenance(
            engine="Sail 0.7.2",
            code_version="e79c796",
            snapshots=tuple(
                TableSnapshot(name, str(7_302_118_450_113_904_211 - 71_400_031 * place))
                for place, name in enumerate(("receivables", "instalments", "repayments", "features", "screenings"))
            ),
        ),
    )


def living_pool() -> PoolReport:
    """Give the same day with the pool's life beside it."""
    return replace(sample_report(), performance=sample_life())


def nothing_bought() -> PoolReport:
    """Give a day with eligible receivables and no proposal, because a trigger is in force."""
    report = sample_report()
    compositions = tuple(
        Composition(c.trait, tuple(replace(member, batch=Holding()) for member in c.members))
        for c in report.compositions
    )
    return replace(
        report,
        funnel=replace(report.funnel, proposed=Holding()),
        compositions=compositions,
        limits=tuple(replace(limit, value_after=None, is_binding=False) for limit in report.limits),
        triggers=(replace(report.triggers[0], value=0.0523, is_fired=True), *report.triggers[1:]),
        probabilities=DefaultProbabilities(
            tuple(replace(one, batch=Decimal(0)) for one in report.probabilities.bins), eligible_mean=0.0231
        ),
        purchase=None,
    )


def empty_pool() -> PoolReport:
    """Give a platform's first day: nothing open, nothing scored, an empty pool."""
    report = sample_report()
    return replace(
        report,
        funnel=Funnel(Holding(), Holding(), Holding(), Holding(), Holding()),
        criteria=tuple(
            replace(one, failed=0, unknown=0, only_reason=0, principal=Decimal(0)) for one in report.criteria
        ),
        compositions=tuple(Composition(c.trait, ()) for c in report.compositions),
        limits=tuple(
            replace(limit, value_before=None, value_after=None, headroom=None, is_binding=False, worst_member="")
            for limit in report.limits
        ),
        triggers=tuple(replace(trigger, value=None) for trigger in report.triggers),
        probabilities=DefaultProbabilities(()),
        model=None,
        data=DataQuality(),
        purchase=None,
    )


def breached() -> PoolReport:
    """Give a batch that breaks two limits."""
    report = sample_report()
    first, second, *rest = report.limits
    return replace(
        report,
        limits=(
            replace(first, value_after=0.0617, headroom=-0.0117, is_kept=False, is_binding=False),
            replace(second, value_after=0.231, headroom=-0.031, is_kept=False),
            *rest,
        ),
    )


def _composition(trait: str) -> Composition:
    labels = [label for name, label, _ in SHARES if name == trait]
    shares = [thousandths for name, _, thousandths in SHARES if name == trait]
    columns = [_divided(whole, [row[place] for row in shares]) for place, whole in enumerate((ELIGIBLE, BATCH, POOL))]
    return Composition(
        trait,
        tuple(
            Member(label, *cells, is_rest=label == "All others") for label, *cells in zip(labels, *columns, strict=True)
        ),
    )


def _divided(whole: Holding, thousandths: list[int]) -> list[Holding]:
    """Divide a holding by thousandths; the last part takes what rounding leaves."""
    parts = [
        Holding(whole.count * part // 1000, (whole.principal * part / 1000).quantize(Decimal("0.01")))
        for part in thousandths[:-1]
    ]
    rest = whole.principal - sum((part.principal for part in parts), Decimal(0))
    return [*parts, Holding(whole.count - sum(part.count for part in parts), rest)]


def _probabilities() -> DefaultProbabilities:
    edges = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1)
    eligible = _divided(ELIGIBLE, [118, 187, 171, 139, 165, 98, 81, 29, 12])
    batch = _divided(BATCH, [141, 226, 190, 148, 151, 79, 48, 13, 4])
    return DefaultProbabilities(
        tuple(
            ProbabilityBin(lower, upper, theirs.principal, ours.principal)
            for lower, upper, theirs, ours in zip(edges, edges[1:], eligible, batch, strict=False)
        ),
        eligible_mean=0.0231,
        batch_mean=0.0184,
        pool_mean=0.0192,
    )
