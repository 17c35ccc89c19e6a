"""A reader of logs written after the text of C2SP signed-note, tlog-checkpoint and tlog-tiles and of RFC 6962 and 9162.

It shares no code with haoma, so that the two can disagree.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Range = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Head:
    origin: str
    size: int
    root: bytes


@dataclass
class Client:
    """One log below a URL prefix. `key` opens the entries where they ask for one."""

    http: httpx.Client
    prefix: str
    vkey: str
    key: str | None = None
    fetched: list[str] = field(default_factory=list)

    def head(self) -> Head:
        """The checkpoint, when the log signed it."""
        answer = self.http.get(f"{self.prefix}/checkpoint")
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        text, signatures = answer.text.rsplit("\n\n", 1)
        text += "\n"
        name, key_id, public = parse_vkey(self.vkey)
        mine = [line.split(" ") for line in signatures.splitlines() if line.startswith(f"— {name} ")]
        bare = [base64.b64decode(line[2]) for line in mine]
        ours = [one[4:] for one in bare if one[:4] == key_id]
        assert ours, "the log did not sign"
        Ed25519PublicKey.from_public_bytes(public).verify(ours[0], text.encode())
        origin, size, root, *_ = text.split("\n")
        return Head(origin, int(size), base64.b64decode(root))

    def tile(self, level: int, number: int, size: int) -> list[bytes]:
        """The hashes of a tile in a tree of this size."""
        width = min(256, (size >> 8 * level) - 256 * number)
        data = self._get(f"tile/{level}/{tile_number(number)}" + (f".p/{width}" if width < 256 else ""))
        assert len(data) == 32 * width
        return [data[at : at + 32] for at in range(0, len(data), 32)]

    def entries(self, size: int) -> list[bytes]:
        """All entries of the log, out of its bundles."""
        found: list[bytes] = []
        for number in range((size + 255) // 256):
            width = min(256, size - 256 * number)
            suffix = f".p/{width}" if width < 256 else ""
            bundle = self._get(f"tile/entries/{tile_number(number)}{suffix}")
            before = len(found)
            while bundle:
                length = int.from_bytes(bundle[:2], "big")
                assert len(bundle) >= 2 + length
                found.append(bundle[2 : 2 + length])
                bundle = bundle[2 + length :]
            assert len(found) - before == width
        return found

    def tree(self, size: int) -> Range:
        """MTH(D[start:end]) (RFC 6962 §2.1) out of the tiles of a tree of this size."""
        tiles: dict[tuple[int, int], list[bytes]] = {}

        def hash_of(start: int, end: int) -> bytes:
            count = end - start
            level = (count.bit_length() - 1) // 8
            if count & (count - 1) or start % count:
                middle = start + split(count)
                return node(hash_of(start, middle), hash_of(middle, end))
            wide = 1 << 8 * level
            place = divmod(start // wide, 256)
            if (level, place[0]) not in tiles:
                tiles[level, place[0]] = self.tile(level, place[0], size)
            row = tiles[level, place[0]][place[1] : place[1] + count // wide]
            while len(row) > 1:
                row = [node(row[at], row[at + 1]) for at in range(0, len(row), 2)]
            return row[0]

        return hash_of

    def _get(self, path: str) -> bytes:
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        answer = self.http.get(f"{self.prefix}/{path}", headers=headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        self.fetched.append(path)
        return answer.content


def parse_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, key ID and Ed25519 public key (signed-note, "Verifier keys")."""
    name, key_id, rest = vkey.split("+", 2)
    key = base64.b64decode(rest)
    assert key[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
    return name, bytes.fromhex(key_id), key[1:]


def tile_number(number: int) -> str:
    """1234067 as x001/x234/067."""
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03d}")
    return "/".join(parts)


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The largest power of two below count."""
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def tree_of(leaves: list[bytes]) -> bytes:
    """MTH of leaf hashes (RFC 6962 §2.1)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return node(tree_of(leaves[:middle]), tree_of(leaves[middle:]))


def inclusion(tree: Range, index: int, size: int) -> list[bytes]:
    """PATH(m, D[n]) (RFC 6962 §2.1.1)."""

    def path(index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if index < middle:
            return [*path(index, start, middle), tree(middle, end)]
        return [*path(index, middle, end), tree(start, middle)]

    return path(index, 0, size)


def consistency(tree: Range, old: int, new: int) -> list[bytes]:
    """PROOF(m, D[n]) (RFC 6962 §2.1.2)."""

    def proof(old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if old == end:
            return [] if whole else [tree(start, end)]
        middle = start + split(end - start)
        if old <= middle:
            return [*proof(old, start, middle, whole=whole), tree(middle, end)]
        return [*proof(old, middle, end, whole=False), tree(start, middle)]

    return proof(old, 0, new, whole=True)


def includes(leaf_hash: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    fn, sn, r = index, size - 1, leaf_hash
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def extends(old: Head, new: Head, proof: list[bytes]) -> bool:
    """RFC 9162 §2.1.4.2; the sizes differ and are above zero."""
    path = [old.root, *proof] if old.size & (old.size - 1) == 0 else list(proof)
    fn, sn = old.size - 1, new.size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old.root and sr == new.root and sn == 0
