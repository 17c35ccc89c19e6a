from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from haoma.errors import BadInput, Tampered
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
from haoma.ledger.cosignature import cosign
from haoma.ledger.keys import KeyType, SignerKey
from haoma.ledger.note import add_signatures, sign_note
from haoma.ledger.policy import Policy, endorse, policy_of_keys
from haoma.ledger.policy_file import LONGEST_POLICY, format_policy, parse_policy


def key(name: str, kind: KeyType = KeyType.ED25519_COSIGNATURE) -> SignerKey:
    return SignerKey(name, kind, name.encode().ljust(32, b"."))


LOG = key("example.com/log", KeyType.ED25519)
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
WITNESSES = {name: key(f"witness.example/{name}") for name in NAMES}
WITNESSES["Y1"] = key("witness.example/Y1", KeyType.ML_DSA_44_COSIGNATURE)
NOTE = sign_note(format_checkpoint(Checkpoint("example.com/log", 3, bytes(32))), [LOG])
TEXT = NOTE.partition(b"\n\n")[0] + b"\n"


def example(shared: Path) -> bytes:
    """The example of the specification, with keys where it has placeholders."""
    page = (shared / "ledger" / "c2sp" / "tlog-policy.md").read_text(encoding="utf-8")
    text = page.partition("```\nlog <vkey>")[2].partition("```")[0]
    keys = iter([LOG, *(WITNESSES[name] for name in NAMES)])
    return re.sub("<vkey>", lambda _: next(keys).verifier.text, f"log <vkey>{text}").encode()


def cosigned(names: Iterable[str]) -> bytes:
    return add_signatures(NOTE, [cosign(TEXT, WITNESSES[name], 1) for name in names])


def lines(*changes: str) -> bytes:
    good = [f"log {LOG.verifier.text}", *[f"witness {name} {WITNESSES[name].verifier.text}" for name in ("X1", "X2")]]
    return "".join([line + "\n" for line in [*good, *changes]]).encode()


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        (["X1", "X2", "Y1"], True), (["X1", "X3", "Y3"], True), (NAMES, True), ([], False), (["X1", "Y1"], False),
        (["X1", "X2", "X3"], False), (["Y1", "Y2", "Y3"], False),
    ],
)  # fmt: skip
def test_the_example_of_the_specification_asks_for_two_and_one(shared: Path, names: list[str], enough: bool) -> None:
    policy = parse_policy(example(shared))
    if enough:
        assert endorse(cosigned(names), policy).checkpoint.size == 3
    else:
        with pytest.raises(Tampered, match="no quorum"):
            endorse(cosigned(names), policy)


def test_a_policy_without_witnesses_believes_its_logs_alone() -> None:
    for policy in (parse_policy(lines("quorum none")), policy_of_keys([LOG.verifier])):
        endorsed = endorse(NOTE, policy)
        assert endorsed.checkpoint.origin == "example.com/log"
        assert endorsed.note.text == TEXT


def test_a_checkpoint_of_another_origin_or_without_the_logs_signature_is_tampered() -> None:
    policy = policy_of_keys([key("example.com/other", KeyType.ED25519).verifier])
    with pytest.raises(Tampered, match="does not list"):
        endorse(NOTE, policy)
    witness = WITNESSES["X1"].verifier
    unsigned = TEXT + b"\n" + cosigned(["X1"]).splitlines(keepends=True)[-1]
    with pytest.raises(Tampered, match="the log itself did not sign"):
        endorse(unsigned, policy_of_keys([LOG.verifier], [witness], 1))
    stranger = sign_note(TEXT.replace(b"example.com/log", b"example.com/oth"), [LOG])
    with pytest.raises(Tampered, match="does not list"):
        endorse(stranger, policy_of_keys([LOG.verifier]))


def test_a_wrong_cosignature_of_a_listed_witness_spoils_the_note() -> None:
    other = sign_note(TEXT.replace(b"\n3\n", b"\n4\n"), [LOG]).partition(b"\n\n")[0] + b"\n"
    forged = add_signatures(NOTE, [cosign(other, WITNESSES["X1"], 1)])
    with pytest.raises(Tampered, match="does not verify"):
        endorse(forged, policy_of_keys([LOG.verifier], [WITNESSES["X1"].verifier]))
    assert endorse(forged, policy_of_keys([LOG.verifier])).checkpoint.size == 3


def test_a_log_may_sign_with_ml_dsa() -> None:
    log = key("example.com/log", KeyType.ML_DSA_44_COSIGNATURE)
    note = TEXT + b"\n" + cosign(TEXT, log, 5).line.encode()
    assert endorse(note, policy_of_keys([log.verifier])).checkpoint.size == 3
    assert endorse(note, policy_of_keys([log.verifier], [log.verifier], 1)).checkpoint.size == 3


def test_a_policy_without_logs_endorses_nothing() -> None:
    with pytest.raises(BadInput, match="lists no log"):
        endorse(NOTE, parse_policy(b"quorum none\n"))


def test_a_threshold_of_keys_is_a_quorum() -> None:
    witnesses = [WITNESSES[name].verifier for name in NAMES]
    policy = policy_of_keys([LOG.verifier], witnesses, 2)
    assert endorse(cosigned(["X3", "Y1"]), policy)
    with pytest.raises(Tampered, match="1 of 6 witnesses"):
        endorse(cosigned(["X3"]), policy)
    for threshold in (-1, 7, True, None):
        wrong: Any = threshold
        with pytest.raises(BadInput):
            policy_of_keys([LOG.verifier], witnesses, wrong)


def test_spaces_tabs_comments_and_urls_are_read(shared: Path) -> None:
    policy = parse_policy(
        f" \t\n# comment é\n\t # another\n\tlog\t{LOG.verifier.text}  https://log.example/ \n".encode()
        + f"witness \xe2\x84\xaa {WITNESSES['X1'].verifier.text} https://w.example/\n".encode("latin-1")
        + f"witness K {WITNESSES['X2'].verifier.text}\n".encode()
        + b"group g 1 \xe2\x84\xaa\nquorum g\n"
    )
    assert policy.logs[0].url == "https://log.example/"
    assert [party.url for party in policy.witnesses.values()] == ["https://w.example/", None]
    assert endorse(cosigned(["X1"]), policy)
    with pytest.raises(Tampered):
        endorse(cosigned(["X2"]), policy)
    assert parse_policy(format_policy(policy)) == policy
    whole = parse_policy(example(shared))
    assert parse_policy(format_policy(whole)) == whole


X3 = WITNESSES["X3"].verifier.text
X1 = WITNESSES["X1"].verifier.text
RENAMED = SignerKey("other.example", KeyType.ED25519_COSIGNATURE, WITNESSES["X1"].seed).verifier.text


@pytest.mark.parametrize(
    "text",
    [
        None, "quorum none\n", b"", b"\n", b"quorum none", b"quorum none\r\n", b"quorum\x00 none\n",
        b"quorum none\x7f\n", lines(), lines("quorum"), lines("quorum X1 X2"), lines("quorum Z"),
        lines("quorum none", "quorum none"), lines("quorum X1", "quorum X2"), lines("quorum g", "group g any X1"),
        lines("Quorum none"), lines("quorum\u00a0none"), b"# " + b"x" * LONGEST_POLICY + b"\nquorum none\n",
        b"log \xff" + LOG.verifier.text.encode() + b"\nquorum none\n",
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_policy_is_bad_input(text: Any) -> None:
    with pytest.raises(BadInput):
        parse_policy(text)


@pytest.mark.parametrize(
    "line",
    [
        "log", "log x", f"log {LOG.verifier.text}", f"log {LOG.verifier.text} a b", "witness W", f"witness X1 {X3}",
        f"witness W {X1}", f"witness W {RENAMED}", f"witness none {X3}", f"witness W {LOG.verifier.text}",
        f"witness W {X3} u v", "group g any", "group g", "group g 0 X1", "group g 2 X1", "group g 01 X1",
        "group g -1 X1", "group g any g", "group X1 any X2", "group none any X1", "group g any none",
        "group g any X1 X1", "group g any Z", "group g any X1\ngroup h any X1", "group g 9999 X1", "group g ANY X1",
    ],
)  # fmt: skip
def test_a_malformed_definition_is_bad_input(line: str) -> None:
    with pytest.raises(BadInput):
        parse_policy(lines(line, "quorum none"))


def test_a_malformed_line_is_told_with_its_number() -> None:
    with pytest.raises(BadInput, match="line 4 of the policy: the name Z is not defined above"):
        parse_policy(lines("group g any Z"))


def test_thirty_two_of_each_are_taken_and_too_many_are_not() -> None:
    def policy(number: int) -> bytes:
        keys = [key(f"w{at}").verifier.text for at in range(number)]
        rows = [f"log {key(f'l{at}', KeyType.ED25519).verifier.text}" for at in range(32)]
        rows += [f"witness w{at} {vkey}" for at, vkey in enumerate(keys)]
        rows += [f"group g{at} any w{at}" for at in range(32)] + ["quorum g31"]
        return "\n".join(rows).encode() + b"\n"

    assert len(parse_policy(policy(32)).groups) == 32
    with pytest.raises(BadInput, match="too many"):
        parse_policy(policy(257))


def test_an_empty_group_set_is_met_by_no_one() -> None:
    policy = Policy((), {}, {}, "nowhere")
    assert not policy.is_met_by(set())
