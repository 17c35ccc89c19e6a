from __future__ import annotations

import json
from importlib import resources

import pytest

from haoma.errors import Tampered
from haoma.guard.extract.features import ALL
from haoma.guard.extract.trees import Forest, model_of, shipped

TREE = {
    "roots": [0, 2],
    "feature": [0, 1, 0],
    "bound": [1.0, 5.0, 0.0],
    "left": [1, -1, -4],
    "right": [-3, -2, -5],
    "leaf": [1.0, 2.0, 4.0, 8.0, 16.0],
}


def test_each_tree_adds_the_leaf_that_a_vector_falls_into() -> None:
    forest = Forest(**{name: tuple(values) for name, values in TREE.items()})
    assert [forest.score(vector) for vector in ([0, 5], [1, 6], [2, 0])] == [9.0, 18.0, 20.0]


def test_the_shipped_model_fits_what_is_measured() -> None:
    model = shipped(ALL)
    assert 0 < model.refuse < min(model.accept, model.accept_chinese) < 1
    assert all(forest.roots for forest in (model.alone, model.among, model.chinese))
    assert max(model.alone.feature) < len(ALL)


def test_the_shipped_model_has_numbers_and_names_of_measures_alone() -> None:
    row = json.loads(resources.files("haoma.guard.extract").joinpath("model.json").read_text())
    assert set(row) == {"made", "accept", "accept_chinese", "refuse", "features", "alone", "among", "chinese"}
    assert row["features"] == list(ALL)


@pytest.mark.parametrize("row", [{}, {"features": ["other"]}, {"features": ["a"], "alone": [], "among": {}}])
def test_a_model_for_other_measures_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(Tampered, match="does not fit"):
        model_of(row, ["a"])
