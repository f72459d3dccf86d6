"""How days past due are counted: the convention that receivable states and labels share."""

from pydantic import BaseModel, ConfigDict, Field


class StateConvention(BaseModel):
    """The stated convention by which the state of a receivable is recomputed from schedule and cash.

    Payments are allotted to the first due instalment first, over principal, interest and fees together. An instalment
    due on D and open at the start of D+1 is one day past due; one covered on value day V was V-D days late.

    Args:
        grace_days: Lateness of at most this many days counts as none; beyond it every day counts.
        covering_kinds: Kinds of adjustment that cover instalments as cash does, on the day they happened.
        writing_off_kinds: Kinds of adjustment that take principal off the book as lost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    grace_days: int = Field(default=0, ge=0)
    covering_kinds: tuple[str, ...] = ("REFUND",)
    writing_off_kinds: tuple[str, ...] = ("WRITE_OFF",)
