"""Boosted trees as flat lists, walked without the library that grew them.

Rules held here:
- A model is read from one JSON file of numbers and the features' names, and from nothing that runs.
- A file made for other features than this program computes is refused: a sum of the wrong numbers looks like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from haoma.errors import Tampered

__all__ = ["Forest", "Model", "shipped"]

FILE = "model.json"


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees side by side: node i asks whether `feature[i]` is at most `bound[i]`; a negative child -1-n is leaf n."""

    roots: tuple[int, ...]
    feature: tuple[int, ...]
    bound: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    leaf: tuple[float, ...]
    nodes: tuple[tuple[int, float, int, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        """Put each node's parts side by side: the walk reads them together."""
        nodes = tuple(zip(self.feature, self.bound, self.left, self.right, strict=True))
        object.__setattr__(self, "nodes", nodes)

    def score(self, vector: Sequence[float]) -> float:
        """The sum of the leaves that a vector falls into: a logit.

        >>> Forest((0,), (0,), (1.5,), (-1,), (-2,), (-2.0, 3.0)).score([1.0])
        -2.0
        """
        leaf, nodes, total = self.leaf, self.nodes, 0.0
        for node in self.roots:
            while node >= 0:
                feature, bound, left, right = nodes[node]
                node = left if vector[feature] <= bound else right  # noqa: PLW2901 - the walk down
            total += leaf[-1 - node]
        return total


@dataclass(frozen=True, slots=True)
class Model:
    """What is shipped: trees over a number's own features, trees over those around it, and where the answers begin.

    Of who has a Chinese name the trees are `chinese` alone. A number is accepted from a probability of `accept`, of who
    has a Chinese name `accept_chinese`; refused below `refuse`.
    """

    alone: Forest
    among: Forest
    chinese: Forest
    accept: float
    accept_chinese: float
    refuse: float
    made: str


@cache
def shipped(features: tuple[str, ...]) -> Model:
    """The model of this release, read once.

    Raises Tampered where its file is for other features than `features`.
    """
    text = resources.files("haoma.guard.extract").joinpath(FILE).read_text(encoding="utf-8")
    return model_of(json.loads(text), features)


def model_of(row: Mapping[str, object], features: Sequence[str]) -> Model:
    """A model out of its JSON; raises Tampered where that is not what this program reads."""
    try:
        whole = row["features"] == list(features)
        alone, among, chinese = (_forest(row[name]) for name in ("alone", "among", "chinese"))
        accept, accept_chinese, refuse = (float(str(row[name])) for name in ("accept", "accept_chinese", "refuse"))
        made = str(row["made"])
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        message = f"{FILE} of haoma.guard.extract does not fit this program"
        raise Tampered(message, hint="install haoma again; tools/train_extract.py makes the file")
    return Model(alone, among, chinese, accept, accept_chinese, refuse, made)


def _forest(lists: object) -> Forest:
    if not isinstance(lists, dict):
        raise TypeError
    return Forest(**{str(name): tuple(values) for name, values in lists.items()})
