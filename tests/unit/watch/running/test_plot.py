from __future__ import annotations

from io import BytesIO
from math import nan
from xml.etree import ElementTree as ET

from PIL import Image

from haoma.watch.running.drawn import png, svg
from haoma.watch.running.plot import Mark, Panel, Picture, lines

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
    assert Image.open(BytesIO(png(empty))).size == (1_920, 564)
    bare = Picture("nothing", 0, 480, (Panel("inquiries", [], [], []),))
    assert png(bare)
    assert ET.fromstring(svg(bare)) is not None  # noqa: S314 - our own
    assert list(lines(bare))


def test_a_png_shows_what_the_svg_does() -> None:
    whole, torn = (picture(**gap, name="台 desk") for gap in ({}, {"since": 60, "until": 120}))
    for one in (whole, torn):
        told = Image.open(BytesIO(png(one)))
        tree = ET.fromstring(svg(one))  # noqa: S314 - our own
        assert told.size == tuple(2 * int(tree.attrib[side]) for side in ("width", "height"))
        for box in tree.iter("{http://www.w3.org/2000/svg}rect"):
            place = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
            x, y, width, height = (round(2 * value) for value in place)
            if width > 2 and height > 300 and box.attrib["fill"] == "#eeeeee":
                assert told.getpixel((x + width // 2, y + height - 4)) == (0xEE,) * 3
    few, many = (_grey(Image.open(BytesIO(png(one)))) for one in (whole, torn))
    assert many > 10 * few > 0


def _grey(image: Image.Image) -> int:
    """How many dots say that nothing was counted."""
    return next(count for count, colour in image.getcolors(1 << 20) or [] if colour == (0xEE,) * 3)
