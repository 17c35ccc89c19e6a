"""The file of channels: who hears news, how, and from which severity on.

    [[channel]]
    name = "desk"
    kind = "mail"                        # or webhook, dingtalk, wecom, feishu
    host = "smtp.example.com"
    port = 465
    tls = "tls"                          # or starttls; none is for this machine alone
    user = "haoma"
    from = "haoma@example.com"
    to = ["hotline-desk@example.com"]
    secret_file = "smtp.secret"
    severity = "medium"

    [[channel]]
    name = "robot"
    kind = "dingtalk"
    url = "https://oapi.dingtalk.com/robot/send?access_token=…"
    secret_file = "dingtalk.secret"

Rules held here:
- The file is its owner's alone to read, for addresses of robots are secrets; so are the files that it names.
- A key that is not known, is missing, or holds something else is told with the file, the channel and the key.
- Channels are asked over HTTPS, or on this machine.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from haoma.errors import BadInput
from haoma.guard.judge.model import Severity
from haoma.ledger.key_file import read_private
from haoma.wire.line import LOOPBACK

__all__ = ["ROBOTS", "Spec", "read_channels"]

ROBOTS = ("dingtalk", "wecom", "feishu")
TLS = ("tls", "starttls", "none")
_COMMON = {"name", "kind", "severity"}
_KEYS: Mapping[str, set[str]] = {
    "mail": {"host", "port", "tls", "user", "from", "to", "secret_file"},
    "webhook": {"url"},
    "dingtalk": {"url", "secret_file"},
    "feishu": {"url", "secret_file"},
    "wecom": {"url"},
}
_NAME = re.compile(r"(?!.*[0-9]{7})[a-z][a-z0-9-]{0,31}", re.ASCII)
_MAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,190}", re.ASCII)
MOST = 50


@dataclass(frozen=True, slots=True)
class Spec:
    """One channel, as the file has it; `secret` is that of its server or robot, empty where there is none."""

    name: str
    kind: str
    severity: Severity
    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    host: str = ""
    port: int = 0
    tls: str = "tls"
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()


def read_channels(path: Path) -> tuple[Spec, ...]:
    """The channels of a file.

    Raises BadInput for what it lacks or has too much of, Refused where others can read it.
    """
    try:
        said = tomllib.loads(read_private(path).decode("utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: the file of channels cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise BadInput(
            f"{path}: this is no TOML ({type(error).__name__})", hint="see docs/guide/incidents.md"
        ) from None
    rows = said.get("channel")
    if set(said) != {"channel"} or not isinstance(rows, list) or not 0 < len(rows) <= MOST:
        raise BadInput(f"{path}: there are no [[channel]] tables, or others too", hint=f"1 to {MOST} of them")
    found = tuple(_spec(path, row) for row in rows)
    if len({one.name for one in found}) < len(found):
        raise BadInput(f"{path}: two channels have one name", hint="news is kept for a channel by its name")
    return found


def _spec(path: Path, row: Mapping[str, object]) -> Spec:
    name, kind = row.get("name"), row.get("kind")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise _wrong(path, "", "name", "a-z, 0-9 and -, at most 32")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise _wrong(path, name, "kind", f"one of {', '.join(_KEYS)}")
    if surplus := sorted(set(row) - _COMMON - _KEYS[kind]):
        raise _wrong(path, name, surplus[0][:40], f"not there: a {kind} has {', '.join(sorted(_KEYS[kind]))}")
    severity = row.get("severity", "low")
    if severity not in list(Severity):
        raise _wrong(path, name, "severity", f"one of {', '.join(Severity)}")
    common = (name, kind, Severity(str(severity)))
    return _mail(path, common, row) if kind == "mail" else _asked(path, common, row)


def _asked(path: Path, common: tuple[str, str, Severity], row: Mapping[str, object]) -> Spec:
    url = row.get("url")
    if not isinstance(url, str) or not _is_safe(url):
        raise _wrong(path, common[0], "url", "https://…, or http:// to this machine")
    return Spec(*common, url=url, secret=_secret(path, common[0], row))


def _mail(path: Path, common: tuple[str, str, Severity], row: Mapping[str, object]) -> Spec:
    name = common[0]
    host, port, tls = row.get("host"), row.get("port", 465), row.get("tls", "tls")
    if not isinstance(host, str) or not host or not host.isascii() or " " in host:
        raise _wrong(path, name, "host", "the name of a server")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65_536:
        raise _wrong(path, name, "port", "1 to 65535")
    if tls not in TLS or (tls == "none" and host not in LOOPBACK):
        raise _wrong(path, name, "tls", "tls or starttls; none for this machine alone")
    sender, to, user = row.get("from"), row.get("to"), row.get("user", "")
    if not isinstance(sender, str) or _MAIL.fullmatch(sender) is None:
        raise _wrong(path, name, "from", "an address")
    if not isinstance(to, list) or not 0 < len(to) <= MOST or not all(_MAIL.fullmatch(str(one)) for one in to):
        raise _wrong(path, name, "to", f"a list of 1 to {MOST} addresses")
    if not isinstance(user, str):
        raise _wrong(path, name, "user", "a text")
    secret = _secret(path, name, row)
    kept = {"host": host, "port": port, "tls": str(tls), "user": user, "sender": sender}
    return Spec(*common, secret=secret, to=tuple(str(one) for one in to), **kept)  # type: ignore[arg-type]


def _secret(path: Path, name: str, row: Mapping[str, object]) -> str:
    given = row.get("secret_file")
    if given is None:
        return ""
    if not isinstance(given, str) or not given:
        raise _wrong(path, name, "secret_file", "the name of a file")
    try:
        return read_private(path.parent / given).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise _wrong(path, name, "secret_file", "a file of text that can be read") from None


def _is_safe(url: str) -> bool:
    if len(url) > 1_024 or not url.isascii() or not url.isprintable() or {" ", "\\", "@", "#"} & set(url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    here = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and port != 0 and (parts.scheme == "https" or here)


def _wrong(path: Path, name: str, key: str, allowed: str) -> BadInput:
    return BadInput(f"{path}: {key} of the channel {name or '(without a name)'} is wrong", hint=f"it is {allowed}")
