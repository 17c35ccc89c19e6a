"""A stand-in for Vault's transit engine: an HTTP server that follows its documented API for what haoma asks of it.

It is not Vault: no registry that the tests may use carries Vault or OpenBao. It does real AES-GCM and Ed25519, asks for
a token, and answers as https://developer.hashicorp.com/vault/api-docs/secret/transit says.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TOKEN = "s.token-of-the-test"
USES = ("decryption", "encryption")


class Failure(Exception):
    """An answer with this status."""


class Transit:
    """The keys of the engine."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[int, bytes]] = {}
        self.kinds: dict[str, str] = {}
        self.oldest: dict[str, dict[str, int]] = {}

    def answer(self, method: str, verb: str, name: str, rest: str, body: dict[str, object]) -> dict[str, object] | None:
        if verb == "keys":
            return self.managed(method, name, rest, body)
        if name not in self.keys:
            raise Failure(400)
        newest = max(self.keys[name])
        key = self.keys[name][newest]
        if verb == "encrypt":
            nonce = secrets.token_bytes(12)
            sealed = AESGCM(key).encrypt(nonce, decoded(body, "plaintext"), decoded(body, "associated_data"))
            return {"ciphertext": f"vault:v{newest}:{coded(nonce + sealed)}"}
        if verb == "decrypt":
            return self.opened(name, body)
        signature = Ed25519PrivateKey.from_private_bytes(key).sign(decoded(body, "input"))
        return {"signature": f"vault:v{newest}:{coded(signature)}"}

    def managed(self, method: str, name: str, rest: str, body: dict[str, object]) -> dict[str, object] | None:
        if method != "GET" and not rest:
            if name not in self.keys:
                self.kinds[name] = str(body.get("type", "aes256-gcm96"))
                self.keys[name], self.oldest[name] = {1: secrets.token_bytes(32)}, {"decryption": 1, "encryption": 0}
            return None
        if name not in self.keys:
            raise Failure(404)
        match rest:
            case "rotate":
                self.keys[name][max(self.keys[name]) + 1] = secrets.token_bytes(32)
            case "config":
                given = {use: body.get(f"min_{use}_version") for use in USES}
                self.oldest[name] |= {use: int(str(version)) for use, version in given.items() if version is not None}
            case "trim":
                below = int(str(body["min_available_version"]))
                if below > min(self.oldest[name].values()):
                    raise Failure(400)
                self.keys[name] = {version: key for version, key in self.keys[name].items() if version >= below}
            case _:
                return self.described(name)
        return None

    def described(self, name: str) -> dict[str, object]:
        keys, kind = self.keys[name], self.kinds[name]
        shown: dict[str, object] = {str(version): 1_700_000_000 for version in keys}
        if kind == "ed25519":
            shown = {str(version): {"public_key": coded(public_of(key))} for version, key in keys.items()}
        oldest = self.oldest[name]["decryption"]
        return {"type": kind, "keys": shown, "latest_version": max(keys), "min_decryption_version": oldest}

    def opened(self, name: str, body: dict[str, object]) -> dict[str, object]:
        _, version, data = str(body["ciphertext"]).split(":")
        key = self.keys[name].get(int(version[1:]))
        if key is None or int(version[1:]) < self.oldest[name]["decryption"]:
            raise Failure(400)
        raw = base64.b64decode(data)
        try:
            return {"plaintext": coded(AESGCM(key).decrypt(raw[:12], raw[12:], decoded(body, "associated_data")))}
        except InvalidTag:
            raise Failure(400) from None


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(body: dict[str, object], name: str) -> bytes:
    return base64.b64decode(str(body[name]))


def public_of(key: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@contextmanager
def transit_server() -> Iterator[str]:
    """The URL of a server with an engine without keys, mounted at `transit`."""
    engine = Transit()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # heads and bodies go apart, and would wait for each other

        def do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            verb, name, *rest = self.path.removeprefix("/v1/transit/").split("/")
            if self.headers.get("X-Vault-Token") != TOKEN:
                self.reply(403, {"errors": ["permission denied"]})
                return
            try:
                data = engine.answer(self.command, verb, name, "/".join(rest), body)
                self.reply(204 if data is None else 200, {"data": data})
            except Failure as failure:
                self.reply(failure.args[0], {"errors": [] if failure.args[0] == 404 else ["no"]})

        do_GET = do_POST = do_PUT = do  # noqa: N815 - the names that http.server asks for

        def reply(self, status: int, content: dict[str, object]) -> None:
            text = b"" if status == 204 else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args: object) -> None:
            """Nothing to stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
