from __future__ import annotations

from math import nan
from xml.etree import ElementTree as ET

from haoma.watch.running.plot import Mark, Panel, Picture, lines, svg

HOUR = 60


def picture(minutes: int = 6 * HOUR, name: str = "desk", **gap: int) -> Picture:
    seen = [10.0] * minutes
    for at in range(gap.get("since", 0), gap.get("until", 0)):
        seen[at] = nan
    panels = (Panel("inquiries", [10.0] * minutes, seen, [13.5] * minutes), Panel("errors", *[[0.0] * minutes] * 3))
    return Picture(f"Counts of {name}", 29_808_000, 480, panels, (Mark(29_808_000 + 100, "alert (joint)"),))


def test_what_was_seen_is_drawn_and_a_gap_is_none() -> None:
    whole, torn = ("\n".join(lines(picture(**gap), 60)) for gap in ({}, {"since": 60, "until": 120}))
    assert whole.count("█") > torn.count("█") > 0
    assert "▲ alert (joint)" in whole


def test_no_line_is_wider_than_asked_but_the_words() -> None:
    assert all(len(line) <= 40 for line in lines(picture(), 40) if set(line) <= set(" ▁▂▃▄▅▆▇█─▲·"))


def test_a_picture_is_xml_with_a_title_and_shows_names_as_text() -> None:
    drawn = svg(picture(name="<script>\x1b[2J&"))
    tree = ET.fromstring(drawn)  # noqa: S314 - our own
    title = tree.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "Counts of <script>�[2J&"
    assert "<script>" not in drawn
    assert "\x1b" not in "".join(lines(picture(name="\x1b[2J")))


def test_nothing_at_all_can_be_drawn() -> None:
    empty = Picture("nothing", 0, 480, (Panel("inquiries", [nan], [nan], [nan]),))
    assert ET.fromstring(svg(empty)) is not None  # noqa: S314 - our own
    assert list(lines(empty))
    bare = Picture("nothing", 0, 480, (Panel("inquiries", [], [], []),))
    assert ET.fromstring(svg(bare)) is not None  # noqa: S314 - our own
    assert list(lines(bare))
