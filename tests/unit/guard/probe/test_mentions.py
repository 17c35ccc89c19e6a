from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haoma.errors import Unavailable
from haoma.guard.model import Belongs, Mention, Names, Purpose, Role
from haoma.guard.probe import Asked
from haoma.guard.probe.mentions import MentionsPlace, shown_as_ours
from haoma.guard.reading import Bounds

OURS, OTHER = "tel:95588;phone-context=+86", "tel:95599;phone-context=+86"
ASKED = Asked("h-1", "o-1", OURS, "h-1", Names("工商银行"), (Names("农业银行"),), frozenset({Purpose.CARE}))
TARGET, THEIRS, UNSURE = Belongs.TARGET, Belongs.OTHER, Belongs.UNSURE


def mention(uri: str, whose: Belongs = TARGET, sure: float = 0.9, **more: object) -> Mention:
    given = {"role": Role.VOICE, "purpose": Purpose.CARE, "xpath": "/html"} | more
    text = uri.removeprefix("tel:").partition(";")[0]
    return Mention(text, text, uri, organisation=whose, confidence=sure, **given)


@pytest.mark.parametrize(
    ("mentions", "shown"),
    [
        ([mention(OTHER), mention(OURS, sure=0.5)], [OURS]),
        ([mention(OTHER, sure=0.7), mention("tel:+861065051166", sure=0.8)], ["+861065051166"]),
        ([mention(OTHER), mention("tel:+861065051166", sure=0.99, purpose=Purpose.OTHER)], ["95599"]),
        ([mention("tel:+861065051166", purpose=Purpose.OTHER)], ["+861065051166"]),
        ([mention("tel:+861065051166", purpose=Purpose.FAX, role=Role.FAX)], []),
        ([mention(OURS, role=Role.FAX, purpose=Purpose.FAX), mention(OTHER)], ["95599"]),
        ([mention(OURS, THEIRS)], []),
        ([mention(OURS, hidden=True)], []),
        ([mention(OTHER, UNSURE)], []),
        ([], []),
    ],
)  # fmt: skip
def test_what_a_page_shows_as_ours_is_its_hotline_or_the_surest_number_like_it(
    mentions: list[Mention], shown: list[str]
) -> None:
    assert shown_as_ours(mentions, ASKED) == shown


def test_a_fax_is_looked_for_among_faxes() -> None:
    asked = replace(ASKED, purposes=frozenset({Purpose.FAX}))
    fax = mention("tel:+861065051166", purpose=Purpose.FAX, role=Role.FAX)
    assert shown_as_ours([mention(OTHER), fax], asked) == ["+861065051166"]


def test_a_page_that_leaves_open_whose_the_hotline_is_cannot_tell() -> None:
    with pytest.raises(Unavailable, match="leaves open"):
        shown_as_ours([mention(OURS, UNSURE), mention(OTHER)], ASKED)


def test_a_page_without_a_marked_node_is_read_as_the_crawl_reads_it(tmp_path: Path) -> None:
    page = tmp_path / "contact.html"
    page.write_text("<title>工商银行</title><h1>联系我们</h1><p>工商银行客服热线：<b>95588</b></p>", encoding="utf-8")
    assert MentionsPlace(file=page).read(ASKED) == [OURS]
    page.write_text("<title>工商银行</title><p>欢迎光临</p>", encoding="utf-8")
    assert MentionsPlace(file=page).read(ASKED) == []


def test_a_page_that_takes_too_long_is_a_hop_that_does_not_answer(tmp_path: Path) -> None:
    page = tmp_path / "contact.html"
    page.write_text("<table>" + "<tr><td>代理机构电话<td>021-55500101" * 400 + "<tr>" * 1_200_000, encoding="utf-8")
    with pytest.raises(Unavailable, match=r"could not be read within 0\.5 s"):
        MentionsPlace(file=page, bounds=Bounds(0.5)).read(ASKED)
