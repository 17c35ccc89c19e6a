from __future__ import annotations

from datetime import datetime

import pytest

from contracts.fusion import NOW, circle, device, issued, net
from haoma.errors import BadInput
from haoma.locate.fusion import Address, CarrierVerdict, Circle, Device, IpCity, Issued, Network, Stated, Verdict


def test_printing_an_observation_shows_neither_a_place_nor_a_region() -> None:
    verdict = CarrierVerdict(Circle(31.2304, 121.4737, 3000.0, 0.5), Verdict.TRUE, "carrier", NOW)
    shown = [repr(one) for one in (device("310000"), issued("310000"), net("310000"), verdict)]
    assert shown == ["Device(browser)", "Issued(segment)", "IpCity(ip-db)", "CarrierVerdict(carrier)"]
    assert repr(circle("310000")) == "Circle(30 m, coverage 0.95)"


@pytest.mark.parametrize(
    "given",
    [
        (91.25, 0.0, 10.0, 0.9),
        (0.0, 181.25, 10.0, 0.9),
        (float("nan"), 0.0, 10.0, 0.9),
        (0.0, float("inf"), 10.0, 0.9),
        (0.0, 0.0, 0.0, 0.9),
        (0.0, 0.0, float("nan"), 0.9),
        (0.0, 0.0, 3e7, 0.9),
        (0.0, 0.0, 10.0, 1.0),
        (0.0, 0.0, 10.0, float("nan")),
    ],
)
def test_a_circle_that_is_none_is_refused_without_quoting_it(given: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadInput) as caught:
        Circle(*given)
    assert not any(text in str(caught.value) for text in ("91.25", "181.25", "nan", "inf", "30000000"))


@pytest.mark.parametrize("source", ["", "tel:+86138", "Wi-Fi", "x" * 41])
def test_a_source_is_named_by_a_word(source: str) -> None:
    with pytest.raises(BadInput, match="source's name"):
        Device(circle("310000"), source, NOW)


@pytest.mark.parametrize("adcode", ["上海", "31000", "3100000", "010000", "31000０"])
def test_a_region_is_six_digits_and_is_not_quoted(adcode: str) -> None:
    for make in (
        lambda: Issued(adcode, 0.9, "segment", NOW),
        lambda: Stated(adcode, Address.STORE, "crm", NOW),
        lambda: CarrierVerdict(adcode, Verdict.TRUE, "carrier", NOW),
    ):
        with pytest.raises(BadInput, match="no adcode") as caught:
            make()
        assert adcode not in str(caught.value)


def test_times_are_aware() -> None:
    with pytest.raises(BadInput, match="no zone"):
        Device(circle("310000"), "browser", datetime(2026, 11, 22))  # noqa: DTZ001 - what is refused


def test_words_are_taken_as_text_and_unknown_ones_refused() -> None:
    assert IpCity("310000", "fixed", "ip-db", NOW).network is Network.FIXED  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="unknown network"):
        IpCity("310000", "satellite", "ip-db", NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(("verdict", "rate"), [("TRUE", 50), ("PARTIAL", None), ("PARTIAL", 0), ("PARTIAL", 100)])
def test_a_match_rate_comes_with_partial_alone(verdict: str, rate: int | None) -> None:
    with pytest.raises(BadInput, match="match rate"):
        CarrierVerdict("310000", Verdict(verdict), "carrier", NOW, rate)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(BadInput, match="confidence"):
        Issued("310000", confidence, "segment", NOW)
