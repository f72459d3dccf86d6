"""Which version scored when: rollbacks take back promotions, the latest first."""

import pytest

from models.versions import Trainer, Version, history, version_before
from schemas.errors import ModelError


def acted(*acts: tuple[str, str]) -> list[Version]:
    """Give versions that carry these acts, in order: (act, version)."""
    told: dict[str, list[dict[str, object]]] = {}
    for number, (act, version) in enumerate(acts, start=1):
        told.setdefault(version, []).append({"act": act, "alias": "champion", "number": number})
    nobody = Trainer("", is_signed=False)
    return [Version(name, "", (), {}, {}, nobody, tuple(entries)) for name, entries in sorted(told.items())]


def test_the_history_is_one_line_over_all_versions() -> None:
    """In the order of the acts, whatever version each stands with."""
    found = history(acted(("promote", "2"), ("promote", "1"), ("promote", "2")))
    assert [version for version, _ in found] == ["2", "1", "2"]


def test_rollbacks_go_back_step_by_step() -> None:
    """After 1, 2, 3 a rollback returns to 2, another to 1; a new promotion starts from there."""
    three = [("promote", "1"), ("promote", "2"), ("promote", "3")]
    assert version_before(acted(*three)) == "2"
    assert version_before(acted(*three, ("rollback", "2"))) == "1"
    assert version_before(acted(*three, ("rollback", "2"), ("promote", "3"))) == "2"


@pytest.mark.parametrize("acts", [[], [("promote", "1")], [("promote", "1"), ("promote", "2"), ("rollback", "1")]])
def test_there_may_be_nothing_before(acts: list[tuple[str, str]]) -> None:
    """Then it is said in plain words."""
    with pytest.raises(ModelError, match=r"no version before 1|nothing was ever"):
        version_before(acted(*acts))
