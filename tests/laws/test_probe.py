"""Whatever a pipeline shows, the first wrong hop is named and no right one; one seed draws one sample of a frame."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from haoma.guard.improve.model import draw
from haoma.guard.probe import Asked, HopSeen, Probed, rows, sentence
from haoma.guard.probe.model import sight_of
from haoma.lineage import Stage

AT = datetime(2026, 11, 22, tzinfo=UTC)
ASKED = Asked("h-1", "o-1", "tel:95588;phone-context=+86", "h-1")
TEXTS = ("95599", "无", "13800138000", "400-810-9090", "0571-88888888")
RIGHT = sight_of(["95588"], lambda _uri: True, b"")
WRONG = [sight_of([text], lambda _uri: False, b"salt") for text in TEXTS]
SIDES = st.sampled_from([None, RIGHT, *WRONG])
HOPS = st.lists(st.tuples(st.sampled_from(Stage), SIDES, SIDES), min_size=1, max_size=8)


def probed(hops: list[tuple[Stage, object, object]]) -> Probed:
    return Probed.of(ASKED, [HopSeen(stage, f"s{n}", come, out, AT) for n, (stage, come, out) in enumerate(hops)])


@given(HOPS)
def test_the_first_wrong_sight_is_behind_everything_right_and_in_the_hops_that_are_named(hops: list[object]) -> None:
    found = probed(hops)
    sights = [(place, one) for place, (_, *both) in enumerate(hops) for one in both if one]
    first = next((place for place, one in sights if one is not RIGHT), None)
    assert found.wrong == (first is not None)
    if found.divergence and first is not None:
        assert found.divergence.index <= first == found.divergence.until
        before = [one for place, one in sights if place < found.divergence.index]
        assert all(one is RIGHT for one in before)


@given(HOPS)
def test_a_hop_is_blamed_alone_only_where_both_its_sides_were_seen_or_what_came_in_was_wrong(
    hops: list[object],
) -> None:
    found = probed(hops)
    assume(found.divergence is not None)
    _, come, out = hops[found.divergence.index]
    if str(found.divergence.how) == "inside":
        assert come is RIGHT
        assert out not in {None, RIGHT}
    if str(found.divergence.how) == "between":
        assert come not in {None, RIGHT}


@given(HOPS)
def test_what_is_told_shows_no_personal_number_and_one_row_a_hop(hops: list[object]) -> None:
    found = probed(hops)
    told = f"{sentence(found)} {rows(found)}"
    assert not any(one in told.replace(" ", "").replace("-", "") for one in ("13800138000", "88888888"))
    assert len(rows(found)) == len(hops)
    assert any(row["first_wrong"] for row in rows(found)) == found.wrong


@given(
    st.sets(st.tuples(st.integers(0, 60).map(str), st.sampled_from(["map", "web", "app"])), min_size=3, max_size=80),
    st.integers(3, 90),
    st.text("abc123", max_size=8),
)
def test_a_sample_is_the_same_in_any_order_and_has_each_channel_in_proportion(
    frame: set[tuple[str, str]], size: int, seed: str
) -> None:
    found = draw(frame, size, seed)
    assert found == draw(sorted(frame, reverse=True), size, seed)
    assert {(one.hotline, one.channel) for one in found} <= frame
    assert len(found) == min(size, len(frame))
    for channel in {channel for _, channel in frame}:
        there = sum(one == channel for _, one in frame)
        drawn = sum(one.channel == channel for one in found)
        assert 1 <= drawn <= there
        assert abs(drawn - there * len(found) / len(frame)) < 3
