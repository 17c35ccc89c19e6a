from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.crawl import NOW, SITE, MemoryWeb, answer, page
from haoma.errors import BadInput, Refused
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.crawl.feed import FeedKeys
from haoma.guard.crawl.gate import Gate
from haoma.guard.crawl.jobs import Job
from haoma.guard.crawl.model import Kind, Source, TaskKind
from haoma.guard.crawl.recording import Came
from haoma.guard.crawl.visiting import Pace, Visitor
from haoma.guard.crawl.warc import body_in
from haoma.guard.crawl.web import Ask, Got

UUID = "00000000-0000-4000-8000-000000000000"
CHART = 'name = "org"\nnumber = "tel"\nkey_header = "X-Api-Key"\nkey_file = "{}"\n'


def job(**given: object) -> Job:
    source = Source(UUID, Kind(given.pop("kind", "page")), SITE, "an", "licence 7", **{"delay_ms": 0, **given})
    return Job(1, source, UUID, SITE, 0, 0)


def visit(
    web: MemoryWeb,
    one: Job | None = None,
    *,
    stopped: tuple[str, ...] = (),
    binds: tuple[str, ...] = (),
    keys: FeedKeys | None = None,
) -> Came:
    async def is_stopped(host: str) -> bool:
        return host in stopped

    async def run() -> Came:
        gate, pace = Gate(web, time.monotonic), Pace(time.monotonic)
        return await Visitor(web, gate, pace, lambda: NOW, is_stopped, nothing, binds, keys).visit(one or job())

    return asyncio.run(run())


async def nobody(_host: str) -> bool:
    return False


async def nothing(_snapshot: str) -> bytes:
    return b""


def moved(to: str) -> Got:
    return answer(302, ("Location", to))


def test_a_redirect_is_followed_through_the_gate() -> None:
    web = MemoryWeb({SITE: moved("/b"), f"{SITE}b": moved("https://other.example/"), "https://other.example/": page()})
    came = visit(web)
    assert came.seen.snapshot.final_url == "https://other.example/"
    assert came.seen.snapshot.url == SITE
    assert came.extra == 2
    assert "https://other.example/robots.txt" in web.asked


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("/no", "robots"),
        ("file:///etc/passwd", "redirect"),
        ("/tel/13800138000", "redirect"),
        ("https://closed.example/", "robots-closed"),
        ("https://stopped.example/", "stopped"),
    ],
)
def test_a_redirect_leads_to_nothing_that_may_not_be_asked_for(to: str, reason: str) -> None:
    rules = answer(200, body=b"User-agent: *\nDisallow: /no\n")
    web = MemoryWeb({f"{SITE}robots.txt": rules, SITE: moved(to), "https://closed.example/robots.txt": answer(503)})
    came = visit(web, stopped=("stopped.example",))
    assert (came.seen, came.reason) == (None, reason)
    assert web.fetched == [SITE]
    assert "https://stopped.example/robots.txt" not in web.asked


def test_redirects_end() -> None:
    web = MemoryWeb({SITE: moved("/")})
    came = visit(web)
    assert (came.reason, len(web.fetched)) == ("redirects", 6)
    assert not came.again


@pytest.mark.parametrize(
    ("got", "reason", "again"),
    [
        (replace(answer(0), trouble="timeout"), "timeout", True),
        (replace(answer(0), trouble="no-answer"), "no-answer", True),
        (replace(answer(0), trouble="too-large"), "too-large", False),
        (replace(answer(0), trouble="not-public"), "not-public", False),
        (answer(500), "server", True),
        (answer(503, ("Retry-After", "120")), "server", True),
        (answer(304), "server", True),
    ],
)
def test_what_is_no_page_is_told_by_a_word(got: Got, reason: str, again: bool) -> None:
    came = visit(MemoryWeb({SITE: got}))
    assert (came.seen, came.reason, came.again) == (None, reason, again)


def test_a_servers_headers_bring_no_persons_number_into_a_table() -> None:
    said = (
        ("Content-Type", "text/html; to=13800138000"),
        ("ETag", '"13800138000"'),
        ("Last-Modified", "138-0013-8000"),
    )
    seen = visit(MemoryWeb({SITE: Got("", 200, said, b"95588", b"95588")})).seen
    assert (seen.snapshot.content_type, seen.etag, seen.modified) == ("", None, None)


def test_a_page_that_is_gone_is_seen_as_gone() -> None:
    came = visit(MemoryWeb({SITE: answer(404)}))
    assert (came.seen.snapshot.status, came.links) == (404, [])


def test_a_page_is_rendered_after_it_was_kept_as_it_came() -> None:
    def site(ask: Ask) -> Got:
        return replace(page("shown 95588"), picture=b"\x89PNG", requests=4) if ask.render else page("script")

    came = visit(MemoryWeb({SITE: site}), job(render=True, wait_for="#tel"))
    assert set(came.seen.records) == {"response", "rendered", "screenshot"}
    assert came.extra == 4
    assert b"shown 95588" in came.read


def test_a_page_that_cannot_be_rendered_is_kept_as_it_came() -> None:
    def site(ask: Ask) -> Got:
        return replace(answer(0), trouble="timeout") if ask.render else page("script")

    came = visit(MemoryWeb({SITE: site}), job(render=True))
    assert set(came.seen.records) == {"response"}
    assert b"script" in came.read


def test_a_feed_is_read_by_its_map_and_kept_as_it_came() -> None:
    body = b'{"items": [{"org": "A", "tel": "95588"}]}'
    web = MemoryWeb({SITE: answer(200, ("Content-Type", "application/json"), body=body)})
    came = visit(web, job(kind="feed", mapping='rows = "items"\nname = "org"\nnumber = "tel"\n'))
    assert set(came.seen.records) == {"response", "rendered"}
    assert b'"telephone": "95588"' in came.read


def test_a_host_is_always_asked_from_the_same_address_and_only_with_leave() -> None:
    web, binds = MemoryWeb({SITE: page()}), ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    for _ in range(3):
        visit(web, binds=binds)
    assert len({ask.bind for ask in web.asks if ask.url == SITE}) == 1
    without = replace(job(), source=replace(job().source, authorisation=""))
    visit(web, without, binds=binds)
    assert web.asks[-1].bind is None


def test_two_requests_to_a_host_are_apart() -> None:
    async def run() -> float:
        pace, began = Pace(time.monotonic), time.monotonic()
        await asyncio.gather(*(pace.turn("a", 0.02) for _ in range(4)), pace.turn("b", 5.0))
        return time.monotonic() - began

    assert 0.055 <= asyncio.run(run()) < 4


@pytest.mark.parametrize(
    "given",
    [{"kind": "feed", "authorisation": ""}, {"owner": ""}, {"budget_per_day": 0}, {"depth": 21}, {"every_s": 59},
     {"delay_ms": -1}, {"url": "ftp://example.com"}, {"owner": "a\nb"}, {"owner": "王经理 138·0013·8000"},
     {"authorisation": "13800138000"}],
)  # fmt: skip
def test_a_source_that_breaks_a_rule_is_bad_input(given: dict[str, object]) -> None:
    fields = {"id": UUID, "kind": Kind.PAGE, "url": SITE, "owner": "an", "authorisation": "x", **given}
    with pytest.raises(BadInput):
        Source(**{**fields, "kind": Kind(fields["kind"])})


def test_a_page_whose_encoding_is_not_what_it_says_is_kept_so_that_it_can_be_read() -> None:
    headers = (("Content-Type", "text/html"), ("Content-Encoding", "gzip"))
    lying = Got("", 200, headers, b"95588", b"\x1f\x8b broken")
    came = visit(MemoryWeb({SITE: lying}))
    assert body_in(came.seen.records["response"], 1000) == b"95588"


def test_a_host_that_said_no_is_not_asked_for_what_is_in_hand() -> None:
    web = MemoryWeb({SITE: answer(403)})
    one = replace(job(), claimed_at=NOW)

    async def run() -> list[Came]:
        gate, pace = Gate(web, time.monotonic), Pace(time.monotonic)
        visitor = Visitor(web, gate, pace, lambda: NOW, nobody, nothing)
        return [await visitor.visit(each) for each in (one, one, replace(one, claimed_at=NOW + timedelta(seconds=1)))]

    first, second, later = asyncio.run(run())
    assert (first.task, second.task, later.task) == ("forbidden", None, "forbidden")
    assert (str(second.state), second.reason) == ("waiting", "stopped")
    assert len(web.fetched) == 2


def test_it_is_the_host_that_said_no_which_waits_for_a_person() -> None:
    web = MemoryWeb({SITE: moved("https://other.example/"), "https://other.example/": answer(403)})
    assert visit(web).host == "other.example"


def test_a_captcha_that_only_a_browser_is_shown_is_a_no() -> None:
    def site(ask: Ask) -> Got:
        return page("<title>人机验证</title>") if ask.render else page("script")

    assert visit(MemoryWeb({SITE: site}), job(render=True)).task == "captcha"


def test_a_feed_gets_its_key_and_nobody_else_does(tmp_path: Path) -> None:
    (key := tmp_path / "feed.key").write_text("secret\n")
    key.chmod(0o600)
    keys, chart = FeedKeys(tmp_path), CHART.format("feed.key")
    web = MemoryWeb({SITE: moved("https://other.example/"), f"{SITE}robots.txt": answer(503)})
    visit(web, job(kind="feed", mapping=chart), keys=keys)
    assert [dict(ask.headers).get("X-Api-Key") for ask in web.asks if ask.url == SITE] == ["secret"]
    assert all("X-Api-Key" not in dict(ask.headers) for ask in web.asks if ask.url != SITE)
    assert f"{SITE}robots.txt" not in web.asked
    key.unlink()
    with pytest.raises(BadInput):
        visit(web, job(kind="feed", mapping=chart), keys=keys)


def test_no_other_file_of_this_machine_is_the_key_of_a_feed(tmp_path: Path) -> None:
    (folder := tmp_path / "feeds").mkdir()
    (secret := tmp_path / "own.key").write_text("secret\n")
    secret.chmod(0o600)
    (folder / "link.key").symlink_to(secret)
    for name in ("../own.key", str(secret), "link.key"):
        with pytest.raises(BadInput, match="out of the folder"):
            FeedKeys(folder).header(CHART.format(name), SITE)


def test_the_key_of_a_feed_goes_out_in_the_clear_to_nobody_but_hosts_that_are_named(tmp_path: Path) -> None:
    (key := tmp_path / "feed.key").write_text("secret\n")
    key.chmod(0o600)
    plain, chart = "http://feed.example:8080/v1", CHART.format("feed.key")
    with pytest.raises(Refused):
        FeedKeys(tmp_path).header(chart, plain)
    assert FeedKeys(tmp_path, Allowed.of_setting("feed.example:8080")).header(chart, plain)


def test_a_feed_that_leads_to_its_host_without_tls_is_a_page_like_any_other() -> None:
    plain = SITE.replace("https", "http")
    web = MemoryWeb({SITE: moved(plain), f"{plain}robots.txt": answer(503)})
    assert visit(web, job(kind="feed")).reason == "robots-closed"
    assert web.fetched == [SITE]


def test_a_host_that_tells_a_script_no_gets_a_task_and_the_page_is_kept() -> None:
    def site(ask: Ask) -> Got:
        said = (("api.example", TaskKind.TOO_MANY),)
        return replace(page("shown"), said_no=said, requests=3) if ask.render else page("script")

    came = visit(MemoryWeb({SITE: site}), job(render=True))
    assert (came.task, came.halted, came.extra) == (None, (("api.example", "too-many"),), 3)
    assert "rendered" in came.seen.records


def test_what_a_page_asked_for_counts_though_it_was_not_rendered() -> None:
    def site(ask: Ask) -> Got:
        return replace(answer(0), trouble="timeout", requests=40) if ask.render else page("script")

    assert visit(MemoryWeb({SITE: site}), job(render=True)).extra == 40


def test_who_cannot_wait_for_a_turn_takes_none() -> None:
    now = [0.0]

    async def run() -> list[bool]:
        pace = Pace(lambda: now[0])
        found = [await pace.turn("a.example", 60.0, 10.0) for _ in range(100)]
        now[0] = 60.0
        return [*found, await pace.turn("a.example", 60.0, 0.0)]

    assert asyncio.run(run()) == [True, *[False] * 99, True]
