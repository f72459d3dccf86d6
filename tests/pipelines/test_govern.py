"""Governance through the workspace: signing, gates, overrides, the way back, and comparison on common rows."""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest
from pydantic import SecretStr
from rich.console import Console

from models.assess import Frame, assess
from models.fit import TrainedModel, train
from models.versions import Run, Trainer
from pipelines import govern
from pipelines.govern import ANEW, ASSESSMENT, BOTH, JUDGED, comparison, judged, promote, rollback
from pipelines.model_card import card, keep_card
from pipelines.model_views import comparison_view, judgement_told, judgement_view
from pipelines.score import champion, registry
from pipelines.signing import trainer
from pool.people import Credentials, Role
from pool.store import LedgerStore
from runtime.settings import Environment, load_settings
from runtime.workspace import Workspace
from schemas.errors import AccessError, ModelError
from tests.models.known import FEATURES, NAMES, SMALL, World, world
from tests.pipelines.calls import Call
from tests.pipelines.chain import AT
from tests.pipelines.conftest import CONF

WHY = "better calibrated on later days"
ALICE = Trainer("alice", is_signed=True)
SETTINGS = ("training.leakage.gain_share=0.9", "training.gates.slope_low=0.5")


@pytest.fixture(scope="module")
def small() -> World:
    """Give the world whose truth is known."""
    return world()


@pytest.fixture(scope="module")
def good(small: World) -> TrainedModel:
    """Give a model that is fit."""
    lenient = SMALL.model_copy(update={"leakage": SMALL.leakage.model_copy(update={"gain_share": 0.9})})
    return train(small.frame, lenient, FEATURES)


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    """Give a workspace with alice, who trains, and bob and carol, who approve."""
    with Workspace(tmp_path / "workspace", load_settings(CONF, overrides=SETTINGS)) as opened:
        store = LedgerStore(opened.ledger_url)
        root = Credentials("root", "secret of root")
        store.add_person(root, frozenset({Role.ADMIN}), AT)
        for name, role in (("alice", Role.PROPOSER), ("bob", Role.APPROVER), ("carol", Role.APPROVER)):
            store.add_person(Credentials(name, f"secret of {name}"), frozenset({role}), AT, root)
        store.close()
        act_as(opened, "bob")
        yield opened


def act_as(space: Workspace, name: str) -> None:
    """Let the keyboard be another person's."""
    space.environment = Environment(secret=SecretStr(f"secret of {name}"))


def bring(space: Workspace, trained: TrainedModel, frame: pd.DataFrame, key: str, by: Trainer = ALICE) -> str:
    """Register a model with its evidence, as training does."""
    told = assess(trained, Frame(frame, {}, {}), FEATURES)
    evidence = {ASSESSMENT: told.to_text().encode(), JUDGED: trained.tested.to_parquet(index=False)}
    return registry(space).record(trained, Run(key, {}, {}, by, evidence=evidence))


def worse(trained: TrainedModel) -> TrainedModel:
    """Give the model with test predictions that rank the wrong way round."""
    rows = trained.out_of_time
    return replace(trained, out_of_time=rows.assign(default_probability=0.5 - rows["default_probability"] / 2))


@pytest.mark.quiet("NOT_WORSE", "MEASURED", "CALIBRATED", "STABLE", "NO_LEAK", "MONOTONE", "SIGNED")
def test_nothing_scores_until_somebody_promotes(space: Workspace, good: TrainedModel, small: World) -> None:
    """The first model goes through the gates like any other; the error says which command is missing."""
    with pytest.raises(ModelError, match="poolwright train"):
        champion(space)
    version = bring(space, good, small.frame, "a")
    with pytest.raises(ModelError, match=f"models promote {version}"):
        champion(space)
    found = promote(space, version, "bob", WHY)
    assert found.failed == ()
    assert champion(space).version == version
    (told,) = found.version.promotions
    assert (told["approver"], told["reason"], told["failed"], told["override"]) == ("bob", WHY, [], "")


@pytest.mark.fires("NOT_WORSE")
def test_a_worse_version_stays_out_unless_somebody_answers_for_it(
    space: Workspace, good: TrainedModel, small: World
) -> None:
    """The gate names the difference; an override needs words of its own, which stay with the version."""
    first = bring(space, good, small.frame, "a")
    promote(space, first, "bob", WHY)
    second = bring(space, worse(good), small.frame, "b")
    refused = promote(space, second, "bob", WHY)
    assert "NOT_WORSE" in refused.failed
    assert champion(space).version == first
    assert refused.version.promotions == ()
    with pytest.raises(ModelError, match="--override"):
        promote(space, second, "bob", WHY, "just so")
    accepted = promote(space, second, "bob", WHY, "the regulator asks for this version today")
    assert champion(space).version == second
    told = accepted.version.promotions[-1]
    assert told["override"] == "the regulator asks for this version today"
    assert tuple(told["failed"]) == refused.failed
    assert told["replaced"] == first
    assert "NOT_WORSE" in judged(space, second).failed


def test_a_champion_is_not_promoted_again(space: Workspace, good: TrainedModel, small: World) -> None:
    """So a rollback cannot return to the very version that it takes back."""
    first = bring(space, good, small.frame, "a")
    assert promote(space, first, "bob", WHY).is_new
    again = promote(space, first, "bob", WHY)
    assert (again.is_new, len(again.version.promotions)) == (False, 1)


def test_the_command_line_says_no_with_exit_code_one(
    space: Workspace, good: TrainedModel, small: World, call: Call
) -> None:
    """A failed gate keeps the version out; an override lets it score, and the page is laid out anew."""
    version = bring(space, good, small.frame, "a", trainer(space, ""))
    where = ["--home", str(space.home), "--conf", str(CONF), *(word for one in SETTINGS for word in ("--set", one))]
    asked = ("models", "promote", version, "--reason", WHY, "--as", "bob", *where)
    refused = call(*asked, "--json", by="bob")
    assert (refused.code, json.loads(refused.out)["promoted"]) == (1, False)
    assert "stays out: it fails SIGNED" in refused.err
    accepted = call(*asked, "--override", "the batch account trained it", by="bob")
    assert (accepted.code, "Override of SIGNED" in accepted.err) == (0, True)
    (kept,) = space.home.rglob("card.html")
    assert "the batch account trained it" in kept.read_text("utf-8")


def test_an_override_that_nothing_asked_for_is_not_kept(space: Workspace, good: TrainedModel, small: World) -> None:
    """Where every gate was passed, there is nothing to override."""
    found = promote(space, bring(space, good, small.frame, "a"), "bob", WHY, "in case a gate does not hold")
    assert found.version.promotions[-1]["override"] == ""


def test_the_trainer_does_not_approve(space: Workspace, good: TrainedModel, small: World) -> None:
    """Not with an override either; another approver may."""
    version = bring(space, good, small.frame, "a", Trainer("bob", is_signed=True))
    with pytest.raises(AccessError, match="bob trained"):
        promote(space, version, "bob", WHY, "there is nobody else today, sorry")
    act_as(space, "carol")
    assert promote(space, version, "carol", WHY).failed == ()


def test_who_approves_is_authenticated_and_an_approver(space: Workspace, good: TrainedModel, small: World) -> None:
    """A wrong secret, another role, an unknown name and too short a reason are refused."""
    version = bring(space, good, small.frame, "a")
    with pytest.raises(AccessError, match="secret"):
        promote(space, version, "carol", WHY)
    with pytest.raises(AccessError, match="nobody"):
        promote(space, version, "nobody", WHY)
    act_as(space, "alice")
    with pytest.raises(AccessError, match="alice is proposer"):
        promote(space, version, "alice", WHY)
    act_as(space, "bob")
    with pytest.raises(ModelError, match="at least 20 characters"):
        promote(space, version, "bob", "why not")
    assert registry(space).load("champion") is None


@pytest.mark.fires("SIGNED")
@pytest.mark.quiet("SIGNED")
def test_a_training_that_nobody_signed_needs_an_override_or_a_signature(
    space: Workspace, good: TrainedModel, small: World
) -> None:
    """The machine's user is no signature; who signs later answers for it, and does not approve."""
    nobody = trainer(space, "")
    assert not nobody.is_signed
    version = bring(space, good, small.frame, "a", nobody)
    assert promote(space, version, "bob", WHY).failed == ("SIGNED",)
    act_as(space, "alice")
    registry(space).sign(version, trainer(space, "alice"))
    act_as(space, "bob")
    assert promote(space, version, "bob", WHY).failed == ()


def test_rollback_returns_to_the_champion_before(space: Workspace, good: TrainedModel, small: World) -> None:
    """By an approver with a reason; a second one goes one step further, or says that there is none."""
    first, second = bring(space, good, small.frame, "a"), bring(space, good, small.frame, "b")
    for version in (first, second):
        promote(space, version, "bob", WHY)
    back = rollback(space, "bob", "scores drift since the switch")
    assert back.version == champion(space).version == first
    assert back.promotions[-1]["act"] == "rollback"
    assert back.promotions[-1]["replaced"] == second
    with pytest.raises(ModelError, match="no version before"):
        rollback(space, "bob", "and once more, further back")
    act_as(space, "alice")
    with pytest.raises(AccessError):
        rollback(space, "alice", "scores drift since the switch")


def test_common_rows_are_those_that_both_were_judged_on(space: Workspace, good: TrainedModel, small: World) -> None:
    """What each said then is compared; the champion beside what it replaced."""
    first, second = bring(space, good, small.frame, "a"), bring(space, worse(good), small.frame, "b")
    found = comparison(space, first, second)
    assert (found.source, found.rows) == (BOTH, len(good.out_of_time))
    assert found.auc.difference < -0.3
    assert asdict(comparison(space, second, first).auc)["difference"] == pytest.approx(-found.auc.difference)


def test_without_common_rows_the_older_version_is_asked_anew(
    space: Workspace, good: TrainedModel, small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the newer one's judging rows, from the stored features of their days, in either order of the two."""
    days = sorted(set(good.out_of_time["as_of"]))
    rows = good.out_of_time
    old = replace(good, out_of_time=rows[rows["as_of"] == days[0]])
    new = replace(good, out_of_time=rows[rows["as_of"] == days[1]])
    first, second = bring(space, old, small.frame, "a"), bring(space, new, small.frame, "b")
    monkeypatch.setattr(govern, "FEATURES", SimpleNamespace(names=NAMES))
    space.__dict__["catalog"] = Stored(small.frame)
    found, turned = comparison(space, first, second), comparison(space, second, first)
    assert found.source == ANEW
    assert found.rows == len(new.out_of_time) == turned.rows
    assert found.auc.difference == pytest.approx(0)
    monkeypatch.setattr(govern, "FEATURES", SimpleNamespace(names=NAMES[1:]))
    with pytest.raises(ModelError, match="late_days_90d"):
        comparison(space, first, second)
    promote(space, first, "bob", WHY)
    assert judged(space, second).failed == ("NOT_WORSE",)


def test_views_and_card_say_what_stands(space: Workspace, good: TrainedModel, small: World, tmp_path: Path) -> None:
    """Terminal and page name the gates, the difference and the promotion; the page is kept beside the run."""
    first, second = bring(space, good, small.frame, "a"), bring(space, worse(good), small.frame, "b")
    promote(space, first, "bob", WHY)
    out = Console(file=io.StringIO(), width=300)
    judgement_view(judged(space, second))(out)
    comparison_view(comparison(space, first, second))(out)
    told = out.file.getvalue()  # type: ignore[attr-defined]
    for said in ("NOT_WORSE", "Promotions: none", "alice", "common rows of", "95 % interval"):
        assert said in told
    assert judgement_told(judged(space, first))["promotions"][0]["approver"] == "bob"
    page = card(space, first)
    assert WHY in page
    assert "Scores now" in page
    keep_card(space, first)
    (kept,) = (tmp_path / "workspace").rglob("card.html")
    assert kept.read_text("utf-8") == page


class Stored:
    """A catalog that stores one frame of features."""

    def __init__(self, frame: pd.DataFrame) -> None:
        """Keep the frame."""
        self._frame = frame

    def arrow(self, _table: object, where: dict[str, object], names: list[str]) -> pa.Table:
        """Give a day's rows."""
        return pa.Table.from_pandas(self._frame.loc[self._frame["as_of"] == where["as_of"], names])

    def close(self) -> None:
        """Have nothing to let go of."""
