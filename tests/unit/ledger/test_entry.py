from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from haoma.errors import BadInput
from haoma.ledger.bundles import LONGEST_ENTRY
from haoma.ledger.canonical import canonical
from haoma.ledger.entry import Entry, EntryType, decode, encode, json_schema

AT = datetime(2026, 11, 22, 8, 30, 0, 5, tzinfo=timezone(timedelta(hours=8)))
FILE = EntryType(
    "file.recorded", {"sha256": "digest", "bytes": "count", "rows": "commitment*?", "kind": "word?", "sure": "ppm?"}
)
TYPES = {FILE.name: FILE}
BODY = {"sha256": "ab" * 32, "bytes": 12}


def test_an_entry_is_canonical_json_with_its_time_in_utc() -> None:
    data = encode(Entry("file.recorded", AT, BODY), TYPES)
    assert data == (
        b'{"at":"2026-11-22T00:30:00.000005Z","body":{"bytes":12,"sha256":"' + b"ab" * 32 + b'"},'
        b'"type":"file.recorded","v":1}'
    )


def test_an_entry_reads_back_as_it_was() -> None:
    entry = Entry("file.recorded", AT, BODY | {"rows": [f"facts-1:{'0' * 64}"]})
    assert decode(encode(entry, TYPES)) == entry


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sha256": "ab" * 32},
        BODY | {"name": "张三"},
        BODY | {"sha256": "AB" * 32},
        BODY | {"bytes": -1},
        BODY | {"bytes": True},
        BODY | {"bytes": 1.5},
        BODY | {"bytes": 2**53},
        BODY | {"kind": "13800138000"},
        BODY | {"kind": "tel13800138000"},
        BODY | {"kind": "Wang"},
        BODY | {"kind": "张三"},
        BODY | {"kind": "a\n"},
        BODY | {"rows": "facts-1:" + "0" * 64},
        BODY | {"rows": ["13800138000"]},
        BODY | {"rows": [f"facts-1:{'0' * 64}"] * 1025},
        BODY | {"sure": 1_000_001},
    ],
)
def test_a_body_that_is_not_of_its_type_is_refused_and_never_shown(body: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        encode(Entry("file.recorded", AT, body), TYPES)  # type: ignore[arg-type]
    assert "138" not in str(caught.value)
    assert "张" not in str(caught.value)


def test_an_unknown_type_is_refused_without_being_shown() -> None:
    with pytest.raises(BadInput) as caught:
        encode(Entry("13800138000", AT, {}), TYPES)
    assert "138" not in f"{caught.value}{caught.value.hint}"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="no zone"):
        encode(Entry("file.recorded", datetime(2026, 11, 22), BODY), TYPES)  # noqa: DTZ001


def test_an_entry_that_is_too_long_is_refused() -> None:
    many = EntryType("many.things", {"digests": "digest*"})
    with pytest.raises(BadInput, match=f"{LONGEST_ENTRY:,}"):
        encode(Entry("many.things", AT, {"digests": ["ab" * 32] * 1000}), {"many.things": many})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"at":"2026-11-22T00:30:00.000005Z","body":{},"type":"file.recorded","v":2}',
        b'{"at":"2026-11-22T00:30:00.000005Z","body":{},"type":"file.recorded","v":1} ',
        b'{"at":"2026-11-22T00:30:00.000005Z","body":[],"type":"file.recorded","v":1}',
        b'{"at":"2026-11-22","body":{},"type":"file.recorded","v":1}',
        b'{"at":"2026-11-22T00:30:00.000005Z","body":{},"type":7,"v":1}',
        b'{"at":7,"body":{},"type":"file.recorded","v":1}',
        b'{"at":"2026-11-22T00:30:00.000005Z","body":{},"type":"file.recorded","v":true}',
    ],
)
def test_bytes_that_are_no_entry_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode(data)


@pytest.mark.parametrize(("name", "fields"), [("", {}), ("A", {}), ("a", {"b": "text"}), ("a", {"B": "word"})])
def test_a_type_out_of_unknown_forms_is_refused(name: str, fields: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        EntryType(name, fields)


def test_the_json_schema_takes_what_is_encoded_and_nothing_else() -> None:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json_schema([FILE]))
    good = json.loads(encode(Entry("file.recorded", AT, BODY), TYPES))
    assert validator.is_valid(good)
    assert not validator.is_valid(good | {"body": BODY | {"kind": "13800138000"}})
    assert not validator.is_valid(good | {"type": "other"})


def test_every_form_is_written_as_canonical_json_has_it() -> None:
    forms = {"z.word": "word", "z-word": "word*", "ppm": "ppm", "flag": "flag*", "at": "time", "run": "uuid"}
    run, at = f"{'0' * 8}-0000-0000-0000-{'0' * 12}", "2026-11-22T00:30:00.000005Z"
    body = {"z.word": "a-b.c_1", "z-word": ["a", "b"], "ppm": 0, "flag": [True, False], "run": run, "at": at}
    data = encode(Entry("all.forms", AT, body), {"all.forms": EntryType("all.forms", forms | {"left": "flag?"})})
    assert data == canonical({"at": at, "body": body, "type": "all.forms", "v": 1})


class Text(str):
    """Text that could tell another story when it is asked again."""

    __slots__ = ()


@pytest.mark.parametrize("value", [Text("ab" * 32), ["ab" * 32], ("ab" * 32,), None, b"ab" * 32])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        encode(Entry("file.recorded", AT, BODY | {"sha256": value}), TYPES)  # type: ignore[dict-item]


def test_times_of_every_zone_and_year_are_written_with_six_digits() -> None:
    east = datetime(1, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    assert encode(Entry("file.recorded", east, BODY), TYPES).startswith(b'{"at":"0001-01-01T00:00:00.000000Z"')
