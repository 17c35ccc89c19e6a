from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from contracts.judge import CARE, LABELLED_AS_A_RIVAL, NOW, World, shows
from haoma.guard.crawl.model import Drawn, Undrawn
from haoma.guard.crawl.picture import Unread, with_boxes
from haoma.guard.judge.evidence import Pack, gather
from haoma.guard.judge.pack import files_of, html_of, picture_for, zip_of
from haoma.guard.model import Belongs

PNG = b"\x89PNG\r\n\x1a\n" + bytes(25) + b"the rest"
PAGE = "<p>平川基金 客服热线 400-800-1234</p>".encode()


@dataclass
class Saved:
    """Pages by snapshot."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    shown: dict[str, bytes] = field(default_factory=dict)
    later: dict[str, Drawn] = field(default_factory=dict)
    never: dict[str, Undrawn] = field(default_factory=dict)

    def body(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        return self.bodies.get(snapshot)

    def rendered(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        return self.shown.get(snapshot)

    def screenshot(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        return self.pictures.get(snapshot)

    def drawn(self, tx: sa.Connection, snapshot: str) -> Drawn | None:
        return self.later.get(snapshot)

    def undrawn(self, tx: sa.Connection, snapshot: str) -> Undrawn | None:
        return self.never.get(snapshot)


def pack_of(world: World, pages: Saved, page: bytes = PAGE, mentions: tuple = LABELLED_AS_A_RIVAL) -> Pack:
    digest = hashlib.sha256(page).hexdigest()
    for _ in range(2):
        done = world.look(*mentions, digest=digest)
        pages.bodies[f"snapshot-{world.looked}"] = page
    return world.ask(lambda tx: gather(tx, world.desk, done.opened[0]))


def files(world: World, pack: Pack, pages: Saved) -> dict[str, bytes]:
    proofs = dict.fromkeys(pack.entry_ids, b"proof")
    return world.ask(lambda tx: files_of(tx, pack, pages, proofs, "log+0+key", "请更正"))


def test_a_pack_has_pages_digests_and_a_proof_of_every_entry(world: World) -> None:
    pages = Saved(pictures={"snapshot-2": b"\x89PNG"})
    pack = pack_of(world, pages)
    made = files(world, pack, pages)
    assert {
        "pages/first.html.txt",
        "pages/newest.html.txt",
        "pages/opening.html.txt",
        "pages/newest.png",
    } <= made.keys()
    assert made["pages/first.html.txt"] == PAGE
    assert {f"proofs/{one}.tlog-proof" for one in pack.entry_ids} <= made.keys()
    told = json.loads(made["incident.json"])
    assert told["evidence"][0]["sha256"] == hashlib.sha256(PAGE).hexdigest()
    assert told["right"] == ["4008001234"]
    assert told["left_out"] == {}
    sums = dict(reversed(line.split("  ")) for line in made["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in made.items() if name != "SHA256SUMS"}


def test_the_same_evidence_makes_the_same_bytes(world: World) -> None:
    pages = Saved()
    pack = pack_of(world, pages)
    made = files(world, pack, pages)
    again = dict(reversed(files(world, world.ask(lambda tx: gather(tx, world.desk, pack.incident.id)), pages).items()))
    assert zip_of(made) == zip_of(again)
    with zipfile.ZipFile(io.BytesIO(zip_of(made))) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == sorted(made)


@pytest.mark.parametrize(
    "page",
    [
        "<p>王经理 13800138000</p>",
        "<p>王经理 138-0013-8000</p>",
        "<p>１３８００１３８０００</p>",
        "<p>&#49;3800138000</p>",
        "<p>138<b>0013</b>8000</p>",
        "<p>138.0013.8000</p>",
        "<p>138·0013·8000</p>",
        "<p>(138) 0013—8000</p>",
        "<p>138&#8203;0013&zwj;8000</p>",
        "<p>138<b>0013</b>8000" + 50_000 * "<",
    ],
)
def test_a_page_with_what_may_be_a_persons_number_is_left_out_and_that_is_said(world: World, page: str) -> None:
    pages = Saved(pictures={"snapshot-1": b"\x89PNG"})
    pack = pack_of(world, pages, page.encode())
    made = files(world, pack, pages)
    assert [name for name in made if name.startswith("pages/")] == []
    told = json.loads(made["incident.json"])
    assert set(told["left_out"].values()) == {"a number that may be a person's own"}
    assert told["evidence"][0]["sha256"] == hashlib.sha256(page.encode()).hexdigest()
    assert not any(b"13800138000" in data for data in made.values())


def test_a_picture_in_which_persons_numbers_are_covered_stays_though_its_page_is_left_out(world: World) -> None:
    picture = with_boxes(PNG, "{}", Unread(2, 1))
    pages = Saved(pictures={"snapshot-1": PNG, "snapshot-2": picture})
    made = files(world, pack_of(world, pages, "<p>王经理 13800138000</p>".encode()), pages)
    assert {name for name in made if name.startswith("pages/")} == {"pages/newest.png", "pages/opening.png"}
    told = json.loads(made["incident.json"])
    assert set(told["left_out"]) == {"first", "newest", "opening"}
    assert told["unread"]["pages/newest.png"] == {"covered": 2, "left": 1}


def grey(width: int, height: int) -> bytes:
    """A picture of nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress((b"\0" + b"\x80" * 3 * width) * height)
    return PNG[:8] + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_a_platform_is_shown_the_part_of_the_picture_where_the_number_stands_and_no_more(world: World) -> None:
    where = '{"/html/body/p[1]": [300, 2000, 120, 20], "/html/body/p[2]/b": [1, 2, 3, 4]}'
    pages = Saved(pictures={"snapshot-2": with_boxes(grey(1280, 2100), where)})
    pack = pack_of(world, pages)
    made = files(world, pack, pages)
    assert world.ask(lambda tx: picture_for(tx, pack, pages)) == pages.pictures["snapshot-2"]
    assert struct.unpack(">II", made["mention.png"][16:24]) == (440, 2100 - 1840)
    shown = re.findall(rb"data:image/png;base64,([A-Za-z0-9+/=]+)", made["complaint.html"])
    assert [b64decode(one) for one in shown] == [made["mention.png"]]


def test_a_picture_that_was_drawn_later_is_there_and_said_to_be_that(world: World) -> None:
    png = with_boxes(grey(1280, 900), '{"/html/body/p[1]": [9, 9, 90, 20]}', Unread(0, 0))
    pages = Saved(later={"snapshot-2": Drawn(png, "ab" * 32, NOW, 41)})
    made = files(world, pack_of(world, pages), pages)
    assert made["pages/newest.png"] == png
    assert "mention.png" in made
    said = {"sha256": "ab" * 32, "at": "2026-11-22T08:00:00.000000Z", "entry": 41}
    assert json.loads(made["incident.json"])["drawn"] == {"newest": said, "opening": said}


def test_a_picture_that_does_not_tell_where_the_number_stands_is_shown_whole(world: World) -> None:
    pages = Saved(pictures={"snapshot-2": with_boxes(grey(1280, 900), '{"/html/body/ul": [1, 2, 3, 4]}')})
    made = files(world, pack_of(world, pages), pages)
    assert "mention.png" not in made
    assert b64encode(pages.pictures["snapshot-2"]) in made["complaint.html"]


def test_what_a_script_brings_in_counts_as_what_the_page_shows(world: World) -> None:
    pages = Saved(shown={"snapshot-1": b"<p>13800138000</p>", "snapshot-2": b"<p>so</p>"})
    made = files(world, pack_of(world, pages), pages)
    assert {name for name in made if name.startswith("pages/")} == {
        "pages/newest.html.txt",
        "pages/newest.rendered.html.txt",
        "pages/opening.html.txt",
        "pages/opening.rendered.html.txt",
    }


def test_a_page_in_utf_16_hides_no_number(world: World) -> None:
    pages = Saved()
    made = files(world, pack_of(world, pages, "<p>13800138000</p>".encode("utf-16-le")), pages)
    assert [name for name in made if name.startswith("pages/")] == []


def test_a_page_that_is_not_what_was_seen_is_no_evidence(world: World) -> None:
    pages = Saved()
    pack = pack_of(world, pages)
    pages.bodies["snapshot-1"] = b"another"
    del pages.bodies["snapshot-2"]
    made = files(world, pack, pages)
    assert json.loads(made["incident.json"])["left_out"] == dict.fromkeys(("first", "newest", "opening"), "not kept")


def test_what_a_page_says_is_text_in_the_html(world: World) -> None:
    bad = (shows(CARE, Belongs.OTHER, owner="<script>alert(1)</script>"),)
    pack = pack_of(world, Saved(), mentions=bad)
    text = html_of(pack, "<b>")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<pre>&lt;b&gt;</pre>" in text
    assert "应登载号码</th><td>4008001234" in text


def test_a_pack_says_why_a_page_has_no_picture_and_when_that_was_tried(world: World) -> None:
    pages = Saved(never={"snapshot-2": Undrawn("too-slow", NOW, 7)})
    made = files(world, pack_of(world, pages), pages)
    told, said = json.loads(made["incident.json"]), {"why": "too-slow", "at": "2026-11-22T08:00:00.000000Z", "entry": 7}
    assert (told["undrawn"]["newest"], told["drawn"]) == (said, {})
    assert not [name for name in made if name.endswith(".png")]
