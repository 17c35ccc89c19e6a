from __future__ import annotations

import json
from base64 import b64decode, b64encode
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from haoma.errors import BadInput, Tampered
from haoma.ledger.keys import KeyType, SignerKey, VerifierKey, parse_signer_key, parse_verifier_key
from haoma.ledger.note import add_signatures, open_note, sign_note
from haoma.ledger.signatures import LONGEST_NOTE, MOST_SIGNATURES, Signature, parse_signature_lines, split_note

TEXT = b"ever so humble\n\nthere is no place\n"
ALICE = SignerKey("example.com/alice", KeyType.ED25519, b"a" * 32)
BOB = SignerKey("example.com/bob", KeyType.ED25519, b"b" * 32)
NOTE = sign_note(TEXT, [ALICE, BOB])
LINES = NOTE.removeprefix(TEXT + b"\n").splitlines(keepends=True)


@pytest.fixture(scope="module")
def go(shared: Path) -> dict[str, Any]:
    vectors: dict[str, Any] = json.loads((shared / "ledger" / "go_sumdb_note.json").read_text(encoding="utf-8"))
    return vectors


def test_what_go_signs_we_sign_byte_for_byte(go: dict[str, Any]) -> None:
    key = parse_signer_key(go["peter_skey"])
    assert key.secret_text == go["peter_skey"]
    assert key.verifier.text == go["peter_vkey"]
    signed = sign_note(go["text"].encode(), [key])
    assert signed == f"{go['text']}\n— PeterNeumann {go['peter_sig']}\n".encode()


def test_what_go_signed_we_open(go: dict[str, Any]) -> None:
    lines = f"— PeterNeumann {go['peter_sig']}\n— EnochRoot {go['enoch_sig']}\n"
    note = f"{go['text']}\n{lines}".encode()
    opened = open_note(note, [go["peter_vkey"], go["enoch_vkey"]])
    assert opened.text == go["text"].encode()
    assert [signature.name for signature in opened.signatures] == ["PeterNeumann", "EnochRoot"]
    alone = open_note(note, [go["enoch_vkey"]])
    assert [signature.name for signature in alone.signatures] == ["EnochRoot"]
    assert [signature.line for signature in alone.unverified] == [f"— PeterNeumann {go['peter_sig']}\n"]


def test_what_go_calls_a_bad_key_we_call_bad_input(go: dict[str, Any]) -> None:
    for text in go["bad_vkeys"]:
        with pytest.raises(BadInput):
            parse_verifier_key(text)


def test_the_example_of_the_specification_opens(shared: Path) -> None:
    page = (shared / "ledger" / "c2sp" / "signed-note.md").read_text(encoding="utf-8")
    vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    assert vkey in page
    note = page[page.index("This is an example message.") :].partition("```")[0]
    assert open_note(note.encode(), [vkey]).text == b"This is an example message.\n"


def test_the_text_ends_at_the_last_empty_line() -> None:
    assert split_note(NOTE)[0] == TEXT
    assert open_note(NOTE, [ALICE.verifier.text]).text == TEXT
    assert open_note(sign_note(b"\n", [BOB]), [BOB.verifier.text]).text == b"\n"


def test_a_note_without_a_known_signature_is_tampered() -> None:
    for keys in ([], [SignerKey("example.com/carol", KeyType.ED25519, b"c" * 32).verifier.text]):
        with pytest.raises(Tampered, match="no known key"):
            open_note(NOTE, keys)


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    changed = NOTE.replace(b"humble", b"bumble")
    stranger = changed.replace(LINES[1], b"")
    for note, keys in ((changed, [ALICE]), (changed, [ALICE, BOB]), (stranger, [ALICE])):
        with pytest.raises(Tampered, match="does not verify"):
            open_note(note, [key.verifier.text for key in keys])
    other_text = split_note(sign_note(b"other\n", [ALICE]))[1]
    with pytest.raises(Tampered, match="does not verify"):
        open_note(add_signatures(NOTE, other_text), [BOB.verifier.text, ALICE.verifier.text])


def test_a_short_signature_of_a_known_key_does_not_verify() -> None:
    line = Signature(ALICE.name, ALICE.verifier.key_id, b"x").line.encode()
    with pytest.raises(Tampered):
        open_note(TEXT + b"\n" + line, [ALICE.verifier.text])


def test_a_known_name_with_another_id_is_another_key() -> None:
    other = SignerKey(ALICE.name, KeyType.ED25519, b"z" * 32)
    opened = open_note(sign_note(TEXT, [other, BOB]), [ALICE.verifier.text, BOB.verifier.text])
    assert [signature.name for signature in opened.signatures] == [BOB.name]
    assert [signature.key_id for signature in opened.unverified] == [other.verifier.key_id]


def test_repeated_signatures_are_kept_once_and_each_is_verified() -> None:
    opened = open_note(NOTE + LINES[0] + LINES[1], [ALICE.verifier.text])
    assert (len(opened.signatures), len(opened.unverified)) == (1, 1)
    wrong = Signature(ALICE.name, ALICE.verifier.key_id, bytes(64)).line.encode()
    with pytest.raises(Tampered):
        open_note(NOTE + wrong, [ALICE.verifier.text])


def test_a_key_listed_twice_is_bad_input() -> None:
    with pytest.raises(BadInput, match="two keys"):
        open_note(NOTE, [ALICE.verifier.text, ALICE.verifier.text])


GOOD = TEXT.decode() + "\n" + LINES[0].decode()


@pytest.mark.parametrize(
    "note",
    [
        None, "text", 7, b"", b"\n", b"\n\n", b"text\n", TEXT, TEXT + b"\n",
        GOOD[:-1].encode(),                                   # no newline at the end
        GOOD.encode() + b"\n",                                # an empty line below the signatures
        GOOD.replace("— ", "- ").encode(),                    # a hyphen
        GOOD.replace("— ", "—  ").encode(),                   # no name
        GOOD.replace("— ", "—").encode(),
        GOOD.replace("example.com/alice", "example.com/a+b").encode(),
        GOOD.replace("example.com/alice", "a\u00a0b").encode(),
        GOOD.replace("example.com/alice", "a\u2028b").encode(),
        GOOD.replace("example.com/alice ", "").encode(),
        GOOD.replace("=", "").encode(),                       # base64 without padding
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("humble", "hum\tble").encode(),
        GOOD.replace("humble", "hum\x00ble").encode(),
        GOOD.encode().replace(b"humble", b"\xff"),            # no UTF-8
        GOOD.encode().replace(b"humble", b"\xed\xa0\x80"),    # half a surrogate pair
        TEXT + b"\n" + "— a AAAAAA==\n".encode(),             # a key ID and no signature
        TEXT + b"\n" + "— a AAAAAB==\n".encode(),
        TEXT + b"\n" + "— a AAAAAQJ=\n".encode(),             # pad bits that are not zero
        TEXT + b"\n" + LINES[0] * (MOST_SIGNATURES + 1),
        b"x" * LONGEST_NOTE + b"\n\n" + LINES[0],
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_note_is_bad_input(note: Any) -> None:
    with pytest.raises(BadInput):
        open_note(note, [ALICE.verifier.text])


def test_a_hundred_signatures_are_taken() -> None:
    assert len(open_note(TEXT + b"\n" + LINES[0] * MOST_SIGNATURES, [ALICE.verifier.text]).signatures) == 1


def test_a_text_whose_end_reads_as_a_signature_is_not_signed() -> None:
    with pytest.raises(BadInput, match="ends in a newline"):
        sign_note(b"text\n\n" + LINES[0].removesuffix(b"\n"), [ALICE])


@pytest.mark.parametrize("text", [b"", b"no newline", b"a\tb\n", b"\xff\n", "text\n", None])
def test_a_text_that_no_note_can_hold_is_not_signed(text: Any) -> None:
    with pytest.raises(BadInput):
        sign_note(text, [ALICE])


def test_a_note_is_signed_by_somebody_and_not_by_a_cosigner() -> None:
    with pytest.raises(BadInput):
        sign_note(TEXT, [])
    with pytest.raises(BadInput, match="cosigner"):
        sign_note(TEXT, [SignerKey("w", KeyType.ED25519_COSIGNATURE, bytes(32))])


def test_a_new_signature_takes_the_place_of_the_older_one_of_its_key() -> None:
    again = split_note(sign_note(TEXT, [ALICE]))[1]
    assert add_signatures(NOTE, again) == TEXT + b"\n" + LINES[1] + LINES[0]
    assert add_signatures(NOTE, []) == NOTE


KEY_TEXT = ALICE.verifier.text


@pytest.mark.parametrize(
    "text",
    [
        None, 7, b"bytes", "", "+", "++", "a+b+c", KEY_TEXT + "=", KEY_TEXT[:-1], KEY_TEXT.upper(), " " + KEY_TEXT,
        KEY_TEXT.replace("alice", "alicf"), KEY_TEXT.replace("/", "+", 1), KEY_TEXT.replace("alice", "al ice"),
        KEY_TEXT + "\n", "+".join([ALICE.name, KEY_TEXT.split("+")[1], b64encode(b"\x01" + bytes(31)).decode()]),
        "+".join(["", *KEY_TEXT.split("+")[1:]]), KEY_TEXT.replace("alice", "\ud800"), ALICE.secret_text,
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_verifier_key_is_bad_input(text: Any) -> None:
    with pytest.raises(BadInput):
        parse_verifier_key(text)
    with pytest.raises(BadInput):
        open_note(NOTE, [text])
    with pytest.raises(BadInput):
        open_note(NOTE, text)


@pytest.mark.parametrize("kind", list(KeyType))
def test_a_key_survives_its_text_and_never_shows_its_seed(kind: KeyType) -> None:
    key = SignerKey("oid/1.3.6.1.4.1", kind, bytes(range(32)))
    assert parse_signer_key(key.secret_text) == key
    assert parse_verifier_key(key.verifier.text) == key.verifier
    seed = b64encode(key.seed).decode()
    assert seed[4:-4] not in repr(key) + str(key) + key.verifier.text
    assert b64decode(key.secret_text.rpartition("+")[2]) == bytes([kind]) + key.seed
    assert key.verifier.verifies(b"message", key.sign(b"message"))
    assert not key.verifier.verifies(b"massage", key.sign(b"message"))
    assert not key.verifier.verifies(b"message", b"")


@pytest.mark.parametrize(
    "text",
    [
        None, "", "PRIVATE+KEY", "PRIVATE+KEY+", ALICE.verifier.text, ALICE.secret_text[:-4], ALICE.secret_text + "A",
        ALICE.secret_text.replace("alice", "alica"), "PRIVATE+KEY+" + ALICE.verifier.text,
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_signer_key_is_bad_input_and_is_not_quoted(text: Any) -> None:
    with pytest.raises(BadInput) as caught:
        parse_signer_key(text)
    assert ALICE.secret_text.rpartition("+")[2][:8] not in f"{caught.value} {caught.value.hint}"


def test_a_key_of_the_wrong_length_or_without_a_name_cannot_be_made() -> None:
    for name in (None, 7, "", b"a"):
        wrong: Any = name
        with pytest.raises(BadInput):
            SignerKey(wrong, KeyType.ED25519, bytes(32))
    with pytest.raises(BadInput):
        SignerKey("a", KeyType.ED25519, bytes(31))
    with pytest.raises(BadInput):
        VerifierKey("a", KeyType.ML_DSA_44_COSIGNATURE, bytes(32))


def test_signature_lines_alone_are_read_as_a_witness_answers_them() -> None:
    assert [signature.name for signature in parse_signature_lines(b"".join(LINES))] == [ALICE.name, BOB.name]
    for malformed in (b"", b"\n", LINES[0][:-1], LINES[0] + b"\n"):
        with pytest.raises(BadInput):
            parse_signature_lines(malformed)


FIELD = 2**255 - 19
ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")


@pytest.mark.parametrize("kind", [KeyType.ED25519, KeyType.ED25519_COSIGNATURE])
@pytest.mark.parametrize("sign", [0, 1 << 255])
@pytest.mark.parametrize("y", [0, 1, FIELD - 1, FIELD, FIELD + 1, ORDER_8, FIELD - ORDER_8])
def test_a_key_under_which_anyone_can_sign_is_refused(y: int, sign: int, kind: KeyType) -> None:
    key = VerifierKey("example.com/log", kind, (y | sign).to_bytes(32, "little"))
    with pytest.raises(BadInput, match="small order"):
        parse_verifier_key(key.text)


def test_a_signature_that_anyone_can_make_verifies_under_a_key_of_small_order_which_is_why() -> None:
    neutral = (1).to_bytes(32, "little")
    assert VerifierKey("example.com/log", KeyType.ED25519, neutral).verifies(b"any text", neutral + bytes(32))
