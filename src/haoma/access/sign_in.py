"""Signing in: password and one-time code, a session that ends, and a lock for who guesses.

Rules held here:
- A person chooses their password with an enrolment token and gets the secret of their codes then, once.
- An attempt counts as failed before it is looked at, and is forgiven when it was right: attempts at once are no way
  around the lock. Five failures lock for a minute, and twice as long for each further one, up to an hour.
- Who is not there, who is locked and who was wrong get one answer, after the same work.
- A session is a token of 32 random bytes, stored as a digest. It ends after 8 hours, after 30 minutes without use, when
  it is ended, and when its person is suspended or enrolled again. One that was found over stays so, whatever the clock
  says next, and none is good before it began.
- Person, methods, beginning and end of a session are bound to its token under a key that is not in the database: nobody
  makes it somebody else's, stronger or longer by hand, be it their own.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.entries import Log, tell
from haoma.access.model import Asker
from haoma.access.password import check_password, hash_password, verify_password
from haoma.access.rows import ACTIVE, Person, asker_of, one_person, person_by_login
from haoma.access.secret import Sealing, digest_of, new_token
from haoma.access.totp import SECRET_BYTES, otpauth_uri, step_of
from haoma.errors import BadInput, NotFound, Refused, Tampered
from haoma.ledger.canonical import canonical
from haoma.ledger.commitment import Commitment, Commitments
from haoma.storage import Store, Time

__all__ = ["IDLE", "LIFETIME", "TOTP_PURPOSE", "Enrolled", "SignIn", "wrong"]

LIFETIME, IDLE, TOUCH = timedelta(hours=8), timedelta(minutes=30), timedelta(minutes=1)
AHEAD = timedelta(seconds=30)  # how far the clocks of two machines may part
BINDING_SCOPE = "sessions"
FREE_FAILURES = 5
LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(hours=1)
TOTP_PURPOSE = "access/totp/"
NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_sessions = tables.sessions.c
_attempts = tables.attempts.c


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a person gets once: the secret of their codes, as an authenticator app reads it."""

    person: Person
    otpauth: str


class SignIn:
    """Recognises the people of one store. `issuer` is what authenticator apps call it."""

    def __init__(self, store: Store, log: Log, sealing: Sealing, commitments: Commitments, issuer: str) -> None:
        self._store = store
        self._log = log
        self._sealing = sealing
        self._commitments = commitments
        self._issuer = issuer

    def enrol(self, token: str, password: str, now: datetime) -> Enrolled:
        """Choose a password with an enrolment token, which is used up; returns the secret of the codes.

        Raises Refused for a token that is none, used or expired; BadInput for a password that is too easy.
        """
        with self._store.read() as tx:
            person = one_person(tx, self._invited(tx, token, now))
        check_password(password, person.login)
        hashed, secret = hash_password(password), secrets.token_bytes(SECRET_BYTES)
        sealed = self._sealing.seal(secret, TOTP_PURPOSE + person.id)

        def work(tx: sa.Connection) -> None:
            self._invited(tx, token, now)
            tx.execute(sa.delete(tables.tokens).where(tables.tokens.c.person_id == person.id))
            for table in (tables.passwords, tables.totp, tables.attempts):
                tx.execute(sa.delete(table).where(table.c.person_id == person.id))
            tx.execute(sa.insert(tables.passwords).values(person_id=person.id, hash=hashed, changed_at=now))
            tx.execute(sa.insert(tables.totp).values(person_id=person.id, sealed=sealed, last_step=0))
            tx.execute(sa.insert(tables.attempts).values(person_id=person.id, failures=0, locked_until=NEVER))
            invited = sa.and_(tables.people.c.person_id == person.id, tables.people.c.state == "invited")
            tx.execute(sa.update(tables.people).where(invited).values(state=ACTIVE))
            for kind in ("password", "totp"):
                tell(tx, self._log, "access.credential", now, person=person.id, kind=kind, change="set")

        self._store.write(work)
        return Enrolled(person, otpauth_uri(secret, person.login, self._issuer))

    def sign_in(self, login: str, password: str, code: str, now: datetime) -> str:
        """The token of a new session; raises Refused, in the same words whatever was wrong."""
        person = self._store.write(lambda tx: self._begin(tx, login, now))
        with self._store.read() as tx:
            stored, sealed, last = _secrets_of(tx, person)
        right = verify_password(stored, password)
        secret = self._sealing.unseal(sealed, f"{TOTP_PURPOSE}{person}") if sealed else bytes(SECRET_BYTES)
        step = step_of(secret, code, now, after=last)
        if person is None or sealed is None or step is None or not right:
            raise wrong()
        return self._store.write(lambda tx: self._finish(tx, person, step, now))

    def asker(self, token: str, now: datetime) -> Asker:
        """Who a session stands for, with the roles of this moment; raises Refused where it is over or none.

        Raises Tampered where it is not what was opened.
        """
        mine = _sessions.digest == digest_of(token)
        with self._store.read() as tx:
            row = tx.execute(sa.select(tables.sessions).where(mine)).first()
            good = row is not None and row.ended_at is None and _is_good(row, now)
            if row is not None and good:
                self._require_own(row, token)
                asker = asker_of(tx, row.person_id, frozenset(row.methods.split()))
        if row is None or not good:
            if row is not None and row.ended_at is None and row.created_at <= now:
                self.sign_out(token, now)
            raise Refused("the session is over", hint="sign in: haoma access sign-in")
        if now - row.seen_at >= TOUCH:
            unseen = sa.and_(mine, _sessions.ended_at.is_(None), _sessions.seen_at < now)
            self._store.write(lambda tx: tx.execute(sa.update(tables.sessions).where(unseen).values(seen_at=now)))
        return asker

    def sign_out(self, token: str, now: datetime) -> None:
        """End a session; one that is over stays so."""
        digest = digest_of(token)

        def work(tx: sa.Connection) -> None:
            mine = sa.and_(_sessions.digest == digest, _sessions.ended_at.is_(None))
            ended = sa.update(tables.sessions).where(mine).values(ended_at=now).returning(_sessions.person_id)
            for person_id in tx.scalars(ended).all():
                tell(tx, self._log, "access.session", now, person=person_id, change="ended", methods=[])

        self._store.write(work)

    def open_session(self, tx: sa.Connection, person_id: str, methods: frozenset[str], now: datetime) -> str:
        """A new session for a person who was recognised by these methods; its token."""
        asker_of(tx, person_id, methods)
        token = new_token("session")
        told = person_id, " ".join(sorted(methods)), now, now + LIFETIME
        row = dict(zip(("person_id", "methods", "created_at", "expires_at"), told, strict=True))
        row |= {"digest": digest_of(token), "seen_at": now}
        row["binding"] = str(self._commitments.commit(BINDING_SCOPE, _bound(token, *told)))
        tx.execute(sa.insert(tables.sessions).values(row))
        tell(tx, self._log, "access.session", now, person=person_id, change="opened", methods=[*sorted(methods)])
        return token

    def _require_own(self, row: sa.Row[tuple[Any, ...]], token: str) -> None:
        bound = _bound(token, row.person_id, row.methods, row.created_at, row.expires_at)
        try:
            same = self._commitments.opens(Commitment.parse(row.binding or ""), bound)
        except (NotFound, BadInput):
            same = False
        if not same:
            raise Tampered("a session is not the one that was opened", hint="keep this database as it is; sign in anew")

    def _begin(self, tx: sa.Connection, login: str, now: datetime) -> str | None:
        """Count a failure ahead; the person, or None where nobody may try."""
        person = person_by_login(tx, login)
        if person is None or person.state != ACTIVE:
            return None
        mine = _attempts.person_id == person.id
        row = tx.execute(sa.select(tables.attempts).where(mine)).first()
        if row is None or row.locked_until > now:
            return None
        failures = row.failures + 1
        over = failures - FREE_FAILURES
        lock = min(LOCK * 2 ** min(over, 6), LONGEST_LOCK) if over >= 0 else timedelta()
        tx.execute(sa.update(tables.attempts).where(mine).values(failures=failures, locked_until=now + lock))
        if over >= 0:
            tell(tx, self._log, "access.session", now, person=person.id, change="locked", methods=[])
        return person.id

    def _finish(self, tx: sa.Connection, person_id: str, step: int, now: datetime) -> str:
        unused = sa.and_(tables.totp.c.person_id == person_id, tables.totp.c.last_step < step)
        if not tx.execute(sa.update(tables.totp).where(unused).values(last_step=step)).rowcount:
            raise wrong()
        forgiven = sa.update(tables.attempts).where(_attempts.person_id == person_id)
        tx.execute(forgiven.values(failures=0, locked_until=NEVER))
        return self.open_session(tx, person_id, frozenset({"password", "totp"}), now)

    def _invited(self, tx: sa.Connection, token: str, now: datetime) -> str:
        known = tables.tokens.c
        query = sa.select(known.person_id).where(known.digest == digest_of(token), known.expires_at > now)
        found = tx.scalar(query)
        if found is None:
            raise Refused("the enrolment token is used, expired or none", hint="a system administrator gives a new one")
        return str(found)


def wrong() -> Refused:
    """The one answer to every sign-in that fails."""
    return Refused("signing in failed", hint="login, password or code is wrong, or this login is locked for a while")


def _is_good(row: sa.Row[tuple[Any, ...]], now: datetime) -> bool:
    return bool(row.created_at - AHEAD <= now < row.expires_at and now - row.seen_at < IDLE)


def _bound(token: str, person: str, methods: str, created_at: datetime, expires_at: datetime) -> bytes:
    """What a session's binding commits to: whose it is and until when, and the token itself."""
    return canonical([token, person, methods, Time.stored(created_at), Time.stored(expires_at)])


def _secrets_of(tx: sa.Connection, person_id: str | None) -> tuple[str | None, bytes | None, int]:
    """Hash of the password, sealed secret of the codes, last step that was used; nothing of nobody."""
    both = tables.passwords.join(tables.totp, tables.passwords.c.person_id == tables.totp.c.person_id)
    columns = tables.passwords.c.hash, tables.totp.c.sealed, tables.totp.c.last_step
    mine = tables.passwords.c.person_id == (person_id or "")
    row = tx.execute(sa.select(*columns).select_from(both).where(mine)).first()
    return (row.hash, bytes(row.sealed), row.last_step) if row else (None, None, 0)
