from __future__ import annotations

import json

import pytest

from contracts.fusion import CITIES, NOW, PRIORS, World, address, circle, device, issued, net, people
from haoma.errors import BadInput
from haoma.locate.fusion import (
    CarrierCircle,
    CarrierVerdict,
    Radio,
    Record,
    Verdict,
    fit,
    record_json,
    records_from,
)

ALL = (
    issued("310000"),
    net("310000"),
    address("330100"),
    device("310000"),
    Radio(circle("310000"), "wifi", NOW),
    CarrierCircle(circle("310000"), "carrier", NOW),
    CarrierVerdict("310000", Verdict.PARTIAL, "carrier", NOW, 60),
    CarrierVerdict(circle("310000"), Verdict.TRUE, "carrier", NOW),
)


def records(world: World, count: int, *, labelled: bool) -> list[Record]:
    them = people(world, CITIES, count, 31)
    return [Record(NOW, one.observations, CITIES.adcode[one.city] if labelled else None) for one in them]


def test_records_come_back_as_they_were_written() -> None:
    record = Record(NOW, ALL, "310000")
    assert list(records_from([record_json(record), "", record_json(Record(NOW, ()))])) == [record, Record(NOW, ())]


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"at": "2026-11-22T08:00:00Z"}',
        '{"at": "2026-11-22T08:00:00", "seen": []}',
        '{"at": "2026-11-22T08:00:00Z", "seen": [], "truth": 310000}',
        '{"at": "2026-11-22T08:00:00Z", "seen": [{"kind": "telepathy", "source": "x", "at": "2026-11-22T08:00:00Z"}]}',
        record_json(Record(NOW, (device("310000"),))).replace('"circle": [31.', '"circle": [99.125'),
    ],
)
def test_a_line_that_is_no_record_is_named_by_its_number_and_not_quoted(line: str) -> None:
    with pytest.raises(BadInput, match="line 2 is no record") as caught:
        list(records_from([record_json(Record(NOW, ALL)), line]))
    assert "99.125" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [True, False])
def test_a_fit_moves_towards_the_world_and_no_round_loses_likelihood(labelled: bool) -> None:
    world = World(movers=0.45, spoofers=0.15)
    found = fit(records(world, 250, labelled=labelled), CITIES, PRIORS, rounds=5, strength=20)
    assert all(b >= a - 1e-3 for a, b in zip(found.log_likelihoods, found.log_likelihoods[1:], strict=False))
    assert found.priors["moved"] > PRIORS["moved"] + 0.05
    assert found.priors["device.wrong"] > 2 * PRIORS["device.wrong"]
    assert found.records == 250


@pytest.mark.slow
def test_a_fit_learns_how_far_people_move_and_which_wrong_cities_databases_name() -> None:
    far = fit(records(World(stays_near=0.05), 150, labelled=True), CITIES, PRIORS, rounds=3, strength=5).priors
    near = fit(records(World(stays_near=0.95), 150, labelled=True), CITIES, PRIORS, rounds=3, strength=5).priors
    assert far["moved.near"] < 0.4
    assert near["moved.near"] > 0.7
    fair = fit(records(World(errs_largest=0.0), 150, labelled=True), CITIES, PRIORS, rounds=3, strength=5).priors
    assert fair["ip.largest"] < PRIORS["ip.largest"] - 0.1


def test_a_few_records_change_little() -> None:
    found = fit(records(World(), 3, labelled=True), CITIES, PRIORS, rounds=2, strength=1000)
    assert found.priors["moved"] == pytest.approx(PRIORS["moved"], abs=0.01)


def test_without_records_or_with_an_unknown_truth_nothing_is_fitted() -> None:
    with pytest.raises(BadInput, match="no records"):
        fit([], CITIES, PRIORS)
    with pytest.raises(BadInput, match="no city"):
        fit([Record(NOW, ALL, "999999")], CITIES, PRIORS)


def test_a_record_shows_nothing_when_printed() -> None:
    assert "310000" not in repr(Record(NOW, ALL, "310000"))
    assert json.loads(record_json(Record(NOW, ALL, "310000")))["truth"] == "310000"
