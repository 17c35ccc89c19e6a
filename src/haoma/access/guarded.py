"""The vault behind four eyes: a number is opened, keys rotated, destroyed or backed up as two others approved, or not.

Rules held here:
- A request says exactly what is run: which key, or whose, and why, in words. It holds no number.
- What is a tenant's, a subject or the key of its tokens, is the business of the people of the tenant of that name.
- A run that was killed is ended by the next one: a key that is there is not made again, and how many keys were
  destroyed is told as it was counted before the first was.
- A backup of the keys is written by the command that has its passphrase, and by nothing else that runs requests.
- A withdrawal and retention destroy keys without asking anybody: that is what they promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from haoma.access.approval import Approval, Effect
from haoma.access.rows import tenant_id_of
from haoma.errors import BadInput, Refused, Tampered
from haoma.ledger.forms import Json, is_word
from haoma.vault.key_backup import FILES, STORE
from haoma.vault.model import SubjectToken, actor_name
from haoma.vault.opening import Opener
from haoma.vault.rotation import NewKey, Rotation
from haoma.vault.service import Shredded, Vault

__all__ = ["BACK_UP", "GuardedVault", "backing_up", "vault_effects"]

BACK_UP = "back-up"


class GuardedVault(Vault):
    """The vault as programs get it, which destroys no key by hand; `destroy_keys`, `shred_rows` are for withdrawals."""

    def shred(self, subject: SubjectToken, purpose: str | None = None, *, actor: str, reason: str) -> Shredded:
        """Refused: keys are destroyed by an approved request, by a withdrawal or by retention."""
        raise Refused("keys are destroyed by hand by an approved request alone", hint="haoma vault shred asks for one")


def vault_effects(vault: Vault, rotation: Rotation) -> Mapping[str, Effect]:
    """What running approved requests about the vault does, by action."""
    shown = _revealing(Opener(vault, _Approved))
    by_hand = {"rotate-key": _rotating(rotation), "destroy-key": _destroying(vault), BACK_UP: backing_up(None)}
    return by_hand | {"reveal-number": shown}


class Writer(Protocol):
    """Who writes a backup of the keys, and tells the log of it in the transaction that ends the request."""

    def write(self) -> None:
        """Write it."""

    def tell(self, tx: sa.Connection, /) -> None:
        """Tell the log what was written."""


def backing_up(writer: Writer | None) -> Effect:
    """What running an approved backup of the keys does; without a writer it is refused."""

    def check(_tx: sa.Connection, approval: Approval) -> None:
        (what,) = _texts(approval, "what")
        if what not in {STORE, FILES}:
            raise BadInput("there is no such backup of keys", hint=f"{STORE} or {FILES}")

    def found(_approval: Approval) -> Json:
        _there(writer)
        return None

    def outside(_approval: Approval) -> None:
        _there(writer).write()

    def inside(tx: sa.Connection, approval: Approval, _now: datetime) -> Json:
        _there(writer).tell(tx)
        return approval.payload

    return Effect(inside, outside, check, found)


def _there(writer: Writer | None) -> Writer:
    if writer is None:
        message = "a backup of the keys is written where its passphrase is typed"
        raise Refused(message, hint="haoma vault keys backup FILE --approval ID")
    return writer


@dataclass(frozen=True, slots=True)
class _Approved:
    """The permission that an approved request is: for one subject and purpose, while the request is good."""

    subject: SubjectToken
    purpose: str
    until: datetime


def _rotating(rotation: Rotation) -> Effect:
    def check(tx: sa.Connection, approval: Approval) -> None:
        what, scope = _texts(approval, "what", "scope")
        if what == "pseudonym":
            _check_own(tx, approval, scope)
        if approval.state != "running":
            rotation.planned(what, scope)

    def found(approval: Approval) -> Json:
        return rotation.planned(*_texts(approval, "what", "scope")).version

    def new(approval: Approval) -> NewKey:
        what, scope = _texts(approval, "what", "scope")
        return NewKey(what, scope, _count(approval))

    def outside(approval: Approval) -> None:
        rotation.make(new(approval))

    def inside(tx: sa.Connection, approval: Approval, _now: datetime) -> Json:
        rotation.record(tx, new(approval))
        return {"version": new(approval).version}

    return Effect(inside, outside, check, found)


def _destroying(vault: Vault) -> Effect:
    def asked(approval: Approval) -> tuple[SubjectToken, str | None, str]:
        subject, purpose, reason = _texts(approval, "subject", "purpose", "reason", maybe="purpose")
        return SubjectToken.parse(subject), purpose or None, reason

    def check(tx: sa.Connection, approval: Approval) -> None:
        subject, purpose, reason = asked(approval)
        _check_words(purpose or reason, reason)
        _check_own(tx, approval, subject.tenant)

    def found(approval: Approval) -> Json:
        subject, purpose, _ = asked(approval)
        return len(vault.keys_of(subject, purpose))

    def outside(approval: Approval) -> None:
        subject, purpose, _ = asked(approval)
        vault.destroy_keys(subject, purpose)

    def inside(tx: sa.Connection, approval: Approval, _now: datetime) -> Json:
        subject, purpose, reason = asked(approval)
        keys = _count(approval)
        done = vault.shred_rows(tx, subject, purpose, actor=_actor(approval), reason=reason, keys=keys)
        return {"keys": done.keys, "numbers": done.numbers, "tokens": done.tokens, "entry": done.entry_id}

    return Effect(inside, outside, check, found)


def _revealing(opener: Opener[_Approved]) -> Effect:
    def check(tx: sa.Connection, approval: Approval) -> None:
        subject, purpose, reason = _texts(approval, "subject", "purpose", "reason")
        _check_words(purpose, reason)
        _check_own(tx, approval, SubjectToken.parse(subject).tenant)

    def inside(tx: sa.Connection, approval: Approval, _now: datetime) -> Json:
        subject, purpose, _ = _texts(approval, "subject", "purpose", "reason")
        permission = _Approved(SubjectToken.parse(subject), purpose, approval.expires_at)
        return {"number": opener.unseal(tx, permission, actor=_actor(approval))}

    return Effect(inside, check=check, shows=True)


def _texts(approval: Approval, *names: str, maybe: str = "") -> list[str]:
    """The texts that a payload consists of, in this order; the one that may be missing is empty then."""
    payload = approval.payload
    if not isinstance(payload, dict) or set(payload) | {maybe} != {*names, maybe}:
        raise BadInput(f"a request to {approval.action} says {', '.join(names)}", hint="haoma vault asks for them")
    texts = [payload.get(name, "") for name in names]
    found = [text for text in texts if isinstance(text, str)]
    if len(found) < len(texts):
        raise BadInput(f"a request to {approval.action} says {', '.join(names)} in words")
    return found


def _check_words(*words: str) -> None:
    if not all(map(is_word, words)):
        raise BadInput("purpose and reason are codes", hint="words such as customer-care, customer-request")


def _check_own(tx: sa.Connection, approval: Approval, tenant: str) -> None:
    """Refuse what is another tenant's; tokens bear the name that access knows their tenant by."""
    if tenant_id_of(tx, tenant) != approval.tenant:
        raise Refused("this is another tenant's", hint="the tenant in a token is the one of haoma access people")


def _count(approval: Approval) -> int:
    if not isinstance(approval.begun, int):
        raise Tampered("a run has begun and does not say with what", hint="audit the log")
    return approval.begun


def _actor(approval: Approval) -> str:
    return actor_name("person", approval.requester)
