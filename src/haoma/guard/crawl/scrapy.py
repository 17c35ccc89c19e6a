"""The web by Scrapy: its downloader fetches, and nothing else of it decides anything.

Rules held here:
- Names are resolved by `addresses` for each new connection, and what was checked is what is connected to.
- No remote control, no telnet console, no cookies, no proxy out of the environment, no redirect and no retry of
  Scrapy's: each request is one that the gate has let pass.
- A body is bounded as sent and as unpacked, and so is the time for all of it. Certificates are checked.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from haoma.errors import HaomaError, Refused, Unavailable
from haoma.guard.crawl.addresses import Allowed, resolved
from haoma.guard.crawl.model import LARGEST
from haoma.guard.crawl.web import Ask, Got

try:
    from scrapy import Request, Spider
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.exceptions import CannotResolveHostError, DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
    from twisted.internet.address import IPv4Address, IPv6Address
    from twisted.internet.interfaces import IHostnameResolver, IHostResolution
    from twisted.internet.threads import deferToThread
    from zope.interface import implementer
except ImportError:
    raise Unavailable("the crawl needs Scrapy", hint="pip install 'haoma[crawl]'") from None

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.interfaces import IReactorPluggableNameResolver, IResolutionReceiver

__all__ = ["Checked", "Raw", "ScrapyWeb", "Visits", "run_scrapy", "scrapy_settings"]

TIMEOUT_S = 30.0
OF_HOST, AT_ONCE = 8, 32
_NONE: Mapping[str, int] = {}
_PLAIN = {
    "Accept": "text/html,application/xhtml+xml,application/json,*/*;q=0.5",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}


def scrapy_settings(allowed: Allowed) -> dict[str, object]:
    """How Scrapy is set up: everything that acts by itself is off."""
    here = "haoma.guard.crawl.scrapy"
    return {
        "CONCURRENT_REQUESTS": AT_ONCE,
        "CONCURRENT_REQUESTS_PER_DOMAIN": OF_HOST,
        "COOKIES_ENABLED": False,
        "DOWNLOADER_MIDDLEWARES_BASE": {
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
            f"{here}.Raw": 595,
        },
        "DOWNLOADER_STATS": False,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_MAXSIZE": LARGEST,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": TIMEOUT_S,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "EXTENSIONS_BASE": _NONE,
        "HAOMA_ALLOWED": allowed,
        "HTTPPROXY_ENABLED": False,
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
        "MEMUSAGE_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # the gate has let pass what comes here; Scrapy's own fails open
        "SPIDER_MIDDLEWARES_BASE": _NONE,
        "TELNETCONSOLE_ENABLED": False,
        "TWISTED_DNS_RESOLVER": f"{here}.Checked",
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }


class Raw:
    """Keeps an answer as it was sent, before its content encoding is taken off."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Scrapy's hook: remember headers and bytes."""
        request.meta["raw"] = response.body
        request.meta["headers"] = _pairs(response)
        return response


@implementer(IHostResolution)
class _Looking:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing to cancel: the system's look-up ends by itself."""


@implementer(IHostnameResolver)
class Checked:
    """Twisted's resolver of names, which gives out checked addresses alone."""

    def __init__(self, reactor: IReactorPluggableNameResolver, allowed: Allowed) -> None:
        self._reactor = reactor
        self._allowed = allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: IReactorPluggableNameResolver) -> Checked:
        """Scrapy's way to make one."""
        return cls(reactor, crawler.settings["HAOMA_ALLOWED"])

    def install_on_reactor(self) -> None:
        """Scrapy's way to put it in place."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        receiver: IResolutionReceiver,
        hostName: str,  # noqa: N803 - Twisted's name
        portNumber: int = 0,  # noqa: N803 - Twisted's name
        addressTypes: object = None,  # noqa: N803 - Twisted's name
        transportSemantics: str = "TCP",  # noqa: N803 - Twisted's name
    ) -> IHostResolution:
        """Look a name up, and tell of its addresses if all of them may be reached."""
        looking = _Looking(hostName)
        receiver.resolutionBegan(looking)

        def tell(found: object) -> None:
            for text in found if isinstance(found, list) else []:
                kind = IPv6Address if ":" in text else IPv4Address
                receiver.addressResolved(kind("TCP", text, portNumber))
            receiver.resolutionComplete()

        deferToThread(_addresses, hostName, portNumber, self._allowed).addBoth(tell)
        return looking


def _addresses(host: str, port: int, allowed: Allowed) -> list[str]:
    try:
        return list(resolved(host, port, allowed))
    except HaomaError:
        return []


class ScrapyWeb:
    """A `Web` over the downloader of a running crawler. `agent` is what it says it is."""

    def __init__(self, crawler: Crawler, agent: str, allowed: Allowed) -> None:
        self._crawler = crawler
        self._agent = agent
        self._allowed = allowed

    async def get(self, ask: Ask) -> Got:
        """See `Web.get`; it renders nothing."""
        if ask.render:
            return Got(ask.url, 0, trouble="no-browser", requests=0)
        meta: dict[str, object] = {"download_timeout": TIMEOUT_S}
        if ask.bind is not None:
            meta["bindaddress"] = (ask.bind, 0)
        headers = {"User-Agent": self._agent, **_PLAIN, **dict(ask.headers)}
        request = Request(ask.url, method=ask.method, body=ask.body, headers=headers, meta=meta, dont_filter=True)
        engine = self._crawler.engine
        if engine is None:
            return Got(ask.url, 0, trouble="no-answer")
        try:
            response = await engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - whatever a server does must not end the crawl
            return Got(ask.url, 0, trouble=await self._trouble(error, ask.url))
        return _got(ask.url, request, response)

    async def _trouble(self, error: Exception, url: str) -> str:
        match error:
            case CannotResolveHostError():
                return await asyncio.to_thread(_why_not_resolved, url, self._allowed)
            case DownloadTimeoutError():
                return "timeout"
            case DownloadCancelledError() | IgnoreRequest():  # by the bounds, as sent and as unpacked
                return "too-large"
        return "no-answer"


def _got(url: str, request: Request, response: Response) -> Got:
    ip = str(response.ip_address) if response.ip_address else None
    headers, raw = request.meta.get("headers") or _pairs(response), request.meta.get("raw", response.body)
    return Got(url, response.status, headers, response.body, raw, ip)


def _pairs(response: Response) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), one.decode("latin-1")) for name, given in response.headers.items() for one in given
    ]


def _why_not_resolved(url: str, allowed: Allowed) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    try:
        resolved(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), allowed)
    except Refused:
        return "not-public"
    except HaomaError:
        pass
    return "no-answer"


class Visits(Spider):  # type: ignore[misc] # Scrapy may not be installed where types are checked
    """Scrapy's spider, which does one thing: it lets the work run while Scrapy's engine does."""

    name = "haoma"
    custom_settings: ClassVar[dict[str, object]] = {}
    work: Callable[[Crawler], Awaitable[None]]

    async def start(self) -> AsyncIterator[Request]:
        """Run the work; there is nothing that Scrapy has to schedule."""
        await self.work(self.crawler)
        nothing: tuple[Request, ...] = ()
        for one in nothing:
            yield one


def run_scrapy(
    settings: Mapping[str, object], work: Callable[[Crawler], Awaitable[None]], stop: Callable[[], None]
) -> None:
    """Run `work` beside a crawler, in this process and thread, until it is done; a signal calls `stop`.

    Raises what the work raised; and after a signal, what its handler raises.
    """
    failures: list[BaseException] = []
    caught: list[int] = []

    def told(number: int) -> None:
        caught.append(number)
        stop()

    async def guarded(crawler: Crawler) -> None:
        loop = asyncio.get_running_loop()
        for number in kept:
            loop.add_signal_handler(number, told, number)
        try:
            await work(crawler)
        except BaseException as error:  # noqa: BLE001 - Scrapy would log it and go on; it is raised below
            failures.append(error)

    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    process = AsyncCrawlerProcess(dict(settings))
    for name in ("scrapy", "twisted", "scrapy-playwright", "protego"):
        logging.getLogger(name).handlers = [logging.NullHandler()]
        logging.getLogger(name).propagate = False  # what they say holds addresses of pages
    process.crawl(Visits, work=guarded)
    process.start(install_signal_handlers=False)
    for number, handler in kept.items():
        signal.signal(number, handler)
    if failures:
        raise failures[0]
    if caught:
        first = kept[signal.Signals(caught[0])]
        if callable(first):
            first(caught[0], None)
        raise KeyboardInterrupt
