"""What monitoring keeps of a day: drift, predicted beside realised defaults, and the alarms that they raise."""

from schemas.derived import AS_OF
from schemas.table import count, days, derived, flag, real, text

DRIFTS = derived(
    "drifts",
    "How far the probability, or a feature that the champion uses, has moved from the champion's training rows.",
    ("as_of", "subject"),
    AS_OF,
    text("subject", "`score`, or the feature."),
    text("model_version", "The champion."),
    real("gain_share", "The feature's share of what the trees gained; 1 for the score.", lowest=0, highest=1),
    real("stability_index", "Population stability index over the training rows' tenths.", lowest=0),
    real("low", "Lower end of its 95 % interval, by borrower.", lowest=0),
    real("high", "Upper end.", lowest=0),
    real("noise", "What the index stays under in 95 of 100 cases where nothing moved.", lowest=0),
    real("effect_size", "Cohen's w: 0.1 small, 0.3 medium, 0.5 large.", lowest=0),
    real("missing_before_share", "Training rows without a value.", lowest=0, highest=1),
    real("missing_after_share", "Rows of the day without a value.", lowest=0, highest=1),
    count("base_row_count", "Training rows."),
    count("row_count", "Rows of the day, open and not in default, that were looked at."),
)

AGREEMENTS = derived(
    "agreements",
    "Predicted beside realised defaults of one part of what was scored or bought.",
    ("as_of", "kind", "part", "after_days"),
    AS_OF,
    text("kind", "What the part is.", values=("scoring_day", "vintage", "grade", "pool")),
    text("part", "The scoring day, quarter of disbursement, grade, or deal and month of purchase."),
    days("after_days", "Days that every row had to default in, from scoring or purchase on."),
    days("horizon_days", "Days that the prediction is for."),
    flag("is_over", "Whether the whole horizon has passed."),
    count("row_count", "Receivables whose outcome is known."),
    count("default_count", "Those that defaulted."),
    real("expected_defaults", "Sum of their default probabilities.", lowest=0),
    real("low_share", "Lower end of the 95 % interval of the share that defaulted.", lowest=0, highest=1),
    real("high_share", "Upper end.", lowest=0, highest=1),
)

ALARMS = derived(
    "alarms",
    "A thing about the model that a person must look at.",
    ("as_of", "code", "subject"),
    AS_OF,
    text("code", "The rule that fired."),
    text("subject", "Of what: a feature, a part, the model."),
    text("severity", "How grave it is.", values=("look", "stop")),
    text("found", "What was found, in a sentence."),
    real("value", "What was measured."),
    real("threshold", "What it was measured against."),
    text("explained_by", "The table whose row of that subject explains it.", "the sentence says all"),
)
