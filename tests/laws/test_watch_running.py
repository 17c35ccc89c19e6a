"""Alerts that are kept become those that the counts give by now, whatever was kept before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haoma.watch.model import Channel
from haoma.watch.running.shown import Hour, Shown
from haoma.watch.running.spans import Change, Held, Span, State, changes

SHOWN = Shown(Channel.JOINT, 0.999, Hour(0, np.zeros((60, 2)), np.zeros((60, 2))), 0.5, 0.06)
OVER = st.sampled_from([State.RECOVERED, State.NEW_LEVEL])
places = st.tuples(st.integers(1, 3), st.integers(0, 50))


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    found = []
    for hotline, opened in draw(st.lists(places, unique=True, max_size=6)):
        one = Span(hotline, opened, SHOWN)
        if draw(st.booleans()):
            one = replace(one, closed=opened + draw(st.integers(1, 60)), state=draw(OVER))
        found.append(one)
    return found


def applied(held: dict[tuple[int, int], Held], made: list[Change]) -> dict[tuple[int, int], Held]:
    return held | {(one.hotline, one.opened): Held(one.hotline, one.opened, one.closed, one.state) for one in made}


@given(st.lists(spans(), min_size=1, max_size=4))
def test_what_is_kept_is_what_was_judged_last_and_nothing_is_forgotten(rounds: list[list[Span]]) -> None:
    held: dict[tuple[int, int], Held] = {}
    for judged in rounds:
        before = set(held)
        held = applied(held, changes(held.values(), judged, -1))
        assert before <= set(held)
    stand = {key: (one.state, one.closed) for key, one in held.items() if one.state is not State.WITHDRAWN}
    assert stand == {(one.hotline, one.opened): (one.state, one.closed) for one in rounds[-1]}


@given(spans())
def test_the_same_again_changes_nothing(judged: list[Span]) -> None:
    held = applied({}, changes([], judged, -1))
    assert changes(held.values(), judged, -1) == []


@given(spans(), st.integers(0, 50))
def test_what_was_raised_before_is_left_as_it_stands_where_nothing_is_said_of_it(
    judged: list[Span], since: int
) -> None:
    held = applied({}, changes([], judged, -1))
    later = [one for one in judged if one.opened > since]
    assert changes(held.values(), later, since) == []
