"""Proofs out of the log, their verification, and the audit of the whole log.

Rules held here:
- Wall time of single calls for random leaves; CPU time, best of five, for what nothing waits in.
- pymerkle 7 on SQLite, as it comes, remembers the hashes of subtrees in up to 1 GiB of memory, and hashes leaves where
  it has none: it is timed when it has just been opened, and again after hundreds of proofs. So is haoma.
- Both logs hold the same bytes. Their roots must be equal and the proofs hold, or the run ends.
"""

from __future__ import annotations

import hashlib
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bench.figure import Figure, best_cpu_s, require, wall_s
from bench.logs import Tree, fill, peer_tree, place, read_in_a_fresh_process, small_entries, store_at
from haoma.ledger import leaf_hash, verify_inclusion
from haoma.ledger.view import View

__all__ = ["proofs"]

FRESH, COLD, WARMING, WARM = 5, 25, 500, 200
COLD_PEER, WARM_PEER = "pymerkle", "pymerkle, its subtrees in memory"


def proofs(leaves: int, grown: int) -> Iterator[Figure]:
    """Proofs out of a log of `leaves` beside pymerkle's, and out of one of `grown` beside those; then the audit."""
    with place() as folder:
        small, large = folder / "small.db", folder / "large.db"
        with store_at(small) as store, peer_tree(folder / "peer.db") as peer:
            fill(store, leaves)
            if peer:
                peer.append_entries(small_entries(0, leaves))
                require(peer.get_root() == View(store).head().root, "the logs differ")
        yield from _proved(small, folder / "peer.db", leaves)
        with store_at(large) as store:
            fill(store, grown)
        yield from _grown(small, large, (leaves, grown))
        yield from _audited(small, large, (leaves, grown))


def _proved(path: Path, peer_path: Path, leaves: int) -> Iterator[Figure]:
    chosen = random.Random(1).sample(range(leaves), FRESH + COLD + WARMING + WARM)
    fresh = [_opened(path, peer_path, leaves, [index]) for index in chosen[:FRESH]]
    ours, theirs = ([time for times in one for time in times] for one in zip(*fresh, strict=True))
    yield next(_figures(f"inclusion proof, {_told(leaves)} leaves, first after opening", COLD_PEER, ours, theirs))
    ours, theirs = _opened(path, peer_path, leaves, chosen[FRESH:])
    cold, warm = slice(COLD), slice(-WARM, None)
    yield from _figures(f"the same, next {COLD}", COLD_PEER, ours[cold], theirs[cold])
    yield from _figures(f"the same, after {WARMING}", WARM_PEER, ours[warm], theirs[warm])
    with store_at(path) as store, peer_tree(peer_path) as peer:
        view = View(store)
        yield from _verified(view, peer, chosen[-COLD:], view.head().root)


def _opened(path: Path, peer_path: Path, leaves: int, chosen: Sequence[int]) -> tuple[list[float], list[float]]:
    """Milliseconds of these proofs, ours and theirs, out of logs that are opened for them."""
    with store_at(path) as store, peer_tree(peer_path) as peer:
        view = View(store)
        require(view.head().size == leaves, "the log has another size")
        ours = _proof_ms(partial(view.inclusion, size=leaves), chosen)
        theirs = _proof_ms(lambda index: peer.prove_inclusion(index + 1), chosen) if peer else []
    return ours, theirs


def _figures(what: str, peer: str, ours: Sequence[float], theirs: Sequence[float]) -> Iterator[Figure]:
    for name, value in (("median", statistics.median), ("95th percentile", _p95)):
        beside = (peer, value(theirs)) if theirs else (None, None)
        yield Figure(f"{what}, {name}", "ms", value(ours), *beside)


def _verified(view: View, peer: Tree | None, chosen: Sequence[int], root: bytes) -> Iterator[Figure]:
    """Proofs verified in a second."""
    size = view.head().size
    ours = [(leaf_hash(*small_entries(index, index + 1)), index, view.inclusion(index, size)) for index in chosen]

    def verify() -> None:
        for leaf, index, proof in ours:
            verify_inclusion(leaf_hash=leaf, index=index, size=size, proof=proof, root=root)

    rate, what = len(chosen) / best_cpu_s(verify), "inclusion proofs verified"
    if not peer:
        yield Figure(what, "proofs/s", rate)
        return
    from pymerkle import verify_inclusion as verify_peer

    theirs = [(peer.get_leaf(index + 1), peer.prove_inclusion(index + 1)) for index in chosen]

    def verify_theirs() -> None:
        for leaf, proof in theirs:
            verify_peer(leaf, root, proof)

    yield Figure(what, "proofs/s", rate, "pymerkle", len(chosen) / best_cpu_s(verify_theirs))


def _grown(small: Path, large: Path, sizes: tuple[int, int]) -> Iterator[Figure]:
    """The same proofs out of both logs, in turn."""
    taken: tuple[list[float], list[float]] = ([], [])
    with store_at(small) as one, store_at(large) as other:
        views, pick = (View(one), View(other)), random.Random(2)
        for _ in range(WARMING + WARM):
            for view, size, times in zip(views, sizes, taken, strict=True):
                times.extend(_proof_ms(partial(view.inclusion, size=size), [pick.randrange(size)]))
    what, beside = f"inclusion proof, {_told(sizes[1])} leaves, after {WARMING}", f"with {_told(sizes[0])} leaves"
    yield from _figures(what, beside, taken[1][-WARM:], taken[0][-WARM:])


def _audited(small: Path, large: Path, sizes: tuple[int, int]) -> Iterator[Figure]:
    before, after = read_in_a_fresh_process(small), read_in_a_fresh_process(large)
    entries = small_entries(0, 20_000)
    node = bytes(65)

    def hash_alone() -> None:
        for entry in entries:
            hashlib.sha256(b"\x00" + entry).digest()
            hashlib.sha256(node).digest()

    floor = len(entries) / best_cpu_s(hash_alone)
    yield Figure(f"audit, {_told(sizes[1])} entries", "entries/s", after["audited"], "the two hashes alone", floor)
    what = f"peak memory of 500 proofs and the audit, {_told(sizes[1])} entries"
    yield Figure(what, "MB", after["mb"], f"with {_told(sizes[0])}", before["mb"])


def _proof_ms(prove: Callable[[int], object], indices: Sequence[int]) -> list[float]:
    return [wall_s(partial(prove, index)) * 1000 for index in indices]


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[len(times) * 95 // 100]


def _told(count: int) -> str:
    return f"{count / 1e6:g} M"
