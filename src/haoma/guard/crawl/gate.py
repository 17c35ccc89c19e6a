"""The gate that every address passes before it is asked for: robots.txt, fetched once for all who wait, failing closed.

Rules held here:
- Whoever asks waits until the rules are there, and gets the rules: no wait ends in "allowed" because there was nothing.
- Rules are good for an hour; that there were none to be had for five minutes, and then they are asked for again.
- A robots.txt is followed over at most five redirects (RFC 9309 §2.3.1.2), which pass the same checks of addresses.
- What it takes to learn rules is told to who had them asked for, and counts as its requests.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urljoin

from haoma.guard.crawl.robots import CLOSED, MOST_REDIRECTS, Rules, rules_of
from haoma.guard.crawl.urls import normal, origin_of
from haoma.guard.crawl.web import Ask, Got, Web, header

__all__ = ["REDIRECTS", "Gate"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
GOOD_S, CLOSED_S = 3_600.0, 300.0
MOST_ORIGINS = 2_000


class Gate:
    """The rules of every origin that was asked about lately. `clock` is monotonic, in seconds."""

    def __init__(self, web: Web, clock: Callable[[], float]) -> None:
        self._web = web
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[tuple[Rules, int]]] = {}
        self._known: OrderedDict[str, tuple[float, Rules]] = OrderedDict()

    async def rules(self, url: str) -> Rules:
        """The rules that speak for an address."""
        return (await self.learnt(url))[0]

    def knows(self, url: str) -> bool:
        """Whether the rules are there, so that nobody has to be asked for them."""
        return self._clock() < self._known.get(origin_of(url), (-1.0, CLOSED))[0]

    async def learnt(self, url: str) -> tuple[Rules, int]:
        """The rules that speak for an address, and how many requests it took to have them for this one who asks."""
        origin = origin_of(url)
        if self.knows(url):
            return self._known[origin][1], 0
        task = self._under_way.get(origin)
        if task is not None:
            return (await asyncio.shield(task))[0], 0
        task = self._under_way[origin] = asyncio.ensure_future(self._learn(origin))
        task.add_done_callback(lambda _task: self._under_way.pop(origin, None))
        return await asyncio.shield(task)

    async def _learn(self, origin: str) -> tuple[Rules, int]:
        got, asked = await self._fetch(f"{origin}/robots.txt")
        rules = rules_of(got.status, got.body)
        self._known[origin] = (self._clock() + (CLOSED_S if rules is CLOSED else GOOD_S), rules)
        if len(self._known) > MOST_ORIGINS:
            self._known.popitem(last=False)
        return rules, asked

    async def _fetch(self, url: str) -> tuple[Got, int]:
        asked = 0
        while asked <= MOST_REDIRECTS:
            got, asked = await self._web.get(Ask(url)), asked + 1
            if got.status not in REDIRECTS:
                return got, asked
            target = normal(urljoin(url, header(got.headers, "location") or ""))
            if target is None:
                break
            url = target
        return Got(url, 0, trouble="redirects"), asked
