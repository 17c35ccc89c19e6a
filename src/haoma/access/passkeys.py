"""Passkeys (WebAuthn level 3): two factors in one, bound to the console's origin, of which nothing can be phished.

Rules held here:
- User verification is required when one is registered and whenever it is used: it is both factors.
- Whoever signs in names nobody: the passkey says who it is of. No list of credentials is shown to a stranger.
- A challenge is good once. A signature counter that did not grow tells of a copied passkey, and is refused.
- Attestation is not asked for: any maker's authenticator does.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from urllib.parse import urlsplit

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.challenges import Challenges
from haoma.access.entries import Log, tell
from haoma.access.model import Asker
from haoma.access.rows import one_person
from haoma.access.secret import Sealing
from haoma.access.sign_in import SignIn, wrong
from haoma.errors import BadInput, Conflict, Refused
from haoma.storage import Store

__all__ = ["MOST_PASSKEYS", "Passkeys"]

MOST_PASSKEYS = 10
LONGEST_RESPONSE = 64 << 10
_passkeys = tables.passkeys.c


class Passkeys:
    """The passkeys of one store, for a console at this origin (`https://console.example`)."""

    def __init__(self, store: Store, log: Log, sealing: Sealing, sign_in: SignIn, origin: str) -> None:
        host = urlsplit(origin).hostname
        if not host or (urlsplit(origin).scheme != "https" and host != "localhost"):
            raise BadInput("passkeys need the origin of the console", hint="access_origin is https://… of its pages")
        self._store = store
        self._log = log
        self._sign_in = sign_in
        self._origin = origin.rstrip("/")
        self._host = host
        self._registering = Challenges(store, sealing, "passkey-new")
        self._signing = Challenges(store, sealing, "passkey")

    def begin_registration(self, asker: Asker, now: datetime) -> str:
        """What the page hands to `navigator.credentials.create`, as JSON; for who is signed in with two factors."""
        from webauthn import generate_registration_options, options_to_json
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        if not asker.strong or asker.scopes is not None:
            raise Refused("a passkey is added by who is signed in with two factors", hint="password and code first")
        with self._store.read() as tx:
            person, known = one_person(tx, asker.person), tx.scalars(_ids_of(asker.person)).all()
        challenge = secrets.token_bytes(32)
        self._registering.put(challenge.hex(), now, person=asker.person)
        options = generate_registration_options(
            rp_id=self._host,
            rp_name="haoma",
            user_id=person.id.encode(),
            user_name=person.login,
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(each)) for each in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
        return options_to_json(options)

    def register(self, asker: Asker, response: str, now: datetime) -> str:
        """Keep the passkey that the page made; returns its id. Raises Refused where it does not hold."""
        from webauthn import verify_registration_response
        from webauthn.helpers.exceptions import WebAuthnException

        challenge = _challenge_of(response)
        if self._registering.take(challenge.hex(), now).person != asker.person:
            raise wrong()
        try:
            made = verify_registration_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
            raise Refused("this passkey does not hold", hint="begin again, on the console's own page") from None
        row = {
            "credential_id": made.credential_id,
            "person_id": asker.person,
            "public_key": made.credential_public_key,
            "sign_count": made.sign_count,
            "created_at": now,
        }

        def work(tx: sa.Connection) -> None:
            if len(tx.scalars(_ids_of(asker.person)).all()) >= MOST_PASSKEYS:
                raise Conflict(
                    f"there are {MOST_PASSKEYS} passkeys of this person", hint="enrol again, which takes all"
                )
            tx.execute(sa.insert(tables.passkeys).values(**row))
            tell(tx, self._log, "access.credential", now, person=asker.person, kind="passkey", change="set")

        self._store.write(work)
        return made.credential_id.hex()

    def begin_sign_in(self, now: datetime) -> str:
        """What the page hands to `navigator.credentials.get`, as JSON."""
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        challenge = secrets.token_bytes(32)
        self._signing.put(challenge.hex(), now)
        asked = UserVerificationRequirement.REQUIRED
        return options_to_json(
            generate_authentication_options(rp_id=self._host, challenge=challenge, user_verification=asked)
        )

    def sign_in(self, response: str, now: datetime) -> str:
        """The token of a new session; raises Refused, in the words of every sign-in that fails."""
        from webauthn import verify_authentication_response
        from webauthn.helpers.exceptions import WebAuthnException

        challenge = _challenge_of(response)
        self._signing.take(challenge.hex(), now)
        with self._store.read() as tx:
            row = tx.execute(sa.select(tables.passkeys).where(_passkeys.credential_id == _id_of(response))).first()
        if row is None:
            raise wrong()
        try:
            shown = verify_authentication_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=bytes(row.public_key),
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
            raise wrong() from None

        def work(tx: sa.Connection) -> str:
            same = sa.and_(_passkeys.credential_id == row.credential_id, _passkeys.sign_count == row.sign_count)
            if not tx.execute(sa.update(tables.passkeys).where(same).values(sign_count=shown.new_sign_count)).rowcount:
                raise wrong()
            return self._sign_in.open_session(tx, row.person_id, frozenset({"passkey"}), now)

        return self._store.write(work)


def _ids_of(person_id: str) -> sa.Select[bytes]:
    return sa.select(_passkeys.credential_id).where(_passkeys.person_id == person_id)


def _challenge_of(response: str) -> bytes:
    """The challenge that a response says it answers; whether it does is told by its signature."""
    try:
        return _bytes(json.loads(_bytes(_parsed(response)["response"]["clientDataJSON"]))["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise wrong() from None


def _id_of(response: str) -> bytes:
    try:
        return _bytes(_parsed(response)["rawId"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise wrong() from None


def _parsed(response: str) -> dict[str, dict[str, str]]:
    if len(response) > LONGEST_RESPONSE:
        raise wrong()
    found: dict[str, dict[str, str]] = json.loads(response)
    return found


def _bytes(text: object) -> bytes:
    from webauthn import base64url_to_bytes

    return base64url_to_bytes(str(text))
