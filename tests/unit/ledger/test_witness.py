from __future__ import annotations

from base64 import b64encode
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from haoma.errors import BadInput, Tampered
from haoma.ledger import EMPTY_ROOT, leaf_hash, prove_consistency, root
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
from haoma.ledger.cosignature import cosign
from haoma.ledger.keys import KeyType, SignerKey
from haoma.ledger.note import add_signatures, open_note, sign_note
from haoma.ledger.witness import (
    Request,
    Seen,
    Verdict,
    cosign_accepted,
    format_request,
    judge,
    parse_request,
    take_cosignatures,
)

ORIGIN = "example.com/log"
LOG = SignerKey(ORIGIN, KeyType.ED25519, b"l" * 32)
WITNESS = SignerKey("witness.example/w1", KeyType.ED25519_COSIGNATURE, b"w" * 32)
QUANTUM = SignerKey("witness.example/w1", KeyType.ML_DSA_44_COSIGNATURE, b"w" * 32)
LEAVES = [leaf_hash(bytes([number])) for number in range(20)]


def note(size: int, key: SignerKey = LOG, leaves: list[bytes] = LEAVES, origin: str = ORIGIN) -> bytes:
    return sign_note(format_checkpoint(Checkpoint(origin, size, root(leaves[:size]))), [key])


def ask(old: int, new: int, leaves: list[bytes] = LEAVES) -> bytes:
    proof = tuple(prove_consistency(leaves, old, new)) if old <= new else ()
    return format_request(Request(old, proof, note(new, leaves=leaves)))


def answer(body: Any, seen: int | None = None) -> Verdict:
    tree = None if seen is None else Seen(seen, root(LEAVES[:seen]))
    return judge(body, lambda origin: [LOG.verifier] if origin == ORIGIN else [], lambda _: tree)


@pytest.mark.parametrize(("seen", "new"), [(None, 0), (None, 7), (0, 0), (0, 7), (5, 5), (5, 6), (4, 20), (19, 20)])
def test_what_extends_the_latest_tree_is_accepted(seen: int | None, new: int) -> None:
    verdict = answer(ask(seen or 0, new), seen)
    assert verdict.status == 200
    assert verdict.checkpoint == Checkpoint(ORIGIN, new, root(LEAVES[:new]))
    assert verdict.note == note(new)


def test_an_accepted_checkpoint_is_cosigned_by_all_keys_and_served_with_the_logs_signature() -> None:
    stranger = SignerKey("stranger.example", KeyType.ED25519, b"s" * 32)
    text = note(7).partition(b"\n\n")[0] + b"\n"
    noisy = sign_note(text, [LOG, stranger])
    body, cosigned = cosign_accepted(answer(format_request(Request(0, (), noisy))), [WITNESS, QUANTUM], 1_700_000_000)
    assert body.decode().count("— witness.example/w1 ") == body.count(b"\n") == 2
    keys = [LOG.verifier.text, WITNESS.verifier.text, QUANTUM.verifier.text]
    opened = open_note(cosigned, keys)
    assert (len(opened.signatures), len(opened.unverified)) == (3, 0)
    taken = take_cosignatures(noisy, body, [WITNESS.verifier])
    assert len(open_note(taken, keys[:2]).signatures) == 2
    assert QUANTUM.verifier.key_id not in [signature.key_id for signature in open_note(taken, keys[:1]).unverified]


def test_a_refused_checkpoint_is_not_cosigned() -> None:
    with pytest.raises(BadInput, match="409"):
        cosign_accepted(answer(ask(0, 7), 5), [WITNESS], 1)


def test_an_unknown_origin_is_not_found() -> None:
    other = SignerKey("example.com/other", KeyType.ED25519, b"o" * 32)
    assert answer(format_request(Request(0, (), note(3, other, origin="example.com/other")))).status == 404


def test_no_signature_or_a_wrong_one_of_a_trusted_key_is_forbidden() -> None:
    impostor = SignerKey(ORIGIN, KeyType.ED25519, b"i" * 32)
    assert answer(format_request(Request(0, (), note(3, impostor)))).status == 403
    changed = note(3).replace(b"\n3\n", b"\n4\n")
    assert answer(format_request(Request(0, (), changed))).status == 403


def test_a_tree_smaller_than_the_old_size_is_a_bad_request_even_when_the_old_size_is_wrong_too() -> None:
    assert answer(ask(9, 7), 9).status == 400
    assert answer(ask(9, 7), 5).status == 400


@pytest.mark.parametrize(("seen", "old"), [(None, 3), (5, 0), (5, 4), (5, 6)])
def test_another_old_size_is_a_conflict_that_tells_the_latest_size(seen: int | None, old: int) -> None:
    verdict = answer(ask(old, 7), seen)
    assert (verdict.status, verdict.content_type) == (409, "text/x.tlog.size")
    assert verdict.body == f"{seen or 0}\n".encode()
    assert verdict.checkpoint is None


def test_a_forked_tree_is_unprocessable() -> None:
    fork = [leaf_hash(b"fork"), *LEAVES[1:]]
    assert answer(ask(5, 9, fork), 5).status == 422
    assert answer(ask(5, 5, fork), 5).status == 422


def test_a_proof_that_does_not_fit_is_unprocessable() -> None:
    good = tuple(prove_consistency(LEAVES, 5, 9))
    for proof in ((), good[:-1], (*good, LEAVES[0]), good[::-1]):
        assert answer(format_request(Request(5, proof, note(9))), 5).status == 422
    assert answer(format_request(Request(5, (LEAVES[0],), note(5))), 5).status == 422
    assert answer(format_request(Request(0, (LEAVES[0],), note(9)))).status == 422


def test_an_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    odd = sign_note(format_checkpoint(Checkpoint(ORIGIN, 0, LEAVES[0])), [LOG])
    assert answer(format_request(Request(0, (), odd))).status == 422
    assert answer(ask(0, 0)).checkpoint == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


def test_the_example_of_the_specification_is_read(shared: Path) -> None:
    page = (shared / "ledger" / "c2sp" / "tlog-witness.md").read_text(encoding="utf-8")
    block = page.partition("Example request body:\n\n")[2].partition("\nThe witness MUST")[0]
    body = "\n".join(line.removeprefix("    ") for line in block.split("\n"))
    request = parse_request(body.encode())
    assert (request.old_size, len(request.proof)) == (20852014, 4)
    assert format_request(request) == body.encode()


GOOD = ask(5, 9)
LINE = b64encode(bytes(32)) + b"\n"


@pytest.mark.parametrize(
    "body",
    [
        None, "text", b"", b"\n\n", note(9), GOOD[:-1], GOOD + b"\n", GOOD.replace(b"old 5", b"old 05"),
        GOOD.replace(b"old 5", b"old  5"), GOOD.replace(b"old 5", b"Old 5"), GOOD.replace(b"old 5", b"old -5"),
        GOOD.replace(b"old 5", b"old " + b"9" * 5000), GOOD.replace(b"old 5", b"old 18446744073709551616"),
        GOOD.replace(b"old 5\n", b"old 5\n\n"), GOOD.replace(b"old 5\n", b"old 5\nAAAA\n"),
        GOOD.replace(b"old 5\n", b"old 5\n" + LINE * 64), GOOD.replace(b"\n", b"\r\n"), GOOD.replace(b"old", b"\xff"),
        GOOD.replace(b"\n9\n", b"\n09\n"), GOOD.partition(b"\n\n")[0] + b"\n\nexample.com/log\n9\n",
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_request_is_a_bad_request(body: Any) -> None:
    assert answer(body, 5).status == 400
    with pytest.raises(BadInput):
        parse_request(body)


def test_sixty_three_lines_of_proof_are_read_and_more_are_not() -> None:
    most = GOOD.replace(GOOD.partition(b"\n\n")[0], b"old 5\n" + (LINE * 63)[:-1])
    assert len(parse_request(most).proof) == 63
    with pytest.raises(BadInput):
        Request(5, (bytes(32),) * 64, note(9))


def test_an_answer_without_the_witness_asked_is_not_taken() -> None:
    text = note(7).partition(b"\n\n")[0] + b"\n"
    theirs = cosign(text, WITNESS, 1).line.encode()
    with pytest.raises(Tampered, match="no known key"):
        take_cosignatures(note(7), theirs, [QUANTUM.verifier])
    with pytest.raises(Tampered, match="does not verify"):
        take_cosignatures(note(8), theirs, [WITNESS.verifier])
    for malformed in (b"", b"\n", b"200 OK\n", theirs[:-1]):
        with pytest.raises(BadInput):
            take_cosignatures(note(7), malformed, [WITNESS.verifier])
    assert add_signatures(note(7), [cosign(text, WITNESS, 1)]) == take_cosignatures(note(7), theirs, [WITNESS.verifier])
