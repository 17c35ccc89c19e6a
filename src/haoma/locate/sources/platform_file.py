"""The file that describes another platform: where it is asked, with what, and where everything stands in its answer.

    name = "fleet"
    url = "https://lbs.example/v1/position"
    token_file = "fleet.token"
    coordinates = "gcj02"

    [ask]
    number = "msisdn"

    [answer]
    latitude = "data.location.lat"
    longitude = "data.location.lng"
    accuracy_m = "data.accuracy"
    observed_at = "data.time"

Rules held here:
- A key that is not known, is missing, or holds something else is told with the file, the key and what is allowed.
- The token lies in a file of its own that nobody else can read, and is in no message.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haoma.errors import BadInput
from haoma.ledger.key_file import read_private
from haoma.wire.line import is_plain_url

__all__ = ["PlatformFile", "read_platform"]

COORDINATES = ("wgs84", "gcj02", "bd09")
KINDS = ("device", "radio")
NEEDED = ("latitude", "longitude", "accuracy_m", "observed_at")
KNOWN = {
    "": {"name", "url", "token_file", "coordinates", "kind", "coverage", "max_age_s", "ask", "answer"},
    "ask": {"number"},
    "answer": {*NEEDED, "coverage"},
}
NAME = re.compile(r"[a-z][a-z-]{0,29}", re.ASCII)
PATH = re.compile(r"[^.\s]{1,64}(?:\.[^.\s]{1,64}){0,7}")
TOKEN = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PlatformFile:
    """What the file says. `number` is the field that the number goes out in, `answer` the paths in what comes back."""

    name: str
    url: str
    token: str = field(repr=False)
    coordinates: str
    kind: str
    coverage: float
    max_age_s: int
    number: str
    answer: Mapping[str, str]


def read_platform(path: Path) -> PlatformFile:
    """The platform that a file describes.

    Raises BadInput for what the file lacks or has too much of, Refused where others can read the token.
    """
    said = _toml(path)
    parts = {"": said, "ask": said.get("ask"), "answer": said.get("answer")}
    for part, keys in parts.items():
        _check_keys(path, part, keys)
    ask, answer = _table(said, "ask"), _table(said, "answer")
    coverage, age = said.get("coverage", 0.68), said.get("max_age_s", 600)
    if isinstance(coverage, bool) or not isinstance(coverage, int | float) or not 0 < coverage < 1:
        raise _wrong(path, "coverage", "the share of positions inside their radius, between 0 and 1")
    if isinstance(age, bool) or not isinstance(age, int) or not 1 <= age <= 86_400:
        raise _wrong(path, "max_age_s", "1 to 86400 seconds")
    if not is_plain_url(said.get("url")):
        raise _wrong(path, "url", "https://…, without a query")
    return PlatformFile(
        _text(path, said, "name", NAME, "a-z and -, at most 30"),
        str(said["url"]),
        _token(path, said),
        _one_of(path, said, "coordinates", COORDINATES),
        _one_of(path, {"kind": "device", **said}, "kind", KINDS),
        float(coverage),
        age,
        _text(path, ask, "number", PATH, "the name of a field"),
        {name: _text(path, answer, name, PATH, "names with dots between them: data.lat") for name in answer},
    )


def _toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path}: the file that platform_file names cannot be read ({error.strerror})"
        raise BadInput(message, hint="docs/guide/locate.md shows one") from None
    except ValueError as error:
        raise BadInput(f"{path}: this is no TOML ({error})", hint="docs/guide/locate.md shows one") from None


def _check_keys(path: Path, part: str, keys: object) -> None:
    if not isinstance(keys, Mapping):
        raise _wrong(path, part, f"a table, [{part}]")
    needed = {"": {"name", "url", "coordinates", "ask", "answer"}, "ask": {"number"}, "answer": {*NEEDED}}[part]
    where = f"[{part}] " if part else ""
    for key in sorted(keys.keys() - KNOWN[part]):
        raise BadInput(f"{path}: {where}has no key {key[:40]!r}", hint=f"keys: {', '.join(sorted(KNOWN[part]))}")
    for key in sorted(needed - keys.keys()):
        raise BadInput(f"{path}: {where}lacks the key {key!r}", hint="docs/guide/locate.md shows one")


def _table(said: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = said[name]
    return found if isinstance(found, Mapping) else {}


def _text(path: Path, said: Mapping[str, object], key: str, form: re.Pattern[str], allowed: str) -> str:
    value = said.get(key)
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise _wrong(path, key, allowed)
    return value


def _one_of(path: Path, said: Mapping[str, object], key: str, words: tuple[str, ...]) -> str:
    value = said.get(key)
    if value not in words:
        raise _wrong(path, key, f"one of {', '.join(words)}")
    return str(value)


def _token(path: Path, said: Mapping[str, object]) -> str:
    if "token_file" not in said:
        return ""
    name = said["token_file"]
    if not isinstance(name, str) or not name:
        raise _wrong(path, "token_file", "a path, from this file on")
    try:
        token = read_private(path.parent / name).decode("ascii").strip()
    except OSError as error:
        raise BadInput(f"{path}: token_file cannot be read ({error.strerror})", hint="a file of its own") from None
    except UnicodeDecodeError:
        token = ""
    if TOKEN.fullmatch(token) is None:
        raise _wrong(path, "token_file", "a file with one token, of letters, digits and signs of ASCII")
    return token


def _wrong(path: Path, key: str, allowed: str) -> BadInput:
    return BadInput(f"{path}: {key} is not as it should be", hint=allowed)
