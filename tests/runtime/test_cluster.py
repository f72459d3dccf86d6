"""What reaches the workers of a cluster, and that a wheel carries all that a checkout has."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.common import Common
from runtime.cluster import driver_options, master_of, python_of_workers
from runtime.manifest import code_version, lock_version
from runtime.settings import EngineSettings
from schemas.errors import ConfigurationError, EngineError

ROOT = Path(__file__).resolve().parents[2]
SUBMITTED = "PYSPARK_GATEWAY_PORT"


def engine(master: str, **places: str) -> EngineSettings:
    """Give settings of Apache Spark."""
    return EngineSettings(name="spark", master=master, **places)


def common(name: str = "", master: str = "") -> Common:
    """Give the options of a command."""
    return Common(home=None, conf=ROOT / "conf", env="", overrides=(), engine=name, master=master, json=False)


def test_archives_go_to_workers_of_their_own(tmp_path: Path) -> None:
    """A cluster's workers get both, ours first; those of local[N] run in the driver's place and need neither."""
    for name in ("environment.tar.gz", "poolwright.zip"):
        (tmp_path / name).touch()
    places = {"environment": str(tmp_path / "environment.tar.gz"), "packages": str(tmp_path / "poolwright.zip")}
    there = engine("spark://head:7077", **places)
    assert driver_options(there)["spark.archives"] == ",".join(f"{place}#{name}" for name, place in places.items())
    assert driver_options(there)["spark.executorEnv.PYTHONPATH"] == "./packages"
    assert python_of_workers(there) == "./environment/bin/python"
    here = engine("local[2]", **places)
    assert not {"spark.archives", "spark.executorEnv.PYTHONPATH"} & set(driver_options(here))
    assert python_of_workers(here) == sys.executable


def test_an_archive_has_its_place_or_its_address() -> None:
    """A missing file and a name that Apache Spark would not unpack are refused; an address is left as it is."""
    far = engine("yarn", environment="hdfs:///apps/environment.tar.gz")
    assert driver_options(far)["spark.archives"] == "hdfs:///apps/environment.tar.gz#environment"
    with pytest.raises(EngineError, match="no file"):
        driver_options(engine("yarn", environment="nowhere.zip"))
    with pytest.raises(EngineError, match="ends in"):
        driver_options(engine("yarn", packages="poolwright-0.1.0-py3-none-any.whl"))


def test_only_a_cluster_of_this_machine_is_bound_to_the_loopback() -> None:
    """Workers of other machines must reach the driver."""
    found = {master: "spark.driver.host" in driver_options(engine(master)) for master in ("local[2]", "spark://h:1")}
    assert found == {"local[2]": True, "spark://h:1": False}
    assert driver_options(engine("spark://127.0.0.1:7077"))["spark.driver.host"] == "127.0.0.1"


def test_under_spark_submit_what_it_was_told_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither master, nor size, nor the workers' Python is decided again, and the engine is Apache Spark."""
    monkeypatch.setenv(SUBMITTED, "1")
    monkeypatch.setenv("PYSPARK_PYTHON", "./environment/bin/python")
    assert (master_of(engine("")), driver_options(engine(""))) == ("", {})
    assert python_of_workers(engine("")) == "./environment/bin/python"
    assert common().settings().section("engine", EngineSettings).name == "spark"


def test_a_master_names_the_engine_too() -> None:
    """--master means Apache Spark; beside --engine sail it is refused."""
    found = common(master="spark://head:7077").settings().section("engine", EngineSettings)
    assert (found.name, found.master) == ("spark", "spark://head:7077")
    with pytest.raises(ConfigurationError, match="--master"):
        common("sail", "local[2]").settings()


TELL = """
from features.sweep_compiled import IS_KEPT
from runtime.manifest import code_version, lock_version
from runtime.settings import conf_folder
import runtime
print(code_version(), lock_version(), IS_KEPT, runtime.__file__)
print(conf_folder() if IS_KEPT else "")
"""


def test_a_wheel_is_the_same_code_with_its_configuration(tmp_path: Path) -> None:
    """Unpacked it has conf/ and the lock; as a zip it can be imported; code and lock are those of the checkout."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    archive = next(tmp_path.glob("*.whl")).rename(tmp_path / "poolwright.zip")
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    for place, is_kept in ((archive, False), (tmp_path / "unpacked", True)):
        environment = {**os.environ, "PYTHONPATH": str(place)}
        line = [sys.executable, "-c", TELL]
        told = subprocess.run(line, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
        code, lock, kept, where, *conf = told.stdout.split()
        assert (code, lock, kept) == (code_version(), lock_version(), str(is_kept))
        assert where.startswith(str(place))
        assert conf == ([str(place / "runtime" / "conf")] if is_kept else [])
