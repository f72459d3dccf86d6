"""The engine session: Sail in process by default, Apache Spark by one setting, the same DataFrame code on both."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from runtime.cluster import driver_options, master_of, python_of_workers
from runtime.settings import EngineSettings
from schemas.errors import EngineError

JAVA_VERSIONS = ("17", "21")
COMMON = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
}
SPARK_ONLY = {
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.sql.adaptive.enabled": "true",
}


@contextmanager
def session(settings: EngineSettings) -> Iterator[SparkSession]:
    """Open the engine for the length of a batch, and close it whatever happens.

    Raises:
        EngineError: The engine cannot be started or reached.
    """
    opened = _sail(settings) if settings.name == "sail" else _spark(settings)
    with opened as spark:
        yield spark


@contextmanager
def _sail(settings: EngineSettings) -> Iterator[SparkSession]:
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    spark = _connect(f"sc://127.0.0.1:{port}", settings)
    try:
        yield spark
    finally:
        spark.stop()
        server.stop()


@contextmanager
def _spark(settings: EngineSettings) -> Iterator[SparkSession]:
    if master_of(settings).startswith("sc://"):
        spark = _connect(settings.master, settings)
    else:
        _require_java()
        spark = _classic(settings)
    try:
        yield spark
    finally:
        spark.stop()


def _connect(url: str, settings: EngineSettings) -> SparkSession:
    spark = SparkSession.builder.remote(url).create()
    for key, value in {**COMMON, "spark.sql.shuffle.partitions": str(settings.partitions), **settings.options}.items():
        spark.conf.set(key, value)
    return spark


def _classic(settings: EngineSettings) -> SparkSession:
    os.environ["PYSPARK_PYTHON"] = python_of_workers(settings)
    wanted = {
        **COMMON,
        **SPARK_ONLY,
        **driver_options(settings),
        "spark.sql.shuffle.partitions": str(settings.partitions),
        **settings.options,
    }
    builder = SparkSession.builder.appName("poolwright")
    for key, value in wanted.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def java_version() -> str | None:
    """Give the major version of the Java that Apache Spark would use, or None where there is none that answers."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return None
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    except OSError:
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return found.group(1) if found else None


def _require_java() -> None:
    version = java_version()
    if version not in JAVA_VERSIONS:
        found = "no Java on this machine" if version is None else f"Java {version}"
        raise EngineError(
            found,
            "Apache Spark needs Java 17 or 21",
            "install a Java 17 runtime (Debian: openjdk-17-jre-headless) and set JAVA_HOME, "
            "or run with --engine sail, which needs none",
        )
