from __future__ import annotations

from base64 import b64decode

import pytest

from contracts.api import Client
from haoma.ledger.checkpoint import parse_checkpoint
from haoma.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from haoma.ledger.signatures import split_note


@pytest.fixture(scope="module")
def size(api: Client) -> int:
    """A log that was integrated and signed."""
    api.services.ledger.integrate(wait_s=5)
    api.services.publisher.checkpoint()
    return api.services.view.head().size


def test_checkpoint_tiles_and_proofs_are_public_and_hold(api: Client, size: int) -> None:
    told = api.get("/v1/ledger/checkpoint")
    head = parse_checkpoint(split_note(told.content)[0])
    assert (head.size, told.headers["Cache-Control"]) == (size, "max-age=5")
    tile = api.get(f"/v1/ledger/tile/0/000.p/{size}" if size < 256 else "/v1/ledger/tile/0/000")
    assert tile.content[:32] == leaf_hash(api.services.view.entry(0))
    proof = api.get(f"/v1/ledger/proofs/inclusion/3/{size}").json()["hashes"]
    leaf = leaf_hash(api.services.view.entry(3))
    found = [b64decode(one) for one in proof]
    verify_inclusion(leaf_hash=leaf, index=3, size=size, proof=found, root=head.root)
    proof = api.get(f"/v1/ledger/proofs/consistency/2/{size}").json()["hashes"]
    hashes = [b64decode(one) for one in proof]
    old = api.services.view.root(2)
    verify_consistency(old_size=2, old_root=old, new_size=size, new_root=head.root, proof=hashes)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tile/0/999", 404),
        ("tile/nonsense", 400),
        ("proofs/inclusion/0/99999999", 404),
        ("proofs/inclusion/5/5", 400),
        ("proofs/inclusion/x/5", 400),
        ("proofs/consistency/9/2", 400),
    ],
)
def test_what_is_not_there_or_no_proof_is_told(api: Client, size: int, path: str, status: int) -> None:
    told = api.get(f"/v1/ledger/{path}")
    assert (told.status_code, told.headers["Cache-Control"]) == (status, "no-store")


def test_the_entries_are_paged_for_auditors_alone(api: Client, size: int) -> None:
    first = api.get("/v1/ledger/entries?limit=3", by="audit-admin").json()
    second = api.get(f"/v1/ledger/entries?limit=3&cursor={first['next']}", by="audit-admin").json()
    assert [one["index"] for one in first["entries"] + second["entries"]] == [0, 1, 2, 3, 4, 5]
    assert {one["type"] for one in first["entries"]} <= set(api.services.ledger.types)
    assert first["size"] >= size
    assert api.get("/v1/ledger/entries", by="agent").status_code == 403
    assert api.get("/v1/ledger/entries").status_code == 401
