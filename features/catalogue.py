"""The catalogue: every feature, and the table that they make."""

from collections.abc import Sequence

from features.declarations import Feature
from features.family_behaviour import BEHAVIOUR_FEATURES
from features.family_borrowing import BORROWING_FEATURES
from features.family_consumption import CONSUMPTION_FEATURES
from features.family_merchant import DEVICE_FEATURES, MERCHANT_FEATURES
from features.family_own import OWN_FEATURES, PROFILE_FEATURES
from features.family_repayment import REPAYMENT_FEATURES
from features.family_report import REPORT_FEATURES
from schemas.table import Table, date, derived, real, text

FEATURES: tuple[Feature, ...] = (
    *OWN_FEATURES,
    *REPAYMENT_FEATURES,
    *BORROWING_FEATURES,
    *CONSUMPTION_FEATURES,
    *BEHAVIOUR_FEATURES,
    *REPORT_FEATURES,
    *MERCHANT_FEATURES,
    *DEVICE_FEATURES,
    *PROFILE_FEATURES,
)
"""Every feature, in the order of the feature table's columns."""


def features_table(features: Sequence[Feature] = FEATURES) -> Table:
    """Declare the feature table: an open receivable as of a day, with one number for each feature."""
    return derived(
        "features",
        "An open receivable as of a day, described by what was known before it.",
        ("receivable_id", "as_of"),
        text("receivable_id", "The receivable."),
        date("as_of", "The day at whose start, local time, the row holds: nothing from that day on is in it."),
        text("borrower_id", "Who owes."),
        *(real(each.name, f"{each.sentence} ({each.unit})", each.null_means) for each in features),
    )
