from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import pytest

from haoma.storage.group import Call, Group


class Together:
    """Runs groups once the test lets it, and is interrupted in the one with the given number."""

    def __init__(self, interrupted: int | None = None) -> None:
        self.groups: list[list[str]] = []
        self.began = threading.Event()
        self.go = threading.Event()
        self.interrupted = interrupted

    def __call__(self, calls: list[Call[str]]) -> None:
        self.groups.append([call.work for call in calls])
        self.began.set()
        self.go.wait()
        if self.interrupted == len(self.groups) - 1:
            raise KeyboardInterrupt
        for call in calls:
            call.result, call.done = call.work.upper(), True


def wait_for(group: Group[str], count: int) -> None:
    while len(group._waiting) < count:
        pass


def test_who_comes_while_a_group_is_under_way_is_the_next_group() -> None:
    run = Together()
    group = Group(run, limit=100)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(group.do, "a")
        run.began.wait()
        rest = [pool.submit(group.do, name) for name in "bcd"]
        wait_for(group, 3)
        run.go.set()
        assert first.result() == "A"
        assert [one.result() for one in rest] == ["B", "C", "D"]
    assert [sorted(names) for names in run.groups] == [["a"], ["b", "c", "d"]]


def test_a_group_has_its_limit() -> None:
    run = Together()
    group = Group(run, limit=2)
    with ThreadPoolExecutor(6) as pool:
        all_of_them = [pool.submit(group.do, "a")]
        run.began.wait()
        all_of_them += [pool.submit(group.do, name) for name in "bcdef"]
        wait_for(group, 5)
        run.go.set()
        assert [one.result() for one in all_of_them] == ["A", "B", "C", "D", "E", "F"]
    assert [len(names) for names in run.groups] == [1, 2, 2, 1]


def test_an_interrupted_leader_loses_its_own_work_alone() -> None:
    run = Together(interrupted=1)
    group = Group(run, limit=100)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(group.do, "a")
        run.began.wait()
        rest = {name: pool.submit(group.do, name) for name in "bcd"}
        wait_for(group, 3)
        leader, *others = (call.work for call in group._waiting)
        run.go.set()
        assert first.result() == "A"
        with pytest.raises(KeyboardInterrupt):
            rest[leader].result()
        assert [rest[name].result() for name in others] == [name.upper() for name in others]
        assert pool.submit(group.do, "e").result() == "E"
    assert run.groups == [["a"], [leader, *others], others, ["e"]]


def test_an_error_is_raised_where_the_work_came_from() -> None:
    def run(calls: list[Call[str]]) -> None:
        for call in calls:
            call.error, call.done = ValueError(call.work), True

    with pytest.raises(ValueError, match="mine"):
        Group(run, limit=1).do("mine")


def test_works_of_one_thread_are_one_group_with_those_who_wait() -> None:
    run = Together()
    group = Group(run, limit=100)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(group.do, "a")
        run.began.wait()
        many = pool.submit(group.do_each, ["b", "c"])
        wait_for(group, 2)
        last = pool.submit(group.do, "d")
        wait_for(group, 3)
        run.go.set()
        assert [call.result for call in many.result()] == ["B", "C"]
        assert (first.result(), last.result()) == ("A", "D")
    assert run.groups == [["a"], ["b", "c", "d"]]


def test_works_of_one_thread_that_one_group_does_not_take_are_done_in_the_next() -> None:
    run = Together()
    run.go.set()
    group = Group(run, limit=2)
    assert [call.result for call in group.do_each([*"abcde"])] == [*"ABCDE"]
    assert run.groups == [["a", "b"], ["c", "d"], ["e"]]
    assert group.do("f") == "F"


def test_an_interrupted_thread_leaves_no_work_behind_and_the_next_is_done() -> None:
    run = Together(interrupted=0)
    run.go.set()
    group = Group(run, limit=2)
    with pytest.raises(KeyboardInterrupt):
        group.do_each([*"abc"])
    assert group.do("d") == "D"
    assert run.groups == [["a", "b"], ["d"]]


def test_who_waits_may_join_a_group_that_has_not_begun_as_far_as_there_is_room() -> None:
    groups, began, go = list[list[str]](), threading.Event(), threading.Event()

    def run(calls: list[Call[str]]) -> None:
        began.set()
        go.wait()
        group.join(calls)
        groups.append([call.work for call in calls])
        for call in calls:
            call.result, call.done = call.work.upper(), True

    group = Group(run, limit=3)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(group.do, "a")
        began.wait()
        rest = [pool.submit(group.do, name) for name in "bcd"]
        wait_for(group, 3)
        go.set()
        assert [one.result() for one in [first, *rest]] == ["A", "B", "C", "D"]
    assert [len(works) for works in groups] == [3, 1]


class Struck(deque[Call[str]]):
    """A queue whose reader is interrupted right before, or behind, the third that it takes out."""

    moment = ""
    taken = 0

    def popleft(self) -> Call[str]:
        self.taken += 1
        strikes = self.taken == 3
        if strikes and self.moment == "before":
            raise KeyboardInterrupt
        call = super().popleft()
        if strikes and self.moment == "behind":
            raise KeyboardInterrupt
        return call


@pytest.mark.parametrize("moment", ["before", "behind"])
@pytest.mark.parametrize("joining", [False, True])
def test_a_leader_interrupted_while_others_join_loses_none_of_them_and_does_none_twice(
    moment: str, joining: bool
) -> None:
    began, go, done = threading.Event(), threading.Event(), list[str]()

    def run(calls: list[Call[str]]) -> None:
        began.set()
        assert go.wait(10)
        if joining:
            group.join(calls)
        done.extend(call.work for call in calls)
        for call in calls:
            call.result, call.done = call.work.upper(), True

    group = Group(run, limit=100)
    waiting = group._waiting = Struck()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(group.do, "a")
        assert began.wait(10)
        rest = {name: pool.submit(group.do, name) for name in "bcd"}
        wait_for(group, 3)
        waiting.moment, leader = moment, first if joining else rest[waiting[0].work]
        go.set()
        with pytest.raises(KeyboardInterrupt):
            leader.result(10)
        left = {name: one for name, one in {"a": first, **rest}.items() if one is not leader}
        assert [one.result(10) for one in left.values()] == [name.upper() for name in left]
    assert sorted(done) == sorted(left)
    assert group.do("e") == "E"


class Untold:
    """The turn of one who is never told, for the leader is interrupted before."""

    def __init__(self, turn: object) -> None:
        self.turn = turn  # somebody waits for it

    def release(self) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_leader_interrupted_before_it_told_the_others_leaves_nobody_waiting(limit: int) -> None:
    run = Together()
    group = Group(run, limit=limit)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(group.do, "a")
        assert run.began.wait(10)
        rest = {name: pool.submit(group.do, name) for name in "bcd"}
        wait_for(group, 3)
        leader, *others = (call.work for call in group._waiting)
        group._waiting[1].turn = Untold(group._waiting[1].turn)  # type: ignore[assignment]
        run.go.set()
        assert first.result(10) == "A"
        with pytest.raises(KeyboardInterrupt):
            rest[leader].result(10)
        assert [rest[name].result(10) for name in others] == [name.upper() for name in others]
        assert pool.submit(group.do, "e").result(10) == "E"
    assert sorted(name for names in run.groups for name in names) == [*"abcde"]
