"""Small random platforms with everything that goes wrong on real ones."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from schemas.house import TABLES
from schemas.moments import day_start
from schemas.table import CONTROL, Kind
from tests.features.platform import Platform, Rows, moment, money

AS_OF = date(2025, 4, 1)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "UTC", "Pacific/Apia")
CONTROL_NAMES = tuple(column.name for column in CONTROL)
SPOILT = {Kind.MONEY: Decimal("77.77"), Kind.FLAG: True, Kind.COUNT: 7, Kind.REAL: 7.0, Kind.DATE: date(2025, 1, 7)}


def receivable(platform: Platform, borrower: str) -> str:
    dice, p = platform.dice, platform
    name, start, term = p.new_id("r"), p.day(300, 5), dice.choice([1, 3, 6, 12])
    principal = dice.choice([5_000, 10_001, 60_000])
    happened = moment(start, dice.choice([0.0, 9.5]), p.time_zone)
    p.add(
        "receivables",
        happened,
        receivable_id=name,
        receivable_key=f"key-{name}",
        contract_no=f"c-{name}",
        order_id=p.maybe(p.id("o", 30)),
        borrower_id=borrower,
        merchant_id=p.maybe(p.id("m", 4)),
        originator_id="x",
        region_code=p.maybe(p.id("region", 3)),
        category_code=p.maybe(p.id("category", 3)),
        originated_on=start,
        disbursed_on=start,
        first_due_on=start + timedelta(days=30),
        final_due_on=p.maybe(start + timedelta(days=30 * term)),
        term_number=term,
        annual_rate=p.maybe(dice.choice([Decimal("0.156000"), Decimal("0.239900")])),
        currency="CNY",
        is_auto_debit=p.maybe(dice.random() < 0.5),
        original_principal_amount=money(principal),
    )
    if dice.random() < 0.85:
        schedule(p, name, start, term, principal, happened)
    else:
        for _ in range(dice.randint(0, 4)):
            report(p, name)
    return name


def schedule(p: Platform, name: str, start: date, term: int, principal: int, happened: datetime) -> None:
    dice = p.dice
    part, interest = principal // term, dice.choice([0, 50])
    for version in range(1, dice.choice([2, 2, 2, 3])):
        first = start + timedelta(days=30 * version)
        for period in range(1, term + 1):
            due = first + timedelta(days=30 * (period - 1))
            rest = principal - part * (term - 1) if period == term else part
            amounts = {
                "principal_due_amount": money(rest),
                "interest_due_amount": money(interest),
                "fee_due_amount": money(0),
            }
            key = {"receivable_id": name, "schedule_version_number": version, "period_number": period}
            p.add("instalments", happened + timedelta(days=45 * (version - 1)), due_on=due, **key, **amounts)
        if dice.random() < 0.1:
            zero = {"principal_due_amount": money(0), "interest_due_amount": money(0), "fee_due_amount": money(0)}
            key = {"receivable_id": name, "schedule_version_number": version, "period_number": term + 1}
            p.add("instalments", happened, due_on=first, **key, **zero)
    for period in range(term):
        if dice.random() < 0.75:
            pay(
                p,
                name,
                start + timedelta(days=30 * (period + 1) + dice.choice([-40, -1, 0, 0, 0, 1, 5, 35, 70])),
                part,
                interest,
            )
    if dice.random() < 0.15:
        pay(p, name, p.day(200, 20), principal, 0)
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        kind = dice.choice(["WRITE_OFF", "REFUND", "CORRECTION", "RECOVERY", "EXTENSION", "RESTRUCTURE"])
        amount = dice.choice([principal, part, -100 if kind == "CORRECTION" else 100])
        p.add(
            "adjustments",
            adjustment_id=p.new_id("a"),
            receivable_id=name,
            adjustment_kind=kind,
            adjustment_amount=money(amount),
        )


def pay(p: Platform, name: str, value_on: date, principal: int, interest: int) -> None:
    dice, payment = p.dice, p.new_id("p")
    share = dice.choice([1, 1, 1, 2])
    happened = moment(value_on, dice.choice([0.0, 0.0, 10.0]), p.time_zone)
    amounts = {
        "principal_amount": money(principal // share),
        "interest_amount": money(interest // share),
        "fee_amount": money(0),
        "penalty_amount": p.amount(300),
    }
    method = p.maybe(dice.choice(["AUTO_DEBIT", "MANUAL", "PREPAYMENT"]))
    row = {"receivable_id": name, "value_on": value_on, "method": method, **amounts}
    p.add("repayments", happened, repayment_id=payment, **row)
    if dice.random() < 0.1:
        voiding = {**row, "reverses_repayment_id": payment}
        p.add("repayments", happened + timedelta(days=dice.choice([0, 1, 30])), repayment_id=p.new_id("p"), **voiding)


def report(p: Platform, name: str) -> None:
    day = p.day(200, 200)
    told = {
        "reported_principal_amount": p.amount(),
        "reported_days_past_due": p.maybe(p.dice.choice([0, 0, 5, 40, 70])),
        "reported_remaining_count": p.maybe(p.dice.randint(0, 5)),
    }
    p.add("reported_states", moment(day, 23, p.time_zone), receivable_id=name, reported_on=day, **told)


def lending(p: Platform, borrowers: int = 8, each: int = 6) -> None:
    """Fill the lending logs."""
    for number in range(borrowers):
        for _ in range(p.dice.randint(0, each)):
            receivable(p, f"b{number}")
    for _ in range(12):
        case = {
            "order_id": p.id("o", 30),
            "borrower_id": p.maybe(p.id("b", borrowers)),
            "merchant_id": p.maybe(p.id("m", 4)),
            "receivable_id": p.maybe(f"r{p.dice.randint(1, 20):04d}"),
            "case_kind": p.dice.choice(["REFUND", "RETURN", "DISPUTE", "CHARGEBACK"]),
            "case_status": p.dice.choice(["OPEN", "GRANTED", "REJECTED"]),
            "case_amount": p.amount(),
        }
        p.add("refunds_disputes", case_id=p.new_id("case"), **case)


def lending_world(seed: int, as_of: date, time_zone: str) -> Rows:
    """Draw a platform with lending logs only."""
    platform = Platform(seed, as_of, time_zone)
    lending(platform)
    return platform.rows


def people(p: Platform, borrowers: int = 8) -> None:
    """Fill in who takes part, with gaps."""
    dice = p.dice
    for number in range(borrowers - 1):
        told = {
            "customer_type": p.maybe(dice.choice(["NATURAL_PERSON", "ENTERPRISE"])),
            "born_on": p.maybe(p.day(20_000, 0)),
            "region_code": p.maybe(p.id("region", 3)),
            "annual_income_amount": p.maybe(p.amount(10_000_000)),
            "kyc_status": p.maybe(dice.choice(["VERIFIED", "PENDING"])),
            "kyc_factor_count": p.maybe(dice.randint(0, 4)),
            "is_insolvent": p.maybe(dice.random() < 0.1),
            "is_related_party": p.maybe(dice.random() < 0.2),
            "registered_on": p.maybe(p.day(900, 10)),
        }
        p.add("borrowers", borrower_id=f"b{number}", **told)
    for number in range(3):
        status = p.maybe(dice.choice(["ACTIVE", "SUSPENDED"]))
        told = {"onboarded_on": p.maybe(p.day(900, 10)), "is_under_review": p.maybe(dice.random() < 0.3)}
        p.add("merchants", merchant_id=f"m{number}", merchant_status=status, **told)
    for _ in range(6):
        kind, name = dice.choice([("BORROWER", p.id("b", borrowers)), ("MERCHANT", p.id("m", 4)), ("DEVICE", "d1")])
        listed = p.when()
        ended = p.maybe(listed + timedelta(days=dice.choice([0, 50, 500])), 0.5)
        p.add("blacklist", listed, entry_id=p.new_id("entry"), subject_type=kind, subject_id=name, ended_at=ended)


def doings(p: Platform, borrowers: int = 8) -> None:
    """Fill in what borrowers did."""
    for number in range(30):
        told = {
            "borrower_id": p.id("b", borrowers),
            "merchant_id": p.maybe(p.id("m", 4)),
            "category_code": p.maybe(p.id("category", 3)),
            "is_virtual_goods": p.maybe(p.dice.random() < 0.4),
            "order_status": p.dice.choice(["PAID", "COMPLETED", "CANCELLED", "REFUSED"]),
            "order_amount": p.amount(999_999_999),
            "credit_amount": p.maybe(p.amount()),
            "device_id": p.maybe(p.id("d", 5)),
            "region_code": p.maybe(p.id("region", 3)),
        }
        p.add("orders", order_id=f"o{number}", **told)
    kinds = ["LOGIN", "BROWSE", "CREDIT_PAGE", "BILL_VIEW", "PAYMENT_FAILURE", "PROFILE_CHANGE", "CARD_BINDING"]
    for _ in range(80):
        told = {
            "borrower_id": p.id("b", borrowers),
            "event_type": p.dice.choice([*kinds, "ACCOUNT_CREDIT", "ACCOUNT_DEBIT"]),
            "session_id": p.maybe(p.id("s", 9)),
            "device_id": p.maybe(p.id("d", 4), 0.5),
            "event_amount": p.maybe(p.amount()),
            "balance_amount": p.maybe(p.dice.choice([-1, 1]) * p.amount()),
        }
        p.add("behaviour_events", event_id=p.new_id("e"), **told)
    shop_device(p)
    for _ in range(30):
        account = p.dice.randrange(10)
        told = {
            "borrower_id": f"b{account % borrowers}",
            "limit_amount": p.maybe(p.amount()),
            "used_amount": p.maybe(p.amount()),
            "account_status": p.maybe(p.dice.choice(["ACTIVE", "FROZEN"])),
        }
        p.add("credit_accounts", account_id=f"account{account}", **told)
    for _ in range(25):
        told = {
            "borrower_id": p.id("b", borrowers),
            "bureau_score": p.maybe(p.dice.choice([600.0, 612.345, 550.5])),
            "inquiry_3m_count": p.maybe(p.dice.randint(0, 5)),
            "inquiry_12m_count": p.maybe(p.dice.randint(0, 9)),
            "active_lender_count": p.maybe(p.dice.randint(0, 5)),
            "active_balance_amount": p.maybe(p.amount()),
            "overdue_amount": p.maybe(p.amount()),
            "worst_bucket_24m_number": p.maybe(p.dice.randint(0, 5)),
        }
        p.add("credit_reports", report_id=p.new_id("report"), **told)


def shop_device(p: Platform) -> None:
    """Let 49 strangers and a few borrowers use one device: with the second borrower it is one of too many people."""
    for number in range(49):
        told = {"borrower_id": f"stranger{number}", "event_type": "BROWSE", "device_id": "shop"}
        p.add("behaviour_events", p.when(400, -1), event_id=p.new_id("e"), **told)
    for _ in range(p.dice.randint(0, 3)):
        told = {"borrower_id": p.id("b", 8), "event_type": "BROWSE", "device_id": "shop"}
        p.add("behaviour_events", event_id=p.new_id("e"), **told)


def world(seed: int, as_of: date, time_zone: str) -> Rows:
    """Draw a platform with every log."""
    platform = Platform(seed, as_of, time_zone)
    lending(platform)
    people(platform)
    doings(platform)
    return platform.rows


def cut_rows(rows: Rows, as_of: date, time_zone: str) -> Rows:
    """Drop every row that is known or happened at or after the cut."""
    cut = day_start(as_of, time_zone)
    return {
        name: [row for row in each if row["known_at"] < cut and row["happened_at"] < cut] for name, each in rows.items()
    }


def spoiled(rows: Rows, as_of: date, time_zone: str) -> Rows:
    """Change every amount, flag and word of what is known or happened from the cut on, and add more of it."""
    cut = day_start(as_of, time_zone)
    spoilt = cut_rows(rows, as_of, time_zone)
    for name, each in spoilt.items():
        table = TABLES[name]
        free = {column.name: column.kind for column in table.columns if column.name not in (*table.key, *CONTROL_NAMES)}
        later = [row for row in rows[name] if row["known_at"] >= cut or row["happened_at"] >= cut]
        corrections = [{**row, "known_at": cut, "record_hash": "late"} for row in each]
        ahead = [{**row, "happened_at": cut, "known_at": cut, "record_hash": "ahead"} for row in each]
        each.extend(
            {**row, **{column: SPOILT.get(kind, row[column]) for column, kind in free.items()}}
            for row in (*later, *corrections, *ahead)
        )
    return spoilt
