"""What holds for every page: where forms may come from, what pages go out with, and what nobody gets into one."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from contracts.api import Client, client_in, lines, opened_in
from contracts.page import ORIGIN, OURS, Customer, forms
from contracts.serving import serving, settings_in
from haoma.access.tables import tenants
from haoma.consent import make_notice
from haoma.errors import BadInput
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log
from haoma.web.self import self_app
from haoma.web.self.html import Html, tag
from haoma.web.self.words import WORDS, say

DOOR = "/self/my/acme"
EMPTY = {"br", "input", "link", "meta"}


class Read(HTMLParser):
    """A page, held to what a browser and a reader for the blind need of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for element, attributes in self.elements if element == name]


def pages(customer: Customer) -> list[httpx.Response]:
    """One of each kind."""
    sent = customer.press(customer.get(DOOR), DOOR, number=customer.number)
    wrong = customer.press(sent, "/self/enter", code="000000x")
    path = customer.asked()
    given = customer.press(customer.get(path), path, answer="yes", code=customer.code)
    gone = customer.press(given, "/self/me/withdraw")
    over, nothing = customer.get(path), customer.get("/self/q/x")
    return [customer.shown[0], sent, wrong, customer.get(customer.asked()), given, gone, over, nothing]


def test_every_page_is_whole_labelled_and_in_its_language(customer: Customer) -> None:
    for told in pages(customer):
        read = Read(told.text)
        assert read.open == []
        assert [one["lang"] for one in read.all("html")] == ["zh-CN"]
        assert len(read.all("h1")) == len(read.all("main")) == len(read.all("title")) == 1
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in read.all("meta")
        labelled = {one.get("for") for one in read.all("label")}
        typed = [one for one in read.all("input") if one.get("type") != "hidden"] + read.all("textarea")
        assert {one["id"] for one in typed} == labelled
        ids = [one["id"] for _, one in read.elements if "id" in one]
        assert len(ids) == len(set(ids))
        assert {one["aria-describedby"] for one in typed if "aria-describedby" in one} <= set(ids)


def test_every_page_goes_out_unframed_unkept_without_cookies_and_with_nothing_of_others(customer: Customer) -> None:
    path = customer.asked()
    customer.press(customer.get(path), path, answer="yes", code=customer.code)
    customer.press(customer.shown[-1], "/self/me/receipt")
    customer.get("/self/q/x")
    customer.post("/self/enter", {}, Origin="https://evil.example")
    for told in customer.shown:
        policy = told.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert told.headers["cache-control"] == "no-store"
        assert told.headers["referrer-policy"] == "no-referrer"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in told.headers
        read = Read(told.text)
        linked = [str(one.get(name)) for name in ("src", "href", "action") for _, one in read.elements if name in one]
        assert [one for one in linked if not one.startswith(("/self/", "#"))] == []
        assert not [one for _, one in read.elements for name in one if name.startswith("on") or name == "style"]
        assert re.findall(r"<script(?! src=)", told.text) == []


@pytest.mark.parametrize("name", ["self.css", "share.js"])
def test_what_pages_load_is_ours_and_says_what_it_is(customer: Customer, name: str) -> None:
    told = customer.get(f"/self/static/{name}")
    assert (told.status_code, told.headers["x-content-type-options"]) == (200, "nosniff")
    assert "http" not in told.text
    assert customer.get("/self/static/..%2fapp.py").status_code == 404
    assert customer.get("/self/static/app.py").status_code == 404


@pytest.mark.parametrize(
    ("headers", "let"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8620"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8620"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8621"}, False),
    ],
    ids=str,
)
def test_a_form_of_another_site_does_nothing(customer: Customer, headers: dict[str, str], let: bool) -> None:
    path = customer.asked()
    ((_, known),) = forms(customer.get(path).text)
    told = customer.post(path, {**known, "answer": "no"}, **headers)
    assert (told.status_code == 200) == let
    assert customer.get(path).status_code == (410 if let else 200)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"answer=no&answer=yes", None, 400),
        (b"&".join(b"a%d=1" % n for n in range(30)), None, 400),
        (b"code=%ff%fe", None, 400),
        (b"code=\xff", None, 400),
        (b"x=" + b"a" * 17000, None, 413),
        (b'{"answer": "no"}', "application/json", 415),
        (b"answer=no", "text/plain", 415),
        (b"answer=no", "multipart/form-data; boundary=x", 415),
        (b"", None, 404),
    ],
)
def test_what_is_no_form_is_refused(customer: Customer, content: bytes, kind: str | None, status: int) -> None:
    headers = {**OURS, "Content-Type": kind or "application/x-www-form-urlencoded"}
    told = customer.client.ask("POST", "/self/q/x", content=content, key=None, headers=headers)
    assert told.status_code == status
    assert "<main" in told.text


def test_what_is_pressed_only_is_not_gotten(customer: Customer) -> None:
    for path in ("/self/enter", "/self/me", "/self/me/withdraw", "/self/me/receipt"):
        told = customer.get(path)
        assert (told.status_code, "<main" in told.text) == (405, True)


def test_names_and_notices_are_text_and_never_markup(house: Client, customer: Customer) -> None:
    services, evil = house.services, "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}{0}"
    dpo = services.sign_in.asker(house.tokens["dpo"], services.now())
    notice = make_notice("customer-care", "acme-evil", evil, f"a@b{evil}", ["browser"], "city", 30)
    services.consent.notices.publish(dpo, "acme", notice)
    customer.say_yes("acme-evil")
    customer.press(customer.come_in(), "/self/me/withdraw")
    path = customer.asked("acme-evil", language="en")
    customer.get(path)
    for told in customer.shown:
        assert [one for _, one in Read(told.text).elements if "onerror" in one] == []
        assert "<script>" not in told.text
        assert "<img" not in told.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in customer.shown[-1].text


@pytest.mark.parametrize("language", ["<script>", "fr", "en'", "zh\r\nX: y", ""])
def test_a_language_that_there_is_none_of_is_zh(customer: Customer, language: str) -> None:
    from urllib.parse import quote

    told = customer.get(f"{DOOR}?lang={quote(language)}")
    assert (told.status_code, '<html lang="zh-CN">' in told.text) == (200, True)
    assert not language or language == "fr" or language not in told.text.replace("lang=zh", "")


def test_what_is_typed_stands_nowhere_as_markup(customer: Customer) -> None:
    evil = '"><script>alert(1)</script>'
    for path, fields in (
        (DOOR, {"number": evil}),
        ("/self/enter", {"tenant": "acme", "door": evil, "code": evil}),
        ("/self/enter", {"tenant": evil, "door": evil, "code": evil}),
        ("/self/me", {"session": evil}),
    ):
        assert "<script>alert" not in customer.post(path, fields).text


def test_only_what_was_made_here_is_markup() -> None:
    assert tag("p", "<b>", tag("b", "&"), None, ["<i>", Html("<i>")], title='"<') == (
        '<p title="&quot;&lt;">&lt;b&gt;<b>&amp;</b>&lt;i&gt;<i></p>'
    )


def test_an_address_presses_so_often_and_no_more(house: Client, customer: Customer) -> None:
    settings = replace(house.services.settings, self_rate_per_min=30)
    services = house.services
    before, services.settings = services.settings, settings
    try:
        app = Edge(self_app(services, floor_s=0.0), Log(house.log))
    finally:
        services.settings = before
    pressing = Customer(replace(house, app=app), customer.number)
    told = [pressing.post("/self/me", {"session": "x"}) for _ in range(8)]
    assert [one.status_code for one in told] == [404] * 5 + [429] * 3
    assert told[-1].headers["retry-after"] in {"1", "2"}
    assert pressing.get(DOOR).status_code == 200  # looking is no press


def test_an_address_has_few_codes_sent_whatever_the_numbers(house: Client, customer: Customer) -> None:
    services = house.services
    before, services.settings = services.settings, replace(services.settings, self_rate_per_min=60)
    try:
        app = Edge(self_app(services, floor_s=0.0), Log(house.log))
    finally:
        services.settings = before
    asking = Customer(replace(house, app=app), customer.number)
    sent = asking.messages
    told = [asking.post(DOOR, {"number": f"1370012{n:04d}"}).status_code for n in range(5)]
    assert (told, asking.messages - sent) == ([200] * 3 + [429] * 2, 3)  # who mistypes theirs begins again at once
    assert 1 <= int(asking.shown[-1].headers["retry-after"]) <= 6
    assert "一分钟" not in asking.shown[-1].text


def test_the_start_leads_to_the_door_of_a_company(house: Client, customer: Customer) -> None:
    for path in ("/self", "/self/"):
        told = customer.get(path)
        assert (told.status_code, 'name="tenant"' in told.text) == (200, True)
        assert customer.client.people["agent"] not in told.text
        assert "acme" not in told.text  # nobody reads here which companies there are
    led = customer.get("/self/?tenant=+ACME&lang=en")
    assert (led.status_code, led.headers["location"]) == (303, "/self/my/acme?lang=en")
    assert customer.get(led.headers["location"]).status_code == 200
    for wrong in ("nobody", "", "//evil.example", "a/b", "<b>"):
        told = customer.get(f"/self/?tenant={quote(wrong, safe='')}")
        assert (told.status_code, 'role="alert"' in told.text, "evil" in told.text) == (404, True, False), wrong


def test_the_start_of_a_house_with_one_company_is_its_door(tmp_path_factory: pytest.TempPathFactory) -> None:
    with opened_in(tmp_path_factory.mktemp("one"), {}, self_url=ORIGIN) as client:
        row = {"tenant_id": str(uuid.uuid4()), "name": "acme", "created_at": client.services.now()}
        client.services.store.write(lambda tx: tx.execute(sa.insert(tenants).values(**row)).rowcount)
        app = Edge(self_app(client.services, floor_s=0.0), Log(client.log))
        led = Customer(replace(client, app=app), "13700199998").get("/self/")
        assert (led.status_code, led.headers["location"]) == (303, "/self/my/acme?lang=zh")
        assert led.headers["cache-control"] == "no-store"


def test_every_word_is_there_in_both_languages_and_means_the_same_values() -> None:
    for name, (zh, en) in WORDS.items():
        assert zh.strip(), name
        assert en.strip(), name
        assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en)), name
        assert not re.search("[\u4e00-\u9fff]", en) or name == "other", name
    assert say("zh", "days", days=3) == "自您同意之日起 3 天"


def test_the_page_is_served_where_the_setting_says_that_there_is_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("served")
    with client_in(place) as client:
        settings = client.services.settings
    with httpx.Client(trust_env=False, timeout=20) as http:
        with serving(replace(settings, self_url="http://localhost:8620")) as url:
            told = http.get(f"{url}{DOOR}")
            assert (told.status_code, told.headers["referrer-policy"]) == (200, "no-referrer")
            assert http.get(f"{url}/healthz").json() == {"status": "up"}
            assert [http.get(f"{url}{path}").status_code for path in ("/self", "/self/")] == [200, 200]
            assert http.get(f"{url}/self/none").headers["content-type"].startswith("text/html")
        with serving(settings) as url:
            told = http.get(f"{url}{DOOR}")
            assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "origin",
    [
        "http://acme.example",
        "https://acme.example/path",
        "https://a@b.example",
        "acme.example",
        "https://x/?q",
        "ftp://x",
    ],
)
def test_a_setting_that_is_no_origin_is_told(tmp_path_factory: pytest.TempPathFactory, origin: str) -> None:
    from haoma.consent.links import check_origin

    assert settings_in(tmp_path_factory.mktemp("origin")).self_url == ""
    with pytest.raises(BadInput, match="self_url"):
        check_origin(origin)


@pytest.mark.parametrize(
    "content", [None, "url = 13800138000", '[body]\nto = "{number}"'], ids=["none", "toml", "short"]
)
def test_a_wrong_file_of_the_operator_is_the_services_fault_and_told_to_its_log(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "sms-13800138000.toml"
    if content is not None:
        file.write_text(content)
    with client_in(tmp_path / "house", self_url=ORIGIN, sms_file=file) as client:
        page = replace(client, app=Edge(self_app(client.services, floor_s=0.0), Log(client.log)))
        customer = Customer(page, "13700138000")
        told = customer.press(customer.get(DOOR), DOOR, number=customer.number)
        (line,) = lines(client)
    assert (told.status_code, "没有改变任何内容" in told.text, "sms" in told.text) == (503, True, False)
    assert (line["status"], str(line["trouble"]).startswith(f"{tmp_path}/sms-****")) == (503, True)
