"""An Apache Spark cluster of this machine for a test, what is shipped to it, and the two ways of running on it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyspark import find_spark_home

from tests.pipelines.machine import ROOT

BIN = Path(sys.executable).parent
LOOPBACK = ("spark.driver.host=127.0.0.1", "spark.driver.bindAddress=127.0.0.1")
QUICK = "-XX:TieredStopAtLevel=1"
"""Java compiles a little less: hundreds of small jobs end sooner."""
JAVA = {f"spark.{whose}.extraJavaOptions": QUICK for whose in ("driver", "executor")}


@dataclass(frozen=True)
class Cluster:
    """A master with two workers, and the folder of what was built for them."""

    address: str
    folder: Path
    dist: Path

    @property
    def by_master(self) -> tuple[str, ...]:
        """Give the options of a command whose workers have this machine's packages, and ours from the zip."""
        settings = (
            "memory=2g",
            "partitions=1",
            f"packages={self.dist / 'poolwright.zip'}",
            f"options={json.dumps(JAVA)}",
        )
        return ("--master", self.address, *(f"--set=engine.{one}" for one in settings))

    @property
    def by_submit(self) -> tuple[str, ...]:
        """Give the start of a command that `spark-submit` runs, with workers that import from the archive alone."""
        pythons = ("spark.pyspark.python=./environment/bin/python", f"spark.pyspark.driver.python={sys.executable}")
        java = (f"{key}={value}" for key, value in JAVA.items())
        options = [word for one in (*pythons, *LOOPBACK, *java) for word in ("--conf", one)]
        archive = f"{self.dist / 'poolwright-environment.tar.gz'}#environment"
        submit = Path(find_spark_home._find_spark_home()) / "bin" / "spark-submit"
        line = (submit, "--master", self.address, "--driver-memory", "2g", "--archives", archive, *options)
        return (*map(str, line), str(self.dist / "poolwright.py"))

    def compiled(self, name: str) -> list[Path]:
        """List where workers kept the compiled sweep within an archive of that name, a folder each."""
        return [*self.folder.glob(f"work-*/*/*/{name}/**/__pycache__/sweep-*")]


@contextmanager
def standing(folder: Path) -> Iterator[Cluster]:
    """Build what workers need, start a cluster, and stop it whatever happens."""
    dist = folder / "dist"
    _script("dist.sh", dist, folder / "packages")
    place = folder / "cluster"
    try:
        _script("cluster.sh", "start", place)
        yield Cluster((place / "address").read_text("utf-8").strip(), place, dist)
    finally:
        _script("cluster.sh", "stop", place)


def _script(name: str, *words: object) -> None:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PORT": "0"}
    line = ["bash", f"pipelines/{name}", *map(str, words)]
    subprocess.run(line, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
