"""The streams of events by plain loops over rows."""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from features.states import StateConvention
from schemas.moments import day_start, local_day, zone
from tests.oracles.hashing import xxhash64
from tests.oracles.states import Contract, Row, Rows, cut, due, payments, states


def units(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def bit(value: Any) -> int | None:
    return None if value is None else int(value)


def micros(moment: datetime) -> int:
    """Give an instant as microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class Platform:
    """What was known of a platform as of a day, with the state of every receivable."""

    def __init__(self, rows: Rows, as_of: date, time_zone: str, convention: StateConvention) -> None:
        """Cut the logs and prepare every stream."""
        self.as_of, self.time_zone = as_of, time_zone
        self.known = cut(rows, as_of, time_zone)
        self.states = {row["receivable_id"]: row for row in states(rows, as_of, time_zone, convention)}
        self.receivables = {row["receivable_id"]: row for row in self.known["receivables"]}
        self.borrowers = {row["borrower_id"]: row for row in self.known["borrowers"]}
        self.merchants = {row["merchant_id"]: row for row in self.known["merchants"]}
        self.orders = {row["order_id"]: row for row in self.known["orders"]}
        self.contracts = {
            name: Contract(row, self.known, as_of, time_zone, convention) for name, row in self.receivables.items()
        }
        makers: dict[str, Callable[[], Iterable[Row]]] = {
            "order": self._orders,
            "behaviour": self._behaviour,
            "repayment": self._repayments,
            "instalment": self._instalments,
            "loan": self._loans,
            "statement": self._statements,
            "report": self._reports,
            "case": self._cases,
        }
        self.streams = {name: [row for row in make() if row["age_days"] >= 1] for name, make in makers.items()}

    def _age(self, day: date) -> int:
        return (self.as_of - day).days

    def _event(self, row: Row, tie: str) -> Row:
        age = self._age(local_day(row["happened_at"], self.time_zone))
        return {
            "borrower_id": row.get("borrower_id"),
            "age_days": age,
            "at": row["happened_at"],
            "tie": xxhash64(row[tie]),
        }

    def _clock(self, moment: datetime) -> datetime:
        return moment.astimezone(zone(self.time_zone))

    def _is_night(self, row: Row) -> int:
        hour = self._clock(row["happened_at"]).hour
        return int(hour >= 22 or hour < 6)

    def _orders(self) -> Iterable[Row]:
        refunded = {
            case["order_id"]
            for case in self.known["refunds_disputes"]
            if case["case_kind"] in {"REFUND", "RETURN"} and case["case_status"] != "REJECTED"
        }
        for row in self.known["orders"]:
            home = self.borrowers.get(row["borrower_id"], {}).get("region_code")
            region, is_gone = row["region_code"], row["order_status"] in {"CANCELLED", "REFUSED"}
            yield {
                **self._event(row, "order_id"),
                "merchant_id": row["merchant_id"],
                "category_code": row["category_code"],
                "device_id": row["device_id"],
                "amount": units(row["order_amount"]),
                "credit_amount": units(row["credit_amount"]),
                "is_kept": int(not is_gone),
                "is_cancelled": int(is_gone),
                "is_virtual": bit(row["is_virtual_goods"]),
                "is_night": self._is_night(row),
                "is_weekend": int(self._clock(row["happened_at"]).isoweekday() >= 6),
                "is_away": None if region is None or home is None else int(region != home),
                "is_refunded": int(row["order_id"] in refunded),
            }

    def _behaviour(self) -> Iterable[Row]:
        for row in self.known["behaviour_events"]:
            event = self._event(row, "event_id")
            codes = {name: row[name] for name in ("event_type", "session_id", "device_id")}
            amounts = {"amount": units(row["event_amount"]), "balance": units(row["balance_amount"])}
            clock = self._clock(row["happened_at"])
            yield {
                **event,
                **codes,
                **amounts,
                "active_day": event["age_days"],
                "is_night": self._is_night(row),
                "is_weekend": int(clock.isoweekday() >= 6),
                "is_working_time": int(9 <= clock.hour < 18 and clock.isoweekday() < 6),
            }

    def _repayments(self) -> Iterable[Row]:
        counted = {row["repayment_id"] for row in payments(self.known, self.as_of)}
        for row in self.known["repayments"]:
            is_payment = row["repayment_id"] in counted
            if row["receivable_id"] not in self.receivables or not (is_payment or row["reverses_repayment_id"]):
                continue
            cash = row["principal_amount"] + row["interest_amount"] + row["fee_amount"]
            yield {
                "borrower_id": self.receivables[row["receivable_id"]]["borrower_id"],
                "receivable_id": row["receivable_id"],
                "age_days": self._age(row["value_on"]),
                "at": row["value_on"],
                "tie": row["repayment_id"],
                "kind": "PAYMENT" if is_payment else "VOIDING",
                "method": row["method"],
                "paid_amount": units(cash) if is_payment else 0,
                "penalty_amount": units(row["penalty_amount"]) if is_payment else 0,
            }

    def _instalments(self) -> Iterable[Row]:
        lines = [row for contract in self.contracts.values() for row in self._lines(contract)]
        worst: dict[str, int] = {}
        for row in lines:
            if row["age_days"] >= 1:
                worst[row["borrower_id"]] = max(worst.get(row["borrower_id"], 0), row["days_late"])
        for row in lines:
            yield {**row, "is_worst": int(row["is_late"] and row["days_late"] == worst.get(row["borrower_id"]))}

    def _lines(self, contract: Contract) -> Iterable[Row]:
        cover = sum(contract._cover().values(), Decimal(0))
        for index, line in enumerate(contract.lines):
            before = sum((due(each) for each in contract.lines[:index]), Decimal(0))
            settled_on, late = contract.settled[index], contract.late(index)
            covered = max(min(cover - before, due(line)), Decimal(0)) if settled_on is None else due(line)
            yield {
                **{name: contract.row[name] for name in ("borrower_id", "receivable_id", "merchant_id")},
                "age_days": self._age(line["due_on"]),
                "at": line["due_on"],
                "tie": f"{contract.row['receivable_id']}/{line['period_number']:06d}",
                "due_amount": units(due(line)),
                "covered_amount": units(covered),
                "days_late": late,
                "days_early": max((line["due_on"] - settled_on).days, 0) if settled_on else 0,
                "is_in_time": int(late == 0),
                "is_late": int(late > 0),
                "is_late_7": int(late > 7),
                "is_late_30": int(late > 30),
                "is_open": int(settled_on is None),
                "is_partial": int(settled_on is None and covered > 0),
                "is_cured": int(late > 0 and settled_on is not None),
                "is_first": int(line["period_number"] == 1),
            }

    def _loans(self) -> Iterable[Row]:
        for name, row in self.receivables.items():
            state, age = self.states[name], self._age(row["originated_on"])
            yield {
                **{key: row[key] for key in ("borrower_id", "merchant_id", "region_code", "category_code")},
                "age_days": age,
                "at": row["originated_on"],
                "tie": name,
                "annual_rate": None if row["annual_rate"] is None else int(row["annual_rate"] * 1_000_000),
                "principal": units(row["original_principal_amount"]),
                "owed_principal": units(state["current_principal_amount"]) if state["is_open"] else 0,
                "arrears": units(state["arrears_amount"]),
                "days_past_due": state["days_past_due"],
                "worst_days": state["worst_days_past_due"],
                "late_number": state["late_count"],
                "is_open": int(state["is_open"]),
                "is_late": int(state["days_past_due"] > 0),
                "is_bad": int(state["worst_days_past_due"] >= 30 or state["is_written_off"]),
                "is_seasoned": int(age >= 60),
                "is_written_off": int(state["is_written_off"]),
                "is_prepaid": int(state["is_prepaid"]),
                "is_cash": int(row["merchant_id"] is None),
            }

    def _statements(self) -> Iterable[Row]:
        lines: dict[tuple[str, str], list[Row]] = {}
        for row in sorted(self.known["credit_accounts"], key=lambda row: row["happened_at"]):
            lines.setdefault((row["borrower_id"], row["account_id"]), []).append(row)
        for line in lines.values():
            for before, row in zip([None, *line], line, strict=False):
                yield self._statement(
                    row, None if before is None else before["limit_amount"], is_latest=row is line[-1]
                )

    def _statement(self, row: Row, before: Decimal | None, *, is_latest: bool) -> Row:
        limit, used = row["limit_amount"], row["used_amount"]
        is_known = limit is not None and used is not None and limit > 0
        share = math.floor(float(used * 100) / float(limit * 100) * 1_000_000 + 0.5) if is_known else None
        is_second = limit is not None and before is not None
        return {
            **self._event(row, "account_id"),
            "tie": xxhash64(f"{row['account_id']}/{micros(row['happened_at'])}"),
            "limit_amount": units(limit),
            "used_amount": units(used),
            "utilisation": share,
            "is_nearly_full": None if share is None else int(share >= 900_000),
            "is_raised": int(limit > before) if is_second else None,
            "is_cut": int(limit < before) if is_second else None,
            "is_frozen": int(row["account_status"] == "FROZEN"),
            "is_latest": int(is_latest),
        }

    def _reports(self) -> Iterable[Row]:
        for row in self.known["credit_reports"]:
            score = row["bureau_score"]
            yield {
                **self._event(row, "report_id"),
                "bureau_score": None if score is None else math.floor(score * 100 + 0.5),
                "inquiry_3m": row["inquiry_3m_count"],
                "inquiry_12m": row["inquiry_12m_count"],
                "active_lender": row["active_lender_count"],
                "active_balance": units(row["active_balance_amount"]),
                "overdue_amount": units(row["overdue_amount"]),
                "worst_bucket": row["worst_bucket_24m_number"],
            }

    def _cases(self) -> Iterable[Row]:
        for row in self.known["refunds_disputes"]:
            order = self.orders.get(row["order_id"], {})
            yield {
                **self._event(row, "case_id"),
                "borrower_id": row["borrower_id"] or order.get("borrower_id"),
                "merchant_id": row["merchant_id"] or order.get("merchant_id"),
                "case_kind": row["case_kind"],
                "case_status": row["case_status"],
                "amount": units(row["case_amount"]),
            }

    def is_listed(self, subject: str, name: str) -> int:
        """Tell whether the blacklist holds a subject at the cut."""
        cut_at = day_start(self.as_of, self.time_zone)
        entries = [
            row for row in self.known["blacklist"] if (row["subject_type"], row["subject_id"]) == (subject, name)
        ]
        return int(any(row["ended_at"] is None or row["ended_at"] >= cut_at for row in entries))
