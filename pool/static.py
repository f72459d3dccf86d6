"""Static pools as rates: cumulative default and loss, prepayment speeds, payment rate and yield, from months' amounts.

SMM is the share of the principal that was left after the month's schedule and was prepaid; CPR is its year:
1 - (1 - SMM)^12 (Fabozzi, Handbook of Fixed Income Securities, chapter on mortgages). ABS is the monthly speed of auto
and consumer deals, against the original number of receivables: SMM / (1 + SMM x (age - 1)), age in months.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Month:
    """A month since purchase of one purchase, or of all together; amounts in minor units."""

    number: int
    is_over: bool
    bought: int
    opening: int
    scheduled: int
    paid: int
    prepaid: int
    cash: int
    gains: int
    refunded: int
    corrected: int
    defaulted: int
    written_off: int
    recovered: int
    left: int
    closing: int


@dataclass(frozen=True, slots=True)
class Rates:
    """A month in rates, fractions of 1; None where there is nothing to divide by, and of a month that is not over.

    Args:
        number: Months since purchase.
        default_rate: Principal when bought of all that was ever in default, over all bought.
        loss_rate: Written off less recovered so far, over all bought.
        prepaid_rate: Prepaid so far, over all bought.
        factor: Unpaid principal at the month's end, over all bought.
        smm: Single monthly mortality.
        cpr: The same as a year.
        abs_speed: Absolute prepayment speed, by the months since purchase.
        payment_rate: Cash over unpaid principal at the month's start.
        annual_yield: Interest, fees and penalties over unpaid principal at the month's start, times twelve.
    """

    number: int
    default_rate: float | None
    loss_rate: float | None
    prepaid_rate: float | None
    factor: float | None
    smm: float | None
    cpr: float | None
    abs_speed: float | None
    payment_rate: float | None
    annual_yield: float | None


def rates(months: Sequence[Month]) -> list[Rates]:
    """Give the rates of the months of one purchase, in order; cumulative ones run from the first month on."""
    found, defaulted, lost, prepaid = [], 0, 0, 0
    for one in sorted(months, key=lambda month: month.number):
        defaulted += one.defaulted
        lost += one.written_off - one.recovered
        prepaid += one.prepaid
        smm = _share(one.prepaid, one.opening - one.scheduled) if one.is_over else None
        found.append(
            Rates(
                number=one.number,
                default_rate=_share(defaulted, one.bought),
                loss_rate=_share(lost, one.bought),
                prepaid_rate=_share(prepaid, one.bought),
                factor=_share(one.closing, one.bought),
                smm=smm,
                cpr=None if smm is None else 1 - (1 - smm) ** 12,
                abs_speed=None if smm is None else smm / (1 + smm * (one.number - 1)),
                payment_rate=_share(one.cash, one.opening) if one.is_over else None,
                annual_yield=12 * one.gains / one.opening if one.is_over and one.opening > 0 else None,
            )
        )
    return found


def together(purchases: Sequence[Sequence[Month]]) -> list[Rates]:
    """Give the rates of all purchases by months since each one's own; in a month count those that have come so far."""
    found = []
    for number in range(1, max((one.number for months in purchases for one in months), default=0) + 1):
        seen = [months for months in purchases if any(one.number == number and one.is_over for one in months)]
        if seen:
            found.append(rates([_summed(seen, place) for place in range(1, number + 1)])[-1])
    return found


def _summed(purchases: Sequence[Sequence[Month]], number: int) -> Month:
    held = [one for months in purchases for one in months if one.number == number]
    names = [name for name in Month.__slots__ if name not in ("number", "is_over")]
    return Month(number=number, is_over=True, **{name: sum(getattr(one, name) for one in held) for name in names})


def average_life(principal: Sequence[int], smm: float = 0.0) -> float | None:
    """Give the weighted average life, in months, of principal that is still to come.

    Args:
        principal: Scheduled principal by month ahead, what is overdue first; a month's counts at its middle, what is
            overdue at once.
        smm: Share of what each month's schedule leaves that is prepaid.

    >>> average_life([0, 100, 100]), average_life([0, 100, 100], smm=1.0), average_life([])
    (1.0, 0.5, None)
    """
    whole = float(sum(principal))
    if whole <= 0:
        return None
    left, planned, weighted = whole, whole, 0.0
    for month, amount in enumerate(principal):
        due = left * amount / planned if planned > 0 else 0.0
        prepaid = (left - due) * (smm if month else 0.0)
        weighted += max(month - 0.5, 0.0) * (due + prepaid)
        left, planned = left - due - prepaid, planned - amount
    return weighted / whole


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None
