"""A checkpoint is stamped by a real authority on this machine: OpenSSL's, behind a small HTTP server."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from haoma.errors import BadInput, Tampered, Unavailable
from haoma.ledger.stamp import verify
from haoma.ledger.tsa import REPLY, TimeStampAuthority

CHECKPOINT = (
    b"example.com/log\n3\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=\n\n\xe2\x80\x94 example.com/log c2lnbmF0dXJl\n"
)
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


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority's directory: a root, its own certificate, a serial number."""
    if shutil.which("openssl") is None:
        pytest.fail("needs openssl: apt-get install openssl") if os.environ.get("CI") else pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("tsa")
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


@pytest.fixture(scope="session")
def address(desk: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Desk,), {"folder": desk}))
    server.lock = threading.Lock()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=20, trust_env=False) as client:
        yield client


def test_a_checkpoint_is_stamped_and_the_stamp_holds_years_later(address: str, desk: Path, http: httpx.Client) -> None:
    root = (desk / "root.pem").read_bytes()
    reply, stamp = TimeStampAuthority(address, http, [root]).stamp(CHECKPOINT)
    assert stamp.tsa_name == "CN=tsa,O=haoma tests"
    assert (stamp.policy, stamp.accuracy_us) == ("1.3.6.1.4.1.57264.2", 1_000_000)
    assert abs(stamp.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert verify(reply, CHECKPOINT, [root]) == stamp
    with pytest.raises(Tampered, match="not valid on"):
        verify(reply, CHECKPOINT, [root], at=datetime.now(UTC) + timedelta(days=31))


def test_openssl_finds_the_same_stamp_good(address: str, desk: Path, http: httpx.Client, tmp_path: Path) -> None:
    reply, _ = TimeStampAuthority(address, http, [(desk / "root.pem").read_bytes()]).stamp(CHECKPOINT)
    (tmp_path / "reply.tsr").write_bytes(reply)
    (tmp_path / "checkpoint").write_bytes(CHECKPOINT)
    trust = ("-CAfile", desk / "root.pem")
    openssl("ts", "-verify", "-in", "reply.tsr", "-data", "checkpoint", *trust, cwd=tmp_path)


def test_each_stamp_has_a_serial_number_of_its_own(address: str, desk: Path, http: httpx.Client) -> None:
    authority = TimeStampAuthority(address, http, [(desk / "root.pem").read_bytes()])
    assert len({authority.stamp(CHECKPOINT)[1].serial for _ in range(5)}) == 5


def test_a_checkpoint_with_one_byte_changed_has_no_stamp(address: str, desk: Path, http: httpx.Client) -> None:
    root = (desk / "root.pem").read_bytes()
    reply, _ = TimeStampAuthority(address, http, [root]).stamp(CHECKPOINT)
    with pytest.raises(Tampered):
        verify(reply, CHECKPOINT.replace(b"\n3\n", b"\n4\n"), [root])


def test_an_authority_that_its_root_does_not_vouch_for_is_tampered(
    address: str, desk: Path, http: httpx.Client
) -> None:
    stranger = (desk / "stranger.pem").read_bytes()
    with pytest.raises(Tampered):
        TimeStampAuthority(address, http, [stranger]).stamp(CHECKPOINT)
    with pytest.raises(BadInput, match="vouches for itself"):
        TimeStampAuthority(address, http, [(desk / "tsa.pem").read_bytes()]).stamp(CHECKPOINT)


def test_a_reply_damaged_on_its_way_is_not_kept(address: str, desk: Path, http: httpx.Client) -> None:
    authority = TimeStampAuthority(f"{address}/damaged", http, [(desk / "root.pem").read_bytes()])
    with pytest.raises((Tampered, Unavailable)):
        authority.stamp(CHECKPOINT)


def test_an_authority_that_is_gone_is_unavailable(desk: Path, http: httpx.Client) -> None:
    with pytest.raises(Unavailable, match="ConnectError"):
        TimeStampAuthority("http://127.0.0.1:9", http, [(desk / "root.pem").read_bytes()]).stamp(CHECKPOINT)
