"""What was known at the start of a day, each thing computed once: the only door from the logs to their readers."""

from collections.abc import Callable
from datetime import date

from pyspark.sql import DataFrame

from features.spark_allotment import effective_repayments, movements, payoffs, schedule, settlements
from features.spark_cut import Hold, Logs, read_visible
from features.states import StateConvention


class Known:
    """The logs behind the cut of one day, and what the allotment of cash makes of them.

    Whoever computes from it cannot see past the cut. What several need is held, so that it is computed once.
    """

    def __init__(self, logs: Logs, day: date, time_zone: str, convention: StateConvention, hold: Hold) -> None:
        """Keep the logs where only the cut reaches them."""
        self.day, self.time_zone, self.convention = day, time_zone, convention
        self._logs, self._hold = logs, hold
        self._held: dict[str, DataFrame] = {}

    def held(self, name: str, make: Callable[[], DataFrame]) -> DataFrame:
        """Give the frame held under a name, made at its first use."""
        if name not in self._held:
            self._held[name] = self._hold(make(), name)
        return self._held[name]

    def read(self, name: str) -> DataFrame:
        """Give a log as it was known."""
        return read_visible(self._logs, name, self.day, self.time_zone)

    def receivables(self) -> DataFrame:
        """Give the receivables."""
        return self.held("receivables", lambda: self.read("receivables"))

    def repayments(self) -> DataFrame:
        """Give the payments and voidings."""
        return self.held("repayments", lambda: self.read("repayments"))

    def payments(self) -> DataFrame:
        """Give the payments that count."""
        return effective_repayments(self.repayments(), self.day)

    def movements(self) -> DataFrame:
        """Give the movements of all receivables."""
        adjustments = self.read("adjustments")
        return self.held("movements", lambda: movements(self.payments(), adjustments, self.time_zone, self.convention))

    def schedule(self) -> DataFrame:
        """Give the instalments in force."""
        return self.held("schedule", lambda: schedule(self.read("instalments")))

    def payoffs(self) -> DataFrame:
        """Give the days on which receivables were paid off."""
        return self.held("payoffs", lambda: payoffs(self.movements(), self.receivables(), self.convention))

    def settlements(self) -> DataFrame:
        """Give the instalments in force with the day on which each was covered."""
        return self.held("settlements", lambda: settlements(self.schedule(), self.movements(), self.payoffs()))
