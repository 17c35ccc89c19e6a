from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from haoma.app import Services
from haoma.settings import load


class Recipient(BaseHTTPRequestHandler):
    """Remembers who was named to it."""

    named: list[str | None]

    def do_GET(self) -> None:
        self.named.append(self.headers["authorization"])
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_others_are_asked_without_the_proxies_and_passwords_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login an password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    named: list[str | None] = []
    with HTTPServer(("127.0.0.1", 0), type("Here", (Recipient,), {"named": named})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            with Services(load({"store_dir": tmp_path / "store"}, env={"HOME": str(tmp_path)})) as services:
                assert services.http.get(f"http://127.0.0.1:{server.server_port}/").status_code == 200
        finally:
            server.shutdown()
            thread.join()
    assert named == [None]
