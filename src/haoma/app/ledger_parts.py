"""The database, and the log that is kept in it.

Rules held here:
- Keys lie in `keys` below `store_dir`, the database wherever `database` says: a backup of one never holds the other.
- A checkpoint is signed by the log's key, which is made when the first one is signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.app.outside_parts import attesters
from haoma.app.packages import entry_types
from haoma.errors import NotFound

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.ledger.keys import SignerKey
    from haoma.ledger.own_keys import OwnKeys
    from haoma.ledger.publish import Publisher
    from haoma.ledger.service import Ledger
    from haoma.ledger.view import View
    from haoma.ledger.witnessing import WitnessService
    from haoma.storage import Store

__all__ = ["entries_key", "keys", "ledger", "log_key", "publisher", "store", "view", "witness"]


def store(services: Services) -> Store:
    """The database, made or brought up to date when it is first opened."""
    from haoma.storage import database_url, open_store

    return services.opened(open_store(database_url(services.settings), create=services.create))


def ledger(services: Services) -> Ledger:
    """The log, with the entry types of every package."""
    from haoma.ledger.service import Ledger

    return Ledger(services.store, entry_types(), services.now)


def view(services: Services) -> View:
    """What can be read out of the log: entries, tiles, proofs."""
    from haoma.ledger.view import View

    return View(services.store)


def publisher(services: Services) -> Publisher:
    """Who signs checkpoints, and takes them to the witnesses, the time-stamp authority and the chain."""
    from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
    from haoma.ledger.note import sign_note
    from haoma.ledger.publish import Publisher

    def sign(size: int, root: bytes) -> bytes:
        key = services.log_key
        return sign_note(format_checkpoint(Checkpoint(key.name, size, root)), [key])

    return Publisher(services.ledger, sign, list(attesters(services)), services.view.consistency, services.now)


def keys(services: Services) -> OwnKeys:
    """The keys of this instance, in `keys` below `store_dir`."""
    from haoma.ledger.own_keys import OwnKeys

    def has_signed() -> bool:
        try:
            return services.publisher.newest() is not None
        except NotFound:
            return False

    return OwnKeys(services.settings.store_dir / "keys", services.settings.ledger_origin, has_signed)


def log_key(services: Services) -> SignerKey:
    """The key that signs the log's checkpoints."""
    return services.keys.log()


def entries_key(services: Services) -> str:
    """What a reader of the entries shows over HTTP."""
    return services.keys.entries()


def witness(services: Services) -> WitnessService:
    """The witness that this instance is to the logs of the policy."""
    from haoma.ledger.witnessing import WitnessService

    policy = services.policy
    logs = {log.key.name: [log.key] for log in (policy.logs if policy else ())}
    return WitnessService(services.store, logs, [services.keys.witness()], services.now)
