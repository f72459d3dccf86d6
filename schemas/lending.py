"""What was lent and came back: receivables, schedules, repayments, adjustments, servicer's reports, turnover."""

from schemas.table import Rule, count, date, days, flag, log, money, number, rate, text

RECEIVABLES = log(
    "receivables",
    "One version of a loan or instalment contract that a pool may buy.",
    ("receivable_id",),
    text("receivable_id", "The receivable, as the platform calls it."),
    text(
        "receivable_key",
        "Identity for the single-pledge rule: SHA-256 of originator, contract, order, principal, disbursement day.",
    ),
    text("contract_no", "Number of the contract."),
    text("order_id", "The order it paid for.", "a cash loan, or not said"),
    text("borrower_id", "Who owes.", refers_to="borrowers.borrower_id"),
    text("merchant_id", "Who sold.", "a cash loan, or not said", refers_to="merchants.merchant_id"),
    text("account_id", "The credit line it was drawn from.", "no line"),
    text("originator_id", "Who lent."),
    text("product_code", "The loan product.", "not said"),
    text("purpose", "What the money was for.", "not said"),
    text("channel", "Through which door it was sold.", "not said"),
    text("region_code", "Region of the borrower at origination.", "not known"),
    text("category_code", "Category of the goods.", "not known"),
    date("originated_on", "Day of the contract."),
    date("disbursed_on", "Day on which the money or the goods were paid out."),
    date("first_due_on", "Due day of the first instalment.", "no schedule"),
    date("final_due_on", "Due day of the last instalment.", "no schedule"),
    number("term_number", "Number of instalments in the original schedule."),
    text(
        "amortization",
        "How principal falls due.",
        "not said",
        values=("EQUAL_INSTALMENT", "EQUAL_PRINCIPAL", "BULLET", "OTHER"),
    ),
    text("pay_frequency", "How often instalments fall due.", "not said", values=("MONTHLY", "BILL", "BULLET", "OTHER")),
    rate("annual_rate", "All-in annual rate.", "not said"),
    text("rate_type", "Fixed or floating.", "not said", values=("FIXED", "FLOATING")),
    text("currency", "ISO 4217 code."),
    money("original_principal_amount", "Principal at disbursement."),
    money("disbursed_amount", "What was paid out.", "not said"),
    flag("is_signed", "Whether a signed contract is on file.", "not said"),
    flag("is_auto_debit", "Whether a debit mandate is in force.", "not said"),
    flag("is_transfer_restricted", "Whether the claim cannot be sold without consent.", "not said"),
    flag("has_setoff", "Whether the borrower holds a claim that could be set off.", "not said"),
    rules=(
        Rule(
            "DATES_OUT_OF_ORDER",
            "originated_on <= disbursed_on AND disbursed_on <= first_due_on AND first_due_on <= final_due_on",
            "Origination, disbursement, first and final due day come in this order.",
        ),
        Rule("NOTHING_LENT", "original_principal_amount > 0", "A receivable has principal."),
    ),
)

INSTALMENTS = log(
    "instalments",
    "One line of a receivable's schedule, in one version of that schedule.",
    ("receivable_id", "schedule_version_number", "period_number"),
    text("receivable_id", "The receivable.", refers_to="receivables.receivable_id"),
    number("schedule_version_number", "Which schedule, from 1; a later one replaces an earlier one."),
    number("period_number", "Position in the schedule, from 1."),
    date("due_on", "Day on which it falls due."),
    money("principal_due_amount", "Principal that falls due."),
    money("interest_due_amount", "Interest that falls due."),
    money("fee_due_amount", "Fees that fall due."),
)

REPAYMENTS = log(
    "repayments",
    "Money that came in on a receivable, or the voiding of such a payment.",
    ("repayment_id",),
    text("repayment_id", "The payment."),
    text("receivable_id", "What it pays.", refers_to="receivables.receivable_id"),
    number("period_number", "The instalment that the payer named.", "not allocated: first due, first paid"),
    date("value_on", "Day from which the money counts."),
    money("principal_amount", "Part that pays principal."),
    money("interest_amount", "Part that pays interest."),
    money("fee_amount", "Part that pays fees."),
    money("penalty_amount", "Part that pays penalties."),
    text(
        "method", "How it was paid.", "not said", values=("AUTO_DEBIT", "MANUAL", "PREPAYMENT", "INVESTOR", "RECOVERY")
    ),
    text("reverses_repayment_id", "The payment that this row voids, in full.", "an ordinary payment"),
    text("collection_account", "Account that received the money.", "not said"),
)

ADJUSTMENTS = log(
    "adjustments",
    "A movement of a receivable that is not a payment: write-off, refund of principal, correction, extension.",
    ("adjustment_id",),
    text("adjustment_id", "The movement."),
    text("receivable_id", "What it moves.", refers_to="receivables.receivable_id"),
    text(
        "adjustment_kind",
        "What happened.",
        values=("WRITE_OFF", "REFUND", "CORRECTION", "RECOVERY", "EXTENSION", "RESTRUCTURE"),
    ),
    money(
        "adjustment_amount",
        "Principal that it removes (negative: adds); for a recovery, cash received; 0 for extensions.",
        lowest=None,
    ),
)

REPORTED_STATES = log(
    "reported_states",
    "The servicer's own statement of a receivable at the end of a day, kept to be compared with ours.",
    ("receivable_id", "reported_on"),
    text("receivable_id", "The receivable.", refers_to="receivables.receivable_id"),
    date("reported_on", "Day at whose end the statement holds."),
    money("reported_principal_amount", "Unpaid principal as reported."),
    days("reported_days_past_due", "Days past due as reported.", "not reported"),
    count("reported_remaining_count", "Instalments still to fall due, as reported.", "not reported"),
)

TURNOVERS = log(
    "turnovers",
    "Money that the servicer moved from its collections to a pool's account, as the account's statement has it.",
    ("turnover_id",),
    text("turnover_id", "The entry of the statement."),
    text("deal", "The pool whose account it is."),
    date("value_on", "Day from which the money counts."),
    money("turnover_amount", "Money moved; negative where it went back.", lowest=None),
    text("account", "The pool's account.", "not said"),
)
