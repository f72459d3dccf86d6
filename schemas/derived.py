"""What the stages compute for one day: states, features, labels, tags, screenings, limits, proposals, positions."""

from schemas.table import count, date, days, derived, flag, money, number, rate, real, text, total

AS_OF = date("as_of", "The day at whose start, local time, the row holds: nothing from that day on is in it.")
RECEIVABLE = text("receivable_id", "The receivable.")

RECEIVABLE_STATES = derived(
    "receivable_states",
    "A receivable as of a day: what is owed, how late it is and ever was.",
    ("receivable_id", "as_of"),
    RECEIVABLE,
    AS_OF,
    text("receivable_key", "Identity for the single-pledge rule."),
    text("borrower_id", "Who owes."),
    money("original_principal_amount", "Principal at disbursement."),
    money("paid_principal_amount", "Principal paid so far."),
    money("written_off_amount", "Principal written off."),
    money("refunded_amount", "Principal refunded."),
    money("corrected_amount", "Principal removed by corrections; negative where they added.", lowest=None),
    money("current_principal_amount", "original - paid - written off - refunded - corrected.", lowest=None),
    money("arrears_amount", "Principal, interest and fees due before the day and not covered."),
    days("days_past_due", "Days since the due day of the oldest instalment not covered; 0 when none."),
    days("worst_days_past_due", "Most days past due that any instalment ever was."),
    count("late_count", "Instalments covered after their due day, or still open after it."),
    count("paid_period_count", "Instalments fully covered."),
    count("remaining_period_count", "Instalments not fully covered."),
    date("next_due_on", "Due day of the first instalment not fully covered.", "nothing is left to pay"),
    date("final_due_on", "Due day of the last instalment in the schedule in force.", "no schedule"),
    date("last_paid_on", "Value day of the latest payment.", "nothing was paid yet"),
    flag("is_prepaid", "Paid in full before its final due day."),
    flag("is_written_off", "Any principal was written off."),
    flag("is_disputed", "A dispute or chargeback is open on its order."),
    flag("is_refund_open", "A refund or return is open on its order."),
    count("extension_count", "Extensions so far."),
    count("restructure_count", "Restructurings so far."),
    flag("is_open", "Principal is left and nothing was written off: it can still be collected in the ordinary way."),
)

LABELS = derived(
    "labels",
    "What became of a receivable in the performance window after a day.",
    ("receivable_id", "as_of"),
    RECEIVABLE,
    AS_OF,
    text("borrower_id", "Who owes."),
    days("horizon_days", "Length of the performance window."),
    date("window_ends_on", "Last day of the window."),
    days("window_worst_days_past_due", "Most days past due within the window.", "the window is not over"),
    flag(
        "is_default",
        "Whether days past due reached the bad definition within the window.",
        "the window is not over, or indeterminate",
    ),
)

RECEIVABLE_TAGS = derived(
    "receivable_tags",
    "The model's word on an open receivable.",
    ("receivable_id", "as_of"),
    RECEIVABLE,
    AS_OF,
    real("default_probability", "Calibrated probability of default within the model's horizon.", lowest=0, highest=1),
    real(
        "default_probability_upper",
        "Its 95 % upper bound: raised as far as its grade's default rate may truly lie above the predicted one.",
        lowest=0,
        highest=1,
    ),
    text("grade", "Master-scale grade, A best."),
    text("reason_1", "Feature of the theme that raised it most.", "nothing raised it, or not to be explained"),
    text("reason_2", "Second such feature.", "nothing more raised it"),
    text("reason_3", "Third such feature.", "nothing more raised it"),
    text("reason_4", "Fourth such feature.", "nothing more raised it"),
    money("expected_loss_amount", "default probability x current principal x loss given default."),
    real(
        "lifetime_default_probability",
        "Probability of default until the last instalment could be in default.",
        "the model has no term structure",
        lowest=0,
        highest=1,
    ),
    money("lifetime_loss_amount", "Expected loss over that time.", "the model has no term structure"),
    real(
        "expected_life_months",
        "Months of 30 days that a unit of the principal is expected to stay owed.",
        "the model has no term structure",
        lowest=0,
    ),
    text("model_version", "Registered model that gave the number."),
    text("feature_snapshot", "Snapshot of the feature table that it was given."),
)

SCREENINGS = derived(
    "screenings",
    "The outcome of every eligibility criterion of a deal for one open receivable.",
    ("receivable_id", "as_of", "deal"),
    RECEIVABLE,
    AS_OF,
    text("deal", "Name of the deal."),
    text("deal_hash", "Hash of the deal document that was applied."),
    text("receivable_key", "Identity for the single-pledge rule."),
    text("outcomes", "One letter a criterion, in the document's order: P pass, F fail, U unknown."),
    flag("is_eligible", "Every criterion passed."),
    text("first_failed_code", "First criterion that failed or is unknown.", "none did"),
    count("failed_count", "Criteria that failed or are unknown."),
    money("current_principal_amount", "Principal that could be bought."),
)

SCREENING_FAILURES = derived(
    "screening_failures",
    "A criterion that a receivable fails, or whose value is unknown, with what was seen.",
    ("receivable_id", "as_of", "deal", "code"),
    RECEIVABLE,
    AS_OF,
    text("deal", "Name of the deal."),
    text("code", "The criterion."),
    text("outcome", "F fail, U unknown.", values=("F", "U")),
    text("observed", "The values that the criterion looked at, as name=value."),
    text("threshold", "The criterion's expression."),
)

LIMIT_RESULTS = derived(
    "limit_results",
    "A limit of the pool, before and after the proposed purchase.",
    ("deal", "as_of", "code"),
    text("deal", "Name of the deal."),
    AS_OF,
    text("code", "The limit."),
    real("value_before", "Its value without the batch.", "the pool is empty"),
    real("value_after", "Its value with the batch.", "the pool stays empty"),
    real("threshold", "The bound."),
    real("headroom", "Distance to the bound; negative is a breach.", "the pool stays empty"),
    text(
        "worst_member",
        "The borrower, merchant, region or other member nearest to the bound.",
        "the limit has no members",
    ),
    flag("is_kept", "Whether the pool with the batch keeps it, or maintains it where that is enough."),
    flag("is_maintained", "The pool was beyond the bound already, and the deal asks only that a batch is no worse."),
    flag("is_binding", "Whether it stopped the proposal from buying more."),
    real("looser_threshold", "The bound, one hundredth of itself looser.", "it does not bind"),
    total("looser_gain_amount", "Cash more that could be used under it: the plan made again.", "it does not bind"),
    total("priced_gain_amount", "The same by the bound's price, were nothing else to bind.", "it does not bind"),
)

FAIRNESS_RESULTS = derived(
    "fairness_results",
    "A trait of the proposed batch beside what was offered and not bought: whether somebody picked.",
    ("deal", "as_of", "trait"),
    text("deal", "Name of the deal."),
    AS_OF,
    text("trait", "What is compared."),
    text("member", "The region in which the two differ most.", "the trait is a number"),
    real("batch_value", "Mean in the batch; of regions, the share of the batch in that region."),
    real("rest_value", "The same of what was not bought."),
    real("effect_size", "Standardized difference of the means; of regions, Cramer's V."),
    real("distance", "Kolmogorov-Smirnov distance; of regions, half the sum of differences of shares."),
    real("chance", "Probability of such a distance if the batch were a random part.", lowest=0, highest=1),
    text(
        "verdict",
        "ALIKE, BY_CHANCE (a random part may show it), SLIGHT or DIFFERENT.",
        values=("ALIKE", "BY_CHANCE", "SLIGHT", "DIFFERENT"),
    ),
    text("explained_by", "Binding limits that look at the trait.", "no binding limit does"),
)

PROPOSALS = derived(
    "proposals",
    "A receivable that a proposal would buy.",
    ("proposal_id", "receivable_id", "as_of", "deal"),
    text("proposal_id", "The proposal."),
    text("deal", "Name of the deal."),
    AS_OF,
    RECEIVABLE,
    text("receivable_key", "Identity for the single-pledge rule."),
    text("borrower_id", "Who owes."),
    money("principal_amount", "Principal bought."),
    money("price_amount", "What is paid for it."),
    real("default_probability", "As tagged.", lowest=0, highest=1),
    text("grade", "As tagged."),
    rate("annual_rate", "All-in annual rate.", "not said"),
    number("remaining_period_number", "Instalments left."),
)

POSITIONS = derived(
    "positions",
    "What a pool holds on a day: the fold of the ledger's entries.",
    ("receivable_key", "as_of"),
    text("receivable_key", "The receivable's identity."),
    AS_OF,
    text("deal", "The pool that holds it."),
    RECEIVABLE,
    text("purchase_id", "The purchase that brought it in."),
    money("bought_principal_amount", "Principal when bought."),
    money("price_amount", "Price paid."),
    date("bought_on", "As-of day of the purchase."),
)

ROLL_FORWARDS = derived(
    "roll_forwards",
    "How the unpaid principal of all receivables moved from one day to a later one, every movement named.",
    ("as_of",),
    AS_OF,
    date("opened_on", "The earlier day, at whose start the movement begins."),
    total("opening_amount", "Unpaid principal at the start of the earlier day."),
    total("added_amount", "Principal of receivables that came in; negative where withdrawn ones outweigh."),
    total("paid_amount", "Principal paid; negative where reversals outweigh."),
    total("written_off_amount", "Principal written off."),
    total("refunded_amount", "Principal refunded."),
    total("corrected_amount", "Principal removed by corrections; negative where they added."),
    total("closing_amount", "Unpaid principal at the start of the later day."),
    total("difference_amount", "Opening and movements less closing: 0, or something moved without a name."),
    total("reported_amount", "What the servicer reported for the end of the day before.", "nothing was reported"),
    total("reported_difference_amount", "Closing less reported, over receivables that were reported."),
    count("reported_unequal_count", "Receivables whose reported balance is not ours."),
)

RECONCILIATIONS = derived(
    "reconciliations",
    "A promise across tables, checked on what was known as of a day.",
    ("code", "as_of"),
    text("code", "Name of the promise."),
    AS_OF,
    text("meaning", "The promise in a sentence."),
    count("checked_count", "Things that it was checked on."),
    count("breach_count", "Things that break it."),
    text("example", "One thing that breaks it, the first by id.", "nothing breaks it"),
)

QUARANTINE = derived(
    "quarantine",
    "A raw row that was read and could not be published, with the reason.",
    ("row_id",),
    text("row_id", "Hash of table, file and row."),
    text("batch", "Ingest batch that read it."),
    text("source", "Name of the source mapping."),
    text("table_name", "The table that it was meant for."),
    text("file", "Raw file, relative to the source folder."),
    number("line_number", "Row in the file, from 1; 0 where the file itself could not be read."),
    text("code", "Rule that it broke."),
    text("column_name", "Column in question.", "the whole row"),
    text(
        "unknown_id", "The id that it names and no batch has; once one has it, the row is tried again.", "another rule"
    ),
    text("raw", "The raw row as JSON, personal columns left out."),
)
