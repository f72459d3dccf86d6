"""What a pool brings in after its purchases: collections, turnover, dilution, breaches, roll-forward, static pools.

Every row is of one deal as of one day. A pool *holds* a receivable from the cut-off of its purchase until the day on
which its pledge ended, that day not included; all that is said here is about days on which it was held.
"""

from schemas.derived import AS_OF, RECEIVABLE
from schemas.table import count, date, days, derived, flag, number, real, text, total

DEAL = text("deal", "Name of the deal.")
PURCHASE = text("purchase_id", "The purchase that brought it in.")
BOUGHT = date("bought_on", "Cut-off of the purchase.")
RECEIVED = (
    total("principal_amount", "Cash that paid principal."),
    total("interest_amount", "Cash that paid interest."),
    total("fee_amount", "Cash that paid fees."),
    total("penalty_amount", "Cash that paid penalties."),
    total("recovered_amount", "Cash recovered after a write-off."),
)

POOL_COLLECTIONS = derived(
    "pool_collections",
    "A day of a pool: what fell due to it, what became of that, and the cash that came in.",
    ("deal", "as_of", "happened_on"),
    DEAL,
    AS_OF,
    date("happened_on", "The day."),
    total("due_amount", "Principal, interest and fees that fell due to the pool: arrears on the day of purchase."),
    total("in_time_amount", "Of that, covered by the end of the day."),
    total("late_amount", "Of that, covered later."),
    total("fallen_away_amount", "Of that, never owed in the end: the principal was gone."),
    total("open_amount", "Of that, still to be paid."),
    total("collected_amount", "All cash whose value day it was."),
    *RECEIVED,
)

POOL_MATCHES = derived(
    "pool_matches",
    "A receivable that a pool holds or held: what was expected of it since purchase beside what came in.",
    ("deal", "as_of", "purchase_id", "receivable_id"),
    DEAL,
    AS_OF,
    PURCHASE,
    RECEIVABLE,
    total("due_amount", "What fell due to the pool."),
    total("covered_amount", "Of that, covered."),
    total("fallen_away_amount", "Of that, never owed in the end."),
    total("open_amount", "Of that, still to be paid."),
    total("ahead_amount", "Covered of what is not yet due."),
    total("cash_amount", "Cash that pays principal, interest and fees."),
    total("refund_amount", "Refunds that cover as cash does."),
    total("unmatched_amount", "Cash and refunds that meet no instalment."),
    date("open_since_on", "Day since which something is still to be paid.", "nothing is"),
)

POOL_TURNOVERS = derived(
    "pool_turnovers",
    "Cash that the servicer collected for a pool on a day, and when it was turned over: the oldest cash first.",
    ("deal", "as_of", "collected_on"),
    DEAL,
    AS_OF,
    date("collected_on", "Value day of the cash."),
    total("collected_amount", "Cash of the day."),
    total("turned_over_amount", "Of that, turned over."),
    total("outstanding_amount", "Of that, not turned over."),
    date("turn_over_by_on", "Last day on which it may be turned over.", "the deal says none"),
    date("turned_over_on", "Day on which its last cent was turned over.", "some is outstanding"),
    days("late_days", "Days after the last allowed one, so far or in the end.", "the deal says no days"),
)

POOL_DILUTIONS = derived(
    "pool_dilutions",
    "A receivable whose order was refunded after the pool had bought it, or may be.",
    ("deal", "as_of", "purchase_id", "receivable_id"),
    DEAL,
    AS_OF,
    PURCHASE,
    RECEIVABLE,
    BOUGHT,
    text("merchant_id", "Who sold.", "a cash loan, or not said"),
    total("bought_amount", "Principal when bought."),
    total("refunded_amount", "Principal refunded while the pool held it."),
    date("refunded_on", "Day of the first refund.", "none yet"),
    total("open_case_amount", "Amount of refund and return cases that are open, at most the unpaid principal."),
)

WARRANTY_BREACHES = derived(
    "warranty_breaches",
    "A criterion that a bought receivable did not pass at its cut-off, by what is known now.",
    ("deal", "as_of", "purchase_id", "receivable_id", "code"),
    DEAL,
    AS_OF,
    PURCHASE,
    RECEIVABLE,
    text("code", "The criterion; NOT_OPEN where nothing could be bought, OVERSTATED where less was owed than bought."),
    BOUGHT,
    text("deal_hash", "Hash of the deal document that was applied."),
    text("clause", "Where the contract says it."),
    text("outcome", "F fails, U can no longer be decided.", values=("F", "U")),
    text("observed", "What is seen now, as name=value."),
    text("threshold", "The criterion's expression."),
    text("learned_from", "Logs with rows about the cut-off that came after it, with the day of the latest.", "none"),
    flag("is_held", "Whether the pool still holds it, so that the seller should buy it back."),
    total("bought_amount", "Principal when bought."),
    total("unpaid_amount", "Principal unpaid now."),
)

POOL_ROLL_FORWARDS = derived(
    "pool_roll_forwards",
    "How the unpaid principal that a pool holds moved from one day to a later one, every movement named.",
    ("deal", "as_of", "opened_on"),
    DEAL,
    AS_OF,
    date("opened_on", "The earlier day, with its purchase."),
    count("opening_count", "Receivables held on the earlier day."),
    total("opening_amount", "Their unpaid principal."),
    count("bought_count", "Receivables bought since, up to the later day with its purchase."),
    total("bought_amount", "Principal bought, as the ledger has it."),
    total("collected_amount", "Principal paid; negative where reversals outweigh."),
    total("written_off_amount", "Principal written off."),
    total("refunded_amount", "Principal refunded."),
    total("corrected_amount", "Principal removed by corrections; negative where they added."),
    count("released_count", "Receivables released."),
    total("released_amount", "Their unpaid principal on leaving."),
    count("repurchased_count", "Receivables that the seller bought back, substituted or called."),
    total("repurchased_amount", "Their unpaid principal on leaving."),
    count("closing_count", "Receivables held on the later day."),
    total("closing_amount", "Their unpaid principal; a balance below zero counts as such."),
    total("difference_amount", "Opening and movements less closing: 0, or something moved without a name."),
)

STATIC_POOLS = derived(
    "static_pools",
    "A month since purchase of what one purchase brought in, by all that is known now; amounts are of that month.",
    ("deal", "as_of", "purchase_id", "month_number"),
    DEAL,
    AS_OF,
    PURCHASE,
    number("month_number", "Months since purchase, the first being 1."),
    BOUGHT,
    date("ends_on", "Day at whose start the month, or what is seen of it, ends."),
    flag("is_over", "Whether the whole month has passed."),
    count("bought_count", "Receivables that the purchase brought in."),
    total("bought_amount", "Their principal when bought."),
    count("opening_count", "Receivables held with unpaid principal at the month's start."),
    total("opening_amount", "Their unpaid principal."),
    total("scheduled_amount", "Principal that their schedules asked for in the month, arrears included."),
    total("paid_amount", "Principal paid."),
    total("prepaid_amount", "Principal paid beyond what the schedules asked for."),
    total("cash_amount", "All cash: principal, interest, fees, penalties and recoveries."),
    total("yield_amount", "Cash that paid interest, fees and penalties."),
    total("refunded_amount", "Principal refunded."),
    total("corrected_amount", "Principal removed by corrections; negative where they added."),
    count("defaulted_count", "Receivables first in default in the month."),
    total("defaulted_amount", "Their principal when bought."),
    total("written_off_amount", "Principal written off."),
    total("recovered_amount", "Cash recovered after write-offs."),
    total("left_amount", "Unpaid principal of what left the pool in the month."),
    total("closing_amount", "Unpaid principal at the month's end."),
)

POOL_DELINQUENCIES = derived(
    "pool_delinquencies",
    "What a pool holds, by bucket of days past due.",
    ("deal", "as_of", "bucket"),
    DEAL,
    AS_OF,
    text("bucket", "Days past due, or written off.", values=("0", "1-30", "31-60", "61-90", "91+", "written off")),
    count("receivable_count", "Receivables with unpaid principal, or written off."),
    total("unpaid_amount", "Their unpaid principal."),
    total("arrears_amount", "What they owe overdue."),
)

POOL_OUTLOOKS = derived(
    "pool_outlooks",
    "What falls due to a pool by its receivables' schedules, month by month, were nothing prepaid and nothing lost.",
    ("deal", "as_of", "month_number"),
    DEAL,
    AS_OF,
    number("month_number", "Months from the as-of day, the first being 1; 0 is what is overdue."),
    total("scheduled_amount", "Principal."),
    total("gain_amount", "Interest and fees."),
)

POOL_ROLL_RATES = derived(
    "pool_roll_rates",
    "Where receivables of a bucket stood a month later, all months since purchase together, of those still held.",
    ("deal", "as_of", "from_bucket", "to_bucket"),
    DEAL,
    AS_OF,
    text("from_bucket", "Days past due at the start of a month."),
    text("to_bucket", "At the start of the next: days past due, paid off or written off."),
    count("move_count", "Receivable-months that went this way."),
    count("from_count", "All receivable-months of the bucket."),
)

POOL_STRATA = derived(
    "pool_strata",
    "What a pool holds, by one trait: count, unpaid principal and averages weighted by it.",
    ("deal", "as_of", "trait", "place_number"),
    DEAL,
    AS_OF,
    text("trait", "What it is divided by; `pool` is all of it."),
    number("place_number", "Place of the part in its order, from 1."),
    text("label", "The part."),
    count("receivable_count", "Receivables."),
    total("unpaid_amount", "Their unpaid principal."),
    total("original_amount", "Their principal at disbursement."),
    real("annual_rate_mean", "Mean annual rate.", "not said of any"),
    real("remaining_periods_mean", "Mean number of instalments left.", "unknown of all"),
    real("seasoning_months_mean", "Mean months of 30 days since origination.", "unknown of all"),
    real("default_probability_mean", "Mean default probability.", "none is tagged"),
)

BATCH_DRIFTS = derived(
    "batch_drifts",
    "How far a trait of what one purchase brought in differs from the first purchase, each on its day.",
    ("deal", "as_of", "purchase_id", "trait"),
    DEAL,
    AS_OF,
    PURCHASE,
    text("trait", "What is compared.", values=("default_probability", "annual_rate", "remaining_periods", "region")),
    BOUGHT,
    count("first_count", "Receivables of the first purchase."),
    count("batch_count", "Receivables of this one."),
    real("first_mean", "Mean by principal in the first purchase.", "a trait without numbers, or unknown throughout"),
    real("batch_mean", "Mean by principal in this one.", "a trait without numbers, or unknown throughout"),
    real("stability_index", "Population stability index by count.", lowest=0),
    real("low", "Lower end of its 95 % interval, by borrower.", lowest=0),
    real("high", "Upper end.", lowest=0),
    real("noise", "What the index stays under in 95 of 100 cases where nothing moved.", lowest=0),
    real("effect_size", "Cohen's w: 0.1 small, 0.3 medium, 0.5 large.", lowest=0),
)

POOL_ALARMS = derived(
    "pool_alarms",
    "A thing about a pool that a person must look at.",
    ("deal", "as_of", "code", "subject"),
    DEAL,
    AS_OF,
    text("code", "The rule that fired."),
    text("subject", "Of what: a day of cash, a purchase, a trait, the pool."),
    text("severity", "How grave it is.", values=("look", "stop")),
    text("found", "What was found, in a sentence."),
    real("value", "What was measured."),
    real("threshold", "What it was measured against."),
    text("explained_by", "The table whose rows explain it.", "the sentence says all"),
)

AFTER_PURCHASE = (
    POOL_COLLECTIONS,
    POOL_MATCHES,
    POOL_TURNOVERS,
    POOL_DILUTIONS,
    WARRANTY_BREACHES,
    POOL_ROLL_FORWARDS,
    STATIC_POOLS,
    POOL_DELINQUENCIES,
    POOL_OUTLOOKS,
    POOL_ROLL_RATES,
    POOL_STRATA,
    BATCH_DRIFTS,
    POOL_ALARMS,
)
