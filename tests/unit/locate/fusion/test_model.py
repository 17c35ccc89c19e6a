from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from contracts.fusion import CITIES, NOW, PRIORS, World, address, circle, device, issued, net, people, scores
from haoma.errors import BadInput
from haoma.locate.fusion import (
    CarrierCircle,
    CarrierVerdict,
    Cause,
    Circle,
    Device,
    Fused,
    IpCity,
    Issued,
    Network,
    Observation,
    Radio,
    Verdict,
    fuse,
)
from haoma.locate.fusion.says import nets_of

SHANGHAI, HANGZHOU, GUANGZHOU, CHENGDU = "310000", "330100", "440100", "510100"


def fused(*seen: Observation, least: float = 0.6) -> Fused:
    return fuse(seen, NOW, CITIES, PRIORS, least=least)


def codes(answer: Fused) -> list[str]:
    return [reason.code for reason in answer.reasons]


def km(one: Circle, adcode: str) -> float:
    return float(CITIES.distance_m(one.lat, one.lon)[CITIES.index[adcode]]) / 1000


def test_with_nothing_said_nothing_is_answered() -> None:
    answer = fused()
    assert answer.abstained
    assert answer.city is None
    assert answer.circle is None
    assert answer.finest is None
    assert codes(answer) == ["nothing-said"]


def test_a_carrier_that_does_not_know_says_nothing() -> None:
    assert codes(fused(CarrierVerdict(SHANGHAI, Verdict.UNKNOWN, "carrier", NOW))) == ["nothing-said"]


def test_attribution_alone_says_where_a_number_was_issued_and_tells_so() -> None:
    answer = fused(issued(SHANGHAI))
    assert answer.likeliest == SHANGHAI
    assert answer.confidence < 0.8
    assert "issued-only" in codes(answer)


def test_sources_that_agree_are_surer_than_each() -> None:
    alone = max(fused(issued(SHANGHAI)).confidence, fused(net(SHANGHAI)).confidence)
    assert fused(issued(SHANGHAI), net(SHANGHAI)).confidence > alone


def test_a_fixed_line_is_surer_than_a_mobile_network_and_a_hosting_one_says_next_to_nothing() -> None:
    sure = [fused(net(CHENGDU, kind)).share(CHENGDU) for kind in (Network.FIXED, Network.MOBILE, Network.HOSTING)]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 600_000
    assert sure[2] < 100_000


def test_who_moved_is_found_by_what_all_others_say() -> None:
    answer = fused(issued(GUANGZHOU), address(SHANGHAI, 10), net(SHANGHAI))
    assert answer.city == SHANGHAI
    assert answer.causes[Cause.MOVED] > 800_000
    assert "moved" in codes(answer)


def test_an_old_address_where_the_number_is_from_yields_to_a_device() -> None:
    answer = fused(issued(GUANGZHOU), address(GUANGZHOU, 2000), device(SHANGHAI), net(SHANGHAI))
    assert answer.city == SHANGHAI
    assert answer.causes[Cause.STALE_ADDRESS] > 300_000


def test_a_strange_device_among_many_is_taken_for_made_up() -> None:
    answer = fused(
        issued(CHENGDU), address(CHENGDU, 5), net(CHENGDU), device(SHANGHAI), Radio(circle(CHENGDU), "wifi", NOW)
    )
    assert answer.city == CHENGDU
    assert answer.causes[Cause.SPOOFED_DEVICE] > 900_000
    assert "spoofed-device" in codes(answer)
    assert "device-trusted" not in codes(answer)


def test_traffic_that_leaves_where_the_number_is_from_is_found_home_routed() -> None:
    answer = fused(issued(GUANGZHOU), net(GUANGZHOU, Network.MOBILE), device(SHANGHAI), address(SHANGHAI, 3))
    assert answer.city == SHANGHAI
    assert answer.causes[Cause.HOME_ROUTED] > answer.causes[Cause.RELAYED]


def test_contradicting_circles_make_it_abstain_and_say_why() -> None:
    answer = fused(device(SHANGHAI), Radio(circle(CHENGDU), "wifi", NOW), least=0.95)
    assert answer.abstained
    assert answer.why is not None
    assert answer.why.code == "sources-contradict"


def test_two_circles_on_a_border_are_no_surer_of_the_city_than_one() -> None:
    one, other = CITIES.index["440300"], CITIES.index["441900"]
    middle = Circle(float(CITIES.lat[[one, other]].mean()), float(CITIES.lon[[one, other]].mean()), 50.0, 0.95)
    alone = fused(Device(middle, "browser", NOW))
    both = fused(Device(middle, "browser", NOW), Radio(middle, "wifi", NOW))
    assert abs(alone.confidence - both.confidence) < 0.03


def test_a_circle_far_from_every_city_makes_it_abstain() -> None:
    answer = fused(issued(SHANGHAI), Device(Circle(-33.9, 151.2, 20.0, 0.9), "browser", NOW))
    assert answer.abstained
    assert answer.why is not None
    assert answer.why.code == "outside"
    assert answer.finest is None


def test_a_region_that_is_not_known_is_left_out_and_said_so() -> None:
    answer = fused(issued(SHANGHAI), net("999999"))
    assert answer.ppm.tolist() == fused(issued(SHANGHAI)).ppm.tolist()
    assert ("region-unknown", (("count", 1),)) in [(reason.code, reason.values) for reason in answer.reasons]
    assert codes(fused(net("999999"))) == ["nothing-said"]


def test_a_province_is_sure_where_no_city_is() -> None:
    answer = fused(Issued("330000", 0.999, "segment", NOW), net(HANGZHOU, Network.MOBILE), least=0.8)
    assert answer.abstained
    assert answer.finest == "province"
    assert max(answer.provinces, key=lambda code: answer.provinces[code]) == "330000"


def test_a_true_verdict_on_a_region_is_believed_and_a_false_one_rules_it_out() -> None:
    true = fused(issued(GUANGZHOU), CarrierVerdict(SHANGHAI, Verdict.TRUE, "carrier", NOW))
    false = fused(issued(GUANGZHOU), CarrierVerdict(GUANGZHOU, Verdict.FALSE, "carrier", NOW))
    assert true.city == SHANGHAI
    assert false.share(GUANGZHOU) < 60_000
    assert "carrier-trusted" in codes(true)


def test_a_partial_verdict_lies_between_true_and_false() -> None:
    def share(verdict: Verdict, rate: int | None = None) -> int:
        seen = CarrierVerdict(circle(HANGZHOU, 60_000), verdict, "carrier", NOW, rate)
        return fused(issued(GUANGZHOU), seen).share(HANGZHOU)

    answers = [share(Verdict.FALSE), share(Verdict.PARTIAL, 20), share(Verdict.PARTIAL, 80), share(Verdict.TRUE)]
    assert answers == sorted(answers)
    assert answers[0] < 5_000
    assert answers[3] > 500_000


def test_an_old_position_is_less_sure_and_says_how_old() -> None:
    now, then = (Device(circle(SHANGHAI), "browser", NOW - timedelta(days=days)) for days in (0, 9))
    assert fused(then).confidence < fused(now).confidence
    assert (("days", 9),) in [reason.values for reason in fused(then).reasons if reason.code == "old"]


def test_the_newest_word_of_a_source_counts() -> None:
    old = Device(circle(CHENGDU), "browser", NOW - timedelta(hours=1))
    assert fused(old, device(SHANGHAI)).ppm.tolist() == fused(device(SHANGHAI)).ppm.tolist()


def test_a_circle_is_as_small_as_its_evidence_allows() -> None:
    sure = fused(issued(SHANGHAI), device(SHANGHAI), Radio(circle(SHANGHAI), "wifi", NOW))
    wide = fused(issued(SHANGHAI))
    assert sure.circle is not None
    assert wide.circle is not None
    assert sure.circle.radius_m < 200
    assert wide.circle.radius_m > 20_000
    assert km(sure.circle, SHANGHAI) < 0.2
    assert sure.circle.coverage >= 0.9
    assert wide.circle.coverage >= 0.9


def test_a_carrier_circle_moves_the_answer_as_a_device_does() -> None:
    assert fused(issued(GUANGZHOU), CarrierCircle(circle(SHANGHAI, 2000), "carrier", NOW)).city == SHANGHAI


def test_a_move_inside_a_province_is_likelier_than_one_across() -> None:
    answer = fused(Issued("330100", 0.999, "segment", NOW))
    near, far = CITIES.index["330200"], CITIES.index["350100"]
    assert answer.ppm[near] / CITIES.weight[near] > 3 * answer.ppm[far] / CITIES.weight[far]


def test_printing_an_answer_shows_no_place() -> None:
    answer = fused(issued(SHANGHAI), device(SHANGHAI))
    assert repr(answer).startswith("Fused(confidence 1.0")
    assert not any(text in repr(answer) for text in ("31", "121", "lat", "adcode"))


@pytest.mark.parametrize("words", ["zh", "en"])
def test_reasons_hold_no_place(words: str) -> None:
    answer = fused(issued(GUANGZHOU), device(SHANGHAI), net(CHENGDU), address(HANGZHOU, 900), least=0.9999)
    told = " ".join(getattr(reason, words) for reason in answer.reasons)
    assert len(answer.reasons) > 3
    assert not any(text in told for text in (SHANGHAI, GUANGZHOU, CHENGDU, HANGZHOU, "上海", "31.", "121."))


@pytest.mark.parametrize(("least", "coverage"), [(0.0, 0.9), (1.0, 0.9), (0.6, 0.0), (0.6, 1.0), (float("nan"), 0.9)])
def test_thresholds_are_shares(least: float, coverage: float) -> None:
    with pytest.raises(BadInput, match="shares between 0 and 1"):
        fuse((), NOW, CITIES, PRIORS, least=least, coverage=coverage)


def test_the_time_is_aware() -> None:
    with pytest.raises(BadInput, match="aware time"):
        fuse((), datetime(2026, 11, 22), CITIES, PRIORS)  # noqa: DTZ001 - what is refused


def test_a_few_hundred_made_up_people_are_found_as_surely_as_stated() -> None:
    found = scores(list(people(World(), CITIES, 400, 17)), CITIES, PRIORS)
    assert found.sure_right > 0.97
    assert found.ece < 0.05
    assert abs(found.covered - found.stated) < 0.06
    assert np.isfinite(found.log_loss)


@pytest.mark.parametrize("network", Network)
def test_whatever_a_database_may_say_of_a_city_is_certain_together(network: Network) -> None:
    said = nets_of([IpCity(one, network, f"db-{chr(97 + n // 26)}{chr(97 + n % 26)}", NOW)
                    for n, one in enumerate(CITIES.adcode)], CITIES, PRIORS, NOW)  # fmt: skip
    assert np.sum([word.chance for word in said[0].words], axis=0) == pytest.approx(np.ones(len(CITIES)))


def test_a_database_that_names_the_largest_city_of_a_province_is_believed_less() -> None:
    wenzhou, ningbo = issued("330300"), "330200"
    assert fused(wenzhou, net(HANGZHOU)).share(HANGZHOU) < fused(wenzhou, net(ningbo)).share(ningbo)
    assert fused(wenzhou, net(HANGZHOU)).share("330300") > fused(wenzhou, net(ningbo)).share("330300")


def test_home_routed_traffic_leaves_in_the_largest_city_of_the_numbers_province() -> None:
    seen = (issued("330300"), device(SHANGHAI))
    found = [fused(*seen, net(one, Network.MOBILE)).causes[Cause.HOME_ROUTED] for one in (HANGZHOU, "330200")]
    assert found[0] > 1.3 * found[1]
