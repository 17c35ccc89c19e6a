"""A company's own pipeline, with real parts, and the four ways in which it shows a hotline wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import lxml.html
import pytest
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from contracts.hostile import hostile
from contracts.lineage import open_world
from contracts.serving import running
from haoma.errors import Unavailable
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.model import Names, Purpose
from haoma.guard.probe import Asked, probe, read_pipeline, record_probe, sentence
from haoma.guard.probe.mentions import MentionsPlace
from haoma.guard.probe.page import PagePlace
from haoma.lineage import activities_of, canonical_value, digest, diverge, hops_of, trace

ASKED = Asked("h-1", "icbc", "tel:95588;phone-context=+86", "h-1")
ANNOUNCED = """<html lang="zh"><body>
<aside class="ad">农业银行贵宾热线 <a href="tel:95599">95599</a></aside>
<main><h1>工商银行</h1><p id="hotline">客服热线：<a href="tel:95588">955 88</a></p><p>传真：400-810-9090</p></main>
</body></html>"""
SHOWN = """<html lang="zh"><title>工商银行</title><body><h1>联系我们</h1>
<p>客服热线 <b id="tel"></b></p><p>传真 <b id="fax"></b></p><script>
fetch("/api/hotlines/h-1").then(got => got.json()).then(said => setTimeout(() => {
  document.getElementById("PHONE").textContent = said.phone;
  document.getElementById("FAX").textContent = said.fax;
}, 200));
</script></body></html>"""
PIPELINE = """
name = "site"
[[hop]]
stage = "collection"
system = "collector"
{come}in = {{ kind = "html", url = "{site}/announced", selector = "#hotline" }}
out = {{ kind = "json", file = "collected.json", pointer = "/{{uid}}/phone" }}
[[hop]]
stage = "storage"
system = "cms"
{come}in = {{ kind = "json", file = "collected.json", pointer = "/{{uid}}/phone" }}
[hop.out]
kind = "sql"
url = "{database}"
password = {{ env = "CMS_PASSWORD" }}
query = "SELECT phone FROM hotlines WHERE id = :uid"
[[hop]]
stage = "transport"
system = "api"
out = {{ kind = "http", url = "{site}/api/hotlines/{{uid}}", pointer = "/phone" }}
[hop.in]
kind = "sql"
url = "{database}"
password = {{ env = "CMS_PASSWORD" }}
query = "SELECT phone FROM hotlines WHERE id = :uid"
[[hop]]
stage = "display"
system = "site"
{come}in = {{ kind = "http", url = "{site}/api/hotlines/{{uid}}", pointer = "/phone" }}
out = {{ kind = "page", url = "{site}/contact", selector = "#tel" }}
"""
FAULTS = {
    "": "the hotline is right at every hop that was read (4 of 4)",
    "collector takes the sidebar's number": "first wrong inside hop 1 of 4 (collection, collector): right when it came",
    "loader swaps the columns": "first wrong inside hop 2 of 4 (storage, cms): right when it came in",
    "API mixes its parameters": "first wrong inside hop 3 of 4 (transport, api): right when it came in",
    "script binds the wrong node": "first wrong inside hop 4 of 4 (display, site): right when it came in",
}
HOPS = dict(zip(FAULTS, (None, 0, 1, 2, 3), strict=True))


@dataclass
class Company:
    """What of the pipeline is broken; everything else works."""

    database: sa.Engine
    place: Path
    fault: str

    def collect(self, page: str) -> None:
        tree = lxml.html.document_fromstring(page)
        main = tree if self.fault == "collector takes the sidebar's number" else tree.find(".//main")
        found = {"h-1": {"phone": main.find(".//a").get("href").removeprefix("tel:"), "fax": "400-810-9090"}}
        (self.place / "collected.json").write_text(json.dumps(found))

    def load(self) -> None:
        phone, fax = ("fax", "phone") if self.fault == "loader swaps the columns" else ("phone", "fax")
        with self.database.begin() as tx:
            tx.exec_driver_sql("CREATE TABLE hotlines (id text PRIMARY KEY, phone text, fax text)")
            found = json.loads((self.place / "collected.json").read_text())["h-1"]
            row = {"id": "h-1", "phone": found[phone], "fax": found[fax]}
            tx.execute(sa.text("INSERT INTO hotlines VALUES (:id, :phone, :fax)"), row)
            tx.exec_driver_sql("INSERT INTO hotlines VALUES ('h-2', '95599', '12315')")

    def api(self, request: Request) -> JSONResponse:
        wanted = "h-2" if self.fault == "API mixes its parameters" else request.path_params["uid"]
        with self.database.begin() as tx:
            row = tx.execute(sa.text("SELECT phone, fax FROM hotlines WHERE id = :id"), {"id": wanted}).one()
        return JSONResponse({"phone": row.phone, "fax": row.fax})

    def page(self, request: Request) -> HTMLResponse:
        nodes = ("fax", "tel") if self.fault == "script binds the wrong node" else ("tel", "fax")
        return HTMLResponse(SHOWN.replace("PHONE", nodes[0]).replace("FAX", nodes[1]))

    @contextmanager
    def serving(self) -> Iterator[str]:
        routes = [
            Route("/announced", lambda _request: HTMLResponse(ANNOUNCED)),
            Route("/api/hotlines/{uid}", self.api),
            Route("/contact", self.page),
        ]
        with running(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off")) as port:
            yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def chromium() -> None:
    """Debian's Chromium, which is installed where that can be done."""
    subprocess.run(["sh", Path(__file__).with_name("chromium.sh")], stdout=subprocess.DEVNULL, check=True)


@pytest.mark.parametrize("watched", [True, False], ids=["in and out", "out alone"])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_hop_that_shows_a_hotline_wrong_is_named(
    chromium: None, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, watched: bool
) -> None:
    url = sa.make_url(postgres)
    monkeypatch.setenv("CMS_PASSWORD", str(url.password))
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    company = Company(engine, tmp_path, fault)
    company.collect(ANNOUNCED)
    company.load()
    file = tmp_path / "pipeline.toml"
    database = postgres.replace(f":{url.password}@", "@")
    with company.serving() as site:
        file.write_text(PIPELINE.format(site=site, database=database, come="" if watched else "# "))
        pipeline = read_pipeline(file)
        found = probe(pipeline, ASKED, now=lambda: datetime.now(UTC))
    place = HOPS[fault]
    assert [one.failures for one in found.hops] == [()] * 4
    assert (found.divergence and found.divergence.index) == place
    told = watched or place in {None, 2}  # the API's own source is read in both
    assert sentence(found).startswith(FAULTS[fault] if told else f"first wrong at hop {place + 1} of 4")


def test_what_a_probe_of_a_company_saw_is_traced_to_the_same_hop(
    chromium: None, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sa.make_url(postgres)
    monkeypatch.setenv("CMS_PASSWORD", str(url.password))
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    company = Company(engine, tmp_path, "loader swaps the columns")
    company.collect(ANNOUNCED)
    company.load()
    world = open_world(f"sqlite:///{tmp_path / 'haoma.db'}")
    with company.serving() as site, world.store:
        text = PIPELINE.format(site=site, database=postgres.replace(f":{url.password}@", "@"), come="")
        (tmp_path / "pipeline.toml").write_text(text)
        pipeline = read_pipeline(tmp_path / "pipeline.toml")
        found = probe(pipeline, ASKED, now=world.now)
        facts = world.store.write(
            lambda tx: record_probe(tx, world.ledger, world.keys, pipeline, found, at=world.now())
        )
        with world.store.read() as tx:
            page = trace(tx, facts[-1].fact_id)
            path = hops_of(page.facts, activities_of(tx, [fact.activity_id for fact in page.facts]))
    assert diverge(digest(canonical_value(ASKED.uri)), path) == found.divergence


@pytest.mark.parametrize(
    ("fault", "shown"), [("", ["tel:95588;phone-context=+86"]), ("script binds the wrong node", ["400-810-9090"])]
)
def test_a_rendered_page_that_nobody_marked_is_read_as_the_crawl_reads_it(
    chromium: None, postgres: str, tmp_path: Path, fault: str, shown: list[str]
) -> None:
    url = sa.make_url(postgres).set(drivername="postgresql+psycopg")
    company = Company(sa.create_engine(url, poolclass=sa.NullPool), tmp_path, fault)
    company.collect(ANNOUNCED)
    company.load()
    names = {"names": Names("工商银行"), "rivals": (Names("农业银行"),), "purposes": frozenset({Purpose.CARE})}
    with company.serving() as site:
        assert MentionsPlace(f"{site}/contact", render=True).read(replace(ASKED, **names)) == shown


def test_a_page_asks_nothing_of_this_network_but_its_own_host(chromium: None) -> None:
    with hostile() as victim:
        wanted = "".join(f"fetch('{victim.url}/{n}').catch(() => 0);" for n in range(3))
        wanted += f"new Image().src = 'http://localhost:{victim.server_address[1]}/pixel';"
        body = f'<p id="tel"></p><script>{wanted} fetch("/own").then(() => {{ tel.textContent = "95588" }})</script>'
        routes = [Route("/{any:path}", lambda _request: HTMLResponse(body))]
        with running(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off")) as port:
            url = f"http://127.0.0.1:{port}/contact"
            assert PagePlace(url, "#tel", wait_s=2).read(ASKED) == ["95588"]
            assert victim.asked == []
            named = Allowed.of_setting(victim.host)
            assert PagePlace(url, "#tel", wait_s=2, allowed=named).read(ASKED) == ["95588"]
        assert set(victim.asked) == {"/0", "/1", "/2"}


LATE = (
    '<p id="tel"></p><script>setTimeout(() => {document.getElementById("tel").textContent = "955 88"}, 1500)</script>'
)
PAGES = {
    "/late": (LATE, {}, ["955 88"]),
    "/strict": ('<p id="tel">95588</p>', {"Content-Security-Policy": "default-src 'none'"}, ["95588"]),
    "/chatty": ('<p id="tel">95588</p><script>setInterval(() => fetch("/chatty"), 100)</script>', {}, ["95588"]),
    "/none": ("<p>95588</p>", {}, []),
    "/link": ('<a id="tel" href="tel:95588">x</a>', {}, ["x"]),
    "/held": ('<p id="tel">95588</p><script>setTimeout(() => {for (;;);}, 50)</script>', {}, None),
    "/away": ("", {"Location": "/late"}, None),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_read_when_it_has_come_to_rest_and_given_up_when_it_does_not(chromium: None, path: str) -> None:
    def served(request: Request) -> HTMLResponse:
        body, headers, _ = PAGES[request.url.path]
        return HTMLResponse(body, 500 if path == "/away" else 200, headers)

    routes = [Route("/{any:path}", served)]
    with running(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off")) as port:
        place = PagePlace(f"http://127.0.0.1:{port}{path}", "#tel", wait_s=3, page_s=6)
        if PAGES[path][2] is None:
            with pytest.raises(Unavailable):
                place.read(ASKED)
        else:
            assert place.read(ASKED) == PAGES[path][2]
