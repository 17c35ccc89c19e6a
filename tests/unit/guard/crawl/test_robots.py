from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from contracts.crawl import MemoryWeb, answer, page
from haoma.guard.crawl.gate import Gate
from haoma.guard.crawl.robots import CLOSED, OPEN, rules_of
from haoma.guard.crawl.web import Ask, Got

RULES = b"User-agent: *\nDisallow: /no\nCrawl-delay: 7\n\nUser-agent: haoma\nDisallow: /never\nCrawl-delay: 900\n"
NO = "https://www.example.com/no/page"
ROBOTS = "https://www.example.com/robots.txt"


def got(body: bytes, status: int = 200) -> Got:
    return answer(status, body=body)


@pytest.mark.parametrize("status", [0, 500, 503, 599, 401, 403, 429, 301, 100])
def test_rules_that_cannot_be_had_keep_everything_closed(status: int) -> None:
    assert rules_of(status, b"User-agent: *\nAllow: /\n") is CLOSED


@pytest.mark.parametrize("status", [400, 404, 410, 451])
def test_where_there_are_no_rules_everything_is_open(status: int) -> None:
    assert rules_of(status, RULES) is OPEN


def test_rules_for_haoma_win_over_those_for_everybody_and_a_delay_is_a_minute_at_the_most() -> None:
    rules = rules_of(200, RULES)
    assert rules.allows(NO)
    assert not rules.allows("https://www.example.com/never")
    assert rules.delay_s == 60
    assert rules_of(200, b"").delay_s == 0


@pytest.mark.parametrize("name", ["utf-16", "utf-8-sig", "utf-8"])
def test_rules_are_read_in_the_encoding_that_they_say(name: str) -> None:
    rules = rules_of(200, "User-agent: *\nDisallow: /no # 不\n".encode(name))
    assert (rules.allows(NO), rules.allows("https://www.example.com/")) == (False, True)


def test_rules_in_utf_16_without_a_mark_keep_everything_closed() -> None:
    assert rules_of(200, "User-agent: *\nAllow: /\n".encode("utf-16-le")) is CLOSED


@pytest.mark.parametrize("name", ["utf-8", "utf-16"])
def test_of_huge_rules_the_first_half_a_megabyte_is_read(name: str) -> None:
    head, tail = "User-agent: *\nDisallow: /no\n", "Disallow: /late\n"
    rules = rules_of(200, (head + "# filling\n" * 100_000 + tail).encode(name))
    assert not rules.allows(NO)
    assert rules.allows("https://www.example.com/late")


async def allows(gate: Gate, url: str) -> bool:
    return (await gate.rules(url)).allows(url)


def ask_all(web: MemoryWeb, urls: list[str], times: list[float] | None = None) -> list[bool]:
    clock = iter(times) if times else None

    async def run() -> list[bool]:
        gate = Gate(web, lambda: next(clock) if clock else 0.0)
        return list(await asyncio.gather(*(allows(gate, url) for url in urls)))

    return asyncio.run(run())


def test_six_forbidden_addresses_at_once_are_all_refused_by_rules_that_are_fetched_once() -> None:
    web = MemoryWeb({ROBOTS: got(b"User-agent: *\nDisallow: /no\n")}, slow_s=0.01)
    assert ask_all(web, [f"{NO}/{n}" for n in range(6)]) == [False] * 6
    assert web.asked == [ROBOTS]


def test_six_addresses_at_once_are_refused_where_the_rules_answer_503() -> None:
    web = MemoryWeb({ROBOTS: got(b"", 503)}, slow_s=0.01)
    assert ask_all(web, [f"https://www.example.com/{n}" for n in range(6)]) == [False] * 6
    assert web.asked == [ROBOTS]


@pytest.mark.parametrize("trouble", ["timeout", "no-answer", "too-large", "not-public"])
def test_rules_that_do_not_come_keep_everything_closed(trouble: str) -> None:
    web = MemoryWeb({ROBOTS: replace(answer(0), trouble=trouble)})
    assert ask_all(web, [NO]) == [False]


def test_rules_are_followed_over_five_redirects_and_no_more() -> None:
    def hops(count: int) -> MemoryWeb:
        there = [ROBOTS, *(f"https://other{n}.example/robots.txt" for n in range(count))]
        pages: dict[str, object] = {here: answer(301, ("Location", to)) for here, to in pairwise(there)}
        return MemoryWeb({**pages, there[-1]: got(b"User-agent: *\nDisallow: /no\n")})

    yes = "https://www.example.com/yes"
    assert ask_all(hops(5), [NO, yes]) == [False, True]
    assert ask_all(hops(6), [yes]) == [False]
    assert ask_all(MemoryWeb({ROBOTS: answer(302, ("Location", ROBOTS))}), [yes]) == [False]
    assert ask_all(MemoryWeb({ROBOTS: answer(302, ("Location", "file:///etc/passwd"))}), [yes]) == [False]


def test_what_it_takes_to_learn_rules_is_told_to_one_who_asked() -> None:
    there = [ROBOTS, "https://a.example/robots.txt", "https://b.example/robots.txt"]
    pages: dict[str, object] = {here: answer(301, ("Location", to)) for here, to in pairwise(there)}
    web = MemoryWeb({**pages, there[-1]: got(RULES)}, slow_s=0.01)

    async def run() -> list[int]:
        gate = Gate(web, lambda: 0.0)
        assert not gate.knows(NO)
        counts = [count for _, count in await asyncio.gather(*(gate.learnt(NO) for _ in range(3)))]
        assert gate.knows(NO)
        return [*counts, (await gate.learnt(NO))[1]]

    assert asyncio.run(run()) == [3, 0, 0, 0]


def test_rules_that_could_not_be_had_are_asked_for_again_after_five_minutes() -> None:
    answers = iter([got(b"", 503), got(b"")])
    web = MemoryWeb({ROBOTS: lambda _ask: next(answers)})
    now = [0.0]

    async def run() -> list[bool]:
        gate = Gate(web, lambda: now[0])
        found = []
        for at in (0.0, 299.0, 301.0, 3_000.0):
            now[0] = at
            found.append(await allows(gate, NO))
        return found

    assert asyncio.run(run()) == [False, False, True, True]
    assert len(web.asked) == 2


def test_who_gives_up_waiting_leaves_the_rules_to_the_others() -> None:
    web = MemoryWeb({ROBOTS: page()}, slow_s=0.05)

    async def run() -> bool:
        gate = Gate(web, lambda: 0.0)
        first, second = (asyncio.ensure_future(allows(gate, NO)) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        return await second

    assert asyncio.run(run())
    assert Ask(ROBOTS) in web.asks
