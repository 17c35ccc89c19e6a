"""Laws of the log's texts: what is written is read back, and whatever anyone writes is read or refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger import (
    Checkpoint,
    KeyType,
    Proof,
    Request,
    SignerKey,
    TileName,
    add_signatures,
    cosign,
    format_checkpoint,
    format_policy,
    format_proof,
    format_request,
    judge,
    leaf_hash,
    open_note,
    parse_bundle_path,
    parse_checkpoint,
    parse_policy,
    parse_proof,
    parse_request,
    parse_signer_key,
    parse_tile_path,
    parse_verifier_key,
    policy_of_keys,
    sign_note,
    verify_proof,
)

LOG = SignerKey("example.com/log", KeyType.ED25519, b"l" * 32)
WITNESS = SignerKey("witness.example/w", KeyType.ED25519_COSIGNATURE, b"w" * 32)
QUANTUM = SignerKey("witness.example/w", KeyType.ML_DSA_44_COSIGNATURE, b"w" * 32)
KEYS = [LOG.verifier, WITNESS.verifier, QUANTUM.verifier]
VKEYS = [key.text for key in KEYS]
LEAF = leaf_hash(b"entry")
TEXT = format_checkpoint(Checkpoint("example.com/log", 1, LEAF))
NOTE = add_signatures(sign_note(TEXT, [LOG]), [cosign(TEXT, WITNESS, 7)])
POLICY = policy_of_keys([LOG.verifier], [WITNESS.verifier], 1)
PROOF = format_proof(Proof(0, (), NOTE, b"extra"))
REQUEST = format_request(Request(0, (LEAF,), NOTE))
POLICY_FILE = b"# policy\nlog %s url\nwitness w %s\ngroup g 1 w\nquorum g\n" % (
    LOG.verifier.text.encode(),
    WITNESS.verifier.text.encode(),
)
PIECES = [
    b"\n",
    b"\n\n",
    b" ",
    b"+",
    b"=",
    b"\xff",
    b"\0",
    b"\r",
    b"0",
    b"9",
    b"\xe2\x80\x94 ",
    b"\xc2\xa0",
    b"A",
    b"group",
]
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1)
roots = st.binary(min_size=32, max_size=32)


@st.composite
def mutated(draw: st.DrawFn, text: bytes) -> bytes:
    """A valid text with up to three pieces of it cut out, doubled, changed or inserted."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        upto = min(len(text), at + draw(st.integers(0, 12)))
        middle = draw(st.sampled_from([b"", text[at:upto] * 2, *PIECES]) | st.binary(max_size=3))
        text = text[:at] + middle + text[upto:]
    return text


@given(names, st.sampled_from(KeyType), roots)
def test_a_key_survives_its_text(name: str, kind: KeyType, seed: bytes) -> None:
    key = SignerKey(name, kind, seed)
    assert parse_signer_key(key.secret_text) == key
    assert parse_verifier_key(key.verifier.text) == key.verifier


@given(lines, st.integers(0, 2**64 - 1), roots, st.lists(lines, max_size=3))
def test_a_checkpoint_survives_its_text(origin: str, size: int, tree: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, tree, tuple(extensions))
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n")),
    st.lists(names, min_size=1, max_size=3, unique=True),
)
def test_a_signed_text_opens_with_each_of_its_keys(text: str, signers: list[str]) -> None:
    keys = [SignerKey(name, KeyType.ED25519, name.encode()[:32].ljust(32)) for name in signers]
    note = sign_note(f"{text}\n".encode(), keys)
    for key in keys:
        opened = open_note(note, [key.verifier.text])
        assert opened.text == f"{text}\n".encode()
        assert len(opened.unverified) == len(keys) - 1


@given(mutated(NOTE))
def test_a_changed_note_never_opens_as_another_text(note: bytes) -> None:
    with suppress(BadInput, Tampered):
        assert open_note(note, VKEYS).text == TEXT


@given(mutated(PROOF))
def test_a_changed_proof_never_proves_another_entry(data: bytes) -> None:
    with pytest.raises((BadInput, Tampered)):
        verify_proof(data, b"another entry", POLICY)
    with suppress(BadInput, Tampered):
        assert verify_proof(data, b"entry", POLICY).checkpoint == Checkpoint("example.com/log", 1, LEAF)


@given(mutated(REQUEST))
def test_a_witness_answers_whatever_it_is_asked(body: bytes) -> None:
    verdict = judge(body, lambda origin: KEYS[:1] if origin == "example.com/log" else [], lambda _: None)
    assert verdict.status in {200, 400, 403, 404, 409, 422}
    assert (verdict.status == 200) == (verdict.checkpoint is not None)


@pytest.mark.parametrize(
    "text", [NOTE, PROOF, REQUEST, POLICY_FILE, TEXT], ids=["note", "proof", "request", "policy", "text"]
)
@given(data=st.data())
def test_whatever_is_read_has_one_spelling_and_the_rest_is_bad_input(text: bytes, data: st.DataObject) -> None:
    changed = data.draw(st.binary(max_size=80) | mutated(text))
    with suppress(BadInput):
        assert format_proof(parse_proof(changed)) == changed
    with suppress(BadInput):
        assert format_request(parse_request(changed)) == changed
    with suppress(BadInput):
        assert b"\n\n" in changed or format_checkpoint(parse_checkpoint(changed)) == changed
    with suppress(BadInput):
        policy = parse_policy(changed)
        assert parse_policy(format_policy(policy)) == policy
    with suppress(BadInput, Tampered):
        open_note(changed, VKEYS)


@pytest.mark.parametrize("key", [*VKEYS[:2], LOG.secret_text])
@given(data=st.data())
def test_a_key_that_is_read_has_one_spelling(key: str, data: st.DataObject) -> None:
    changed = data.draw(st.text(max_size=90) | mutated(key.encode()).map(lambda text: text.decode("utf-8", "replace")))
    with suppress(BadInput):
        assert parse_verifier_key(changed).text == changed
    with suppress(BadInput):
        assert parse_signer_key(changed).secret_text == changed


@given(st.integers(0, 63), st.integers(0, 2**56 - 1), st.integers(1, 256))
def test_a_tile_survives_its_path(level: int, number: int, width: int) -> None:
    assert parse_tile_path(TileName(level, number, width).path) == TileName(level, number, width)


@given(st.text(max_size=40) | st.from_regex(r"tile/([0-9]{1,2}|entries)/(x?[0-9]{3}/){0,2}[0-9]{3}(\.p/[0-9]{1,3})?\Z"))
def test_a_path_that_is_read_has_one_spelling(path: str) -> None:
    with suppress(BadInput):
        assert parse_tile_path(path).path == path
    with suppress(BadInput):
        assert parse_bundle_path(path).path == path


anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.none() | st.text())
)


@given(anything)
def test_a_parser_given_anything_answers_with_bad_input(value: Any) -> None:
    parsers: list[Any] = [
        parse_policy, parse_proof, parse_request, parse_checkpoint, parse_verifier_key, parse_signer_key,
        parse_tile_path, parse_bundle_path, lambda text: open_note(text, VKEYS), lambda keys: open_note(NOTE, keys),
    ]  # fmt: skip
    for parse in parsers:
        with suppress(BadInput, Tampered, NotFound):
            parse(value)
