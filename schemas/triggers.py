"""What is known of a pool on a day that triggers look at, what each trigger says, and its state over time."""

from schemas.derived import AS_OF
from schemas.table import count, date, days, derived, flag, real, text, total

TRIGGER_RESULTS = derived(
    "trigger_results",
    "A trigger of the deal on a day.",
    ("deal", "as_of", "code"),
    text("deal", "Name of the deal."),
    AS_OF,
    text("code", "The trigger."),
    real("value", "What was measured.", "nothing to measure yet"),
    real("threshold", "The bound."),
    flag("is_fired", "Whether it is in force."),
    text("phase", "CLEAR, PENDING, FIRED, CURING or CURED.", values=("CLEAR", "PENDING", "FIRED", "CURING", "CURED")),
    date("since_on", "First period of that phase."),
    text("effect", "What it does when fired."),
)

POOL_STANDINGS = derived(
    "pool_standings",
    "What a pool shows on a day, by what is known then: what its triggers measure.",
    ("deal", "as_of", "late_from_days"),
    text("deal", "Name of the deal."),
    AS_OF,
    days("late_from_days", "Days past due from which a receivable counts in the last four columns."),
    total("bought_amount", "Principal of all ever bought, when bought."),
    total("unpaid_amount", "Unpaid principal of what the pool holds."),
    total("lost_amount", "Principal written off less recoveries, while the pool held it."),
    total("opening_amount", "Unpaid principal one month before; 0 where the pool held nothing then."),
    total("received_amount", "Principal, interest, fees and penalties paid in the month before."),
    total("gains_amount", "Of that, interest, fees and penalties."),
    total("cash_amount", "Cash that the day's latest proposal had.", "nothing was proposed on that day"),
    days("turnover_late_days", "Most days by which cash not turned over is late.", "no trigger asks for it"),
    total("ineligible_amount", "Bought principal that was not eligible at its cut-off.", "no trigger asks for it"),
    total("late_amount", "Unpaid principal that is that late now."),
    total("defaulted_amount", "Principal when bought of what was ever that late, or written off, while held."),
    total("default_unpaid_amount", "Unpaid principal of what is held and was ever that late, or written off."),
    total("newly_defaulted_amount", "Principal one month before of what came into default since."),
)

TRIGGER_STATES = derived(
    "trigger_states",
    "A trigger in one period up to a day: the history of what it measured and where it stood.",
    ("deal", "as_of", "code", "measured_on"),
    text("deal", "Name of the deal."),
    AS_OF,
    text("code", "The trigger."),
    date("measured_on", "The day of the period: the first of a month, or the as-of day."),
    real("value", "What was measured.", "nothing to measure"),
    real("average", "Its mean over the periods that the deal averages: what is compared.", "nothing to measure"),
    real("threshold", "The bound that held then."),
    flag("is_beyond", "Whether the average was beyond it, or the one before where nothing was measured."),
    text("phase", "CLEAR, PENDING, FIRED, CURING or CURED.", values=("CLEAR", "PENDING", "FIRED", "CURING", "CURED")),
    date("since_on", "First period of that phase."),
    count("row_count", "Periods in a row that were beyond, or within, as this one."),
)
