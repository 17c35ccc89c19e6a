"""Whatever somebody is called, and whatever they type: on a page it is text."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from haoma.web.self.asked import form_token, is_token
from haoma.web.self.html import tag

# What no parser of HTML keeps as it is: carriage returns, and characters that are none.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"])) | st.sampled_from(
    ["<script>", "</p>", '"', "'", "&lt;", "&#60;", "<!--", "]]>", "{{7*7}}", "<p onclick=x>"]
)


class Read(HTMLParser):
    """What a browser finds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data


@given(TEXTS, TEXTS)
def test_a_text_is_found_again_as_the_text_it_was(text: str, attribute: str) -> None:
    read = Read(tag("p", text, [text], title=attribute))
    assert (read.elements, read.said) == ([("p", {"title": attribute})], text * 2)


@given(st.binary(min_size=1, max_size=40), TEXTS, TEXTS)
def test_a_token_is_good_for_its_own_link_and_key_alone(key: bytes, handle: str, other: str) -> None:
    token = form_token(key, handle)
    assert is_token(key, handle, token)
    assert is_token(key, other, token) == (handle == other)
    assert not is_token(key + b"x", handle, token)
    assert is_token(key, handle, other) == (token == other)
