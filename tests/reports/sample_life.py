"""A pool's life as seven months of three purchases would give it: published rows that add up with each other."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from reports.performance import Performance
from schemas.moments import months_after

Row = dict[str, Any]
DAY = date(2025, 3, 5)
CUTS = (date(2024, 8, 5), date(2024, 10, 7), date(2025, 1, 6))
BOUGHT = (Decimal("34200000.00"), Decimal("30500000.00"), Decimal("27300000.00"))
NAMES = ("7c1d02ab9e0f44c2a810", "a91f5be3307d4d6cb2e1", "e07ac4409b1e45d58f37")
CENT = Decimal("0.01")
PACE = (0.0, 0.11, 0.235, 0.36, 0.475, 0.58, 0.67, 0.745)
"""Share of a purchase's principal that was gone by its months."""


def cents(amount: Decimal | float) -> Decimal:
    return Decimal(amount).quantize(CENT)


def static_rows() -> list[Row]:
    """Follow each purchase month by month; the middle one defaults most."""
    rows = []
    for purchase, (name, cut, bought) in enumerate(zip(NAMES, CUTS, BOUGHT, strict=True)):
        opening, number = bought, 1
        while months_after(cut, number - 1) < DAY:
            gone = cents(bought * Decimal(PACE[number] - PACE[number - 1]))
            written = cents(bought * Decimal("0.0021") * (number > 3))
            refunded = cents(bought * Decimal("0.0016") / number)
            paid = gone - written - refunded
            prepaid = cents(paid * Decimal("0.17"))
            end = months_after(cut, number)
            rate = Decimal(str((0.0022, 0.0041, 0.0027)[purchase])) * (number > 1)
            rows.append(
                {
                    "purchase_id": name,
                    "month_number": number,
                    "bought_on": cut,
                    "ends_on": min(end, DAY),
                    "is_over": end <= DAY,
                    "bought_count": 12_000 - 900 * purchase,
                    "bought_amount": bought,
                    "opening_count": 12_000 - 900 * purchase - 700 * number,
                    "opening_amount": opening,
                    "scheduled_amount": paid - prepaid,
                    "paid_amount": paid,
                    "prepaid_amount": prepaid,
                    "cash_amount": paid + cents(opening * Decimal("0.0115")),
                    "yield_amount": cents(opening * Decimal("0.0112")),
                    "refunded_amount": refunded,
                    "corrected_amount": Decimal("0.00"),
                    "defaulted_count": 30 * (number > 1),
                    "defaulted_amount": cents(bought * rate),
                    "written_off_amount": written,
                    "recovered_amount": cents(opening * Decimal("0.0003")) * (number > 3),
                    "left_amount": Decimal("0.00"),
                    "closing_amount": opening - gone,
                }
            )
            opening, number = opening - gone, number + 1
    return rows


STATIC = static_rows()


def summed(name: str) -> Decimal:
    return sum((row[f"{name}_amount"] for row in STATIC), Decimal("0.00"))


CLOSING = sum(BOUGHT, Decimal("0.00")) - sum(
    (summed(name) for name in ("paid", "refunded", "written_off")), Decimal("0.00")
)
PARTS = {
    "balance": ("up to 200", "200-500", "500-1,000", "1,000-3,000", "3,000-10,000"),
    "ticket": ("200-500", "500-1,000", "1,000-3,000", "3,000-10,000", "10,000-30,000"),
    "annual rate": ("0 %", "up to 8 %", "8-12 %", "12-16 %", "16-20 %"),
    "instalments": ("2-3", "4-6", "7-9", "10-12"),
    "instalments left": ("1", "2-3", "4-6", "7-9", "10-12"),
    "months since origination": ("up to 1", "1-3", "3-6", "6-12"),
    "grade": ("A", "B", "C", "D", "E"),
    "default probability": ("up to 0.5 %", "0.5-1 %", "1-2 %", "2-4 %", "4-8 %"),
    "region": ("33", "44", "32", "11", "31", "37", "35", "42", "51", "41", "34", "13"),
    "category": ("HOME", "PHONE", "APPLIANCE", "CLOTHES", "SPORT"),
    "age at origination": ("under 22", "22-25", "26-30", "31-40", "41-50", "over 50"),
}


def stratum(trait: str, place: int, label: str, share: float) -> Row:
    unpaid = cents(CLOSING * Decimal(share))
    return {
        "trait": trait,
        "place_number": place,
        "label": label,
        "receivable_count": round(31_077 * share),
        "unpaid_amount": unpaid,
        "original_amount": cents(unpaid * Decimal("1.9")),
        "annual_rate_mean": 0.131 + 0.004 * place,
        "remaining_periods_mean": 5.4 + 0.3 * place,
        "seasoning_months_mean": 4.1 - 0.2 * place,
        "default_probability_mean": 0.011 + 0.004 * place if trait != "age at origination" else None,
    }


def strata_rows() -> list[Row]:
    rows = [stratum("pool", 1, "pool", 1.0)]
    for trait, labels in PARTS.items():
        weights = [1 / (1.6 + abs(place - 1.2)) for place in range(len(labels))]
        rows += [
            stratum(trait, p, label, w / sum(weights))
            for p, (label, w) in enumerate(zip(labels, weights, strict=True), 1)
        ]
    return rows


def delinquency_rows(day: date, late: float) -> list[Row]:
    shares = {"0": 1 - late, "1-30": late * 0.55, "31-60": late * 0.22, "61-90": late * 0.13, "91+": late * 0.10}
    rows = [
        {
            "as_of": day,
            "bucket": name,
            "receivable_count": round(31_000 * share),
            "unpaid_amount": cents(CLOSING * Decimal(share)),
            "arrears_amount": cents(CLOSING * Decimal(share) * Decimal("0.2")) if name != "0" else Decimal("0.00"),
        }
        for name, share in shares.items()
    ]
    return [
        *rows,
        {
            "as_of": day,
            "bucket": "written off",
            "receivable_count": 96,
            "unpaid_amount": Decimal("0.00"),
            "arrears_amount": Decimal("0.00"),
        },
    ]


ROLLS = {
    "current": (812_44, 2311, 0, 0, 0, 9024, 0),
    "1-30": (1290, 402, 611, 0, 0, 84, 0),
    "31-60": (88, 41, 96, 372, 0, 12, 3),
    "61-90": (21, 6, 11, 48, 296, 4, 14),
    "91+": (9, 1, 2, 4, 402, 3, 121),
}
ENDS = ("current", "1-30", "31-60", "61-90", "91+", "paid off", "written off")


def turnover_rows() -> list[Row]:
    rows = []
    for back in range(60, 0, -1):
        day = DAY - timedelta(days=back)
        cash = cents(41_000 + 9_000 * ((back * 7) % 5) + (22_000 if day.day in (5, 15, 25) else 0))
        outstanding = cash if back <= 3 else cents(cash * Decimal("0.4")) if back in (9, 10) else Decimal("0.00")
        late = max(back - 1 - 3, 0) if outstanding else 0
        rows.append(
            {
                "collected_on": day,
                "collected_amount": cash,
                "turned_over_amount": cash - outstanding,
                "outstanding_amount": outstanding,
                "turn_over_by_on": day + timedelta(days=3),
                "turned_over_on": None if outstanding else day + timedelta(days=2),
                "late_days": late,
            }
        )
    return rows


def collection_rows() -> list[Row]:
    rows = []
    for month in range(7):
        due = cents(9_400_000 - 310_000 * month)
        late, gone, still = (
            cents(due * Decimal("0.061")),
            cents(due * Decimal("0.012")),
            cents(due * Decimal("0.004") * (month + 1)),
        )
        parts = {"due_amount": due, "in_time_amount": due - late - gone - still, "late_amount": late}
        more = {"fallen_away_amount": gone, "open_amount": still, "collected_amount": cents(due * Decimal("1.11"))}
        rows.append({"happened_on": months_after(date(2024, 8, 15), month), **parts, **more})
    return rows


def roll_rows() -> list[Row]:
    zero = Decimal("0.00")
    whole = {
        "opened_on": CUTS[0] - timedelta(days=1),
        "as_of": DAY,
        "opening_amount": zero,
        "bought_amount": sum(BOUGHT, zero),
        "collected_amount": summed("paid"),
        "refunded_amount": summed("refunded"),
        "written_off_amount": summed("written_off"),
        "corrected_amount": zero,
        "released_amount": zero,
        "repurchased_amount": zero,
        "closing_amount": CLOSING,
        "difference_amount": zero,
    }
    paid = cents(summed("paid") / 40)
    month = {
        **whole,
        "opened_on": date(2025, 3, 1),
        "bought_amount": zero,
        "collected_amount": paid,
        "refunded_amount": zero,
    }
    return [whole, {**month, "written_off_amount": zero, "opening_amount": CLOSING + paid}]


def drift_rows() -> list[Row]:
    found = []
    for place, cut in enumerate(CUTS[1:], 1):
        for trait, index, means in (
            ("default_probability", 0.041 + 0.27 * (place == 2), (0.0162, 0.0171 + 0.006 * (place == 2))),
            ("annual_rate", 0.012, (0.1402, 0.1398)),
            ("remaining_periods", 0.088, (6.61, 6.14)),
            ("region", 0.006, (None, None)),
        ):
            sizes = {
                "first_count": 12_000,
                "batch_count": 12_000 - 900 * place,
                "first_mean": means[0],
                "batch_mean": means[1],
            }
            measured = {
                "stability_index": index,
                "low": index * 0.8,
                "high": index * 1.2,
                "noise": 0.009,
                "effect_size": index**0.5,
            }
            found.append({"purchase_id": NAMES[place], "trait": trait, "bought_on": cut, **sizes, **measured})
    return found


def breach_rows() -> list[Row]:
    common = {"purchase_id": NAMES[0], "bought_on": CUTS[0], "clause": "5.2(f)", "outcome": "F", "deal_hash": "9f2c41"}
    return [
        {**common, "receivable_id": "L2024071100482", "code": "E20", "observed": "state.days_past_due=11",
         "threshold": "state.days_past_due = 0", "learned_from": "repayments 2024-09-02", "is_held": True,
         "bought_amount": Decimal("2180.00"), "unpaid_amount": Decimal("1633.40")},
        {**common, "receivable_id": "L2024070800117", "code": "E07", "observed": "blacklist.is_borrower_listed=true",
         "clause": "5.1(g)", "threshold": "NOT blacklist.is_borrower_listed", "learned_from": "blacklist 2024-11-20",
         "is_held": False, "bought_amount": Decimal("960.00"), "unpaid_amount": Decimal("0.00")},
    ]  # fmt: skip


def alarm_rows() -> list[Row]:
    late = [row for row in turnover_rows() if row["outstanding_amount"] and row["late_days"]]
    amount = sum((row["outstanding_amount"] for row in late), Decimal("0.00"))
    said = (
        f"{amount:,} of {len(late)} days was not turned over within 3 days; the oldest is of {late[0]['collected_on']}"
    )
    return [
        {"code": "CASH_NOT_TURNED_OVER", "subject": "servicer", "severity": "stop", "found": said, "value": 0.01,
         "threshold": 0.0, "explained_by": "pool_turnovers"},
        {"code": "BATCH_DRIFTED", "subject": f"default_probability of {NAMES[2]}", "severity": "look",
         "found": "index 0.311 (0.249 to 0.373) against the first purchase, noise 0.009", "value": 0.311,
         "threshold": 0.25, "explained_by": "batch_drifts"},
    ]  # fmt: skip


def sample_life() -> Performance:
    """Give the life of the sample's pool."""
    history = [row for month, late in enumerate((0.011, 0.019, 0.026, 0.031, 0.037, 0.04), 9)
               for row in delinquency_rows(months_after(date(2024, 1, 28), month - 1), late)]  # fmt: skip
    today = delinquency_rows(DAY, 0.044)
    moves = [
        {"from_bucket": bucket, "to_bucket": end, "move_count": count, "from_count": sum(counts)}
        for bucket, counts in ROLLS.items()
        for end, count in zip(ENDS, counts, strict=True)
    ]
    plan = (0.02, 0.62, 0.6, 0.55, 0.5, 0.42, 0.33, 0.24, 0.16, 0.11, 0.07, 0.04)
    due = {number: cents(CLOSING * Decimal(part) / Decimal("3.66")) for number, part in enumerate(plan)}
    outlook = [{"month_number": n, "scheduled_amount": amount, "gain_amount": cents(4000)} for n, amount in due.items()]
    diluted = [{"month_on": date(2024, 8 + n, 1) if n < 5 else date(2025, n - 4, 1), "receivables": 40 - 4 * n,
                "amount": cents(91_000 - 11_000 * n)} for n in range(8)]  # fmt: skip
    return Performance(
        allowed_days=3,
        default_days=60,
        reserve=Decimal("58000.00"),
        diluted=diluted,
        strata=strata_rows(),
        delinquencies=today,
        history=[*history, *today],
        rolls=moves,
        static=STATIC,
        outlook=outlook,
        collections=collection_rows(),
        turnovers=turnover_rows(),
        roll_forwards=roll_rows(),
        dilutions=[{"refunded_amount": summed("refunded")}],
        breaches=breach_rows(),
        drifts=drift_rows(),
        alarms=alarm_rows(),
    )
