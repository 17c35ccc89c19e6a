"""An incident as a file that others can check: a ZIP with the pages, their digests and proofs of the log; and as HTML.

Rules held here:
- The same evidence makes the same bytes, whoever makes it and when: names in order, no clock, nothing compressed.
- A page is in it as it came, so that its digest can be computed, or not at all: one that shows what may be a person's
  own number is left out, and that is said. Its digest stands. Its picture is there where persons' numbers are covered
  in it, and what the incident is about is none of them.
- What a platform is shown is the part of the picture where the number stands, cut out, where the picture tells that.
- A picture that was drawn later is told from one that a browser took when it looked: it has an entry of its own.
- A page is a text there and no HTML: who opens it runs none of its scripts.
- Every proof is of an entry of the log that names the page by its digest, or the incident by its id, and is verified
  without haoma's database: `haoma ledger verify`.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from html import escape, unescape
from typing import Protocol

import sqlalchemy as sa

from haoma.guard.crawl.model import Drawn, Undrawn
from haoma.guard.crawl.picture import Box, box_of, boxes_in, unread_in
from haoma.guard.judge.channels.words import SEVERITIES, VERDICTS_ZH
from haoma.guard.judge.evidence import Pack, Shows, said_of
from haoma.guard.judge.shown import holds_mobile
from haoma.ledger.canonical import canonical
from haoma.ledger.forms import Json, time_text

__all__ = ["Pages", "drawn_for", "files_of", "html_of", "picture_for", "undrawn_for", "zip_of"]

AROUND, TALLEST = 160, 800  # pixels of a picture, beside a number and in all
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP can tell
_TAG = re.compile(r"<[^>]*>")
README = """证据包 / evidence of incident {incident}

incident.json    事件、证据、各方意见与处理过程 / what it is, what shows it, what each voice says, what became of it
complaint.html   供投诉表单使用的说明 / for a platform's complaint form
mention.png      截图中号码所在处 / the part of the picture where the number stands
pages/           页面原样及截图；含个人号码的页面不附，仅留摘要，截图中已遮盖
                 pages as they came, but none with a person's number, which pictures have covered
                 incident.json 的 drawn 所列截图系事后据页面原样离线绘制，不含脚本、外部图片及样式
                 those listed as `drawn` were drawn later, offline: no scripts, images or style sheets from elsewhere
                 incident.json 的 undrawn 所列页面未能绘制，附原因及时间
                 those listed as `undrawn` could not be drawn: why, and when that was tried
                 截图中斜纹处为无法识读而整体遮盖的图像 / hatched: what could not be read is covered whole
proofs/          日志条目及其证明 / entries of the log with their proofs
log.vkey         日志公钥 / the public key of the log
SHA256SUMS       以上文件的摘要 / digests of all of these

校验 / to verify, offline:

    sha256sum --check SHA256SUMS
    haoma ledger verify proofs/{first}.tlog-proof --key "$(cat log.vkey)"

guard.checked 条目中的 page 即页面的 SHA-256；guard.incident 条目中的 incident 即本事件编号。
In an entry guard.checked, `page` is the SHA-256 of the page; in guard.incident, `incident` is the id above.
"""


class Pages(Protocol):
    """What was seen, as far as it is kept."""

    def body(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        """The page as it came; None where it is not kept any more, or never was."""

    def rendered(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        """The page as a browser showed it, where one did."""

    def screenshot(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        """Its picture (PNG), where there is one."""

    def drawn(self, tx: sa.Connection, snapshot: str) -> Drawn | None:
        """A picture that was drawn of it later, where there is one."""

    def undrawn(self, tx: sa.Connection, snapshot: str) -> Undrawn | None:
        """Why none could be drawn, where that was tried in vain."""


def files_of(
    tx: sa.Connection, pack: Pack, pages: Pages, proofs: Mapping[int, bytes], vkey: str, letter: str
) -> dict[str, bytes]:
    """The files of a pack by name; `proofs` are files of proof by entry id, `vkey` the log's public key."""
    seen, left_out = dict[str, bytes](), dict[str, str]()
    for one in pack.shows:
        found = _of_look(tx, one, pages)
        seen |= found
        if f"pages/{one.role}.html.txt" not in found:
            left_out[one.role] = "a number that may be a person's own" if _kept(tx, one, pages) else "not kept"
    told = {
        **said_of(pack),
        "left_out": {**left_out},
        "unread": _unread(seen),
        "drawn": _told(drawn_for(tx, pack, pages)),
        "undrawn": _untold(undrawn_for(tx, pack, pages)),
    }
    first, picture = min(proofs, default=0), picture_for(tx, pack, pages)
    part = _part(picture, pack.newest)
    made = {
        "README.txt": README.format(incident=pack.incident.id, first=first).encode(),
        "incident.json": canonical(told) + b"\n",
        "complaint.html": html_of(pack, letter, picture).encode(),
        **({"mention.png": part} if part else {}),
        "log.vkey": f"{vkey}\n".encode(),
        **seen,
        **{f"proofs/{entry_id}.tlog-proof": proof for entry_id, proof in proofs.items()},
    }
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(made.items())]
    return {**made, "SHA256SUMS": ("\n".join(sums) + "\n").encode()}


def drawn_for(tx: sa.Connection, pack: Pack, pages: Pages) -> dict[str, Drawn]:
    """The pictures of a pack that were drawn of its pages later, by the role of the look."""
    found = {one.role: pages.drawn(tx, one.snapshot) for one in pack.without_picture}
    return {role: drawn for role, drawn in found.items() if drawn is not None}


def undrawn_for(tx: sa.Connection, pack: Pack, pages: Pages) -> dict[str, Undrawn]:
    """Why there is no picture of pages of a pack that were to be drawn, by the role of the look."""
    found = {one.role: pages.undrawn(tx, one.snapshot) for one in pack.without_picture}
    return {role: undrawn for role, undrawn in found.items() if undrawn is not None}


def picture_for(tx: sa.Connection, pack: Pack, pages: Pages) -> bytes | None:
    """The newest picture that shows what is wrong and may be shown to others; None where there is none."""
    wrong = [one for one in reversed(pack.shows) if one.role != "right"]
    found = (_of_look(tx, one, pages).get(f"pages/{one.role}.png") for one in wrong)
    return next((png for png in found if png is not None), None)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A ZIP whose bytes depend on these files and on nothing else.

    >>> zip_of({"b": b"2", "a": b"1"}) == zip_of({"a": b"1", "b": b"2"})
    True
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as packed:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed.writestr(entry, data)
    return made.getvalue()


def html_of(pack: Pack, letter: str, screenshot: bytes | None = None) -> str:
    """An incident as one page of HTML, for a platform's complaint form or to be printed."""
    one, newest = pack.incident, pack.newest
    rows = [
        ("机构", pack.organisation),
        ("应登载号码", "、".join(pack.right)),
        ("页面所示号码", one.shown or "（未登载）"),
        ("问题", VERDICTS_ZH[str(one.verdict)]),
        ("页面所示名称", newest.owner if newest and newest.owner else ""),
        ("级别", SEVERITIES[str(one.severity)]),
        ("页面", newest.url if newest else ""),
        ("首次发现", time_text(one.first_seen_at)),
        ("最近发现", time_text(one.last_seen_at)),
        ("页面位置（XPath）", newest.xpath if newest else ""),
        ("页面摘要（SHA-256）", newest.digest if newest else ""),
        ("日志条目", "、".join(map(str, pack.entry_ids))),
        ("事件编号", one.id),
    ]
    table = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>\n" for name, value in rows if value)
    shown = _part(screenshot, newest) or screenshot
    picture = f'<p><img alt="页面截图" src="data:image/png;base64,{b64encode(shown).decode()}"></p>\n' if shown else ""
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>号码标注纠错证据</title>\n'
        "<style>body{font:16px/1.6 serif;max-width:50em;margin:2em auto;padding:0 1em}th{text-align:left;"
        "vertical-align:top;white-space:nowrap;padding-right:1em}td{overflow-wrap:anywhere}"
        "img{max-width:100%;border:1px solid}"
        "pre{white-space:pre-wrap;font:inherit}</style></head>\n<body>\n<h1>号码标注纠错证据</h1>\n"
        f"<table>\n{table}</table>\n{picture}<pre>{escape(letter)}</pre>\n</body></html>\n"
    )


def _part(png: bytes | None, newest: Shows | None) -> bytes | None:
    """The part of a picture where a number stands, framed; None where the picture does not tell."""
    box = box_of(png, newest.xpath) if png and newest else None
    if png is None or box is None:
        return None
    from haoma.guard.crawl.png import cut

    tall = min(box.height + 2 * AROUND, TALLEST)
    return cut(png, Box(box.left - AROUND, box.top - AROUND, box.width + 2 * AROUND, tall), box)


def _of_look(tx: sa.Connection, one: Shows, pages: Pages) -> dict[str, bytes]:
    """The page of a look, as it was rendered too, and its picture; what may show a person's number is not there."""
    body, rendered = _kept(tx, one, pages), pages.rendered(tx, one.snapshot)
    if body is None or one.personal:
        return {}
    kept, picture = {"html.txt": body, "rendered.html.txt": rendered}, pages.screenshot(tx, one.snapshot)
    if picture is None and (drawn := pages.drawn(tx, one.snapshot)) is not None:
        picture = drawn.png
    if _holds_mobile(body) or _holds_mobile(rendered or b""):
        kept = {}
        picture = picture if picture is not None and boxes_in(picture) is not None else None
    kept["png"] = picture
    return {f"pages/{one.role}.{name}": data for name, data in kept.items() if data is not None}


def _told(drawn: Mapping[str, Drawn]) -> Json:
    """What is said of pictures that were drawn later."""
    return {role: {"sha256": one.digest, "at": time_text(one.at), "entry": one.entry_id} for role, one in drawn.items()}


def _untold(undrawn: Mapping[str, Undrawn]) -> Json:
    """What is said of pages that could not be drawn."""
    return {role: {"why": one.why, "at": time_text(one.at), "entry": one.entry_id} for role, one in undrawn.items()}


def _unread(seen: Mapping[str, bytes]) -> Json:
    """What of each picture nobody could look into, by its file."""
    found = {name: unread_in(data) for name, data in sorted(seen.items()) if name.endswith(".png")}
    return {name: {"covered": one.covered, "left": one.left} for name, one in found.items() if one is not None}


def _kept(tx: sa.Connection, one: Shows, pages: Pages) -> bytes | None:
    body = pages.body(tx, one.snapshot)
    return body if body is not None and hashlib.sha256(body).hexdigest() == one.digest else None


def _holds_mobile(page: bytes) -> bool:
    """Whether a mobile stands there, also in full-width digits, as entities, or torn apart by tags."""
    text = unicodedata.normalize("NFKC", unescape(page.replace(b"\0", b"").decode("utf-8", "replace")))
    marked, end, rest = text.rpartition(">")  # behind the last of them no < is a tag: the search would be quadratic
    return holds_mobile(text) or holds_mobile(_TAG.sub("", marked + end) + rest)
