"""A booster as flat arrays, made from LightGBM's own text: the bits that its `predict` gives, sooner."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.walk import BLOCK, MEMBER, PLAIN, ZERO_IS_MISSING, Columns, Nodes, walk
from schemas.errors import ModelError

Reals = NDArray[np.float64]
Look = tuple[int, int, tuple[int, ...]]
"""A column that splits look at: feature, kind, words of the set of categories."""

IS_CATEGORY, GOES_LEFT = 1, 2
"""Bits of LightGBM's decision type; two more bits tell what is missing."""
MISSING_SHIFT, MISSING_MASK, ZERO_MISSING, NAN_MISSING = 2, 3, 1, 2
BETWEEN = 0.5
"""Threshold between a member, 0, and any other, 1."""


@dataclass(frozen=True, slots=True)
class Forest:
    """The trees of a booster, ready to score.

    Args:
        features: Names of the features, in the order of a row's values.
        columns: What the splits look at.
        nodes: The trees.
    """

    features: tuple[str, ...]
    columns: Columns
    nodes: Nodes

    @classmethod
    def from_text(cls, text: str, stand_in: Mapping[str, float] | None = None) -> "Forest":
        """Read LightGBM's own text (`Booster.model_to_string`).

        Args:
            text: Of one score a row: binary, regression.
            stand_in: By feature, what stands in for a value that is not finite.

        Raises:
            ModelError: It is no such text, or has what is not walked: linear leaves, averages, several classes.
        """
        try:
            return _forest(text, stand_in or {})
        except (KeyError, ValueError, IndexError) as error:
            raise ModelError(f"a booster text that cannot be read: {error!r}", "LightGBM's own text") from error

    def score(self, values: Reals, *, threads: int = 1, is_filled: bool = False) -> Reals:
        """Give the sum of the trees for each row, in log-odds for a binary booster.

        Args:
            values: One row a receivable, in the order of `features`; NaN is missing.
            threads: Rows are dealt to so many threads; no bit depends on it.
            is_filled: Leave values that are not finite to the trees, with nothing standing in.
        """
        rows = len(values)
        total = np.empty(rows)
        share = max(BLOCK, -(-rows // (max(1, threads) * BLOCK)) * BLOCK)

        def part(start: int) -> None:
            walk(values, self.columns, self.nodes, start, min(rows, start + share), is_filled, total)

        starts = range(0, rows, share)
        if len(starts) <= 1:
            part(0)
            return total
        with ThreadPoolExecutor(len(starts)) as pool:
            list(pool.map(part, starts))
        return total


@dataclass(slots=True)
class _Laying:
    """The nodes as they are laid out, tree after tree."""

    looks: dict[Look, int] = field(default_factory=dict)
    look: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    leaf: list[float] = field(default_factory=list)
    root: list[int] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)

    def add(self, tree: "_Tree") -> None:
        """Lay out a tree, level by level."""
        self.root.append(len(self.look))
        level, steps = [tree.top], 0
        while level:
            found: list[int] = []
            after = len(self.look) + len(level)
            for node in level:
                if node >= 0:
                    self._split(tree, node, after + len(found))
                    found += [tree.right[node], tree.left[node]]
                else:
                    self._end(tree.leaf[~node])
            level, steps = found, steps + bool(found)
        self.depth.append(steps)

    def _split(self, tree: "_Tree", node: int, below: int) -> None:
        look, threshold, is_lost_left = tree.split(node)
        column = self.looks.setdefault(look, len(self.looks))
        self._put(2 * column * BLOCK + is_lost_left, threshold, below, 0.0)

    def _end(self, leaf: float) -> None:
        self._put(1, np.inf, max(0, len(self.look) - 1), leaf)

    def _put(self, look: int, threshold: float, below: int, leaf: float) -> None:
        self.look.append(look)
        self.threshold.append(threshold)
        self.below.append(below)
        self.leaf.append(leaf)

    def nodes(self) -> Nodes:
        """Give all that was laid out."""
        return Nodes(
            np.array(self.look, np.uint32),
            np.array(self.threshold, np.float64),
            np.array(self.below, np.uint32),
            np.array(self.leaf, np.float64),
            np.array(self.root, np.uint32),
            np.array(self.depth, np.int64),
        )

    def columns(self, features: Sequence[str], stand_in: Mapping[str, float]) -> Columns:
        """Give the columns that the splits look at; one at least, so that leaves have something to look at."""
        looks = list(self.looks) or [(0, PLAIN, ())]
        sets = [words for _, _, words in looks]
        return Columns(
            np.array([feature for feature, _, _ in looks], np.int64),
            np.array([kind for _, kind, _ in looks], np.int64),
            np.cumsum([0, *(len(words) for words in sets)], dtype=np.int64),
            np.array([word for words in sets for word in words], np.uint32),
            np.array([stand_in.get(features[feature], np.nan) for feature, _, _ in looks], np.float64),
        )


class _Tree:
    """One tree of the text: nodes from 0, leaves as -1, -2 and so on."""

    def __init__(self, told: Mapping[str, str]) -> None:
        if told.get("is_linear", "0") != "0":
            raise ModelError("a tree with linear leaves", "trees whose leaves are numbers", "linear_tree=false")
        self.left, self.right, self._feature, self._decision = (
            [int(each) for each in told.get(name, "").split()]
            for name in ("left_child", "right_child", "split_feature", "decision_type")
        )
        self.leaf = [float(each) for each in told["leaf_value"].split()]
        self._threshold = [float(each) for each in told.get("threshold", "").split()]
        self._bounds, self._words = (
            [int(each) for each in told.get(name, "").split()] for name in ("cat_boundaries", "cat_threshold")
        )
        self.top = 0 if self.left else ~0

    def split(self, node: int) -> tuple[Look, float, bool]:
        """Give what a node looks at, its threshold, and whether NaN goes left."""
        feature, kind, threshold = self._feature[node], self._decision[node], self._threshold[node]
        if kind & IS_CATEGORY:
            place = int(threshold)
            words = self._words[self._bounds[place] : self._bounds[place + 1]]
            return (feature, MEMBER, tuple(words)), BETWEEN, False
        missing = kind >> MISSING_SHIFT & MISSING_MASK
        if missing == ZERO_MISSING:
            return (feature, ZERO_IS_MISSING, ()), threshold, bool(kind & GOES_LEFT)
        is_lost_left = bool(kind & GOES_LEFT) if missing == NAN_MISSING else threshold >= 0
        return (feature, PLAIN, ()), threshold, is_lost_left


def _forest(text: str, stand_in: Mapping[str, float]) -> Forest:
    head, *trees = _parts(text)
    if head["num_class"] != "1" or head["num_tree_per_iteration"] != "1" or "average_output" in head:
        raise ModelError("a booster of several classes or of averaged trees", "one that adds up one score a row")
    features, laying = tuple(head["feature_names"].split(" ")), _Laying()
    for told in trees:
        laying.add(_Tree(told))
    return Forest(features, laying.columns(features, stand_in), laying.nodes())


def _parts(text: str) -> Iterator[dict[str, str]]:
    """Give the lines of the head, then of each tree, by name."""
    body, is_whole, _ = text.partition("\nend of trees")
    if not is_whole:
        raise ValueError("no end of trees")
    for part in body.split("\nTree="):
        pairs = (line.partition("=") for line in part.splitlines())
        yield {name: value for name, _, value in pairs}
