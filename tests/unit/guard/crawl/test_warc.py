from __future__ import annotations

import gzip
import io

import pytest
from warcio.archiveiterator import ArchiveIterator

from contracts.crawl import NOW
from haoma.errors import Tampered
from haoma.guard.crawl import warc
from haoma.guard.crawl.warc import Answer, body_in

ID, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
BODY = "客服 95588".encode()
URL = "https://www.example.com/"


def packed() -> Answer:
    headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
    return Answer(URL, 200, headers, gzip.compress(BODY), "192.0.2.1")


def test_records_one_behind_the_other_are_a_file_that_warcio_reads() -> None:
    records = [
        warc.info(NOW),
        warc.response(ID, packed(), NOW),
        warc.conversion(URL, ID, "image/png", b"\x89PNG", NOW),
        warc.revisit(OTHER, Answer(URL, 304, [], b""), NOW, ID),
    ]
    file = ArchiveIterator(io.BytesIO(b"".join(records)), check_digests="raise")
    read = [(one.rec_type, one.rec_headers.get_header("WARC-Refers-To"), one.content_stream().read()) for one in file]
    assert [one[0] for one in read] == ["warcinfo", "response", "conversion", "revisit"]
    assert [one[1] for one in read[2:]] == [f"<urn:uuid:{ID}>"] * 2
    assert [one[2] for one in read[1:3]] == [BODY, b"\x89PNG"]


def test_an_answer_is_kept_as_it_was_sent() -> None:
    record = next(iter(ArchiveIterator(io.BytesIO(warc.response(ID, packed(), NOW)))))
    assert record.rec_headers.get_header("WARC-Record-ID") == f"<urn:uuid:{ID}>"
    assert record.rec_headers.get_header("WARC-Date") == "2026-11-22T08:00:00.000000Z"
    assert record.rec_headers.get_header("WARC-IP-Address") == "192.0.2.1"
    assert record.http_headers.get_header("Content-Encoding") == "gzip"
    assert record.http_headers.get_header("Transfer-Encoding") is None
    assert record.raw_stream.read() == packed().body


def test_a_header_cannot_break_a_record() -> None:
    hostile = Answer(URL, 200, [("X-A", "1\r\nX-B: 2\r\n\r\nbody"), ("X-C", "客")], BODY)
    record = warc.response(ID, hostile, NOW)
    assert body_in(record, 1000) == BODY


def test_a_record_that_is_damaged_or_too_large_is_tampered() -> None:
    record = warc.response(ID, packed(), NOW)
    assert body_in(record, len(BODY)) == BODY
    for broken in (b"", b"nothing", record[: len(record) // 2], record[:40] + b"\0" + record[41:]):
        with pytest.raises(Tampered):
            body_in(broken, 1000)
    with pytest.raises(Tampered):
        body_in(record, len(BODY) - 1)
