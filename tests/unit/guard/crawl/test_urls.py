from __future__ import annotations

import pytest

from haoma.errors import BadInput
from haoma.guard.crawl.urls import checked, holds_mobile, host_of, normal, origin_of


@pytest.mark.parametrize(
    ("given", "one"),
    [
        ("HTTP://Example.COM:80/a#b", "http://example.com/a"),
        ("https://example.com:443", "https://example.com/"),
        ("https://例子.中国/联系", "https://xn--fsqu00a.xn--fiqs8s/%E8%81%94%E7%B3%BB"),
        ("https://example.com/a?b=1&b=2", "https://example.com/a?b=1&b=2"),
        ("http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("https://example.com./", "https://example.com/"),
        ("https://example.com/a/../no/./b/%2E%2e/c", "https://example.com/no/c"),
        ("https://example.com/../..", "https://example.com/"),
        ("https://example.com/a/.", "https://example.com/a/"),
        ("https://example.com/a/...//b?c=/../d", "https://example.com/a/...//b?c=/../d"),
    ],
)
def test_an_address_has_one_spelling(given: str, one: str) -> None:
    assert normal(given) == one
    assert normal(one) == one


@pytest.mark.parametrize(
    "given",
    [
        *("", "ftp://example.com/", "javascript:alert(1)", "file:///etc/passwd", "//example.com/", "http://"),
        *("http://an:secret@example.com/", "http://example.com:0/", "http://example.com:99999/", "http://[::1/"),
        *("http://example.com:22/", "https://example.com:25/", "http://example.com:6667/", "http://example.com:0022/"),
        f"https://example.com/{'a' * 2050}",
    ],
)
def test_what_is_no_address_of_a_page_is_none(given: str) -> None:
    assert normal(given) is None
    with pytest.raises(BadInput):
        checked(given)


@pytest.mark.parametrize(
    "place",
    [
        "tel/13800138000",
        "?to=138-0013-8000",
        "?to=138%200013%208000",
        "p/+8613800138000.html",
        "?to=%EF%BC%91%EF%BC%93%EF%BC%98%EF%BC%90%EF%BC%90%EF%BC%91%EF%BC%93%EF%BC%98%EF%BC%90%EF%BC%90%EF%BC%90",
    ],
)
def test_an_address_with_a_persons_number_is_refused(place: str) -> None:
    assert holds_mobile(f"https://example.com/{place}")
    with pytest.raises(BadInput):
        checked(f"https://example.com/{place}")


@pytest.mark.parametrize("place", ["4008109090", "95588", "010-62770334", "202611221380013800099", "a13800138000b1"])
def test_an_address_with_a_hotline_or_an_id_is_none_of_a_person(place: str) -> None:
    found = holds_mobile(f"https://example.com/{place}")
    assert found == (place == "a13800138000b1")  # letters beside it part it from nothing


def test_a_host_is_its_name_and_port_and_an_origin_has_the_scheme() -> None:
    assert host_of("https://example.com:8443/a") == "example.com:8443"
    assert origin_of("http://example.com/a/b?c") == "http://example.com"
