"""A time-stamp authority on this machine: OpenSSL's, behind a small HTTP server."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from haoma.ledger.tsa import REPLY

# No `certs`: with a second certificate, which OpenSSL does not sort, rfc3161-client refuses the reply as no DER.
SETTINGS = """
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = $dir/serial
signer_cert = $dir/tsa.pem
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.57264.2
digests = sha256
accuracy = secs:1
"""
EXTENSIONS = """
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""


def openssl(*args: str | Path, cwd: Path) -> None:
    done = subprocess.run(["openssl", *map(str, args)], cwd=cwd, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def new_key(folder: Path, name: str, subject: str) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
    openssl("req", "-new", *curve, "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=folder)


def certify(folder: Path, name: str, kind: str, issuer: str | None) -> None:
    by = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial") if issuer else ("-key", f"{name}.key")
    rules = ("-extfile", "extensions.cnf", "-extensions", kind, "-days", "30")
    openssl("x509", "-req", "-in", f"{name}.csr", *by, *rules, "-out", f"{name}.pem", cwd=folder)


def founded(folder: Path) -> Path:
    """An authority's directory: a root, its own certificate, a stranger's, a serial number."""
    if shutil.which("openssl") is None:
        pytest.fail("needs openssl: apt-get install openssl") if os.environ.get("CI") else pytest.skip("needs openssl")
    (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder))
    (folder / "extensions.cnf").write_text(EXTENSIONS)
    (folder / "serial").write_text("01\n")
    for name, kind, issuer in (("root", "ca", None), ("tsa", "tsa", "root"), ("stranger", "ca", None)):
        new_key(folder, name, f"/O=haoma tests/CN={name}")
        certify(folder, name, kind, issuer)
    return folder


class Desk(BaseHTTPRequestHandler):
    """Answers one query after another with `openssl ts -reply`."""

    folder: Path

    def do_POST(self) -> None:
        query = self.folder / f"{threading.get_ident()}.tsq"
        query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        reply = query.with_suffix(".tsr")
        with self.server.lock:  # type: ignore[attr-defined] # the serial number is a file
            openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", query, "-out", reply, cwd=self.folder)
        content = reply.read_bytes()
        if self.path == "/damaged":
            content = content[:-8] + bytes(8)
        self.send_response(200)
        self.send_header("Content-Type", REPLY)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def answering(desk: Path) -> Iterator[str]:
    """The authority's URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Desk,), {"folder": desk}))
    server.lock = threading.Lock()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
