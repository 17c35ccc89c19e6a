"""Our notes, trees, proofs and tiles against Go's own packages, which read logs like ours (golang.org/x/mod/sumdb).

Needs Debian's golang-go and golang-golang-x-mod-dev, or a Go with that package in GOPATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from haoma.ledger import (
    Checkpoint,
    KeyType,
    SignerKey,
    changed_tiles,
    format_checkpoint,
    leaf_hash,
    parse_tile_path,
    prove_consistency,
    prove_inclusion,
    root,
    sign_note,
)

SIZE = 700
LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(SIZE)]
INDEXES = [0, 1, 2, 255, 256, 511, 512, 600, 698, 699]
OLDS = [1, 2, 3, 255, 256, 257, 511, 512, 513, 699, 700]
GROWN = [(0, 1), (0, 256), (255, 257), (0, 70_000), (65_535, 65_536), (66_000, 300_000)]
KEY = SignerKey("example.com/log", KeyType.ED25519, bytes(range(32)))
CHECKPOINT = format_checkpoint(Checkpoint("example.com/log", SIZE, root(LEAVES)))


def encoded(proofs: list[list[bytes]]) -> list[list[str]]:
    return [[b64encode(node).decode() for node in proof] for proof in proofs]


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    paths = os.environ.get("GOPATH", "/usr/share/gocode")
    if shutil.which("go") is None or not Path(paths, "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("needs Go: apt-get install golang-go golang-golang-x-mod-dev golang-golang-x-crypto-dev")
    ask = {
        "note": sign_note(CHECKPOINT, [KEY]).decode(),
        "vkey": KEY.verifier.text,
        "skey": KEY.secret_text,
        "text": CHECKPOINT.decode(),
        "size": SIZE,
        "indexes": INDEXES,
        "olds": OLDS,
        "inclusions": encoded([prove_inclusion(LEAVES, index, SIZE) for index in INDEXES]),
        "consistent": encoded([prove_consistency(LEAVES, old, SIZE) for old in OLDS]),
        "tiles": GROWN,
    }
    work = tmp_path_factory.mktemp("go")
    settings = {"GO111MODULE": "off", "GOPATH": paths, "GOCACHE": str(work), "GOFLAGS": ""}
    command = ["go", "run", str(Path(__file__).with_name("ledger_peer.go"))]
    ran = subprocess.run(
        command, input=json.dumps(ask), capture_output=True, text=True, env=os.environ | settings, check=False
    )
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def test_go_opens_what_we_sign_and_signs_the_same_bytes_with_our_key(go: dict[str, Any]) -> None:
    assert go["Opened"].encode() == CHECKPOINT
    assert go["Signed"].encode() == sign_note(CHECKPOINT, [KEY])


def test_go_has_our_roots(go: dict[str, Any]) -> None:
    assert b64decode(go["Root"]) == root(LEAVES)
    assert [b64decode(node) for node in go["Roots"]] == [root(LEAVES[:old]) for old in OLDS]


def test_go_makes_our_proofs_and_accepts_them(go: dict[str, Any]) -> None:
    assert go["Inclusions"] == encoded([prove_inclusion(LEAVES, index, SIZE) for index in INDEXES])
    assert go["Consistent"] == encoded([prove_consistency(LEAVES, old, SIZE) for old in OLDS])
    assert go["Accepted"] == len(INDEXES) + len(OLDS)


def test_go_names_the_same_tiles_when_a_tree_grows(go: dict[str, Any]) -> None:
    for (old, new), paths in zip(GROWN, go["Tiles"], strict=True):
        # Go's paths tell the height of a tile, 8, in front of its level; and it lists a partial tile at each width.
        theirs = [parse_tile_path(path.replace("tile/8/", "tile/")) for path in paths]
        widest = {(name.level, name.number): name for name in sorted(theirs)}
        assert sorted(widest.values()) == list(changed_tiles(old, new))
