"""Laid-out files: every event once and in order, borrowers whole, a reader that holds little at once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime import laid
from runtime.laid import any_true, merge, slices, write
from runtime.laid_order import ORDER

COLUMNS = ("happened_at", "key_hash", "known_at", "number")
Key = tuple[str, int, int, int]
keys = st.tuples(st.sampled_from(["", "a", "b", "bb", "é", "Z", "借款人"]), *(st.integers(-2, 2) for _ in ORDER))


def table_of(held: Sequence[Key], first: int = 0) -> pa.Table:
    """Give events in one bucket, each with a number of its own."""
    named = dict(zip(ORDER, ([each[place] for each in held] for place in range(1, 4)), strict=True))
    return pa.table(
        {
            "layer": ["new"] * len(held),
            "borrower_bucket": pa.array([3] * len(held), pa.int64()),
            "borrower_id": [each[0] for each in held],
            **{name: pa.array(values, pa.int64()) for name, values in named.items()},
            "number": pa.array(range(first, first + len(held)), pa.int64()),
            "is_odd": [bool(sum(each[1:]) % 2) for each in held],
        }
    )


def written(parts: Sequence[pa.Table], folder: Path, batch_rows: int = 2) -> list[str]:
    """Write each part as a layer, and give the files."""
    told = [row for part in parts for row in write(part.to_batches(max_chunksize=batch_rows), folder)]
    return [path for each in told for path in each.column("path").to_pylist()]


def rows_of(read: Sequence[pa.Table]) -> list[tuple[object, ...]]:
    names = ("borrower_id", *COLUMNS)
    return [row for part in read for row in zip(*(part.column(name).to_pylist() for name in names), strict=True)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layers=st.lists(st.lists(keys, min_size=1, max_size=12), min_size=1, max_size=4), group=st.integers(1, 5))
def test_layers_are_read_merged_in_slices_of_whole_borrowers(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, layers: list[list[Key]], group: int
) -> None:
    """Whatever the ids, ties and row groups: the rows of all layers by borrower's bytes and time, nobody divided."""
    monkeypatch.setattr(laid, "ROW_GROUP", group)
    parts = [table_of(held, 100 * number) for number, held in enumerate(layers)]
    paths = written(parts, tmp_path_factory.mktemp("laid"))
    read = list(slices(paths, COLUMNS))
    found = rows_of(read)
    assert sorted(found) == sorted(rows_of(parts))
    places = [(str(row[0]).encode(), *row[1:4]) for row in found]
    assert places == sorted(places)
    owners = [set(part.column("borrower_id").to_pylist()) for part in read]
    assert sum(map(len, owners)) == len(set().union(*owners))
    assert max(part.num_rows for part in read) <= len(layers) * (group + max(map(len, layers)))


@settings(max_examples=40, deadline=None)
@given(layers=st.lists(st.lists(keys, min_size=1, max_size=12), min_size=1, max_size=4))
def test_merged_layers_hold_what_the_layers_held(
    tmp_path_factory: pytest.TempPathFactory, layers: list[list[Key]]
) -> None:
    """One file in place of several, the same slices, the new layer's name; flags are told by the files themselves."""
    folder = tmp_path_factory.mktemp("laid")
    parts = [table_of(held, 100 * number) for number, held in enumerate(layers)]
    paths = written(parts, folder)
    bucket = pa.record_batch({"borrower_bucket": [3], "files": ["\n".join(paths)]})
    [told] = merge([bucket], folder, "base", "files")
    [path] = told.column("path").to_pylist()
    assert told.column("row_count").to_pylist() == [sum(map(len, layers))]
    assert rows_of(list(slices([path], COLUMNS))) == rows_of(list(slices(paths, COLUMNS)))
    assert set(pq.read_table(path).column("layer").to_pylist()) == {"base"}
    assert any_true([path], "is_odd") == any(any(part.column("is_odd").to_pylist()) for part in parts)


def test_a_borrower_with_a_million_events_is_one_slice_among_small_ones(tmp_path: Path) -> None:
    """The others are not held with it: only its own row group is larger than a row group should be."""
    size, others = 1_000_000, 3_000
    owner = np.where(
        np.arange(size + others) < size, "m", np.char.add("p", (np.arange(size + others) % 900).astype(str))
    )
    order = np.random.default_rng(7).permutation(size + others)
    number = pa.array(np.arange(size + others)[order])
    events = pa.table(
        {
            "borrower_bucket": pa.array(np.zeros(size + others, np.int64)),
            "borrower_id": pa.array(owner[order]),
            **dict.fromkeys((*ORDER, "number"), number),
        }
    )
    read = list(slices(written([events], tmp_path, batch_rows=8_192), COLUMNS))
    assert [part.num_rows for part in read] == [size, others]
    assert read[0].column("number").to_pylist() == list(range(size))
