from __future__ import annotations

import re
from base64 import b64encode
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from haoma.errors import BadInput
from haoma.ledger.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from haoma.ledger.keys import KeyType, SignerKey
from haoma.ledger.note import sign_note

ROOT = bytes(range(32))
ENCODED = b64encode(ROOT).decode()
TEXT = f"example.com/log\n42\n{ENCODED}\n"


def test_the_tree_of_go_is_read(shared: Path) -> None:
    vectors = (shared / "ledger" / "go_sumdb_note.json").read_text(encoding="utf-8")
    text = "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"
    assert repr(text)[1:-1] in vectors
    checkpoint = parse_checkpoint(text.encode())
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", 123456789012)
    assert format_checkpoint(checkpoint) == text.encode()


def test_the_examples_of_the_specifications_are_read(shared: Path) -> None:
    found = 0
    for name in ("tlog-checkpoint.md", "tlog-cosignature.md"):
        page = (shared / "ledger" / "c2sp" / name).read_text(encoding="utf-8")
        note = re.search(r"(?ms)^```\n(example.com/behind-the-sofa\n.*?)```", page)
        assert note is not None
        checkpoint = parse_checkpoint(note[1].encode())
        assert (checkpoint.size, checkpoint.root.hex()[:8]) == (20852163, "0ac5186a")
        found += 1
    assert found == 2


def test_a_checkpoint_may_have_more_lines_which_are_kept_as_they_are() -> None:
    text = TEXT + "first 1\n— not a signature\n"
    checkpoint = parse_checkpoint(text.encode())
    assert checkpoint == Checkpoint("example.com/log", 42, ROOT, ("first 1", "— not a signature"))
    assert format_checkpoint(checkpoint) == text.encode()


def test_a_signed_checkpoint_is_read_without_its_signatures() -> None:
    note = sign_note(TEXT.encode(), [SignerKey("example.com/log", KeyType.ED25519, bytes(32))])
    assert parse_checkpoint(note) == parse_checkpoint(TEXT.encode())
    with pytest.raises(BadInput):
        parse_checkpoint(note + b"junk\n")


@pytest.mark.parametrize(
    "text",
    [
        None, TEXT, b"", b"\n", TEXT[:-1].encode(), (TEXT + "\n").encode(), ("\n" + TEXT).encode(),
        TEXT.replace("42", "042").encode(), TEXT.replace("42", "-1").encode(), TEXT.replace("42", "+42").encode(),
        TEXT.replace("42", "").encode(), TEXT.replace("42", "4 2").encode(), TEXT.replace("42", "٤٢").encode(),
        TEXT.replace("42", str(2**64)).encode(), TEXT.replace("42", "9" * 5000).encode(),
        TEXT.replace(ENCODED, ENCODED[:-1]).encode(), TEXT.replace(ENCODED, "AAAA").encode(),
        TEXT.replace(ENCODED, ENCODED.replace("=", "A")).encode(), TEXT.replace("example", "ex\tample").encode(),
        TEXT.encode().replace(b"example", b"\xff"), b"example.com/log\n42\n",
    ],
    ids=count(),
)  # fmt: skip
def test_a_malformed_checkpoint_is_bad_input(text: Any) -> None:
    with pytest.raises(BadInput):
        parse_checkpoint(text)


def test_the_largest_size_is_read() -> None:
    assert parse_checkpoint(TEXT.replace("42", str(2**64 - 1)).encode()).size == 2**64 - 1


@pytest.mark.parametrize(
    "parts",
    [("", 1, ROOT), ("a\nb", 1, ROOT), ("a", -1, ROOT), ("a", True, ROOT), ("a", 1, b""), ("a", 1, ROOT, ("",))],
)
def test_no_checkpoint_is_made_of_what_could_not_be_read_back(parts: Any) -> None:
    with pytest.raises(BadInput):
        Checkpoint(*parts)


@pytest.mark.parametrize("origin", ["a\tb", "\ud800", "x" * (1 << 20)])
def test_a_checkpoint_that_no_note_can_hold_is_not_formatted(origin: str) -> None:
    with pytest.raises(BadInput):
        format_checkpoint(Checkpoint(origin, 1, ROOT))
