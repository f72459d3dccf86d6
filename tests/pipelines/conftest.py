"""A small simulated platform, written once for all tests of the chain, and a deal that fits its size."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

from pipelines.__main__ import main
from simulate.platform import simulate
from tests.pipelines.calls import Answer, Call
from tests.pipelines.chain import BORROWERS, DAYS, DEAL, FIRST_DAY, MONDAY, SECOND_DEAL, SECRET, Chain, opened

CONF = Path(__file__).resolve().parents[2] / "conf"
KEPT_LIMITS = ("P06", "P08", "P12")


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the raw logs, one day more than the first as-of day sees."""
    folder = tmp_path_factory.mktemp("platform") / "raw"
    simulate(folder, borrowers=BORROWERS, days=DAYS + 1, seed=11, first_day=FIRST_DAY)
    return folder


@pytest.fixture(scope="session")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the configuration with limits of the deal that a hundred and eighty borrowers can keep."""
    folder = tmp_path_factory.mktemp("configuration") / "conf"
    shutil.copytree(CONF, folder)
    path = folder / "deals" / f"{DEAL}.yaml"
    deal = yaml.safe_load(path.read_text("utf-8"))
    deal["limits"] = [one for one in deal["limits"] if one["code"] in KEPT_LIMITS]
    for one in deal["limits"]:
        one["at_least" if "at_least" in one else "at_most"] = 0.01 if "at_least" in one else 0.9
    deal["batch"]["minimum_amount"] = 100.0
    for name in (DEAL, SECOND_DEAL):
        text = yaml.safe_dump({**deal, "name": name}, allow_unicode=True, sort_keys=False)
        (folder / "deals" / f"{name}.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="session")
def trained(raw: Path, conf: Path, engine: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Take a workspace from raw logs to tagged receivables."""
    with opened(tmp_path_factory.mktemp("trained"), conf, engine) as space:
        chain = Chain(space, raw)
        chain.ingest()
        chain.train()
        chain.day(to="score", deal="")
        yield chain


@pytest.fixture(scope="session")
def bought(raw: Path, conf: Path, engine: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Take a workspace from raw logs to a booked purchase, each stage twice; `results` keeps what they came to."""
    with opened(tmp_path_factory.mktemp("bought"), conf, engine) as space:
        chain = Chain(space, raw)
        chain.enrol()
        chain.results["first"] = chain.all_the_way()
        chain.results["second"] = chain.all_the_way()
        chain.results["screened"] = {name: chain.rows(name, MONDAY) for name in ("screenings", "screening_failures")}
        chain.buy(chain.results["first"]["propose"].proposal_id)
        chain.day()
        chain.results["after booking"] = chain.rows("screenings", MONDAY)
        yield chain


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, conf: Path) -> Call:
    """Call the command line in this process, by default on an empty workspace."""
    monkeypatch.setenv("POOLWRIGHT_HOME", str(tmp_path / "workspace"))
    monkeypatch.setenv("POOLWRIGHT_PSEUDONYM_SECRET", SECRET)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(conf.parent)

    def called(*words: str, by: str = "root") -> Answer:
        monkeypatch.setenv("POOLWRIGHT_SECRET", f"secret of {by}")
        monkeypatch.setattr(sys, "argv", ["poolwright", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        code = ended.value.code
        return Answer(code if isinstance(code, int) else int(code is not None), told.out, told.err)

    return called
