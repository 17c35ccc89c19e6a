"""What is kept of people, and the keys to it.

Rules held here:
- What takes four eyes is handed out behind them: a vault and a rotation that begin nothing of the kind by themselves.
- Where there is no database of the data, whoever only reads makes no key store either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.app.packages import expiring, subject_columns
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.ledger.commitment import Commitments
    from haoma.vault.custody import Custody
    from haoma.vault.key_store import KeyStore
    from haoma.vault.pseudonyms import Pseudonyms
    from haoma.vault.retention import Retention
    from haoma.vault.rotation import Rekeying
    from haoma.vault.service import Vault

__all__ = ["commitments", "custody", "key_store", "pseudonyms", "retention", "rotation", "vault"]


def vault(services: Services) -> Vault:
    """Subject tokens, sealed numbers, location tokens and audit rows; by hand it opens and destroys nothing."""
    from haoma.access import GuardedVault

    return GuardedVault(services.store, services.key_store, services.ledger, services.now)


def key_store(services: Services) -> KeyStore:
    """Every data key, in a database apart from the data."""
    from haoma.vault.key_store import KeyStore, open_keys
    from haoma.vault.suites import suite_named

    if not services.create:
        services.store  # noqa: B018 - where there is no database, no key store is made either
    settings = services.settings
    url = settings.vault_keys or f"sqlite:///{services.keys.directory.absolute() / 'vault.db'}"
    store = services.opened(open_keys(url))
    return KeyStore(store, services.custody, suite_named(settings.vault_suite), services.now)


def custody(services: Services) -> Custody:
    """Who keeps the key that wraps all others."""
    from haoma.vault.local_file import LocalFiles
    from haoma.vault.suites import suite_named

    named = services.settings.vault_custody
    if named.startswith("transit+"):
        from haoma.vault.transit import Transit

        return Transit.of_setting(named)
    if named.startswith("pkcs11:"):
        from haoma.vault.hsm import Hsm

        return Hsm.of_setting(named)
    if named:
        raise BadInput("vault_custody names no custody", hint="empty, transit+https://HOST/MOUNT or pkcs11:URI")
    return LocalFiles(services.keys.directory / "custody", suite_named(services.settings.vault_suite))


def pseudonyms(services: Services) -> Pseudonyms:
    """Subject tokens alone, which need the key store and no database of the data."""
    from haoma.vault.pseudonyms import Pseudonyms

    return Pseudonyms(services.key_store)


def commitments(services: Services) -> Commitments:
    """The keys under which rows are committed to."""
    from haoma.vault.commitments import KeptCommitments

    return KeptCommitments(services.key_store)


def retention(services: Services) -> Retention:
    """Who deletes what is over."""
    from haoma.vault.retention import Retention

    return Retention(services.vault, expiring(), {"export.file": services.settings.store_dir / "exports"})


def rotation(services: Services) -> Rekeying:
    """Who brings rotations to their end; `approvals` begins them."""
    from haoma.vault.rotation import Rekeying

    return Rekeying(services.vault, subject_columns())
