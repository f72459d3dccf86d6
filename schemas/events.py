"""What happened: orders, behaviour in the app, refunds and disputes."""

from schemas.table import Rule, flag, log, moment, money, text

ORDERS = log(
    "orders",
    "One version of an order: what a borrower bought, from whom, for how much.",
    ("order_id",),
    text("order_id", "The order."),
    text("borrower_id", "Who bought.", refers_to="borrowers.borrower_id"),
    text("merchant_id", "Who sold.", "not known", refers_to="merchants.merchant_id"),
    text("category_code", "What was bought.", "not known"),
    flag("is_virtual_goods", "Whether it needs no delivery: top-ups, vouchers, game credit.", "not known"),
    text(
        "order_status",
        "Where the order stands.",
        values=("CREATED", "PAID", "SHIPPED", "DELIVERED", "COMPLETED", "CANCELLED", "REFUSED"),
    ),
    money("order_amount", "What was to be paid in all."),
    money("credit_amount", "The part that was paid on credit.", "not said"),
    text("channel", "Through which door: app, web, mini-program.", "not known"),
    text("device_id", "The device, pseudonymized.", "not known"),
    text("region_code", "Where it was sent or bought.", "not known"),
)

BEHAVIOUR_EVENTS = log(
    "behaviour_events",
    "A thing that a borrower did in the app.",
    ("event_id",),
    text("event_id", "The event."),
    text("borrower_id", "Who did it.", refers_to="borrowers.borrower_id"),
    text(
        "event_type",
        "What was done.",
        values=(
            "LOGIN",
            "BROWSE",
            "CREDIT_PAGE",
            "BILL_VIEW",
            "PAYMENT_FAILURE",
            "PROFILE_CHANGE",
            "CARD_BINDING",
            "ACCOUNT_CREDIT",
            "ACCOUNT_DEBIT",
        ),
    ),
    text("session_id", "The visit that it belongs to.", "not tracked"),
    text("device_id", "The device, pseudonymized.", "not known"),
    money("event_amount", "Amount moved, for account credits and debits.", "no amount belongs to it"),
    money(
        "balance_amount",
        "Balance after the event, for account credits and debits.",
        "no balance belongs to it",
        lowest=None,
    ),
)

REFUNDS_DISPUTES = log(
    "refunds_disputes",
    "One version of a refund, return, dispute or chargeback case.",
    ("case_id",),
    text("case_id", "The case."),
    text("order_id", "The order in question.", refers_to="orders.order_id"),
    text("borrower_id", "The borrower of the order.", "not said", refers_to="borrowers.borrower_id"),
    text("merchant_id", "The merchant of the order.", "not said", refers_to="merchants.merchant_id"),
    text("receivable_id", "The receivable that the order gave rise to.", "none, or not said"),
    text("case_kind", "What is asked.", values=("REFUND", "RETURN", "DISPUTE", "CHARGEBACK")),
    text("case_status", "Where the case stands.", values=("OPEN", "GRANTED", "REJECTED")),
    money("case_amount", "Amount in question."),
    moment("closed_at", "When it was closed.", "still open"),
    rules=(Rule("CLOSED_BEFORE_OPENED", "closed_at >= happened_at", "A case closes after it opens."),),
)
