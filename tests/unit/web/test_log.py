"""The log over HTTP, asked over a real socket of a real uvicorn."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from contracts import c2sp_client as c2sp
from contracts.serving import AT, append, serving, settings_in
from haoma.app import Services
from haoma.errors import BadInput
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
from haoma.ledger.entry import Entry
from haoma.ledger.keys import KeyType, SignerKey
from haoma.ledger.note import sign_note
from haoma.settings import Settings
from haoma.web.serving import application

FIRST, SECOND = 300, 700
OTHER = SignerKey("example.com/other", KeyType.ED25519, bytes(range(32)))
STRANGER = SignerKey("example.com/other", KeyType.ED25519, bytes(32))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    place = tmp_path_factory.mktemp("log")
    (place / "policy").write_text(f"log {OTHER.verifier.text}\nquorum none\n")
    made = settings_in(place, ledger_policy=place / "policy")
    append(made, FIRST)
    append(made, SECOND - FIRST)
    return made


@pytest.fixture(scope="module")
def base(settings: Settings) -> Iterator[str]:
    with serving(settings) as url:
        yield url


@pytest.fixture(scope="module")
def key(settings: Settings) -> str:
    return Services(settings).entries_key


@pytest.fixture(scope="module")
def vkey(settings: Settings) -> str:
    return Services(settings).log_key.verifier.text


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as client:
        yield client


def test_a_reader_of_the_specification_recomputes_the_root_from_the_entries(
    base: str, http: httpx.Client, vkey: str, key: str
) -> None:
    client = c2sp.Client(http, base, vkey, key)
    head = client.head()
    assert (head.origin, head.size) == ("haoma.local/log", SECOND)
    assert c2sp.tree_of([c2sp.leaf(entry) for entry in client.entries(head.size)]) == head.root
    assert client.tree(head.size)(0, head.size) == head.root
    assert {"tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/002.p/188"} <= set(client.fetched)


@pytest.mark.parametrize("index", [0, 255, 256, 511, 512, SECOND - 1])
def test_a_reader_of_the_specification_proves_an_entry_out_of_tiles(
    base: str, http: httpx.Client, vkey: str, key: str, index: int
) -> None:
    client = c2sp.Client(http, base, vkey, key)
    head = client.head()
    proof = c2sp.inclusion(client.tree(head.size), index, head.size)
    entries = client.entries(head.size)
    assert c2sp.includes(c2sp.leaf(entries[index]), index, head.size, proof, head.root)
    assert not c2sp.includes(c2sp.leaf(entries[index - 1]), index, head.size, proof, head.root)


def test_a_reader_of_the_specification_finds_that_the_log_only_grew(
    base: str, http: httpx.Client, vkey: str, settings: Settings
) -> None:
    client = c2sp.Client(http, base, vkey)
    with Services(settings) as services:
        old = c2sp.Head("haoma.local/log", FIRST, services.view.root(FIRST))
    new = client.head()
    proof = c2sp.consistency(client.tree(new.size), old.size, new.size)
    assert c2sp.extends(old, new, proof)
    assert not c2sp.extends(replace(old, root=bytes(32)), new, proof)


def test_partial_tiles_of_an_earlier_checkpoint_are_still_served(base: str, http: httpx.Client, key: str) -> None:
    width = FIRST - 256
    tile = http.get(f"{base}/tile/0/001.p/{width}").content
    assert tile == http.get(f"{base}/tile/0/001").content[: 32 * width]
    part = http.get(f"{base}/tile/entries/001.p/{width}", headers={"Authorization": f"Bearer {key}"}).content
    assert http.get(f"{base}/tile/entries/001", headers={"Authorization": f"Bearer {key}"}).content.startswith(part)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("checkpoint", 200),
        ("tile/0/000", 200),
        ("tile/0/000.p/1", 200),
        ("tile/0/002.p/188", 200),
        ("tile/0/002.p/189", 404),
        ("tile/0/002", 404),
        ("tile/0/003", 404),
        ("tile/1/000.p/2", 200),
        ("tile/1/000", 404),
        ("tile/2/000.p/1", 404),
        ("tile/63/000", 404),
        ("tile/64/000", 400),
        ("tile/00/000", 400),
        ("tile/0/0", 400),
        ("tile/0/x000/000", 400),
        ("tile/0/000.p/0", 400),
        ("tile/0/000.p/256", 400),
        ("tile/0/000.p/01", 400),
        ("tile/0/x999/x999/x999/x999/x999/999", 400),
        ("tile/0/x001/234", 404),
        ("tile/-1/000", 400),
        ("tile/0/%D9%A0%D9%A0%D9%A0", 400),
        ("tile/0/000/", 400),
        ("tile/", 400),
        ("checkpoint/", 404),
        ("", 404),
        ("tile", 404),
        ("../etc/passwd", 404),
    ],
)
def test_a_path_is_answered_to_the_letter(base: str, http: httpx.Client, path: str, status: int) -> None:
    answer = http.get(f"{base}/{path}")
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.text.endswith("\n")


def test_what_never_changes_is_cached_for_long_and_the_checkpoint_for_seconds(
    base: str, http: httpx.Client, key: str
) -> None:
    assert http.get(f"{base}/checkpoint").headers["Cache-Control"] == "max-age=5"
    assert http.get(f"{base}/tile/0/000").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    entries = http.get(f"{base}/tile/entries/000", headers={"Authorization": f"Bearer {key}"})
    assert entries.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert entries.headers["Vary"] == "Accept-Encoding, Authorization"


@pytest.mark.parametrize(
    ("said", "packed"),
    [("gzip", True), ("gzip, deflate, br", True), ("GZIP;q=0.5", True), ("identity", False), ("gzip;q=0", False),
     ("gzip;q=0.000, identity", False), ("gzipped", False)],
)  # fmt: skip
def test_entries_are_packed_for_those_who_take_it(
    base: str, http: httpx.Client, key: str, said: str, packed: bool
) -> None:
    headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": said}
    with http.stream("GET", f"{base}/tile/entries/000", headers=headers) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("Content-Encoding") == ("gzip" if packed else None)
    plain = gzip.decompress(raw) if packed else raw
    assert len(raw) == int(answer.headers["Content-Length"])
    assert plain == http.get(f"{base}/tile/entries/000", headers=headers | {"Accept-Encoding": "identity"}).content


@pytest.mark.parametrize("shown", [None, "Bearer", "Bearer wrong", "Basic KEY", "KEY", "Bearer \xe9"])
def test_entries_ask_for_the_key_whatever_the_path_is(
    base: str, http: httpx.Client, key: str, shown: str | None
) -> None:
    said = {} if shown is None else {"Authorization": shown.replace("KEY", key).encode("latin-1")}
    for path in ("tile/entries/000", "tile/entries/999", "tile/entries/nonsense"):
        answer = http.get(f"{base}/{path}", headers=said)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="entries"')
        assert answer.headers["Cache-Control"] == "no-store"
    right = {"Authorization": f"bearer {key}"}
    assert [http.get(f"{base}/tile/entries/{at}", headers=right).status_code for at in ("000", "999", "no")] == [
        200, 404, 400,
    ]  # fmt: skip


def test_a_head_request_has_the_headers_and_no_body(base: str, http: httpx.Client) -> None:
    for path in ("checkpoint", "tile/0/000"):
        asked, told = http.head(f"{base}/{path}"), http.get(f"{base}/{path}")
        assert (asked.status_code, asked.content) == (200, b"")
        wanted = {"content-type", "content-length", "cache-control"}
        assert all(asked.headers[name] == told.headers[name] for name in wanted)


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/entries/000"])
def test_nothing_but_reading_is_allowed(base: str, http: httpx.Client, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = http.request(method, f"{base}/{path}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (405, "no-store")
        assert "GET" in answer.headers["Allow"]


def test_one_connection_serves_many_requests(base: str) -> None:
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as one, one.makefile("rb") as answers:
        for _ in range(5):
            one.sendall(b"GET /checkpoint HTTP/1.1\r\nHost: log\r\n\r\n")
            assert answers.readline().startswith(b"HTTP/1.1 200")
            length = 0
            while (line := answers.readline()) != b"\r\n":
                name, _, value = line.partition(b": ")
                length = int(value) if name.lower() == b"content-length" else length
            assert answers.read(length).startswith(b"haoma.local/log\n")


def test_the_log_lies_below_its_prefix_and_nowhere_else(tmp_path: Path, http: httpx.Client) -> None:
    settings = settings_in(tmp_path, ledger_open_entries=True)
    append(settings, 3)
    with serving(settings, "/logs/one") as url:
        client = c2sp.Client(http, url, Services(settings).log_key.verifier.text)
        head = client.head()
        assert c2sp.tree_of([c2sp.leaf(entry) for entry in client.entries(head.size)]) == head.root
        above = url.removesuffix("/logs/one")
        outside = ("/checkpoint", "/logs/checkpoint", "/logs/one")
        assert [http.get(f"{above}{path}").status_code for path in outside] == [404, 404, 404]
        opened = http.get(f"{url}/tile/entries/000.p/3").headers
        assert (opened["Cache-Control"], opened["Vary"]) == ("public, max-age=31536000, immutable", "Accept-Encoding")
        assert http.post(f"{url}/add-checkpoint").status_code == 404  # no policy, no log to witness


@pytest.mark.parametrize("prefix", ["log", "/log/", "/", "//", "/lo g", "/{path}", "/l\n"])
def test_a_prefix_that_is_none_is_refused(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(BadInput, match="prefix"):
        application(settings_in(tmp_path), prefix)


@pytest.mark.slow
def test_a_new_log_serves_its_empty_tree_and_what_is_appended_later(tmp_path: Path, http: httpx.Client) -> None:
    settings = settings_in(tmp_path, ledger_checkpoint_s=1, ledger_open_entries=True)
    with serving(settings) as url:
        client = c2sp.Client(http, url, Services(settings).log_key.verifier.text)
        until = time.monotonic() + 20
        while http.get(f"{url}/checkpoint").status_code == 404 and time.monotonic() < until:
            time.sleep(0.05)
        assert client.head() == c2sp.Head("haoma.local/log", 0, sha256(b"").digest())
        assert http.get(f"{url}/tile/0/000").status_code == 404
        with Services(settings) as services:
            entry = Entry("file.recorded", AT, {"sha256": "0" * 64, "bytes": 1})
            services.store.write(lambda tx: services.ledger.append(tx, entry))
        while client.head().size == 0 and time.monotonic() < until:
            time.sleep(0.05)
        assert [c2sp.leaf(entry) for entry in client.entries(1)] == [client.head().root]


def test_a_witness_cosigns_what_extends_and_says_no_to_the_letter(
    base: str, http: httpx.Client, settings: Settings
) -> None:
    leaves = [c2sp.leaf(b"%d" % at) for at in range(9)]

    def tree(start: int, end: int) -> bytes:
        return c2sp.tree_of(leaves[start:end])

    def ask(old: int, size: int, *, root: bytes | None = None, by: SignerKey = OTHER, proof: list[bytes] | None = None):  # type: ignore[no-untyped-def] # noqa: ANN202
        told = Checkpoint(by.name, size, root or tree(0, size))
        steps = c2sp.consistency(tree, old, size) if old and old <= size else []
        lines = [f"old {old}", *[c2sp.base64.b64encode(one).decode() for one in (steps if proof is None else proof)]]
        body = "\n".join(lines).encode() + b"\n\n" + sign_note(format_checkpoint(told), [by])
        return http.post(f"{base}/add-checkpoint", content=body)

    assert ask(0, 3, by=SignerKey("example.com/unknown", KeyType.ED25519, bytes(32))).status_code == 404
    assert ask(0, 3, by=STRANGER).status_code == 403
    assert ask(4, 3).status_code == 400
    assert ask(0, 3, proof=[bytes(32)]).status_code == 422
    assert ask(0, 0, root=bytes([1]) * 32).status_code == 422
    first = ask(0, 3)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-store")
    name = Services(settings).keys.witness().name
    assert first.text.startswith(f"— {name} ")
    assert first.text.endswith("\n")
    wrong = ask(0, 6)
    assert (wrong.status_code, wrong.text, wrong.headers["Content-Type"]) == (409, "3\n", "text/x.tlog.size")
    assert ask(3, 6, root=bytes(32)).status_code == 422
    assert ask(3, 6, proof=[]).status_code == 422
    assert ask(3, 3, root=bytes(32)).status_code == 422
    assert ask(3, 3).status_code == 200
    assert ask(3, 9).status_code == 200
    assert ask(3, 6).status_code == 409


@pytest.mark.parametrize("body", [b"", b"old 1", b"old 01\n\n", b"\xff" * 100, b"old 0\n\nnothing\n", b"old 0\n" * 70])
def test_a_malformed_submission_is_a_bad_request(base: str, http: httpx.Client, body: bytes) -> None:
    assert http.post(f"{base}/add-checkpoint", content=body).status_code == 400


def test_a_submission_is_read_to_a_bound(base: str, http: httpx.Client) -> None:
    assert http.post(f"{base}/add-checkpoint", content=bytes((1 << 20) + 1)).status_code == 413
    answer = http.get(f"{base}/add-checkpoint")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_submission_that_is_broken_off_harms_nobody(base: str, http: httpx.Client) -> None:
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as one:
        one.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: log\r\nContent-Length: 100\r\n\r\nold 0")
    assert http.get(f"{base}/checkpoint").status_code == 200
