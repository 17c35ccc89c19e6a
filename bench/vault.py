"""The vault beside what it stands on: tokens and sealing beside raw `cryptography`, and a million rows that are over.

Rules held here:
- The peer does the same work for the same answer: HMAC by `cryptography` cut to 16 bytes, AES-SIV under a ready key.
- A sealed number is one transaction with its audit row and its entry, as callers do it; keys are made before.
- Deleting a million rows is timed by the clock on the wall, and its memory is what the process grew by.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hmac import HMAC

from bench.figure import Figure, best_cpu_s
from haoma.ledger.service import Ledger
from haoma.numbers import Number, parse
from haoma.storage import open_store
from haoma.vault import ENTRY_TYPES, KeyStore, LocalFiles, Suite, Vault, open_keys, suite_named, tables
from haoma.vault.retention import EXPIRING, Retention

__all__ = ["vault"]

PEER = "cryptography"
RUNS = 5
THREADS = 64
HOUR = timedelta(hours=1)
_PROC = Path("/proc/self")


def vault(rows: int) -> Iterator[Figure]:
    """Figures for `rows` tokens, a tenth as many sealings in memory, and as many rows that are over."""
    for name in ("aes-sha2", "sm4-sm3"):
        with _vault(name) as vault:
            yield from _tokens(vault, rows)
    for name in ("aes-sha2", "sm4-sm3"):
        yield _sealing(suite_named(name), rows // 10)
    with _vault("aes-sha2") as vault:
        yield from _sealed(vault, max(rows // 200, 100))
    with _vault("aes-sha2") as vault:
        yield from _over(vault, rows)


@contextmanager
def _vault(suite: str) -> Iterator[Vault]:
    with tempfile.TemporaryDirectory() as place:
        keys_url = f"sqlite:///{place}/keys.db"
        with open_store(f"sqlite:///{place}/haoma.db") as store, open_keys(keys_url) as key_store:
            log = Ledger(store, ENTRY_TYPES, _now)
            custody = LocalFiles(Path(place) / "custody", suite_named(suite))
            yield Vault(store, KeyStore(key_store, custody, suite_named(suite), _now), log, _now)


def _tokens(vault: Vault, rows: int) -> Iterator[Figure]:
    uris = pa.array([f"tel:+8613800{n:06}" for n in range(rows)])
    made = vault.pseudonymiser("bench")
    ours = rows / best_cpu_s(lambda: made(uris)) / 1e6
    texts = [text.encode() for text in uris.to_pylist()]
    suite = vault.keys.suite
    algorithm = hashes.SHA256() if suite.name == "aes-sha2" else hashes.SM3()
    theirs = rows / best_cpu_s(lambda: [_hmac(algorithm, text) for text in texts]) / 1e6
    yield Figure(f"subject tokens of a column, {suite.name}", "M/s", ours, PEER, theirs)


def _hmac(algorithm: hashes.HashAlgorithm, text: bytes) -> bytes:
    one = HMAC(b"k" * 32, algorithm)
    one.update(text)
    return one.finalize()[:16]


def _sealing(suite: Suite, rows: int) -> Figure:
    sealer = suite.sealer(b"k" * 32)
    texts = [f"tel:+8613800{n:06}".encode() for n in range(rows)]
    ours = rows / best_cpu_s(lambda: [sealer.seal(text, b"number") for text in texts]) / 1e6
    raw = AESSIV(b"k" * 64)
    theirs = rows / best_cpu_s(lambda: [raw.encrypt(text, [b"number"]) for text in texts]) / 1e6
    return Figure(f"sealing in memory, {suite.name}", "M/s", ours, f"{PEER} AES-SIV", theirs)


def _sealed(vault: Vault, rows: int) -> Iterator[Figure]:
    numbers = [parse(f"1380013{n:04}") for n in range(min(rows, 10_000))]
    until = _now() + HOUR
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda one: vault.prepare(vault.pseudonym("bench", one), "customer-care"), numbers))
        ready = time.perf_counter()
        list(pool.map(lambda one: _seal(vault, one, until), numbers))
    ended = time.perf_counter()
    yield Figure(f"data keys made, {THREADS} threads, on the disk", "rows/s", len(numbers) / (ready - began))
    yield Figure(
        f"numbers sealed and recorded, {THREADS} threads, on the disk", "rows/s", len(numbers) / (ended - ready)
    )


def _seal(vault: Vault, number: Number, until: datetime) -> None:
    token = vault.pseudonym("bench", number)
    vault.store.write(lambda tx: vault.seal(tx, token, "customer-care", number, until))


def _over(vault: Vault, rows: int) -> Iterator[Figure]:
    now = _now()
    row = {"tenant": "bench", "purpose": "customer-care", "audience": "agent:1", "key_id": "none", "sealed": b"x" * 64}
    times = {"issued_at": now - 2 * HOUR, "until": now - HOUR}
    for at in range(0, rows, 10_000):
        part: list[dict[str, object]] = [
            {"digest": n.to_bytes(32, "big"), "subject": f"bench.a1.{n:032x}", **row, **times}
            for n in range(at, min(rows, at + 10_000))
        ]
        vault.store.write(partial(_put, rows=part))
    del part
    before, began = _fresh_peak_mib(), time.perf_counter()
    gone = Retention(vault, EXPIRING).run().rows["location.token"]
    if gone != rows:
        sys.exit(f"bench: {gone} of {rows} rows that are over were deleted")
    yield Figure(f"deleting {rows / 1e6:g} M rows that are over", "rows/s", rows / (time.perf_counter() - began))
    yield Figure(f"memory grown by, deleting {rows / 1e6:g} M rows", "MiB", _peak_mib() - before)


def _put(tx: sa.Connection, *, rows: list[dict[str, object]]) -> None:
    tx.execute(sa.insert(tables.tokens), rows)


def _fresh_peak_mib() -> float:
    """The peak, counted from now on where the system can do that (Linux)."""
    if _PROC.is_dir():
        (_PROC / "clear_refs").write_text("5", encoding="ascii")
    return _peak_mib()


def _peak_mib() -> float:
    if _PROC.is_dir():
        status = (_PROC / "status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    for figure in vault(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000):
        peer = f", {figure.peer} {figure.peer_value:,.3g}" if figure.peer else ""
        sys.stdout.write(f"{figure.what}: {figure.haoma:,.3g} {figure.unit}{peer}\n")
