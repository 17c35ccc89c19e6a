"""The file that describes an operator of short messages: where it is asked, with what, and when it has taken a message.

    url = "https://sms.example/v1/messages"
    number = "e164"                      # or national, uri
    secret_file = "sms.secret"

    [headers]
    Authorization = "Bearer {secret}"

    [body]
    to = "{number}"
    text = "{text}"
    reference = "{id}"

    [success]
    status = [200, 202]
    field = "result.code"
    equals = "OK"

Rules held here:
- Number and text go into the body and nowhere else: a file that puts one into a URL or a header is refused.
- A key that is not known, is missing, or holds something else is told with the file, the key and what is allowed.
- The secret lies in a file of its own that nobody else can read, and is in no message.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haoma.errors import BadInput
from haoma.ledger.forms import Json
from haoma.ledger.key_file import read_private
from haoma.wire.line import is_plain_url

__all__ = ["NUMBERS", "SmsFile", "read_sms"]

NUMBERS = ("e164", "national", "uri")
SUCCESS = (200, 201, 202)
_TOP = {"url", "number", "secret_file", "timeout_s", "attempts", "idempotency_header", "headers", "body", "success"}
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]{1,4096}", re.ASCII)
_PATH = re.compile(r"[^.\s]{1,64}(?:\.[^.\s]{1,64}){0,7}")
_OURS = frozenset(
    {"accept", "connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"}
)
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class SmsFile:
    """What the file says. `body` has the placeholders in its texts; `where` and `equals` tell that one was taken."""

    url: str
    number: str
    timeout_s: float
    attempts: int
    idempotency_header: str
    headers: Mapping[str, str] = field(repr=False)
    body: Mapping[str, Json] = field(repr=False)
    status: frozenset[int]
    where: str
    equals: Json


def read_sms(path: Path) -> SmsFile:
    """The operator that a file describes.

    Raises BadInput for what the file lacks or has too much of, Refused where others can read the secret.
    """
    said = _toml(path)
    _check_keys(path, "", said, _TOP)
    headers, body, success = (_table(path, said, name) for name in ("headers", "body", "success"))
    _check_keys(path, "success", success, {"status", "field", "equals"})
    url, timeout, attempts = said.get("url"), said.get("timeout_s", 10), said.get("attempts", 2)
    if not isinstance(url, str) or not is_plain_url(url) or "{" in url:
        raise _wrong(path, "url", "https://…, without a query and without placeholders")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0.1 <= timeout <= 60:
        raise _wrong(path, "timeout_s", "the seconds for all attempts together, up to 60")
    if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= 5:
        raise _wrong(path, "attempts", "1 to 5")
    if said.get("number", "e164") not in NUMBERS:
        raise _wrong(path, "number", f"one of {', '.join(NUMBERS)}")
    again = said.get("idempotency_header", "Idempotency-Key")
    if not isinstance(again, str) or _HEADER.fullmatch(again) is None or again.lower() in _OURS:
        raise _wrong(path, "idempotency_header", "the name of a header")
    return SmsFile(
        url,
        str(said.get("number", "e164")),
        float(timeout),
        attempts,
        again,
        _headers(path, said, headers),
        _body(path, body),
        _statuses(path, success),
        _field(path, success),
        _equals(path, success),
    )


def _headers(path: Path, said: Mapping[str, object], headers: Mapping[str, object]) -> Mapping[str, str]:
    secret = _secret(path, said)
    found = dict[str, str]()
    for name, value in headers.items():
        if _HEADER.fullmatch(name) is None or name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise _wrong(path, f"headers.{name[:40]}", "a header that haoma does not set itself")
        if not isinstance(value, str) or _VALUE.fullmatch(value) is None or "{" in value.replace("{secret}", ""):
            raise _wrong(path, f"headers.{name}", "a text, which may have {secret} in it and no other placeholder")
        if "{secret}" in value and not secret:
            raise _wrong(path, "secret_file", f"the file of what headers.{name} shows")
        found[name] = value.replace("{secret}", secret)
    return found


def _secret(path: Path, said: Mapping[str, object]) -> str:
    name = said.get("secret_file")
    if name is None:
        return ""
    if not isinstance(name, str) or not name:
        raise _wrong(path, "secret_file", "the name of a file")
    try:
        text = read_private(path.parent / name).decode("ascii", "replace").strip()
    except OSError as error:
        message = f"{path}: the file that secret_file names cannot be read ({error.strerror})"
        raise BadInput(message, hint="it holds the secret alone, and is its owner's (0600)") from None
    if _VALUE.fullmatch(text) is None:
        raise _wrong(path, "secret_file", "a file with one line of plain characters")
    return text


def _body(path: Path, body: Mapping[str, object]) -> Mapping[str, Json]:
    texts = list[str]()
    kept = {name: _value(path, f"body.{name[:40]}", value, texts, _DEEPEST) for name, value in body.items()}
    for placeholder in ("{number}", "{text}"):
        if sum(text.count(placeholder) for text in texts) != 1:
            raise _wrong(path, "body", f"a table in which {placeholder} stands once")
    return kept


def _value(path: Path, where: str, value: object, texts: list[str], deep: int) -> Json:
    if isinstance(value, str):
        texts.append(value)
        return value
    if isinstance(value, bool | int):
        return value
    if deep and isinstance(value, Mapping):
        return {name: _value(path, f"{where}.{name[:40]}", one, texts, deep - 1) for name, one in value.items()}
    if deep and isinstance(value, list):
        return [_value(path, where, one, texts, deep - 1) for one in value]
    raise _wrong(path, where, "texts, whole numbers, true or false, tables and lists of them")


def _statuses(path: Path, success: Mapping[str, object]) -> frozenset[int]:
    given = success.get("status", list(SUCCESS))
    if not isinstance(given, list) or not given or not all(type(one) is int and 200 <= one < 300 for one in given):
        raise _wrong(path, "success.status", "a list of codes from 200 to 299")
    return frozenset(given)


def _field(path: Path, success: Mapping[str, object]) -> str:
    given = success.get("field", "")
    if not isinstance(given, str) or (given and _PATH.fullmatch(given) is None) or bool(given) != ("equals" in success):
        raise _wrong(path, "success.field", "names with dots between them, result.code, and equals beside it")
    return given


def _equals(path: Path, success: Mapping[str, object]) -> Json:
    given = success.get("equals", "")
    if not isinstance(given, str | int | bool):
        raise _wrong(path, "success.equals", "a text, a whole number, true or false")
    return given


def _toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path}: the file that sms_file names cannot be read ({error.strerror})"
        raise BadInput(message, hint="docs/guide/consent.md shows one") from None
    except ValueError as error:
        raise BadInput(f"{path}: this is no TOML ({error})", hint="docs/guide/consent.md shows one") from None


def _table(path: Path, said: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = said.get(name, {})
    if not isinstance(found, Mapping):
        raise _wrong(path, name, f"a table, [{name}]")
    return found


def _check_keys(path: Path, part: str, keys: Mapping[str, object], known: set[str]) -> None:
    where = f"[{part}] " if part else ""
    for key in sorted(keys.keys() - known):
        raise BadInput(f"{path}: {where}has no key {key[:40]!r}", hint=f"keys: {', '.join(sorted(known))}")


def _wrong(path: Path, key: str, allowed: str) -> BadInput:
    return BadInput(f"{path}: {key} is not {allowed}", hint="docs/guide/consent.md shows such a file")
