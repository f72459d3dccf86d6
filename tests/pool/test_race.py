"""Sixteen processes race to pledge overlapping lists, and are killed: no double pledge, no lost entry, chain valid."""

import pytest

from tests.pool.race import PROCESSES, Race, check


def test_a_race_is_won_once(url: str) -> None:
    """Every contested receivable goes to one pool, with all of its list."""
    race = Race(url, rounds=6)
    race.run()
    found = check(race)
    assert found["entries"] == 3 + len(race.heard)
    assert found["booked"] >= 6
    assert found["booked"] < PROCESSES * race.rounds, "nothing was contested"


def test_a_kill_at_any_moment_loses_nothing(url: str) -> None:
    """A process that dies has entered an act wholly or not at all, and the others go on."""
    race = Race(url, rounds=6, kills=4)
    race.run()
    assert check(race)["killed"] == 4


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("kills", [0, 300])
def test_a_thousand_rounds(url: str, kills: int, record_property: pytest.FixtureRequest) -> None:
    """The whole race, undisturbed and with three hundred kills."""
    race = Race(url, rounds=1000, kills=kills)
    race.run()
    found = check(race)
    for name, value in found.items():
        record_property(name, value)  # type: ignore[operator]
    assert found["killed"] == kills
    assert found["booked"] >= 1000 - kills
