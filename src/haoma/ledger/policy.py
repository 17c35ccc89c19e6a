"""Whom to believe: logs, witnesses, and how many of them must have cosigned (C2SP tlog-policy).

Rules held here:
- One `quorum` line; names are defined before they are used, once, and are a member of one group at most, so that a
  witness counts in one way only. `none` is the quorum that asks nothing.
- No two logs and no two witnesses have the same public key, whatever their names. Witnesses have cosigners' keys.
- Octets outside ASCII are opaque: names are compared byte by byte. Space and tab alone part words.
- A checkpoint is believed when a listed log signed it under its own origin and the quorum cosigned it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

from haoma.errors import BadInput, Tampered
from haoma.ledger.checkpoint import Checkpoint, parse_checkpoint
from haoma.ledger.keys import KeyType, VerifierKey
from haoma.ledger.note import Note, read_note

__all__ = ["NO_QUORUM", "Endorsed", "Group", "Party", "Policy", "endorse", "plain", "policy_of_keys", "require_parties"]

NO_QUORUM = "none"
Identity = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Party:
    """A log or a witness: its key, and where it is reached, if the policy says so."""

    key: VerifierKey
    url: str | None = None

    @property
    def identity(self) -> Identity:
        """The key's name and ID, which stand in front of its signatures."""
        return self.key.name, self.key.key_id


@dataclass(frozen=True, slots=True)
class Group:
    """A group of witnesses and groups, of which `threshold` must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as its file says it; `parse_policy` and `policy_of_keys` make sound ones."""

    logs: tuple[Party, ...]
    witnesses: Mapping[str, Party]
    groups: Mapping[str, Group]
    quorum: str

    def is_met_by(self, cosigners: AbstractSet[Identity]) -> bool:
        """Whether these keys, whose cosignatures have been verified, are a quorum."""
        met = {NO_QUORUM} | {name for name, witness in self.witnesses.items() if witness.identity in cosigners}
        # A group names only what stands above it, so that one pass in the order of the file is enough.
        for name, group in self.groups.items():
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(name)
        return self.quorum in met


@dataclass(frozen=True, slots=True)
class Endorsed:
    """A checkpoint that a policy believes, and the note it stands in."""

    checkpoint: Checkpoint
    note: Note


def endorse(note: bytes, policy: Policy) -> Endorsed:
    """The checkpoint in a note, when the policy believes it; otherwise raise.

    Tampered for an origin that is not of the policy, without the log's signature, with a wrong signature of any key of
    the policy, or below the quorum. BadInput when the note is malformed or the policy lists no log.
    """
    if not policy.logs:
        raise BadInput("the policy lists no log", hint="add a line 'log <vkey>'")
    origin = parse_checkpoint(note).origin
    logs = {log.identity: log.key for log in policy.logs if log.key.name == origin}
    if not logs:
        raise Tampered("the checkpoint is of a log that the policy does not list", hint="check its first line")
    witnesses = {witness.identity: witness.key for witness in policy.witnesses.values()}
    opened = read_note(note, list((logs | witnesses).values()))
    signers = {(signature.name, signature.key_id) for signature in opened.signatures}
    if signers.isdisjoint(logs):
        raise Tampered("the log itself did not sign the checkpoint")
    if not policy.is_met_by(signers):
        cosigned = len(signers.intersection(witnesses))
        raise Tampered(f"{cosigned} of {len(witnesses)} witnesses cosigned the checkpoint, which is no quorum")
    return Endorsed(parse_checkpoint(opened.text), opened)


def policy_of_keys(logs: Iterable[VerifierKey], witnesses: Iterable[VerifierKey] = (), threshold: int = 0) -> Policy:
    """The policy that believes these logs when `threshold` of these witnesses cosigned.

    >>> from haoma.ledger.keys import SignerKey
    >>> policy_of_keys([SignerKey("example.com/log", KeyType.ED25519, bytes(32)).verifier]).quorum
    'none'
    """
    named = {f"{number}": Party(key) for number, key in enumerate(witnesses, 1)}
    if type(threshold) is not int or not 0 <= threshold <= len(named):
        raise BadInput(f"a quorum of {threshold}", hint=f"0 to {len(named)}, as many as there are witnesses")
    parties = tuple(Party(key) for key in logs)
    require_parties(parties, named)
    groups = {"quorum": Group(threshold, tuple(named))} if threshold else {}
    return Policy(parties, MappingProxyType(named), MappingProxyType(groups), "quorum" if threshold else NO_QUORUM)


def require_parties(logs: Iterable[Party], witnesses: Mapping[str, Party]) -> None:
    """Return if no public key is listed twice and witnesses have cosigners' keys; BadInput otherwise."""
    for role, parties in (("logs", list(logs)), ("witnesses", list(witnesses.values()))):
        if len({party.key.public for party in parties}) < len(parties):
            raise BadInput(f"two {role} have the same public key", hint="list each key once")
    for name, witness in witnesses.items():
        if witness.key.type is KeyType.ED25519:
            raise BadInput(f"the witness {plain(name)} has a key of type 0x01", hint="cosigners' keys are 0x04 or 0x06")


def plain(name: str) -> str:
    """A name ready to be shown: what is not printable ASCII becomes a question mark."""
    return re.sub(r"[^\x20-\x7e]", "?", name)
