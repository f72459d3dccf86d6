"""What the pool page counts, against plain counts over the rows that were published."""

from decimal import Decimal

from schemas import derived
from tests.workbench import world
from workbench.census import stopped
from workbench.desk import Desk
from workbench.sheet import Place


def test_what_criteria_stop_is_counted_as_the_failures_say(desk: Desk) -> None:
    """Failed, unknown, only and principal of each criterion: one published failure after another."""
    sheet = desk.sheets.at(Place(world.DAY, desk.deal(world.DEAL, world.DAY)))
    read = desk.shelf.read
    owed = {
        row["receivable_id"]: (row["current_principal_amount"], row["failed_count"])
        for row in read(derived.SCREENINGS, world.DAY, world.DEAL)
    }
    failures = read(derived.SCREENING_FAILURES, world.DAY, world.DEAL)
    found = stopped(sheet)
    assert [one.criterion for one in found] == list(sheet.place.deal.criteria)
    assert sum(one.failed + one.unknown for one in found) == len(failures) > 0
    for one in found:
        mine = [row for row in failures if row["code"] == one.criterion.code]
        names = [row["receivable_id"] for row in mine]
        assert one.failed == sum(row["outcome"] == "F" for row in mine)
        assert one.unknown == sum(row["outcome"] == "U" for row in mine)
        assert one.amount == sum((owed[name][0] for name in names), Decimal(0))
        assert one.only_count == sum(owed[name][1] == 1 for name in names)
