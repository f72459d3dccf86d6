"""The sample's purchase as the trustee gets it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from reports.purchase_report import Bought, PurchaseReport, Signed
from tests.reports.sample import sample_report

AT = datetime(2025, 3, 5, 3, 12, tzinfo=UTC)


def hashed(word: object) -> str:
    return sha256(str(word).encode()).hexdigest()


def sample_purchase(count: int = 120) -> PurchaseReport:
    """Give a booked purchase with two people's words."""
    report = sample_report()
    acts = (("Proposed", "lin.manager"), ("Approved", "zhao.trustee"), ("Booked", "zhao.trustee"))
    items = [Bought(hashed(n), f"L202503{n:06d}", Decimal(2985) + n, Decimal(2925) + n) for n in range(count)]
    return PurchaseReport(
        deal=report.deal,
        currency="CNY",
        proposal_id="7c1d02ab9e0f44c2a810",
        status="booked",
        period=3,
        cut_off_on=date(2025, 3, 5),
        price_basis=("unpaid principal less 2 %", "未偿本金余额折价2%"),
        cash=Decimal("400000.00"),
        items=tuple(sorted(items, key=lambda one: one.receivable_key)),
        signed=tuple(
            Signed(what, who, AT + timedelta(minutes=44 * place), hashed(what))
            for place, (what, who) in enumerate(acts)
        ),
        inputs=(("screenings", hashed("screenings")),),
        limits=report.limits,
        triggers=report.triggers,
    )
