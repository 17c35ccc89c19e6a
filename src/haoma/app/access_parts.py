"""Who may: people and machines, how they are recognised, and what takes others.

Rules held here:
- The effects of approved requests are built here alone, over the vault that everybody else gets guarded.
- People come back from an identity provider to the console at `access_origin`, and to no other address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.app.packages import subject_columns
from haoma.errors import BadInput

if TYPE_CHECKING:
    import httpx

    from haoma.access import ApiKeys, Approvals, Cases, Gate, Passkeys, People, Requests, Sealing, SignIn
    from haoma.access.oidc import Oidc
    from haoma.app.services import Services

__all__ = [
    "api_keys",
    "approvals",
    "cases",
    "gate",
    "oidc",
    "passkeys",
    "people",
    "requests",
    "sealing",
    "sign_in",
]


def gate(services: Services) -> Gate:
    """What is allowed, and the record of it."""
    from haoma.access import Gate

    return Gate(services.store, services.ledger, services.commitments)


def people(services: Services) -> People:
    """The people of this store and their roles."""
    from haoma.access import People

    return People(services.gate)


def sign_in(services: Services) -> SignIn:
    """Who recognises people by password and code, and keeps their sessions."""
    from haoma.access import SignIn

    issuer = services.settings.ledger_origin
    return SignIn(services.store, services.ledger, services.sealing, services.commitments, issuer)


def passkeys(services: Services) -> Passkeys:
    """The passkeys of people, for the console at the setting access_origin."""
    from haoma.access import Passkeys

    origin = services.settings.access_origin
    return Passkeys(services.store, services.ledger, services.sealing, services.sign_in, origin)


def oidc(services: Services) -> Oidc:
    """Who recognises people by an identity provider, which sends them back to the console."""
    from haoma.access.oidc import Oidc, provider_of
    from haoma.ledger.key_file import read_private

    settings = services.settings
    if not settings.oidc_issuer or settings.oidc_secret_file is None or not settings.access_origin:
        hint = "the settings oidc_issuer, oidc_client_id, oidc_secret_file and access_origin name one"
        raise BadInput("no identity provider is set", hint=hint)
    try:
        secret = read_private(settings.oidc_secret_file).decode("utf-8", "replace").strip()
    except OSError as error:
        message = f"{settings.oidc_secret_file}: the file that oidc_secret_file names cannot be read ({error.strerror})"
        raise BadInput(message) from None
    back = f"{settings.access_origin.rstrip('/')}/sign-in/back"
    provider = provider_of(settings.oidc_issuer, settings.oidc_client_id, secret, back)
    return Oidc(services.store, services.sealing, services.sign_in, _bounded(services), provider)


def _bounded(services: Services) -> httpx.Client:
    """How the identity provider is asked: for the time and the size that its rules give it."""
    import ssl
    import time

    import httpx

    from haoma.access.oidc import ANSWER_S, LARGEST_ANSWER
    from haoma.wire.bounded import Bounded
    from haoma.wire.line import Deadline

    way = Bounded(
        lambda: Deadline(time.monotonic, ANSWER_S, "the identity provider"),
        ssl.create_default_context(),
        LARGEST_ANSWER,
    )
    return services.opened(httpx.Client(transport=way, follow_redirects=False, trust_env=False))


def api_keys(services: Services) -> ApiKeys:
    """The keys of machines."""
    from haoma.access import ApiKeys

    return ApiKeys(services.gate, services.sealing)


def requests(services: Services) -> Requests:
    """Who recognises machines by the requests they sign."""
    from haoma.access import Requests

    return Requests(services.store, services.sealing)


def cases(services: Services) -> Cases:
    """The cases of agents."""
    from haoma.access import Cases

    return Cases(services.gate, services.case_places)


def approvals(services: Services) -> Approvals:
    """What was requested and is approved by others, and what can be run of it here."""
    from haoma.access import Approvals, change_effect, export_effect, vault_effects
    from haoma.app.exporting import exportables
    from haoma.guard.registry import hotline_effect
    from haoma.locate.kept import extending_effect
    from haoma.vault.rotation import Rotation

    vault = services.vault
    effects = {
        "change-policy": change_effect(services.ledger),
        "change-hotline": hotline_effect(services.gate, services.commitments),
        "extend-retention": extending_effect(vault),
        "bulk-export": export_effect(vault, exportables(), services.settings.store_dir / "exports"),
        **vault_effects(vault, Rotation(vault, subject_columns())),
    }
    return Approvals(services.gate, effects, services.key_store.ends)


def sealing(services: Services) -> Sealing:
    """How the small secrets of access are kept."""
    from haoma.access import CustodySealing

    return CustodySealing(services.custody)
