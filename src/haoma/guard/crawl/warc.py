"""What was seen, as records of WARC 1.1 (ISO 28500:2017): the format of web archives, which courts know.

Rules held here:
- A record is written here, and read by warcio as by any other tool.
- A record is a gzip member of its own, so that records one behind the other are a .warc.gz that any tool reads.
- An answer is kept as it was sent: its status line, its headers, its body in the content encoding of the server.
- A rendered page and its picture are `conversion` records that refer to the answer they were made of; what was not
  modified is a `revisit`, what a person submits a `resource`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import responses

from haoma.errors import BadInput, Tampered, Unavailable

__all__ = ["Answer", "body_in", "conversion", "info", "reads", "resource", "response", "revisit"]

NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
HTTP = "application/http; msgtype=response"
_HOP = frozenset({"transfer-encoding", "connection", "keep-alive"})  # of the connection, not of the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came: `headers` in order, `body` in the content encoding of the server."""

    url: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    ip: str | None = None


def response(record_id: str, answer: Answer, at: datetime) -> bytes:
    """The record of an answer."""
    headers = _about(record_id, at) | {"WARC-Target-URI": answer.url}
    if answer.ip:
        headers["WARC-IP-Address"] = answer.ip
    return _record("response", headers, HTTP, _http(answer) + answer.body, answer.body)


def revisit(record_id: str, answer: Answer, at: datetime, same_as: str) -> bytes:
    """The record that a page was the same as the answer of another record."""
    headers = _about(record_id, at) | {"WARC-Target-URI": answer.url, "WARC-Profile": NOT_MODIFIED}
    return _record("revisit", headers | {"WARC-Refers-To": _urn(same_as)}, HTTP, _http(answer))


def conversion(url: str, of: str, content_type: str, body: bytes, at: datetime) -> bytes:
    """The record of what was made of the answer with the record id `of`: a rendered page, a picture, a mapped feed."""
    headers = _about(str(uuid.uuid4()), at) | {"WARC-Target-URI": url, "WARC-Refers-To": _urn(of)}
    return _record("conversion", headers, content_type, body, body)


def resource(record_id: str, url: str, content_type: str, body: bytes, at: datetime) -> bytes:
    """The record of something that no server sent: what a person submits."""
    return _record("resource", _about(record_id, at) | {"WARC-Target-URI": url}, content_type, body, body)


def info(at: datetime) -> bytes:
    """The record that a file begins with."""
    from haoma import __version__

    said = f"software: haoma/{__version__}\r\nformat: WARC File Format 1.1\r\nisPartOf: haoma crawl\r\n"
    headers = _about(str(uuid.uuid4()), at) | {"WARC-Filename": "haoma.warc.gz"}
    return _record("warcinfo", headers, "application/warc-fields", said.encode())


def body_in(record: bytes, largest: int) -> bytes:
    """The body in a record, its content encoding taken off; raises Tampered where it is no record or too large."""
    try:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed
    except ImportError:
        raise _missing() from None
    try:
        found = next(iter(ArchiveIterator(io.BytesIO(record))))
        body = bytes(found.content_stream().read(largest + 1))
    except (StopIteration, ArchiveLoadFailed, OSError, EOFError, ValueError):
        raise Tampered("a record of the crawl is not as haoma writes it", hint="haoma db restore a backup") from None
    if len(body) > largest:
        raise Tampered("a record of the crawl is larger than any that haoma writes", hint="haoma db restore a backup")
    return body


def reads(record: bytes, body: bytes) -> bool:
    """Whether what is read out of a record is this body."""
    try:
        return body_in(record, len(body)) == body
    except Tampered:
        return False


def _record(
    kind: str, headers: Mapping[str, str], content_type: str, block: bytes, payload: bytes | None = None
) -> bytes:
    """One record, compressed: its headers, its block and the digests of both (§5, annex D)."""
    about = {"WARC-Type": kind, **headers, "WARC-Block-Digest": _digest(block)}
    if payload is not None:
        about["WARC-Payload-Digest"] = _digest(payload)
    about |= {"Content-Type": content_type, "Content-Length": str(len(block))}
    lines = [f"{name}: {_line(value)}" for name, value in about.items()]
    head = "\r\n".join(["WARC/1.1", *lines, "", ""]).encode()
    return gzip.compress(b"".join([head, block, b"\r\n\r\n"]), 6, mtime=0)


def _http(answer: Answer) -> bytes:
    """The status line and the headers of an answer; what is of the connection alone is left out."""
    kept = [(name, value) for name, value in answer.headers if name.lower() not in _HOP]
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}".rstrip()]
    lines += [f"{_line(name)}: {_line(value)}" for name, value in kept]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _line(text: str) -> str:
    return text.translate({10: " ", 13: " "})


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _missing() -> Unavailable:
    return Unavailable("what was seen is read by warcio", hint="pip install 'haoma[crawl]'")


def _about(record_id: str, at: datetime) -> dict[str, str]:
    return {"WARC-Record-ID": _urn(record_id), "WARC-Date": _date(at)}


def _urn(record_id: str) -> str:
    return f"<urn:uuid:{record_id}>"


def _date(at: datetime) -> str:
    if at.tzinfo is None:
        raise BadInput("a time without a zone", hint="datetime.now(UTC) has one")
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
