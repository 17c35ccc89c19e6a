"""One job from its claim to what came of it: past the gate, over redirects, to a snapshot or a word that says why not.

Rules held here:
- Every address passes the gate before it is asked for: the first, each that a redirect leads to, what a browser asks.
  A licensed feed is asked as its licence says, on its own host, with its key; the key goes nowhere else.
- A host that says no to a visit, or to a script of its own page, is not asked again by this worker, not even for what
  it has in hand.
- Two requests to a host are as far apart as its source and its robots.txt say.
- At most five redirects, each to an address of a page; none to a host that waits for a person.
- A page that has not changed is not fetched again: it is asked for with what its server said of it the last time.
- A browser renders a page that is HTML and answered well, after its plain answer was kept as it came.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urljoin

from haoma.guard.crawl import warc
from haoma.guard.crawl.blocked import said_no
from haoma.guard.crawl.feed import FeedKeys, mapped
from haoma.guard.crawl.gate import REDIRECTS, Gate
from haoma.guard.crawl.jobs import Job, cost_of
from haoma.guard.crawl.links import links_in
from haoma.guard.crawl.masks import masked
from haoma.guard.crawl.model import Kind, Snapshot, State, TaskKind
from haoma.guard.crawl.recording import Came, Seen
from haoma.guard.crawl.robots import CLOSED, OPEN
from haoma.guard.crawl.urls import holds_mobile, host_of, normal, origin_of
from haoma.guard.crawl.web import Ask, Got, Headers, Web, header

__all__ = ["Pace", "Visitor"]

MOST_REDIRECTS = 5
_LATER = frozenset({"timeout", "no-answer"})
_HTML = frozenset({"text/html", "application/xhtml+xml", ""})


class Pace:
    """Keeps two requests to a host apart. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}

    async def turn(self, host: str, delay_s: float, within_s: float = float("inf")) -> bool:
        """Wait until this host may be asked; false, at once and for nothing, where that is not within this time."""
        now = self._clock()
        at = max(now, self._next.get(host, now))
        if at - now > within_s:
            return False
        self._next[host] = at + delay_s
        if at > now:
            await asyncio.sleep(at - now)
        return True


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who does jobs. `stopped` tells whether a host waits for a person; `now` is the clock.

    `before` gives the page of a snapshot; `binds` are addresses of this machine to ask from, `keys` those of feeds.
    """

    web: Web
    gate: Gate
    pace: Pace
    now: Callable[[], datetime]
    stopped: Callable[[str], Awaitable[bool]]
    before: Callable[[str], Awaitable[bytes]]
    binds: tuple[str, ...] = ()
    keys: FeedKeys | None = None
    halted: dict[str, datetime] = field(default_factory=dict)

    async def visit(self, job: Job) -> Came:
        """Do a job."""
        url, asked = job.url, 0
        for _ in range(MOST_REDIRECTS + 1):
            refused = await self._pass(job, url)
            if refused is not None:
                return refused
            headers = self._headers(job, url) if not asked else ()
            got = await self.web.get(Ask(url, headers, bind=self._bind(job, url)))
            asked += 1
            if (task := said_no(got)) is not None:
                return self._halt(job, url, task, asked - 1)
            if got.status not in REDIRECTS:
                return await self._came(job, got, asked)
            target = normal(urljoin(url, header(got.headers, "location") or ""))
            if target is None or holds_mobile(target):
                return Came(job, reason="redirect", state=State.REFUSED, extra=asked - 1)
            url = target
        return Came(job, reason="redirects", state=State.FAILED, extra=asked - 1)

    async def _pass(self, job: Job, url: str) -> Came | None:
        """Wait until an address may be asked for; what came of the job where it may not."""
        if url != job.url and await self.stopped(host_of(url)):
            return Came(job, reason="stopped", state=State.FAILED, again=True)
        licensed = job.source.kind is Kind.FEED and origin_of(url) == origin_of(job.url)
        rules = OPEN if licensed else await self.gate.rules(url)
        if rules is CLOSED:
            return Came(job, reason="robots-closed", state=State.FAILED, again=True)
        if not rules.allows(url):
            return Came(job, reason="robots", state=State.REFUSED)
        await self.pace.turn(host_of(url), max(job.source.delay_ms / 1000, rules.delay_s))
        if (halted := self.halted.get(host_of(url))) and job.claimed_at and job.claimed_at <= halted:
            return Came(job, reason="stopped", state=State.WAITING)
        return None

    def _halt(self, job: Job, url: str, task: TaskKind, extra: int) -> Came:
        """Ask this host for nothing more, not even what is in hand, until a person has its leave."""
        self.halted[host_of(url)] = self.now()
        return Came(job, reason=str(task), state=State.WAITING, task=task, host=host_of(url), extra=extra)

    def _bind(self, job: Job, url: str) -> str | None:
        """The address to ask a host from that has given leave: always the same one."""
        if not self.binds or not job.source.authorisation:
            return None
        at = int.from_bytes(hashlib.sha256(host_of(url).encode()).digest()[:4], "big")
        return self.binds[at % len(self.binds)]

    async def _came(self, job: Job, got: Got, asked: int) -> Came:
        if got.trouble is not None:
            refused = got.trouble == "not-public"
            state = State.REFUSED if refused else State.FAILED
            return Came(job, reason=got.trouble, state=state, again=got.trouble in _LATER, extra=asked - 1)
        if got.status >= 500 or got.status < 200:
            return Came(job, reason="server", state=State.FAILED, again=True, extra=asked - 1, wait_s=_wait(got))
        if got.status == 304:
            return await self._unchanged(job, got, asked)
        shown = await self._shown(job, got, asked)
        extra, halted = asked - 1 + (shown.requests if shown else 0), shown.said_no if shown else ()
        self.halted.update({host: self.now() for host, _ in halted if host == host_of(got.url)})
        if shown is not None and (shown.trouble is not None or not shown.body):
            shown = None
        if shown is not None and (task := said_no(shown)) is not None:
            return self._halt(job, got.url, task, extra)
        seen, read = self._seen(job, got, shown), shown.body if shown else got.body
        links = _links(job, read, got) if _is_html(got) else []
        return Came(job, seen=seen, links=links, extra=extra, read=read, halted=halted)

    async def _shown(self, job: Job, got: Got, asked: int) -> Got | None:
        """The page as a browser shows it, with its trouble where it does not; or a feed as it is read; else None."""
        if job.source.kind is Kind.FEED and job.source.mapping and got.status == 200:
            return Got(
                got.url,
                200,
                (("content-type", "text/html; charset=utf-8"),),
                mapped(got.body, job.source.mapping),
                requests=0,
            )
        if not job.source.render or got.status != 200 or not _is_html(got):
            return None
        await self.pace.turn(host_of(got.url), job.source.delay_ms / 1000)
        most = cost_of(job.source.budget_per_day, render=True) - asked
        if most < 1:
            return None
        ask = Ask(got.url, render=True, wait_for=job.source.wait_for, bind=self._bind(job, got.url), most=most)
        return await self.web.get(ask)

    def _headers(self, job: Job, url: str) -> Headers:
        """The headers that ask for a page only if it has changed (RFC 9110 §13.1), and the key of a feed."""
        source = job.source
        key: Headers = ()
        if source.kind is Kind.FEED and source.mapping and self.keys is not None:
            key = self.keys.header(source.mapping, url)
        if source.render or source.mapping or url != job.url:  # what is made of it is to be made anew
            return key
        asked = {"If-None-Match": job.etag, "If-Modified-Since": job.modified}
        return [*key, *((name, value) for name, value in asked.items() if value)]

    def _seen(self, job: Job, got: Got, shown: Got | None) -> Seen:
        at, made, digest = self.now(), str(uuid.uuid4()), _digest(got.body)
        same = job.known if digest == job.known_digest and shown is None else None
        answer = warc.Answer(got.url, got.status, got.headers, got.raw, got.ip)
        first = _whole(made, answer, got.body, at) if same is None else warc.revisit(made, answer, at, same)
        records = {"response": first}
        if shown is not None:
            kind = header(shown.headers, "content-type") or "text/html; charset=utf-8"
            records["rendered"] = warc.conversion(got.url, made, kind, shown.body, at)
        if shown is not None and shown.picture is not None:
            records["screenshot"] = warc.conversion(got.url, made, "image/png", shown.picture, at)
        return Seen(
            Snapshot(
                id=made,
                source=job.source.id,
                url=job.url,
                final_url=got.url,
                fetched_at=at,
                status=got.status,
                content_type=_type(got) or "",
                digest=digest,
                rendered_digest=_digest(shown.body) if shown else None,
                screenshot=_digest(shown.picture) if shown and shown.picture else None,
                same_as=same,
                visit=job.visit,
            ),
            records,
            etag=_kept(got.headers, "etag"),
            modified=_kept(got.headers, "last-modified"),
        )

    async def _unchanged(self, job: Job, got: Got, asked: int) -> Came:
        """A snapshot that points to the page as it was; asked anew where nothing is known that could be the same."""
        if job.known is None or job.known_digest is None:
            return Came(job, reason="server", state=State.FAILED, again=True, extra=asked - 1)
        at, made = self.now(), str(uuid.uuid4())
        read = await self.before(job.known)
        answer = warc.Answer(got.url, got.status, got.headers, b"", got.ip)
        seen = Snapshot(
            id=made,
            source=job.source.id,
            url=job.url,
            final_url=got.url,
            fetched_at=at,
            status=200,  # that of the page, as it was and is
            content_type=_type(got) or job.known_type or "",
            digest=job.known_digest,
            same_as=job.known,
            visit=job.visit,
        )
        records = {"response": warc.revisit(made, answer, at, job.known)}
        return Came(job, seen=Seen(seen, records), links=_links(job, read, got), extra=asked - 1, read=read)


def _whole(made: str, answer: warc.Answer, body: bytes, at: datetime) -> bytes:
    """The record of an answer; without its content encoding where that is not what it says, so that it can be read."""
    record = warc.response(made, answer, at)
    coded = header(answer.headers, "content-encoding") is not None
    if not coded or warc.reads(record, body):
        return record
    plain = [(name, value) for name, value in answer.headers if name.lower() != "content-encoding"]
    return warc.response(made, replace(answer, headers=plain, body=body), at)


def _links(job: Job, page: bytes, got: Got) -> list[str]:
    return links_in(page, got.url) if job.depth < job.source.depth else []


def _is_html(got: Got) -> bool:
    return (_type(got) or "").partition(";")[0].strip().lower() in _HTML


def _type(got: Got) -> str | None:
    return _kept(got.headers, "content-type")


def _wait(got: Got) -> float:
    said = header(got.headers, "retry-after") or ""
    return float(min(int(said[:6]), 86_400)) if said.isascii() and said.isdigit() else 0.0


def _kept(headers: Headers, name: str) -> str | None:
    """What the server says of a page, to be kept; what is too long, does not print or holds a number is nothing."""
    found = header(headers, name)
    sound = found and len(found) <= 200 and found.isascii() and found.isprintable() and masked(found) == found
    return found if sound else None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
