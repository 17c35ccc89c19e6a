from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest

from haoma.guard.crawl.robots import rules_of
from haoma.guard.little_web import FORBIDDEN, Company, LittleWeb, served, sites_of
from haoma.guard.probe import probe, read_pipeline, rows
from haoma.guard.registry import uri_of
from haoma.numbers import parse

CARE, FAX = "400-555-0618", "0571-5550 0619"
NUMBER = re.compile(r"400-555-\d{4}|0571-?5550 ?\d{4}|138\d{8}")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company.open(tmp_path / "company", {"care": (CARE, FAX)})


@pytest.fixture
def web(company: Company) -> Iterator[LittleWeb]:
    with served(sites_of(company)) as web:
        yield web


def asked(web: LittleWeb, site: str, path: str = "/") -> tuple[int, str, bytes]:
    with closing(HTTPConnection(web.origins[site].removeprefix("http://"), timeout=5)) as line:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()


def get(web: LittleWeb, site: str, path: str = "/") -> tuple[str, bytes]:
    status, content_type, body = asked(web, site, path)
    assert status == 200
    return content_type, body


def test_every_site_is_on_loopback_and_ends_with_the_block(company: Company) -> None:
    with served(sites_of(company)) as web:
        assert list(web.origins) == ["official", "map", "forum", "listing"]
        assert all(host.startswith("127.0.0.1:") for host in web.hosts)
        get(web, "map")
    with pytest.raises(ConnectionRefusedError):
        get(web, "map")


def test_the_official_page_shows_what_the_cms_has_at_the_moment(web: LittleWeb, company: Company) -> None:
    page = get(web, "official")[1].decode()
    assert f'id="hotline">{CARE}<' in page
    company.swap("care")
    swapped = get(web, "official")[1].decode()
    assert f'id="hotline">{FAX}<' in swapped
    assert f'id="fax">{CARE}<' in swapped
    assert json.loads(get(web, "official", "/api/contacts.json")[1]) == {"care": {"phone": FAX, "fax": CARE}}
    company.swap("care")
    assert get(web, "official")[1].decode() == page


def test_every_page_is_in_the_charset_of_its_head_and_all_its_numbers_are_numbers(web: LittleWeb) -> None:
    seen = 0
    for site in web.origins:
        content_type, body = get(web, site)
        text = body.decode("gb2312" if "gb2312" in content_type else "utf-8")
        assert f"charset={content_type.rpartition('=')[2]}" in text.replace('"', "")
        numbers = NUMBER.findall(text)
        assert all(parse(number).valid for number in numbers)
        seen += len(numbers)
    assert seen == 14


def test_a_page_of_a_member_is_forbidden_by_robots_txt_and_linked_to(web: LittleWeb) -> None:
    rules = rules_of(200, get(web, "forum", "/robots.txt")[1])
    linked = re.findall(rf'href="({FORBIDDEN}[^"]*)"', get(web, "forum")[1].decode())
    assert linked
    assert not any(rules.allows(f"{web.origins['forum']}{path}") for path in linked)
    assert ("forum", "/robots.txt") in web.asked
    assert all(get(web, "forum", path)[1] for path in linked)


def test_what_is_not_there_is_answered_with_404(web: LittleWeb) -> None:
    assert asked(web, "listing", "/nothing")[0] == 404


def test_the_first_hop_that_is_wrong_is_the_cms_until_it_is_put_right(web: LittleWeb, company: Company) -> None:
    pipeline = read_pipeline(company.pipeline("uid-1", web.origins["official"]))
    question = pipeline.asked("uid-1", "org-1", uri_of(CARE))

    def first() -> list[object]:
        found = probe(pipeline, question, now=lambda: datetime.now(UTC))
        assert all(one.out is not None for one in found.hops)
        return [row["system"] for row in rows(found) if row["first_wrong"]]

    assert first() == []
    company.swap("care")
    assert first() == ["cms"]
