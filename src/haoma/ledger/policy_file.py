"""The text form of a policy, one definition a line (C2SP tlog-policy, "Policy file syntax and structure").

Rules held here:
- Lines end in a newline. Empty lines and lines whose first word begins with # are skipped.
- At most 64 KiB and 256 definitions of a kind, far above the 32 that every reader should take.
- A malformed line is BadInput, told with its number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType

from haoma.errors import BadInput
from haoma.ledger.keys import parse_verifier_key
from haoma.ledger.policy import NO_QUORUM, Group, Party, Policy, plain, require_parties

__all__ = ["LONGEST_POLICY", "format_policy", "parse_policy"]

LONGEST_POLICY = 1 << 16
MOST_DEFINED = 256
FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
HINT = "lines are: log VKEY [URL], witness NAME VKEY [URL], group NAME all|any|K NAME…, quorum NAME"


def parse_policy(text: bytes) -> Policy:
    r"""The policy in a file's bytes; BadInput, with the number of the line, when it is malformed.

    >>> vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    >>> policy = parse_policy(f"# ours\nlog {vkey}\nquorum none\n".encode())
    >>> policy.logs[0].key.name, policy.quorum
    ('example.com/foo', 'none')
    """
    if not isinstance(text, bytes):
        raise BadInput(f"a policy is bytes, and this is {type(text).__name__}")
    if len(text) > LONGEST_POLICY or FORBIDDEN.search(text) or not text.endswith(b"\n"):
        raise BadInput("the policy is too long, has a control character, or its last line has no end", hint=HINT)
    reader = _Reader()
    # Opaque octets become lone surrogates and stay distinct: nothing here reads them as Unicode.
    for number, line in enumerate(text.decode("ascii", "surrogateescape")[:-1].split("\n"), 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            try:
                reader.read(words)
            except BadInput as error:
                raise BadInput(f"line {number} of the policy: {error}", hint=error.hint or HINT) from None
    return reader.policy()


def format_policy(policy: Policy) -> bytes:
    """The policy as a file, in the order in which it was defined."""
    lines = [["log", log.key.text, log.url or ""] for log in policy.logs]
    lines += [["witness", name, party.key.text, party.url or ""] for name, party in policy.witnesses.items()]
    lines += [["group", name, str(group.threshold), *group.members] for name, group in policy.groups.items()]
    lines.append(["quorum", policy.quorum])
    return "".join([" ".join(line).rstrip() + "\n" for line in lines]).encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class _Reader:
    logs: list[Party] = field(default_factory=list)
    witnesses: dict[str, Party] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    quorum: str | None = None

    def read(self, words: list[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) < 2:
                self.logs.append(_party(vkey, url))
            case ["witness", name, vkey, *url] if len(url) < 2:
                self.witnesses[self._new(name)] = _party(vkey, url)
            case ["group", name, threshold, _, *_]:
                members = tuple(words[3:])
                self._take(members)
                self.groups[self._new(name)] = Group(_threshold(threshold, len(members)), members)
            case ["quorum", name] if self.quorum is None:
                self.quorum = name if name == NO_QUORUM else self._defined(name)
            case ["quorum", _]:
                raise BadInput("a second quorum", hint="a policy has exactly one")
            case _:
                raise BadInput("this is no definition", hint=HINT)
        require_parties(self.logs, self.witnesses)
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > MOST_DEFINED:
            raise BadInput("too many definitions", hint=f"at most {MOST_DEFINED} logs, witnesses and groups each")

    def policy(self) -> Policy:
        if self.quorum is None:
            raise BadInput("the policy has no quorum", hint="add a line 'quorum NAME', or 'quorum none'")
        witnesses, groups = MappingProxyType(self.witnesses), MappingProxyType(self.groups)
        return Policy(tuple(self.logs), witnesses, groups, self.quorum)

    def _new(self, name: str) -> str:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            raise BadInput(f"the name {plain(name)} is taken", hint="witnesses and groups share their names")
        return name

    def _defined(self, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise BadInput(f"the name {plain(name)} is not defined above", hint="define witnesses and groups first")
        return name

    def _take(self, members: tuple[str, ...]) -> None:
        for member in members:
            if self._defined(member) in self.members:
                raise BadInput(f"{plain(member)} is a member already", hint="a witness counts in one way only")
            self.members.add(member)


def _party(vkey: str, url: list[str]) -> Party:
    return Party(parse_verifier_key(_unicode(vkey)), url[0] if url else None)


def _unicode(text: str) -> str:
    try:
        return text.encode("ascii", "surrogateescape").decode()
    except UnicodeDecodeError:
        raise BadInput("the name of a key is not UTF-8") from None


def _threshold(text: str, members: int) -> int:
    if text in {"any", "all"}:
        return 1 if text == "any" else members
    if not re.fullmatch("[1-9][0-9]{0,2}", text) or int(text) > members:
        raise BadInput(f"a threshold of {plain(text)}", hint=f"all, any, or 1 to {members}")
    return int(text)
