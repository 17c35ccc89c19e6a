"""The gate that every address passes before it is asked for: robots.txt, fetched once for all who wait, failing closed.

Rules held here:
- Whoever asks waits until the rules are there, and gets the rules: no wait ends in "allowed" because there was nothing.
- Rules are good for an hour; that there were none to be had for five minutes, and then they are asked for again.
- A robots.txt is followed over at most five redirects (RFC 9309 §2.3.1.2), which pass the same checks of addresses.
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
        self._under_way: dict[str, asyncio.Task[Rules]] = {}
        self._known: OrderedDict[str, tuple[float, Rules]] = OrderedDict()

    async def rules(self, url: str) -> Rules:
        """The rules that speak for an address."""
        origin = origin_of(url)
        until, rules = self._known.get(origin, (-1.0, CLOSED))
        if self._clock() < until:
            return rules
        task = self._under_way.get(origin)
        if task is None:
            task = self._under_way[origin] = asyncio.ensure_future(self._learn(origin))
            task.add_done_callback(lambda _task: self._under_way.pop(origin, None))
        return await asyncio.shield(task)

    async def allows(self, url: str) -> bool:
        """Whether an address may be fetched."""
        return (await self.rules(url)).allows(url)

    async def _learn(self, origin: str) -> Rules:
        got = await self._fetch(f"{origin}/robots.txt")
        rules = rules_of(got.status, got.body)
        self._known[origin] = (self._clock() + (CLOSED_S if rules is CLOSED else GOOD_S), rules)
        if len(self._known) > MOST_ORIGINS:
            self._known.popitem(last=False)
        return rules

    async def _fetch(self, url: str) -> Got:
        for _ in range(MOST_REDIRECTS + 1):
            got = await self._web.get(Ask(url))
            if got.status not in REDIRECTS:
                return got
            target = normal(urljoin(url, header(got.headers, "location") or ""))
            if target is None:
                break
            url = target
        return Got(url, 0, trouble="redirects")
