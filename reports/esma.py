"""Loan-level disclosure in the manner of ESMA's Annex VI for consumer exposures: fields CMRL1 to CMRL36 as CSV.

After Delegated Regulation (EU) 2020/1224, Annex VI. What the platform does not know is said by a no-data code: ND1 not
collected, as underwriting did not ask for it; ND2 collected at application and not kept in the reporting system; ND3
kept in another system; ND4-YYYY-MM-DD available from that day; ND5 does not apply. Before such a file is filed, the
reporting entity reads the annex itself: the identifier of the securitisation and the words for channel and purpose are
the platform's own, and CMRL19 holds a no-data code.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from reports.workbook import csv_text

NOT_ASKED, NOT_KEPT, NOT_RELEVANT = "ND1", "ND2", "ND5"
FIELDS = tuple(f"CMRL{number}" for number in range(1, 37))
NAMES: Mapping[str, str] = {
    "CMRL1": "Unique identifier",
    "CMRL2": "Original underlying exposure identifier",
    "CMRL3": "New underlying exposure identifier",
    "CMRL4": "Original obligor identifier",
    "CMRL5": "New obligor identifier",
    "CMRL6": "Data cut-off date",
    "CMRL7": "Pool addition date",
    "CMRL8": "Date of repurchase",
    "CMRL9": "Redemption date",
    "CMRL10": "Geographic region, obligor",
    "CMRL11": "Geographic region classification",
    "CMRL12": "Employment status",
    "CMRL13": "Credit impaired obligor",
    "CMRL14": "Customer type",
    "CMRL15": "Primary income",
    "CMRL16": "Primary income type",
    "CMRL17": "Primary income currency",
    "CMRL18": "Primary income verification",
    "CMRL19": "(not verified here)",
    "CMRL20": "Special scheme",
    "CMRL21": "Origination date",
    "CMRL22": "Maturity date",
    "CMRL23": "Original term",
    "CMRL24": "Origination channel",
    "CMRL25": "Purpose",
    "CMRL26": "Currency denomination",
    "CMRL27": "Original principal balance",
    "CMRL28": "Current principal balance",
    "CMRL29": "Total credit limit",
    "CMRL30": "Revolving end date",
    "CMRL31": "Purchase price",
    "CMRL32": "Amortisation type",
    "CMRL33": "Principal grace period end date",
    "CMRL34": "Scheduled principal payment frequency",
    "CMRL35": "Scheduled interest payment frequency",
    "CMRL36": "Payment due",
}
AMORTIZATION = {"EQUAL_INSTALMENT": "FRXX", "EQUAL_PRINCIPAL": "FIXE", "BULLET": "BLLT", "OTHER": "OTHR"}
FREQUENCY = {"MONTHLY": "MNTH", "BILL": "MNTH", "BULLET": "OTHR", "OTHER": "OTHR"}
EMPLOYMENT = frozenset({"EMRS", "EMBL", "EMUK", "UNEM", "SFEM", "NOEM", "STNT", "PNNR", "OTHR"})
CUSTOMERS = {(True, False): "CNEO", (True, True): "CEMO", (False, False): "ENEO", (False, True): "EEMO"}
"""New or existing customer, and whether an employee or affiliate of the originator."""
Row = Mapping[str, Any]


def annex(rows: Iterable[Row]) -> str:
    """Write exposures as CSV, a line each, under the field codes.

    Args:
        rows: For each exposure: securitisation, receivable_key, borrower_id, cut_off_on, bought_on, ended_on,
            is_repurchased, redeemed_on, region_code, employment, is_insolvent, is_new_customer, is_related_party,
            annual_income_amount, originated_on, final_due_on, term_number, channel, purpose, currency,
            original_principal_amount, current_principal_amount, limit_amount, price_share, amortization, pay_frequency,
            next_due_amount. None where the platform does not know.
    """
    return csv_text(FIELDS, ([_cells(row)[name] for name in FIELDS] for row in rows))


def _cells(row: Row) -> dict[str, str]:
    return {**_identity(row), **_obligor(row), **_terms(row)}


def _identity(row: Row) -> dict[str, str]:
    exposure, obligor = row["receivable_key"], row["borrower_id"]
    return {
        "CMRL1": row["securitisation"],
        "CMRL2": exposure,
        "CMRL3": exposure,
        "CMRL4": obligor,
        "CMRL5": obligor,
        "CMRL6": _day(row["cut_off_on"]),
        "CMRL7": _day(row["bought_on"]),
        "CMRL8": _day(row["ended_on"] if row["is_repurchased"] else None, NOT_RELEVANT),
        "CMRL9": _day(row["redeemed_on"], NOT_RELEVANT),
    }


def _obligor(row: Row) -> dict[str, str]:
    employment, income = row["employment"], row["annual_income_amount"]
    told = None if row["is_related_party"] is None else CUSTOMERS[row["is_new_customer"], row["is_related_party"]]
    return {
        "CMRL10": row["region_code"] or NOT_ASKED,
        "CMRL11": NOT_ASKED,
        "CMRL12": NOT_ASKED if employment is None else employment if employment in EMPLOYMENT else "OTHR",
        "CMRL13": NOT_ASKED if row["is_insolvent"] is None else "Y" if row["is_insolvent"] else "N",
        "CMRL14": told or NOT_ASKED,
        "CMRL15": _amount(income),
        "CMRL16": NOT_ASKED if income is None else NOT_KEPT,
        "CMRL17": NOT_ASKED if income is None else row["currency"],
        "CMRL18": NOT_ASKED if income is None else NOT_KEPT,
        "CMRL19": NOT_ASKED,
        "CMRL20": NOT_RELEVANT,
    }


def _terms(row: Row) -> dict[str, str]:
    price = row["price_share"]
    frequency = FREQUENCY.get(row["pay_frequency"], NOT_ASKED)
    return {
        "CMRL21": _day(row["originated_on"]),
        "CMRL22": _day(row["final_due_on"]),
        "CMRL23": str(row["term_number"]),
        "CMRL24": row["channel"] or NOT_ASKED,
        "CMRL25": row["purpose"] or NOT_ASKED,
        "CMRL26": row["currency"],
        "CMRL27": _amount(row["original_principal_amount"]),
        "CMRL28": _amount(row["current_principal_amount"]),
        "CMRL29": NOT_RELEVANT if row["limit_amount"] is None else _amount(row["limit_amount"]),
        "CMRL30": NOT_RELEVANT,
        "CMRL31": NOT_ASKED if price is None else f"{Decimal(price) * 100:.4f}",
        "CMRL32": AMORTIZATION.get(row["amortization"], NOT_ASKED),
        "CMRL33": NOT_RELEVANT,
        "CMRL34": frequency,
        "CMRL35": frequency,
        "CMRL36": _amount(row["next_due_amount"]),
    }


def _day(value: date | None, otherwise: str = NOT_ASKED) -> str:
    return otherwise if value is None else value.isoformat()


def _amount(value: Decimal | None) -> str:
    return NOT_ASKED if value is None else f"{value:.2f}"
