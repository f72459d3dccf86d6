"""Who takes part: borrowers and merchants, credit lines, bureau reports, blacklist."""

from schemas.table import Rule, count, date, flag, log, moment, money, number, real, text

BORROWERS = log(
    "borrowers",
    "One version of what the platform knew about a borrower.",
    ("borrower_id",),
    text("borrower_id", "The borrower, pseudonymized."),
    text("customer_type", "Natural person or not.", "not said", values=("NATURAL_PERSON", "ENTERPRISE")),
    date("born_on", "Day of birth.", "not known"),
    text("gender", "Gender as recorded; used for fairness figures only.", "not recorded"),
    text("residency_country", "Country of residence, ISO 3166 alpha-3.", "not known"),
    text("region_code", "Home region, in the platform's coding.", "not known"),
    text("city_tier", "Tier of the home city.", "not known"),
    text("employment", "Employment status.", "not known"),
    money("annual_income_amount", "Yearly income as declared or verified.", "not declared"),
    text("kyc_status", "State of the identity check.", "not checked", values=("VERIFIED", "PENDING", "FAILED")),
    count("kyc_factor_count", "How many identity factors were checked.", "not checked"),
    flag("is_related_party", "Employee or affiliate of the originator.", "not known"),
    flag("is_deceased", "Reported dead.", "not known"),
    flag("is_insolvent", "In personal insolvency.", "not known"),
    date("registered_on", "Day on which the borrower joined the platform.", "not known"),
)

MERCHANTS = log(
    "merchants",
    "One version of what the platform knew about a merchant.",
    ("merchant_id",),
    text("merchant_id", "The merchant."),
    text("category_code", "What it mainly sells.", "not known"),
    text(
        "merchant_status",
        "Standing on the platform.",
        "not known",
        values=("ONBOARDING", "ACTIVE", "SUSPENDED", "EXITED"),
    ),
    date("onboarded_on", "Day on which it joined.", "not known"),
    text("region_code", "Region of its seat.", "not known"),
    flag("is_under_review", "Under fraud review.", "not known"),
)

CREDIT_ACCOUNTS = log(
    "credit_accounts",
    "The state of a credit line at one moment: a statement, a limit change, a freeze.",
    ("account_id", "happened_at"),
    text("account_id", "The credit line."),
    text("borrower_id", "Who holds it.", refers_to="borrowers.borrower_id"),
    text("product_code", "Product of the line.", "not said"),
    money("limit_amount", "Credit limit.", "no limit is kept"),
    money("used_amount", "Part of the limit in use.", "not kept"),
    text("account_status", "Standing of the line.", "not said", values=("ACTIVE", "FROZEN", "CLOSED")),
    date("opened_on", "Day on which the line was opened.", "not known"),
)

CREDIT_REPORTS = log(
    "credit_reports",
    "A report that a credit bureau gave about a borrower.",
    ("report_id",),
    text("report_id", "The report."),
    text("borrower_id", "Whom it speaks of.", refers_to="borrowers.borrower_id"),
    text("provider", "The bureau.", "not said"),
    real("bureau_score", "The bureau's own score; higher is better.", "not scored"),
    count("inquiry_3m_count", "Inquiries by lenders in the three months before.", "not reported"),
    count("inquiry_12m_count", "Inquiries by lenders in the twelve months before.", "not reported"),
    count("active_lender_count", "Lenders with an open balance.", "not reported"),
    money("active_balance_amount", "Balance with all lenders.", "not reported"),
    money("overdue_amount", "Amount overdue now with any lender.", "not reported"),
    number(
        "worst_bucket_24m_number",
        "Worst delinquency bucket in 24 months: 0 current, 1 is 1-30 days, and so on.",
        "not reported",
    ),
)

BLACKLIST = log(
    "blacklist",
    "A subject that must not be lent to, for a span of time.",
    ("entry_id",),
    text("entry_id", "The entry."),
    text("subject_type", "What kind of subject.", values=("BORROWER", "MERCHANT", "DEVICE")),
    text("subject_id", "The borrower, merchant or device."),
    text("reason_code", "Why it is listed.", "not said"),
    moment("ended_at", "When the entry ended, exclusive.", "still in force"),
    rules=(Rule("ENDS_BEFORE_START", "ended_at >= happened_at", "An entry ends after it starts."),),
)
