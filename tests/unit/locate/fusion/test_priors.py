from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from contracts.fusion import PRIORS
from haoma.errors import BadInput
from haoma.locate.fusion import priors_from, priors_json

ROW = re.compile(r"^\| `([a-z_.]+)` \| ([\d.]+) \| (measured|judgement|fitted) \|", re.MULTILINE)


def given(**priors: object) -> str:
    return json.dumps({"format": "haoma fusion priors 1", "priors": priors})


def test_the_guide_lists_every_prior_with_its_value_and_its_origin(root: Path) -> None:
    page = (root / "docs" / "guide" / "fusion.md").read_text(encoding="utf-8")
    listed = {name: (float(value), origin) for name, value, origin in ROW.findall(page)}
    assert listed == {name: (prior.value, prior.origin) for name, prior in PRIORS.table.items()}


def test_priors_come_back_as_they_were_written() -> None:
    fitted = PRIORS.fitted({"moved": 0.3})
    assert priors_from(priors_json(fitted)) == fitted
    assert fitted.table["moved"].origin == "fitted"


def test_what_a_file_leaves_out_is_as_shipped() -> None:
    assert priors_from(given(moved=[0.5, "fitted", ""]))["away"] == PRIORS["away"]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        json.dumps({"format": "another", "priors": {}}),
        given(nothing=[0.5, "fitted", ""]),
        given(moved=[0.0, "fitted", ""]),
        given(moved=[1.0, "fitted", ""]),
        given(moved=[float("nan"), "fitted", ""]),
        given(moved=[0.5, "guess", ""]),
        given(moved=0.5),
    ],
)
def test_priors_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        priors_from(text)


def test_nothing_is_fitted_to_be_impossible_or_certain() -> None:
    fitted = PRIORS.fitted({"moved": 0.0, "away": 1.0})
    assert 0 < fitted["moved"] < fitted["away"] < 1
