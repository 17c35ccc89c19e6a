from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from haoma.errors import BadInput, Tampered
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
from haoma.ledger.cosignature import (
    LATEST,
    cosign,
    cosign_subtree,
    cosigned_at,
    verifies_cosignature,
    verifies_subtree_cosignature,
)
from haoma.ledger.keys import KeyType, SignerKey
from haoma.ledger.note import add_signatures, open_note, sign_note
from haoma.ledger.signatures import Signature

ROOT = bytes(range(32))
TEXT = f"example.com/log\n42\n{b64encode(ROOT).decode()}\n".encode()
LOG = SignerKey("example.com/log", KeyType.ED25519, b"l" * 32)
CLASSIC = SignerKey("witness.example/w1", KeyType.ED25519_COSIGNATURE, b"w" * 32)
QUANTUM = SignerKey("witness.example/w2", KeyType.ML_DSA_44_COSIGNATURE, b"q" * 32)
AT_S = 1679315147


def test_an_ed25519_cosignature_is_over_two_lines_and_the_whole_text() -> None:
    signature = cosign(TEXT + b"extension\n", CLASSIC, AT_S).signature
    message = b"cosignature/v1\ntime 1679315147\n" + TEXT + b"extension\n"
    assert signature[:8] == AT_S.to_bytes(8)
    Ed25519PrivateKey.from_private_bytes(b"w" * 32).public_key().verify(signature[8:], message)


def test_an_ml_dsa_cosignature_is_over_the_structure_and_commits_to_names() -> None:
    signature = cosign(TEXT + b"extension\n", QUANTUM, AT_S).signature
    message = b"subtree/v1\n\0" + b"\x12witness.example/w2" + AT_S.to_bytes(8) + b"\x0fexample.com/log"
    message += (0).to_bytes(8) + (42).to_bytes(8) + ROOT
    assert len(signature) == 8 + 2420
    MLDSA44PrivateKey.from_seed_bytes(b"q" * 32).public_key().verify(signature[8:], message, b"")


@pytest.mark.parametrize("key", [CLASSIC, QUANTUM], ids=lambda key: key.type.name)
def test_a_cosigned_checkpoint_opens_with_the_cosigners_key(key: SignerKey) -> None:
    note = add_signatures(sign_note(TEXT, [LOG]), [cosign(TEXT, key, AT_S)])
    opened = open_note(note, [LOG.verifier.text, key.verifier.text])
    assert [signature.name for signature in opened.signatures] == [LOG.name, key.name]
    assert cosigned_at(opened.signatures[1]) == AT_S
    with pytest.raises(Tampered):
        open_note(note.replace(b"\n42\n", b"\n43\n"), [key.verifier.text])


@pytest.mark.parametrize("key", [CLASSIC, QUANTUM], ids=lambda key: key.type.name)
def test_any_other_time_length_or_text_does_not_verify(key: SignerKey) -> None:
    good = cosign(TEXT, key, AT_S).signature
    assert verifies_cosignature(TEXT, key.verifier, good)
    for wrong in ((AT_S + 1).to_bytes(8) + good[8:], good[:-1], good + b"\0", good[8:], b"", (2**63).to_bytes(8) + good[8:]):  # fmt: skip  # noqa: E501
        assert not verifies_cosignature(TEXT, key.verifier, wrong)
    assert not verifies_cosignature(b"no checkpoint\n", key.verifier, good)


def test_a_logs_key_cosigns_nothing_and_a_cosigners_time_is_in_range() -> None:
    with pytest.raises(BadInput, match="no cosigner's key"):
        cosign(TEXT, LOG, AT_S)
    for at_s in (0, -1, LATEST + 1, True):
        with pytest.raises(BadInput):
            cosign(TEXT, CLASSIC, at_s)
    assert cosigned_at(cosign(TEXT, CLASSIC, LATEST)) == LATEST


def test_only_a_checkpoint_is_cosigned() -> None:
    with pytest.raises(BadInput):
        cosign(b"no checkpoint\n", CLASSIC, AT_S)


def test_the_time_of_a_logs_signature_is_not_asked_for() -> None:
    with pytest.raises(BadInput, match="no cosignature"):
        cosigned_at(Signature("a", 1, bytes(64)))


def test_a_subtree_is_cosigned_without_a_time() -> None:
    signature = cosign_subtree("example.com/log", 8, 13, ROOT, QUANTUM)
    claim = {"origin": "example.com/log", "start": 8, "end": 13, "root": ROOT}
    assert cosigned_at(signature) == 0
    verify = verifies_subtree_cosignature
    assert verify(QUANTUM.verifier, signature.signature, **claim)  # type: ignore[arg-type]
    for wrong in ({"end": 14}, {"start": 0, "end": 8}, {"root": bytes(32)}, {"origin": "other"}):
        assert not verify(QUANTUM.verifier, signature.signature, **(claim | wrong))  # type: ignore[arg-type]
    timed = bytes(7) + b"\1" + signature.signature[8:]
    assert not verify(QUANTUM.verifier, timed, **claim)  # type: ignore[arg-type]
    assert not verify(CLASSIC.verifier, signature.signature, **claim)  # type: ignore[arg-type]


def test_a_whole_trees_cosignature_is_one_of_the_subtree_from_zero() -> None:
    signature = cosign(TEXT, QUANTUM, AT_S)
    assert verifies_subtree_cosignature(
        QUANTUM.verifier, signature.signature, origin="example.com/log", start=0, end=42, root=ROOT
    )


def test_what_is_no_subtree_or_no_name_is_not_cosigned() -> None:
    with pytest.raises(BadInput, match="no subtree"):
        cosign_subtree("example.com/log", 1, 3, ROOT, QUANTUM)
    with pytest.raises(BadInput, match="cannot sign subtrees"):
        cosign_subtree("example.com/log", 8, 13, ROOT, CLASSIC)
    text = format_checkpoint(Checkpoint("x" * 256, 42, ROOT))
    with pytest.raises(BadInput, match="256 bytes"):
        cosign(text, QUANTUM, AT_S)
    assert not verifies_cosignature(text, QUANTUM.verifier, bytes(2428))
    assert verifies_cosignature(text, CLASSIC.verifier, cosign(text, CLASSIC, AT_S).signature)
