"""The ports as they are shipped: a file of messages, a file of alarms, and HTTP."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from haoma.consent.alarms import AlarmFile
from haoma.consent.http import HttpTransport
from haoma.consent.names import is_name
from haoma.consent.sms import OutboxFile
from haoma.errors import Unavailable
from haoma.numbers import parse

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_messages_lie_in_a_private_file_under_the_masked_number(tmp_path: Path) -> None:
    outbox = OutboxFile(tmp_path / "here" / "messages")
    outbox.send(parse("13800138000"), "code 123456")
    outbox.send(parse("13800138000"), "code 654321")
    assert outbox.path.read_text(encoding="utf-8") == "138****8000\tcode 123456\n138****8000\tcode 654321\n"
    assert stat.S_IMODE(outbox.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(outbox.path.parent.stat().st_mode) == 0o700


def test_alarms_are_lines_and_an_alarm_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    alarms = AlarmFile(tmp_path / "alarms")
    alarms.sound("emergency-disclosure", "1", NOW)
    assert alarms.path.read_text(encoding="utf-8") == "2026-11-22T00:00:00+00:00\temergency-disclosure\t1\n"
    (tmp_path / "directory").mkdir()
    with pytest.raises(Unavailable):
        AlarmFile(tmp_path / "directory").sound("x", "1", NOW)


def _link(path: Path) -> None:
    (path.parent / "elsewhere").write_bytes(b"")
    path.symlink_to(path.parent / "elsewhere")


def _open_to_all(path: Path) -> None:
    path.write_bytes(b"")
    path.chmod(0o666)


@pytest.mark.parametrize("laid", [_link, _open_to_all, os.mkfifo, lambda path: path.symlink_to("/dev/null")])
def test_a_file_that_somebody_else_laid_there_gets_no_line(tmp_path: Path, laid: Callable[[Path], None]) -> None:
    laid(tmp_path / "lines")
    with pytest.raises(Unavailable):
        OutboxFile(tmp_path / "lines").send(parse("13800138000"), "code 123456")
    with pytest.raises(Unavailable):
        AlarmFile(tmp_path / "lines").sound("emergency-disclosure", "1", NOW)
    assert [file.read_bytes() for file in tmp_path.iterdir() if file.is_file()] in ([], [b""], [b"", b""])


def test_a_pipe_that_somebody_reads_gets_no_line_either(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "messages")
    reader = os.open(tmp_path / "messages", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(Unavailable):
            OutboxFile(tmp_path / "messages").send(parse("13800138000"), "code 123456")
        assert os.read(reader, 100) == b""
    finally:
        os.close(reader)


class Recipient(BaseHTTPRequestHandler):
    """Answers with the status that the path names, and remembers what came."""

    heard: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append((self.headers["webhook-id"], body))
        self.send_response(int(self.path.strip("/")))
        self.send_header("location", "/200")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def recipient() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    heard: list[tuple[str, bytes]] = []
    with HTTPServer(("127.0.0.1", 0), type("Here", (Recipient,), {"heard": heard})) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


def test_a_request_arrives_as_it_was_signed_and_no_redirect_is_followed(
    recipient: tuple[str, list[tuple[str, bytes]]],
) -> None:
    url, heard = recipient
    with httpx.Client() as client:
        transport = HttpTransport(lambda: client)
        for status in (204, 302, 410, 500):
            assert transport.post(f"{url}/{status}", {"webhook-id": f"msg_{status}"}, b'{"a":1}') == status
    assert heard == [(f"msg_{status}", b'{"a":1}') for status in (204, 302, 410, 500)]


def test_nothing_of_an_answer_is_read_but_its_status(recipient: tuple[str, list[tuple[str, bytes]]]) -> None:
    read: list[httpx.Response] = []
    with httpx.Client(event_hooks={"response": [read.append]}) as client:
        assert HttpTransport(lambda: client).post(f"{recipient[0]}/200", {"webhook-id": "m"}, b"{}") == 200
    assert not read[0].is_stream_consumed


def test_a_recipient_that_is_not_there_is_unavailable_without_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with httpx.Client() as client, pytest.raises(Unavailable) as error:
        HttpTransport(lambda: client).post(f"http://127.0.0.1:{port}/secret", {}, b"")
    assert "secret" not in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize("text", ["call-1", "call-110", "CALL:1", "2026-11-22T08:00", "a" * 64])
def test_a_call_has_a_name_of_its_own(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", "13800138000", "138-0013-8000", "+8613800138000", "138.0013.8000", "1234567890", "a b", "é", "a" * 65]
)
def test_a_call_is_not_named_by_a_number(text: str) -> None:
    assert not is_name(text)
