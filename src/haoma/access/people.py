"""People: added by one administrator, given their roles by another, and suspended at once.

Rules held here:
- Nobody gets two roles that exclude one another, in whatever order, by however many at once: a change of roles counts
  up the person's version, so that two changes at once are one after the other on both databases.
- The system administrator adds people and gives no rights; the security administrator gives rights and adds nobody.
- The first person is made on an empty store alone, as system administrator. They name the first security administrator,
  and that is the only role they ever give.
- Whoever adds a person never learns a password of theirs: they hand over a token, good once and for three days.
- Nobody takes an account over alone: whose credentials an administrator replaced is suspended until another one, of
  security or audit, restores them.
- Who is suspended is out at once: sessions end, keys of theirs are dead.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.entries import tell
from haoma.access.gate import Gate, Thing
from haoma.access.model import Asker, Role, exclusion, holds_number
from haoma.access.rows import ACTIVE, Person, asker_of, one_person, person_by_login
from haoma.access.secret import digest_of, new_token
from haoma.errors import BadInput, Conflict, Refused

__all__ = ["ENROL_WITHIN", "People"]

ENROL_WITHIN = timedelta(days=3)
LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,63}", re.ASCII)
_people = tables.people.c
_roles = tables.roles.c


class People:
    """The people of one store."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._store = gate.store
        self._log = gate.log

    def add_first(self, login: str, name: str, tenant: str, now: datetime) -> tuple[Person, str]:
        """Make the tenant and the first person, a system administrator; returns them and their enrolment token.

        Raises Conflict where there is anybody already.
        """
        _check(login, name)

        def work(tx: sa.Connection) -> tuple[Person, str]:
            if tx.scalar(sa.select(sa.func.count()).select_from(tables.people)):
                raise Conflict("there are people here already", hint="a system administrator adds the others")
            tenant_id = str(uuid.uuid4())
            tx.execute(sa.insert(tables.tenants).values(tenant_id=tenant_id, name=tenant, created_at=now))
            person_id = self._insert(tx, tenant_id, login, name, now)
            self._give(tx, person_id, Role.SYSTEM_ADMIN, person_id, now)
            tell(tx, self._log, "access.person", now, person=person_id, by=person_id, change="first")
            return one_person(tx, person_id), self._token(tx, person_id, now)

        # Two processes that find an empty store at once: the database has nothing yet that they could collide on.
        with self._store.leader("access-first", wait_s=10) as leads:
            if not leads:
                raise Conflict("another process makes the first person", hint="see haoma access people list")
            return self._store.write(work)

    def anybody(self) -> bool:
        """Whether there is anybody yet."""
        with self._store.read() as tx:
            return tx.scalar(sa.select(_people.person_id).limit(1)) is not None

    def add(self, asker: Asker, login: str, name: str, now: datetime) -> tuple[Person, str]:
        """Add a person without roles; returns them and their enrolment token, which is shown once."""
        _check(login, name)

        def work(tx: sa.Connection) -> tuple[Person, str]:
            if person_by_login(tx, login):
                raise Conflict("somebody signs in with this login already", hint="logins are never given again")
            person_id = self._insert(tx, asker.tenant, login, name, now)
            tell(tx, self._log, "access.person", now, person=person_id, by=asker.id, change="added")
            return one_person(tx, person_id), self._token(tx, person_id, now)

        return self._gate.change(asker, "add-person", Thing("person", asker.tenant), now, work)

    def enrol_again(self, asker: Asker, person_id: str, now: datetime) -> str:
        """A new enrolment token for who lost password, device or passkey: those are taken away, and sessions end.

        The person is suspended until another administrator restores them.
        """

        def work(tx: sa.Connection) -> str:
            self._set(tx, asker, person_id, now)
            mine = (tables.passwords, tables.totp, tables.passkeys, tables.tokens, tables.identities)
            for table in mine:
                tx.execute(sa.delete(table).where(table.c.person_id == person_id))
            tell(tx, self._log, "access.credential", now, person=person_id, kind="all", change="taken")
            return self._token(tx, person_id, now)

        return self._gate.change(asker, "enrol-again", self._thing(person_id), now, work)

    def link(self, asker: Asker, person_id: str, issuer: str, subject: str, now: datetime) -> Person:
        """Let a person in whom this provider knows as this subject.

        Who holds a role is suspended until another administrator restores them.
        """
        if not (0 < len(issuer) <= 255 and 0 < len(subject) <= 255):
            raise BadInput("issuer and subject have 1 to 255 characters", hint="as the provider's ID token has them")

        def work(tx: sa.Connection) -> Person:
            fresh = one_person(tx, person_id)
            tx.execute(sa.insert(tables.identities).values(issuer=issuer, subject=subject, person_id=person_id))
            tell(tx, self._log, "access.credential", now, person=person_id, kind="oidc", change="set")
            harmless = fresh.state == "invited" and not fresh.roles
            return self._set(tx, asker, person_id, now, state=ACTIVE if harmless else "suspended")

        return self._gate.change(asker, "link-identity", self._thing(person_id), now, work)

    def grant(self, asker: Asker, person_id: str, role: Role, now: datetime) -> Person:
        """Give a person a role; raises Conflict, with the reason, where one they hold excludes it."""

        def work(tx: sa.Connection) -> Person:
            self._give(tx, person_id, role, asker.id, now)
            return one_person(tx, person_id)

        if role is Role.SECURITY_ADMIN and self._names_first(asker):
            return self._store.write(lambda tx: self._name_first(tx, asker, person_id, now))
        return self._gate.change(asker, "grant-role", self._thing(person_id), now, work)

    def revoke(self, asker: Asker, person_id: str, role: Role, now: datetime) -> Person:
        """Take a role from a person, at once."""

        def work(tx: sa.Connection) -> Person:
            self._count_up(tx, person_id)
            held = sa.and_(_roles.person_id == person_id, _roles.role == str(role), _roles.revoked_at.is_(None))
            if not tx.execute(sa.update(tables.roles).where(held).values(revoked_at=now)).rowcount:
                raise Conflict(f"this person does not hold the role {role}", hint="haoma access people list shows them")
            tell(tx, self._log, "access.role", now, person=person_id, by=asker.id, role=str(role), change="revoked")
            return one_person(tx, person_id)

        return self._gate.change(asker, "revoke-role", self._thing(person_id), now, work)

    def suspend(self, asker: Asker, person_id: str, now: datetime) -> Person:
        """Shut a person out at once."""
        return self._gate.change(
            asker, "suspend-person", self._thing(person_id), now, lambda tx: self._set(tx, asker, person_id, now)
        )

    def restore(self, asker: Asker, person_id: str, now: datetime) -> Person:
        """Let a suspended person in again, who signs in anew."""

        def work(tx: sa.Connection) -> Person:
            if one_person(tx, person_id).state != "suspended":
                raise Conflict("this person is not suspended", hint="haoma access people list shows them")
            return self._set(tx, asker, person_id, now, state=ACTIVE)

        return self._gate.change(asker, "restore-person", self._thing(person_id), now, work)

    def all(self, asker: Asker, now: datetime) -> list[Person]:
        """Everybody of the asker's tenant; the decision to show them is recorded."""
        self._gate.ask(asker, "see", Thing("person", asker.tenant, "roles"), now).require()
        with self._store.read() as tx:
            query = sa.select(_people.person_id).where(_people.tenant_id == asker.tenant).order_by(_people.login)
            return [one_person(tx, person_id) for person_id in tx.scalars(query).all()]

    def _thing(self, person_id: str) -> Thing:
        with self._store.read() as tx:
            return Thing("person", one_person(tx, person_id).tenant, subject=person_id)

    def _set(self, tx: sa.Connection, asker: Asker, person_id: str, now: datetime, state: str = "suspended") -> Person:
        self._count_up(tx, person_id)
        tx.execute(sa.update(tables.people).where(_people.person_id == person_id).values(state=state))
        self._end_sessions(tx, person_id, now)
        tell(tx, self._log, "access.person", now, person=person_id, by=asker.id, change=state)
        return one_person(tx, person_id)

    def _names_first(self, asker: Asker) -> bool:
        with self._store.read() as tx:
            return asker.scopes is None and Role.SYSTEM_ADMIN in asker.roles and not _ever(tx, Role.SECURITY_ADMIN)

    def _name_first(self, tx: sa.Connection, asker: Asker, person_id: str, now: datetime) -> Person:
        person = one_person(tx, person_id)
        # Everybody who would name the first one changes the row of the tenant: two at once become one after the other.
        mine = tables.tenants.c.tenant_id == asker.tenant
        tx.execute(sa.update(tables.tenants).where(mine).values(name=tables.tenants.c.name))
        fresh = asker_of(tx, asker.person, asker.methods)
        apart = fresh.id != person_id and fresh.tenant == person.tenant
        if _ever(tx, Role.SECURITY_ADMIN) or Role.SYSTEM_ADMIN not in fresh.roles or not (fresh.strong and apart):
            message = "only the system administrator names the first security administrator: another one, and once"
            raise Refused(message, hint="security administrators give all other roles")
        self._give(tx, person_id, Role.SECURITY_ADMIN, asker.id, now)
        return one_person(tx, person_id)

    def _give(self, tx: sa.Connection, person_id: str, role: Role, by: str, now: datetime) -> None:
        self._count_up(tx, person_id)
        held = one_person(tx, person_id).roles
        if role in held:
            raise Conflict(f"this person holds the role {role} already")
        if found := exclusion(held, role):
            raise Conflict(f"{found.one} and {found.other} exclude one another", hint=found.reason)
        row = {"person_id": person_id, "role": str(role), "granted_by": by, "granted_at": now}
        tx.execute(sa.insert(tables.roles).values(**row))
        tell(tx, self._log, "access.role", now, person=person_id, by=by, role=str(role), change="granted")

    def _count_up(self, tx: sa.Connection, person_id: str) -> None:
        tx.execute(sa.update(tables.people).where(_people.person_id == person_id).values(version=_people.version + 1))

    def _insert(self, tx: sa.Connection, tenant: str, login: str, name: str, now: datetime) -> str:
        person_id = str(uuid.uuid4())
        row = {"person_id": person_id, "tenant_id": tenant, "login": login, "name": name, "created_at": now}
        tx.execute(sa.insert(tables.people).values(**row, state="invited", version=0))
        return person_id

    def _token(self, tx: sa.Connection, person_id: str, now: datetime) -> str:
        token = new_token("enrol")
        row = {"digest": digest_of(token), "person_id": person_id, "expires_at": now + ENROL_WITHIN}
        tx.execute(sa.insert(tables.tokens).values(**row))
        return token

    def _end_sessions(self, tx: sa.Connection, person_id: str, now: datetime) -> None:
        mine = sa.and_(tables.sessions.c.person_id == person_id, tables.sessions.c.ended_at.is_(None))
        tx.execute(sa.update(tables.sessions).where(mine).values(ended_at=now))


def _ever(tx: sa.Connection, role: Role) -> bool:
    return bool(tx.scalar(sa.select(sa.func.count()).where(_roles.role == str(role))))


def _check(login: str, name: str) -> None:
    if not LOGIN.fullmatch(login) or holds_number(login):
        raise BadInput("this is no login", hint="2 to 64 of a-z, 0-9, ., _ and -, a letter first; no phone number")
    if not 0 < len(name) <= 100 or not name.isprintable() or holds_number(name):
        raise BadInput("this is no name", hint="1 to 100 characters that can be printed; no phone number")
