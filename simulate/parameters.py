"""Every number of the simulated platform, in one frozen place; docs/simulation.md says them in words."""

from dataclasses import dataclass, field

CATEGORIES = ("FOOD", "CLOTHES", "HOME", "BEAUTY", "BABY", "DIGITAL", "APPLIANCE", "SPORT", "TRAVEL")
VIRTUAL_CATEGORIES = ("TOPUP", "GAME", "VOUCHER")
PRODUCTS = ("PL1", "IN3", "IN6", "IN9", "IN12")
TERMS = (1, 3, 6, 9, 12)
LONGEST_TERM = 12
_SAFER = ("33", "31", "11", "32", "44", "35", "37", "12", "42", "43", "51", "50")
_RISKIER = ("34", "36", "61", "41", "13", "14", "45", "53", "23", "21", "22", "52")
REGIONS = (*_SAFER, *_RISKIER)
"""Two digits of the province, from the safer to the riskier."""


@dataclass(frozen=True, slots=True)
class Traits:
    """How closely each observable trait of a borrower follows the latent risk (correlation)."""

    bureau: float = 0.76
    inquiries: float = 0.65
    lenders: float = 0.60
    appetite: float = 0.60
    failures: float = 0.65
    credit_pages: float = 0.62
    bill_views: float = -0.35
    night: float = 0.50
    virtual: float = 0.50
    lateness: float = 0.60
    refunds: float = 0.35
    changes: float = 0.40


@dataclass(frozen=True, slots=True)
class Origins:
    """How closely what a borrower brings along follows the latent risk before any shock (correlation)."""

    income: float = -0.45
    youth: float = 0.25
    region: float = 0.25
    lender_view: float = -0.50


@dataclass(frozen=True, slots=True)
class People:
    """Who borrows, how often they buy, and how the population shifts."""

    registered_before_share: float = 0.55
    cohort_drift: float = 0.8
    shock_share: float = 0.10
    shock_size: float = 1.0
    orders_per_day: float = 0.057
    activity_deviation: float = 1.25
    most_active: float = 15.0
    log_income_mean: float = 11.2
    log_income_deviation: float = 0.45
    declared_income_share: float = 0.85
    log_limit_mean: float = 8.7
    related_share: float = 0.003
    moves_per_day: float = 0.0004


@dataclass(frozen=True, slots=True)
class Risk:
    """Weights of the default equation: log-odds of 60 days past due within 180 days of disbursement."""

    intercept: float = -4.25
    latent: float = 0.75
    utilisation: float = 0.40
    size: float = 0.30
    income: float = -0.25
    region: float = 0.25
    category: float = 0.27
    virtual: float = 0.40
    night: float = 0.40
    shop: float = 0.25
    term: float = 0.30
    tenure: float = -0.25
    invented: float = 2.4
    shared_fate: float = 0.25
    later_hazard: float = 0.10


@dataclass(frozen=True, slots=True)
class Payment:
    """How a borrower who does not default pays, and what happens to one who does."""

    late_log_odds: float = -2.5
    late_weight: float = 0.75
    before_default: float = 0.8
    late_shares: tuple[float, ...] = (0.76, 0.19, 0.05)
    late_days: tuple[tuple[int, int], ...] = ((1, 6), (7, 29), (30, 55))
    early_share: float = 0.18
    prepaid_share: float = 0.08
    partial_share: float = 0.15
    reversed_share: float = 0.04
    extended_share: float = 0.004
    cured_share: float = 0.15
    recovered_share: float = 0.10
    default_period_shares: tuple[float, ...] = (0.34, 0.36, 0.30)
    written_off_days: tuple[int, int] = (120, 180)
    frozen_after_days: int = 30
    penalty_per_day: float = 0.0005


@dataclass(frozen=True, slots=True)
class Ring:
    """Colluding borrowers and merchants who invent orders during a stretch of the history."""

    shop_share: float = 0.01
    borrower_share: float = 0.012
    starts: float = 0.30
    ends: float = 0.55
    found: float = 0.62
    orders_mean: float = 4.0


@dataclass(frozen=True, slots=True)
class Dirt:
    """How unclean the deliveries are: shares of rows."""

    late: float = 0.01
    latest_days: int = 3
    corrected: float = 0.003
    withdrawn: float = 0.001
    repeated: float = 0.0005
    broken: float = 0.001
    misreported: float = 0.005
    unreported: float = 0.002


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of them."""

    traits: Traits = field(default_factory=Traits)
    origins: Origins = field(default_factory=Origins)
    people: People = field(default_factory=People)
    risk: Risk = field(default_factory=Risk)
    payment: Payment = field(default_factory=Payment)
    ring: Ring = field(default_factory=Ring)
    dirt: Dirt = field(default_factory=Dirt)
