from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from haoma.errors import BadInput, HaomaError, NotFound, Tampered, Unavailable
from haoma.ledger import leaf_hash, prove_consistency, root
from haoma.ledger.anchor import Notary
from haoma.ledger.attesters import MAX_REPLY, ChainAttester, StampAttester, WitnessAttester
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
from haoma.ledger.keys import KeyType, SignerKey
from haoma.ledger.note import sign_note
from haoma.ledger.publish import Signed
from haoma.ledger.tsa import TimeStampAuthority
from haoma.ledger.witness import SIZE_TYPE, Seen, cosign_accepted, judge, parse_request

LOG = SignerKey("example.com/log", KeyType.ED25519, bytes(32))
WITNESS = SignerKey("w.example", KeyType.ML_DSA_44_COSIGNATURE, bytes(range(32)))
LEAVES = [leaf_hash(b"%d" % at) for at in range(9)]
AT = datetime(2026, 11, 22, tzinfo=UTC)
Answer = Callable[[httpx.Request], httpx.Response]


def signed(size: int) -> Signed:
    head = Checkpoint("example.com/log", size, root(LEAVES[:size]))
    return Signed(1, size, head.root, AT, sign_note(format_checkpoint(head), [LOG]))


def asked(answer: Answer, size: int = 9, since: int = 0) -> bytes:
    def streamed(request: httpx.Request) -> httpx.Response:
        made = answer(request)  # what is made of content has been read already, as nothing over a network has
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))

    with httpx.Client(transport=httpx.MockTransport(streamed)) as http:
        attester = WitnessAttester(WITNESS.verifier, "https://w.example/prefix/", http)
        return attester.attest(signed(size), since, lambda old, new: prove_consistency(LEAVES, old, new))


def witness(seen: Seen, got: list[int]) -> Answer:
    """What a sound witness answers that has seen this tree; `got` takes the old sizes it is asked with."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "https://w.example/prefix/add-checkpoint"
        got.append(parse_request(request.content).old_size)
        verdict = judge(request.content, lambda _origin: [LOG.verifier], lambda _origin: seen)
        body = verdict.body
        if verdict.status == 200:
            body, _ = cosign_accepted(verdict, [WITNESS], 1_800_000_000)
        return httpx.Response(verdict.status, headers={"Content-Type": verdict.content_type}, content=body)

    return answer


def test_the_evidence_of_a_witness_is_its_cosignature() -> None:
    got: list[int] = []
    assert asked(witness(Seen(), got)).startswith("— w.example ".encode())
    assert got == [0]


def test_a_witness_that_remembers_another_size_is_asked_once_more_with_that_one() -> None:
    got: list[int] = []
    assert asked(witness(Seen(5, root(LEAVES[:5])), got), since=3)
    assert got == [3, 5]


def test_a_witness_that_saw_more_than_there_is_tells_of_a_log_that_was_cut() -> None:
    with pytest.raises(Tampered, match="has seen 9 entries of this log, which has 5"):
        asked(witness(Seen(9, root(LEAVES)), []), size=5)


def test_a_witness_that_saw_another_tree_tells_of_a_fork() -> None:
    with pytest.raises(Tampered, match="saw another log"):
        asked(witness(Seen(5, bytes(32)), []), since=5)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (httpx.Response(404), Unavailable, "does not know this log"),
        (httpx.Response(403), Unavailable, "does not trust the key"),
        (httpx.Response(500), Unavailable, "status 500"),
        (httpx.Response(307, headers={"Location": "https://elsewhere.example"}), Unavailable, "status 307"),
        (httpx.Response(409, headers={"Content-Type": "text/plain"}, content=b"5\n"), Unavailable, "status 409"),
        (httpx.Response(409, headers={"Content-Type": SIZE_TYPE}, content=b"five\n"), BadInput, "size"),
        (httpx.Response(200, content=b"x" * (MAX_REPLY + 1)), Unavailable, "does not end"),
        (httpx.Response(200, content=b""), HaomaError, "sign"),
        (httpx.Response(200, content=b"\xff\xfe"), BadInput, "sign|UTF|note"),
    ],
    ids=range(9),
)
def test_an_answer_that_is_none_is_told_and_never_taken(
    answer: httpx.Response, kind: type[HaomaError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        asked(lambda _request: answer)


def test_a_cosignature_of_somebody_else_is_not_taken() -> None:
    stranger = SignerKey("w.example", KeyType.ML_DSA_44_COSIGNATURE, bytes(32))

    def answer(request: httpx.Request) -> httpx.Response:
        verdict = judge(request.content, lambda _origin: [LOG.verifier], lambda _origin: None)
        return httpx.Response(200, content=cosign_accepted(verdict, [stranger], 1_800_000_000)[0])

    with pytest.raises(Tampered):
        asked(answer)


def test_two_keys_of_one_witness_have_two_names() -> None:
    other = SignerKey("w.example", KeyType.ED25519_COSIGNATURE, bytes(32))
    with httpx.Client() as http:
        names = {WitnessAttester(key.verifier, "https://w.example", http).name for key in (WITNESS, other)}
    assert len(names) == 2


@pytest.mark.parametrize(
    "url", ["https://user:secret@tsa.example:8443/tsr?key=secret#secret", "https://tsa.example:8443/tsr"]
)
def test_the_name_of_an_authority_shows_no_secret_of_its_address(url: str) -> None:
    with httpx.Client() as http:
        assert StampAttester(TimeStampAuthority(url, http, [])).name == "tsa.example:8443/tsr"


def test_a_chain_whose_key_is_missing_lags_and_hinders_nobody() -> None:
    def missing() -> Notary:
        raise NotFound("there is no key")

    attester = ChainAttester("eip155:1:0x00@1", missing)
    with pytest.raises(NotFound, match="no key"):
        attester.attest(signed(3), 0, lambda _old, _new: [])
