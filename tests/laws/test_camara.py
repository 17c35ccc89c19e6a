"""Whatever a carrier sends is read as its interface says or is Unavailable; a breaker never asks more than it may."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from haoma.errors import Unavailable
from haoma.locate.camara.interfaces import located, number_verified, recycled, roaming, sim_swap, verified
from haoma.wire.breaker import FAILURES, OPEN_S, Breaker
from haoma.wire.line import LONGEST_S, wait_s
from haoma.wire.strict import SKEW, moment, parsed

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
AGE = timedelta(minutes=10)
SEEN = "2026-11-22T07:59:00Z"
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just(SEEN)
VALUES = st.recursive(
    LEAVES, lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(max_size=4), one, max_size=4), max_leaves=8
)
POINT = {"latitude": 39.9, "longitude": 116.4}
READERS: list[tuple[Mapping[str, object], Callable[[Mapping[str, object]], object]]] = [
    ({"verificationResult": "PARTIAL", "matchRate": 7, "lastLocationTime": SEEN}, lambda one: verified(one, NOW, AGE)),
    ({"area": {"areaType": "CIRCLE", "center": POINT, "radius": 8}, "lastLocationTime": SEEN},
     lambda one: located(one, NOW, AGE)),
    ({"area": {"areaType": "POLYGON", "boundary": [POINT, POINT, POINT]}, "lastLocationTime": SEEN},
     lambda one: located(one, NOW, AGE)),
    ({"devicePhoneNumberVerified": True}, number_verified),
    ({"phoneNumberRecycled": True}, recycled),
    ({"latestSimChange": SEEN, "monitoredPeriod": 9}, lambda one: sim_swap(one, NOW)),
    ({"roaming": True, "lastStatusTime": SEEN, "countryCode": 450, "countryName": ["KR"]},
     lambda one: roaming(one, NOW)),
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, found: object) -> object:
    """An answer with one value in it, however deep, in the place of another."""
    if isinstance(found, dict) and found and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(found)))
        return found | {name: draw(spoilt(found[name]))}
    return draw(VALUES)


@given(st.data())
def test_an_answer_with_anything_in_it_is_read_or_unavailable(data: st.DataObject) -> None:
    found, read = data.draw(st.sampled_from(READERS))
    wrong = data.draw(spoilt(dict(found)))
    if not isinstance(wrong, dict):
        return
    with suppress(Unavailable):
        read(wrong)


@given(st.binary(max_size=200) | VALUES.map(lambda one: json.dumps(one).encode()))
def test_any_bytes_are_an_object_or_unavailable(body: bytes) -> None:
    with suppress(Unavailable):
        assert isinstance(parsed(body), dict)


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_a_moment_that_is_read_is_the_moment_that_was_written(at: datetime) -> None:
    if at.utcoffset() is None or at.utcoffset().total_seconds() % 60:  # type: ignore[union-attr]
        return
    try:
        read = moment({"at": at.isoformat()}, "at", NOW, AGE)
    except Unavailable:
        assert not NOW - AGE - SKEW <= at <= NOW + SKEW
    else:
        assert read == at
        assert NOW - AGE - SKEW <= read <= NOW + SKEW


@given(st.text(max_size=40) | st.datetimes().map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT")))
def test_any_retry_after_is_a_bounded_time_or_none(text: str) -> None:
    found = wait_s(text, NOW)
    assert found is None or 0 <= found <= LONGEST_S


@given(st.lists(st.floats(0, 40), max_size=60))
def test_a_carrier_that_only_fails_is_asked_five_times_and_then_once_in_half_a_minute(steps: list[float]) -> None:
    at = [0.0]
    breaker = Breaker("sim-swap", lambda: at[0])
    asked: list[float] = []
    for later_s in steps:
        at[0] += later_s
        with suppress(Unavailable), breaker.trying():
            asked.append(at[0])
            raise Unavailable("down")
    after = asked[FAILURES - 1 :]
    assert all(later - earlier > OPEN_S - 1e-9 for earlier, later in pairwise(after))  # sums of floats
