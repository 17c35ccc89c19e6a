from __future__ import annotations

import pytest

from haoma.guard.extract.words import Cue, cue_before


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Tel: ", Cue.VOICE),
        ("Tel: 1 23 45 Fax: ", Cue.FAX),
        ("Phone/Fax: ", Cue.VOICE),
        ("Fax: Dial ", Cue.FAX),
        ("eFax : ", Cue.FAX),
        ("传　　真：", Cue.FAX),
        ("电话/传真：", Cue.VOICE),
        ("Tlf.Centralita: ", Cue.VOICE),
        ("邮编：", Cue.NOT),
        ("Mobile ", Cue.MOBILE),
        ("our staff of ", None),
        ("執行 GB/T ", None),
        ("（2F", None),
        ("0553-5550101F: ", Cue.FAX),
        ("税　号：", Cue.NOT),
        ("商業登記證號碼：", Cue.NOT),
        ("电话及账号：", Cue.VOICE),
        ("电话传真：", Cue.VOICE),
        ("消費者保護專線 ", Cue.VOICE),
    ],
)
def test_the_nearest_label_tells_what_answers(text: str, cue: Cue | None) -> None:
    assert cue_before(text)[0] is cue
