"""Our screening of the benchmark's receivables, on an engine of its own.

Usage: pool_ours.py TIMES DATA OUT [ENGINE]
Prints the seconds of each run as JSON.
"""

import json
import shutil
import sys
import time
from pathlib import Path

from pool_data import AS_OF, CHAMPION, ZONE
from pyspark.sql import SparkSession

from pool.deal import load_deal
from pool.spark_judge import judge_tables, screened
from pool.spark_view import Tables
from runtime.session import session
from runtime.settings import EngineSettings
from schemas import derived, events, lending, parties
from schemas.spark import struct_type

LOGS = (
    lending.RECEIVABLES,
    parties.BORROWERS,
    parties.MERCHANTS,
    events.ORDERS,
    parties.CREDIT_REPORTS,
    parties.BLACKLIST,
)
DEAL = load_deal((Path(__file__).resolve().parent / "pool_deal.yaml").read_text("utf-8"))


def run(spark: SparkSession, data: Path, out: Path) -> None:
    """Screen, and write both tables."""
    logs = {table.name: spark.read.schema(struct_type(table)).parquet(str(data / table.name)) for table in LOGS}
    states, tags = (
        spark.read.schema(struct_type(table)).parquet(str(data / table.name))
        for table in (derived.RECEIVABLE_STATES, derived.RECEIVABLE_TAGS)
    )
    pledged = spark.read.parquet(str(data / "pledged"))
    judged = judge_tables(Tables(logs, states, tags, pledged, AS_OF, ZONE), DEAL, CHAMPION)
    judged.write.option("compression", "snappy").parquet(str(out / "judged"))
    held = spark.read.schema(judged.schema).parquet(str(out / "judged"))
    screenings, failures = screened(held, DEAL)
    screenings.write.parquet(str(out / "screenings"))
    failures.write.parquet(str(out / "failures"))


def main(times: str, data: str, out: str, engine: str = "sail") -> None:
    """Run it that many times."""
    seconds = []
    with session(EngineSettings(name=engine, master="local[2]", memory="4g", partitions=4)) as spark:
        for _ in range(int(times)):
            shutil.rmtree(out, ignore_errors=True)
            start = time.perf_counter()
            run(spark, Path(data), Path(out))
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
