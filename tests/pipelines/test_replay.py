"""A purchase is chosen once more from what there was then, whatever came since; another cause gives another list."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from models.versions import Decision
from pipelines.origin import origin_of
from pipelines.replay import RAN_ON
from pipelines.score import registry
from pipelines.train import train
from schemas.lending import REPAYMENTS
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import AT, BOB, DEAL, MONDAY, Chain, contents, opened
from tests.pipelines.test_chain import HANDED_OVER, deliver_correction

pytestmark = pytest.mark.timeout(900)


def replayed(call: Call, chain: Chain, name: str, code: int = 0) -> dict[str, Any]:
    """Replay a purchase by the command line."""
    answer = call("replay", name, *on(chain), "--json")
    assert answer.code == code, answer
    told: dict[str, Any] = json.loads(answer.out)
    return told


def purchase_of(chain: Chain) -> str:
    """Give the purchase that the chain booked."""
    name: str = chain.results["first"]["propose"].proposal_id
    return name


@pytest.fixture
def stricter(bought: Chain) -> Iterator[None]:
    """Let the deal be another document since: a criterion that nothing passes."""
    path = bought.space.settings.folder / "deals" / f"{DEAL}.yaml"
    before = path.read_text("utf-8")
    document = yaml.safe_load(before)
    document["criteria"][0]["expression"] = "receivable.annual_rate > 9"
    path.write_text(yaml.safe_dump({**document, "version": 2}, allow_unicode=True, sort_keys=False), "utf-8")
    yield
    path.write_text(before, "utf-8")


@pytest.mark.usefixtures("stricter")
def test_a_booked_purchase_is_the_same_list_after_booking_and_under_another_deal(call: Call, bought: Chain) -> None:
    """Bought receivables are pledged now, and the deal is another: the replay sees neither, and publishes nothing."""
    name = purchase_of(bought)
    before = contents(bought.space)
    told = replayed(call, bought, name)
    assert (told["same"], told["differing"]) == (True, [])
    lines = {one["what"]: one for one in told["lines"]}
    with bought.ledger() as store:
        payload = store.words(name)[0].payload
    assert {*payload["inputs"], "list_hash", "bytes of the list as parquet", "proposal", RAN_ON} <= lines.keys()
    assert lines["proposal"]["now"] == name
    assert lines["count"]["now"] == payload["count"] > 5
    assert contents(bought.space) == before
    assert not any((bought.space.home / "scratch").iterdir())


def test_an_origin_that_is_lost_or_another_is_said_to_be_so(call: Call, bought: Chain) -> None:
    """Nothing is replayed then."""
    name = purchase_of(bought)
    path = bought.space.home / "origins" / f"{name}.json"
    kept = path.read_text("utf-8")
    try:
        path.write_text(kept.replace('"aim"', '"target"'), "utf-8")
        assert "what `poolwright propose` wrote" in call("replay", name, *on(bought)).err
        changed = json.loads(kept)
        path.write_text(json.dumps({**changed, "snapshots": {**changed["snapshots"], "orders": 7}}), "utf-8")
        assert "snapshot 7 of orders is gone" in call("replay", name, *on(bought)).err
        path.write_text(json.dumps({**changed, "model_version": "77"}), "utf-8")
        assert "model 77, which scored then, is gone" in call("replay", name, *on(bought)).err
        path.unlink()
        answer = call("replay", name, *on(bought))
        assert (answer.code, "nothing kept" in answer.err) == (2, True)
    finally:
        path.write_text(kept, "utf-8")


@pytest.fixture
def own(bought: Chain, conf: Path, engine: SparkSession, tmp_path: Path) -> Iterator[Chain]:
    """Take a workspace of its own from logs to a booked purchase; `results` keeps its id."""
    with opened(tmp_path / "own", conf, engine) as space:
        chain = Chain(space, bought.raw)
        chain.enrol()
        chain.ingest()
        chain.train()
        chain.results["purchase"] = chain.propose().proposal_id
        chain.buy(chain.results["purchase"])
        yield chain


def goes_on(chain: Chain, folder: Path) -> str:
    """Deliver a late correction, promote another model, release everything, run the day; give the model's version."""
    deliver_correction(chain.raw, folder)
    late = Chain(chain.space, folder)
    assert late.ingest(HANDED_OVER + timedelta(days=1)).batches[-1].due
    chain.space.settings.tree["training"]["booster"]["rounds"] = 5
    with chain.space.writing():
        second = train(chain.space, MONDAY)
    registry(chain.space).decide(second.version, Decision("promote", BOB.name, "another one", AT.isoformat()))
    with chain.ledger() as store:
        keys = [one.receivable_key for one in store.positions(DEAL)]
        store.release(DEAL, keys, BOB, AT, "the test lets go")
    late.day()
    return second.version


@pytest.mark.slow
def test_late_corrections_another_model_and_another_deal_change_no_past_purchase(
    call: Call, own: Chain, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """All of them at once, and everything released: the same list and hash; less cash is the first difference."""
    name, space = own.results["purchase"], own.space
    request.getfixturevalue("stricter")
    version = goes_on(own, tmp_path / "raw")
    assert {row["model_version"] for row in own.rows("receivable_tags", MONDAY)} == {version} != {"1"}
    with own.ledger() as store:
        sequence = store.words(name)[0].sequence
    told = replayed(call, own, str(sequence))
    assert told["same"], told["lines"]
    assert {one["what"]: one["now"] for one in told["lines"]}["model_version"] == "1"
    path = space.home / "origins" / f"{name}.json"
    kept = path.read_text("utf-8")
    path.write_text(json.dumps({**json.loads(kept), "cash": "4000"}), "utf-8")
    less = replayed(call, own, name, code=1)
    assert (less["differing"][0], "screenings" in less["differing"]) == ("seed", False)
    path.write_text(kept, "utf-8")
    gone = space.catalog.files(REPAYMENTS.name, snapshot=origin_of(space, name).snapshots[REPAYMENTS.name])[0]
    Path(gone).rename(f"{gone}.away")
    assert "is gone" in call("replay", name, *on(own)).err
