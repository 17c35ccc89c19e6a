from __future__ import annotations

from base64 import b64encode
from itertools import count
from typing import Any

import pytest

from haoma.errors import BadInput, Tampered
from haoma.ledger import leaf_hash, prove_inclusion, root
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
from haoma.ledger.cosignature import cosign, cosigned_at
from haoma.ledger.keys import KeyType, SignerKey
from haoma.ledger.note import add_signatures, sign_note
from haoma.ledger.policy import policy_of_keys
from haoma.ledger.proof import LONGEST_PROOF, Proof, format_proof, parse_proof, verify_proof

LOG = SignerKey("example.com/log", KeyType.ED25519, b"l" * 32)
WITNESS = SignerKey("witness.example/w", KeyType.ED25519_COSIGNATURE, b"w" * 32)
ENTRIES = [f"entry {number}".encode() for number in range(11)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
TEXT = format_checkpoint(Checkpoint("example.com/log", 11, root(LEAVES)))
NOTE = add_signatures(sign_note(TEXT, [LOG]), [cosign(TEXT, WITNESS, 1_700_000_000)])
POLICY = policy_of_keys([LOG.verifier], [WITNESS.verifier], 1)
PROOF = Proof(6, tuple(prove_inclusion(LEAVES, 6, 11)), NOTE)
FILE = format_proof(PROOF)


def test_a_proof_file_has_the_lines_of_the_specification() -> None:
    with_extra = format_proof(Proof(6, PROOF.hashes, NOTE, b"extra data"))
    head, _, note = with_extra.partition(b"\n\n")
    hashes = [b64encode(node) for node in PROOF.hashes]
    assert head.split(b"\n") == [b"c2sp.org/tlog-proof@v1", b"extra ZXh0cmEgZGF0YQ==", b"index 6", *hashes]
    assert note == NOTE
    assert parse_proof(with_extra).extra == b"extra data"
    assert parse_proof(FILE) == PROOF


def test_a_proof_holds_for_its_entry_alone() -> None:
    endorsed = verify_proof(FILE, ENTRIES[6], POLICY)
    assert endorsed.checkpoint.size == 11
    assert [cosigned_at(signature) for signature in endorsed.note.signatures[1:]] == [1_700_000_000]
    for entry in (*ENTRIES[:6], *ENTRIES[7:], b"", ENTRIES[6] + b"\n"):
        with pytest.raises(Tampered, match="leaf 6 is not in the tree of 11"):
            verify_proof(FILE, entry, POLICY)


def test_the_one_entry_of_a_log_needs_no_hashes() -> None:
    text = format_checkpoint(Checkpoint("example.com/log", 1, LEAVES[0]))
    alone = format_proof(Proof(0, (), sign_note(text, [LOG])))
    assert alone.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nexample.com/log\n1\n")
    assert verify_proof(alone, ENTRIES[0], policy_of_keys([LOG.verifier]))


@pytest.mark.parametrize("index", ["5", "7", "11", "18446744073709551615"])
def test_another_index_is_tampered(index: str) -> None:
    with pytest.raises(Tampered):
        verify_proof(FILE.replace(b"index 6", f"index {index}".encode()), ENTRIES[6], POLICY)


def test_a_proof_below_the_quorum_or_of_a_stranger_is_tampered() -> None:
    lonely = format_proof(Proof(6, PROOF.hashes, sign_note(TEXT, [LOG])))
    with pytest.raises(Tampered, match="no quorum"):
        verify_proof(lonely, ENTRIES[6], POLICY)
    stranger = SignerKey("example.com/log", KeyType.ED25519, b"s" * 32)
    with pytest.raises(Tampered, match="no known key"):
        verify_proof(lonely, ENTRIES[6], policy_of_keys([stranger.verifier]))


LINE = b64encode(bytes(32)) + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        None, "text", b"", b"\n\n", NOTE, FILE[:-1], FILE + b"\n", b"\n" + FILE, FILE.replace(b"@v1", b"@v2"),
        FILE.replace(b"\n", b"\r\n"), FILE.replace(b"index 6\n", b""), FILE.replace(b"index 6", b"index 06"),
        FILE.replace(b"index 6", b"index -6"), FILE.replace(b"index 6", b"index  6"),
        FILE.replace(b"index 6", b"Index 6"),
        FILE.replace(b"index 6", b"index 6 "), FILE.replace(b"index 6", b"index 18446744073709551616"),
        FILE.replace(b"index 6", b"index " + b"9" * 5000), FILE.replace(b"index 6", b"extra \nindex 6"),
        FILE.replace(b"index 6", b"extra A\nindex 6"), FILE.replace(b"index 6", b"extra AA==\nextra AA==\nindex 6"),
        FILE.replace(b"index 6", b"index 6\nextra AA=="), FILE.replace(b"index 6\n", b"index 6\n\n"),
        FILE.replace(b"index 6\n", b"index 6\nAAAA\n"), FILE.replace(b"index 6\n", b"index 6\n" + LINE * 61),
        FILE.replace(b"index 6\n", "index ٦\n".encode()), FILE.partition(b"\n\n")[0],
        FILE.partition(b"\n\n")[0] + b"\n\n", FILE.partition(b"\n\n")[0] + b"\n\n" + TEXT, FILE + b" " * LONGEST_PROOF,
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_proof_is_bad_input(data: Any) -> None:
    with pytest.raises(BadInput):
        verify_proof(data, ENTRIES[6], POLICY)


def test_an_entry_that_is_no_bytes_is_bad_input() -> None:
    wrong: Any = "entry 6"
    with pytest.raises(BadInput):
        verify_proof(FILE, wrong, POLICY)


@pytest.mark.parametrize(
    "parts", [(-1, (), NOTE), (0, (b"",), NOTE), (0, None, NOTE), (0, (), TEXT), (0, (), NOTE, b"")], ids=count()
)
def test_no_proof_is_made_of_what_could_not_be_read_back(parts: Any) -> None:
    with pytest.raises(BadInput):
        Proof(*parts)
