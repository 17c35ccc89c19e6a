"""Fusion for thousands of made-up people, in worlds that are as the priors say and in worlds that are not.

What is printed (pytest -s) is how far each world degrades it. None of these figures is an accuracy.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from contracts.fusion import CITIES, NOW, PRIORS, Scores, World, auc, certainty, people, scores
from contracts.trails import seen, tampered, walk
from haoma.locate.fusion import Record, fit
from haoma.locate.risk import check_trail

MANY = 6_000
OTHER_WORLDS = {
    "twice the movers": World(movers=0.4),
    "three times the relays": World(vpn=0.15),
    "five times the spoofers": World(spoofers=0.1),
    "spoofers that copy the address": World(spoofers=0.1, copies_address=0.8),
    "addresses that nobody updates": World(updates_address=0.2),
    "mobile databases half as good": World(mobile_right=0.25),
    "three times as much home-routed": World(home_routed=0.3),
    "three times as many far errors": World(tails=0.15),
    "people leave three times as often": World(leaves_per_day=0.1, away=0.1),
    "five times as many moved access points": World(radio_moved=0.05),
    "people who move far": World(stays_near=0.13),
    "people who move near": World(stays_near=0.75),
    "databases that prefer no city": World(errs_largest=0.0),
}
SETS = {
    "attribution": (1, 0, 0, 0, 0, 0, 0, 0, 0),
    "network": (0, 1, 0, 0, 0, 0, 0, 0, 0),
    "attribution, network": (1, 1, 0, 0, 0, 0, 0, 0, 0),
    "attribution, address": (1, 0, 1, 0, 0, 0, 0, 0, 0),
    "network, address": (0, 1, 1, 0, 0, 0, 0, 0, 0),
    "attribution, network, address": (1, 1, 1, 0, 0, 0, 0, 0, 0),
    "attribution, device": (1, 0, 0, 0, 0, 1, 0, 0, 0),
    "attribution, carrier": (1, 0, 0, 0, 0, 0, 0, 1, 0),
    "attribution, network, verdict": (1, 1, 0, 0, 0, 0, 0, 0, 1),
    "no position": (1, 1, 0.55, 0.2, 0.15, 0, 0, 0, 0),
}


def found(world: World, seed: int = 5, count: int = MANY) -> Scores:
    return scores(list(people(world, CITIES, count, seed)), CITIES, PRIORS)


def told(name: str, score: Scores) -> None:
    print(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in asdict(score).items()))


def test_in_the_world_of_the_priors_answers_are_as_sure_as_they_say() -> None:
    score = found(World())
    told("as the priors say", score)
    assert score.ece <= 0.02
    assert score.sure_right >= 0.98
    assert abs(score.covered - score.stated) <= 0.02


@pytest.mark.parametrize("name", OTHER_WORLDS)
def test_in_another_world_sure_answers_stay_right_and_calibration_gives_way_slowly(name: str) -> None:
    score = found(OTHER_WORLDS[name], count=3_000)
    told(name, score)
    assert score.ece <= 0.025
    assert score.sure_right >= 0.97
    assert abs(score.covered - score.stated) <= 0.05


@pytest.mark.parametrize("name", SETS)
def test_whatever_is_known_of_them_answers_are_as_sure_as_they_say(name: str) -> None:
    score = certainty(list(people(World(speaks=SETS[name]), CITIES, 5_000, 61)), CITIES, PRIORS)
    print(f"{name}: calibration error {score.ece:.3f}, {score.sure_right:.3f} of {score.sure:.3f} right")
    assert score.ece <= 0.02


@pytest.mark.parametrize("name", ["people who move far", "people who move near", "databases that prefer no city"])
def test_without_a_position_answers_are_as_sure_as_they_say_where_people_and_databases_are_others(name: str) -> None:
    world = replace(OTHER_WORLDS[name], speaks=SETS["no position"])
    score = certainty(list(people(world, CITIES, 5_000, 62)), CITIES, PRIORS)
    print(f"{name}, no position: calibration error {score.ece:.3f}, {score.sure_right:.3f} right")
    assert score.ece <= 0.02
    assert score.sure_right >= 0.97


def test_how_far_people_move_is_learned_without_a_truth_where_the_priors_are_wrong() -> None:
    seen_there = [Record(NOW, one.observations) for one in people(World(stays_near=0.13), CITIES, 1_000, 63)]
    fitted = fit(seen_there, CITIES, PRIORS, rounds=8).priors
    print(f"moving near: 0.13, prior {PRIORS['moved.near']}, fitted {fitted['moved.near']:.2f}")
    assert fitted["moved.near"] < 0.35


def test_priors_learned_without_a_truth_bring_another_world_back() -> None:
    world = World(movers=0.45, vpn=0.2, spoofers=0.15, mobile_right=0.2)
    seen_there = [Record(NOW, one.observations) for one in people(world, CITIES, 1_500, 8)]
    fitted = fit(seen_there, CITIES, PRIORS, rounds=8).priors
    them = list(people(world, CITIES, 4_000, 9))
    before, after = scores(them, CITIES, PRIORS), scores(them, CITIES, fitted)
    told("far from the priors", before)
    told("and fitted", after)
    assert after.log_loss <= before.log_loss + 0.005
    assert after.ece <= max(before.ece, 0.02)


def test_radio_sees_what_no_filter_sees() -> None:
    rng = np.random.default_rng(12)
    paths = [walk(rng) for _ in range(300)]
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    for how in ("none", "teleport", "drift", "offset"):
        for path in paths:
            trail = seen(tampered(path, how, rng), 8.0, rng)
            cell, wifi = (check_trail(trail, seen(path, sigma, rng, every)) for sigma, every in ((400, 8), (15, 4)))
            values = (cell.speed_m_per_s, cell.surprise, cell.offset or 0.0, wifi.offset or 0.0)
            rows.setdefault(how, []).append(values)
    table = {
        how: [auc([row[by] for row in rows["none"]], [row[by] for row in rows[how]]) for by in range(4)]
        for how in ("teleport", "drift", "offset")
    }
    for how, values in table.items():
        print(how, "AUC of speed, filter, cell, Wi-Fi: " + " ".join(f"{value:.3f}" for value in values))
    assert table["teleport"][1] > 0.95
    assert max(table["offset"][:2]) < 0.6
    assert table["offset"][2] > 0.7
    assert min(values[3] for values in table.values()) > 0.97
