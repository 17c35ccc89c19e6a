"""What was seen, as records of WARC 1.1 (ISO 28500:2017): the format of web archives, which courts know.

Rules held here:
- A record is a gzip member of its own, so that records one behind the other are a .warc.gz that any tool reads.
- An answer is kept as it was sent: its status line, its headers, its body in the content encoding of the server.
- A rendered page and its picture are `conversion` records that refer to the answer they were made of; what was not
  modified is a `revisit`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from haoma.errors import BadInput, Tampered, Unavailable

if TYPE_CHECKING:
    from warcio.warcwriter import BufferWARCWriter

__all__ = ["Answer", "body_in", "conversion", "info", "response", "revisit"]

NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
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
    headers = _about(record_id, at) | ({"WARC-IP-Address": answer.ip} if answer.ip else {})
    return _record("response", answer.url, headers, answer.body, http=_http(answer))


def revisit(record_id: str, answer: Answer, at: datetime, same_as: str) -> bytes:
    """The record that a page was the same as the answer of another record."""
    headers = _about(record_id, at) | {"WARC-Refers-To": _urn(same_as), "WARC-Profile": NOT_MODIFIED}
    return _record("revisit", answer.url, headers, b"", http=_http(answer))


def conversion(url: str, of: str, content_type: str, body: bytes, at: datetime) -> bytes:
    """The record of what was made of the answer with the record id `of`: a rendered page, a picture, a mapped feed."""
    headers = {"WARC-Date": _date(at), "WARC-Refers-To": _urn(of)}
    return _record("conversion", url, headers, body, content_type=content_type)


def info(at: datetime) -> bytes:
    """The record that a file begins with."""
    writer = _writer()
    from haoma import __version__

    said = {"software": f"haoma/{__version__}", "format": "WARC File Format 1.1", "isPartOf": "haoma crawl"}
    record = writer.create_warcinfo_record("haoma.warc.gz", said)
    record.rec_headers.replace_header("WARC-Date", _date(at))
    writer.write_record(record)
    return bytes(writer.get_contents())


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


def _record(
    kind: str, url: str, headers: dict[str, str], body: bytes, *, http: object = None, content_type: str = ""
) -> bytes:
    writer = _writer()
    record = writer.create_warc_record(
        url,
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        warc_content_type=content_type,
        warc_headers_dict=headers,
        http_headers=http,
    )
    writer.write_record(record)
    return bytes(writer.get_contents())


def _http(answer: Answer) -> object:
    from http.client import responses

    from warcio.statusandheaders import StatusAndHeaders

    kept = [(name, value) for name, value in answer.headers if name.lower() not in _HOP]
    return StatusAndHeaders(f"{answer.status} {responses.get(answer.status, '')}".strip(), kept, protocol="HTTP/1.1")


def _writer() -> BufferWARCWriter:
    try:
        from warcio.warcwriter import BufferWARCWriter
    except ImportError:
        raise _missing() from None
    return BufferWARCWriter(gzip=True, warc_version="1.1")


def _missing() -> Unavailable:
    return Unavailable("snapshots are kept in WARC, which needs warcio", hint="pip install 'haoma[crawl]'")


def _about(record_id: str, at: datetime) -> dict[str, str]:
    return {"WARC-Record-ID": _urn(record_id), "WARC-Date": _date(at)}


def _urn(record_id: str) -> str:
    return f"<urn:uuid:{record_id}>"


def _date(at: datetime) -> str:
    if at.tzinfo is None:
        raise BadInput("a time without a zone", hint="datetime.now(UTC) has one")
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
