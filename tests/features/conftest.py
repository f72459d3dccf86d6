"""A hold for the tests: frames stored in a scratch folder."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from features.spark_cut import Hold


@pytest.fixture(scope="session")
def hold(engine: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Hold:
    """Write each frame to a folder of its own, and read it back."""
    folder: Path = tmp_path_factory.mktemp("held")
    numbers: Callable[[], int] = itertools.count().__next__

    def written(frame: DataFrame, name: str) -> DataFrame:
        path = str(folder / f"{numbers()}_{name}")
        frame.write.parquet(path)
        return engine.read.schema(frame.schema).parquet(path)

    return written
