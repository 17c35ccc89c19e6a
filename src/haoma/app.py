"""From settings to running services: the only place where adapters are built.

Rules held here:
- A service is built when it is first asked for, and closed with the others.
- Keys lie in `keys` below `store_dir`, the database wherever `database` says: a backup of one never holds the other.
- Whoever only reads (`create=False`) makes no database; a key is made when something is signed with it first.
- What takes four eyes is handed out behind them: a vault and a rotation that begin nothing of the kind by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from haoma.errors import BadInput, Conflict, NotFound
from haoma.settings import Settings

if TYPE_CHECKING:
    import httpx

    from haoma.access import ApiKeys, Approvals, Cases, Gate, Passkeys, People, Requests, Sealing, SignIn
    from haoma.access.oidc import Oidc
    from haoma.consent.service import Consent
    from haoma.ledger.anchor import AccountKey, Node, Notary
    from haoma.ledger.commitment import Commitments
    from haoma.ledger.entry import EntryType
    from haoma.ledger.keys import SignerKey
    from haoma.ledger.own_keys import OwnKeys
    from haoma.ledger.policy import Policy
    from haoma.ledger.publish import Attester, Publisher
    from haoma.ledger.service import Ledger
    from haoma.ledger.view import View
    from haoma.ledger.witnessing import WitnessService
    from haoma.storage import Store
    from haoma.vault.custody import Custody
    from haoma.vault.key_store import KeyStore
    from haoma.vault.pseudonyms import Pseudonyms
    from haoma.vault.retention import Expiring, Retention
    from haoma.vault.rotation import Rekeying, SubjectColumn
    from haoma.vault.service import Vault

__all__ = ["Services"]

ANSWER_S = 15.0
CONTRACT = re.compile(r"eip155:([1-9][0-9]{0,17}):(0x[0-9a-fA-F]{40})@([0-9]{1,18})")


class Services:
    """Everything that runs on one store; a context manager that closes what was opened.

    Without `create` a database that is not there is NotFound, and none is made.
    """

    def __init__(self, settings: Settings, *, create: bool = True) -> None:
        self.settings = settings
        self._create = create
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def store(self) -> Store:
        """The database, made or brought up to date when it is first opened."""
        from haoma.storage import database_url, open_store

        return self._open.enter_context(open_store(database_url(self.settings), create=self._create))

    @cached_property
    def ledger(self) -> Ledger:
        """The log, with the entry types of every package."""
        from haoma.ledger.service import Ledger

        return Ledger(self.store, self.entry_types, _now)

    @property
    def entry_types(self) -> Sequence[EntryType]:
        """The types of entries of every package."""
        from haoma import access, lineage
        from haoma.consent import entries as consent
        from haoma.ledger import events
        from haoma.vault import entries

        below = [*events.ENTRY_TYPES, *lineage.ENTRY_TYPES, *entries.ENTRY_TYPES]
        return [*below, *access.ENTRY_TYPES, *consent.ENTRY_TYPES]

    @cached_property
    def view(self) -> View:
        """What can be read out of the log: entries, tiles, proofs."""
        from haoma.ledger.view import View

        return View(self.store)

    @cached_property
    def commitments(self) -> Commitments:
        """The keys under which rows are committed to."""
        from haoma.vault.commitments import KeptCommitments

        return KeptCommitments(self.key_store)

    @cached_property
    def vault(self) -> Vault:
        """Subject tokens, sealed numbers, location tokens and audit rows; by hand it opens and destroys nothing."""
        from haoma.access import GuardedVault

        return GuardedVault(self.store, self.key_store, self.ledger, _now)

    @cached_property
    def retention(self) -> Retention:
        """Who deletes what is over."""
        from haoma.vault.retention import Retention

        return Retention(self.vault, self.expiring)

    @property
    def expiring(self) -> Sequence[Expiring]:
        """The rows of every package that end."""
        from haoma.access import keeping as access
        from haoma.consent import keeping
        from haoma.vault.retention import EXPIRING

        return [*EXPIRING, *access.EXPIRING, *keeping.EXPIRING]

    @cached_property
    def rotation(self) -> Rekeying:
        """Who brings rotations to their end; `approvals` begins them."""
        from haoma.vault.rotation import Rekeying

        return Rekeying(self.vault, self.subject_columns)

    @property
    def subject_columns(self) -> Sequence[SubjectColumn]:
        """The columns of every package that hold subject tokens."""
        from haoma.access import keeping as access
        from haoma.consent import keeping
        from haoma.vault.rotation import SUBJECT_COLUMNS

        return [*SUBJECT_COLUMNS, *access.SUBJECT_COLUMNS, *keeping.SUBJECT_COLUMNS]

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        """Subject tokens alone, which need the key store and no database of the data."""
        from haoma.vault.pseudonyms import Pseudonyms

        return Pseudonyms(self.key_store)

    @cached_property
    def key_store(self) -> KeyStore:
        """Every data key, in a database apart from the data."""
        from haoma.vault.key_store import KeyStore, open_keys
        from haoma.vault.suites import suite_named

        if not self._create:
            self.store  # noqa: B018 - where there is no database, no key store is made either
        url = self.settings.vault_keys or f"sqlite:///{self.keys.directory.absolute() / 'vault.db'}"
        store = self._open.enter_context(open_keys(url))
        return KeyStore(store, self.custody, suite_named(self.settings.vault_suite), _now)

    @cached_property
    def custody(self) -> Custody:
        """Who keeps the key that wraps all others."""
        from haoma.vault.local_file import LocalFiles
        from haoma.vault.suites import suite_named

        named = self.settings.vault_custody
        if named.startswith("transit+"):
            from haoma.vault.transit import Transit

            return Transit.of_setting(named)
        if named.startswith("pkcs11:"):
            from haoma.vault.hsm import Hsm

            return Hsm.of_setting(named)
        if named:
            raise BadInput("vault_custody names no custody", hint="empty, transit+https://HOST/MOUNT or pkcs11:URI")
        return LocalFiles(self.keys.directory / "custody", suite_named(self.settings.vault_suite))

    @cached_property
    def gate(self) -> Gate:
        """What is allowed, and the record of it."""
        from haoma.access import Gate

        return Gate(self.store, self.ledger, self.commitments)

    @cached_property
    def people(self) -> People:
        """The people of this store and their roles."""
        from haoma.access import People

        return People(self.gate)

    @cached_property
    def sign_in(self) -> SignIn:
        """Who recognises people by password and code, and keeps their sessions."""
        from haoma.access import SignIn

        return SignIn(self.store, self.ledger, self.sealing, self.settings.ledger_origin)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """The keys of machines."""
        from haoma.access import ApiKeys

        return ApiKeys(self.gate, self.sealing)

    @cached_property
    def requests(self) -> Requests:
        """Who recognises machines by the requests they sign."""
        from haoma.access import Requests

        return Requests(self.store, self.sealing)

    @cached_property
    def cases(self) -> Cases:
        """The cases of agents."""
        from haoma.access import Cases

        return Cases(self.gate)

    @cached_property
    def approvals(self) -> Approvals:
        """What was requested and is approved by two others, and what can be run of it here."""
        from haoma.access import Approvals, change_effect, vault_effects
        from haoma.vault.rotation import Rotation

        about_vault = vault_effects(self.vault, Rotation(self.vault, self.subject_columns))
        return Approvals(self.gate, {"change-policy": change_effect(self.ledger), **about_vault})

    @cached_property
    def passkeys(self) -> Passkeys:
        """The passkeys of people, for the console at the setting access_origin."""
        from haoma.access import Passkeys

        return Passkeys(self.store, self.ledger, self.sealing, self.sign_in, self.settings.access_origin)

    @cached_property
    def oidc(self) -> Oidc:
        """Who recognises people by an identity provider, which sends them back to the console."""
        from haoma.access.oidc import Oidc, provider_of
        from haoma.ledger.key_file import read_private

        settings = self.settings
        if not settings.oidc_issuer or settings.oidc_secret_file is None or not settings.access_origin:
            hint = "the settings oidc_issuer, oidc_client_id, oidc_secret_file and access_origin name one"
            raise BadInput("no identity provider is set", hint=hint)
        try:
            secret = read_private(settings.oidc_secret_file).decode("utf-8", "replace").strip()
        except OSError as error:
            message = (
                f"{settings.oidc_secret_file}: the file that oidc_secret_file names cannot be read ({error.strerror})"
            )
            raise BadInput(message) from None
        back = f"{settings.access_origin.rstrip('/')}/sign-in/back"
        provider = provider_of(settings.oidc_issuer, settings.oidc_client_id, secret, back)
        return Oidc(self.store, self.sealing, self.sign_in, self.http, provider)

    @cached_property
    def sealing(self) -> Sealing:
        """How the small secrets of access are kept."""
        from haoma.access import CustodySealing

        return CustodySealing(self.custody)

    @cached_property
    def consent(self) -> Consent:
        """The gate to a customer's place: notices, questions, answers, Grants, receipts, withdrawal."""
        from haoma.consent.alarms import AlarmFile
        from haoma.consent.http import HttpTransport
        from haoma.consent.notices import StoredAssessments
        from haoma.consent.office import Office, SteadyClock
        from haoma.consent.service import Consent
        from haoma.consent.sms import OutboxFile

        office = Office(
            store=self.store,
            vault=self.vault,
            gate=self.gate,
            custody=self.custody,
            now=SteadyClock(_now),
            sms=OutboxFile(self.settings.store_dir / "messages"),
            assessments=StoredAssessments(),
            transport=HttpTransport(self.http),
            alarms=AlarmFile(self.settings.store_dir / "alarms"),
        )
        return Consent(office)

    @cached_property
    def publisher(self) -> Publisher:
        """Who signs checkpoints, and takes them to the witnesses, the time-stamp authority and the chain."""
        from haoma.ledger.publish import Publisher

        return Publisher(self.ledger, self._sign, list(self._attesters()), self.view.consistency, _now)

    @cached_property
    def keys(self) -> OwnKeys:
        """The keys of this instance, in `keys` below `store_dir`."""
        from haoma.ledger.own_keys import OwnKeys

        return OwnKeys(self.settings.store_dir / "keys", self.settings.ledger_origin, self._has_signed)

    @cached_property
    def log_key(self) -> SignerKey:
        """The key that signs the log's checkpoints."""
        return self.keys.log()

    @cached_property
    def entries_key(self) -> str:
        """What a reader of the entries shows over HTTP."""
        return self.keys.entries()

    def receive_hop(self, body: bytes) -> int:
        """Record the hop that a pipeline reports; the id of the fact it became."""
        from haoma.lineage.hop import receive_hop

        done = self.store.write(lambda tx: receive_hop(tx, self.ledger, self.commitments, body, at=_now()))
        return done.fact_id

    @cached_property
    def policy(self) -> Policy | None:
        """Whom this instance trusts as logs and witnesses; None where no setting says so."""
        from haoma.ledger.policy_file import parse_policy

        path = self.settings.ledger_policy
        return None if path is None else parse_policy(_read(path, "ledger_policy"))

    @cached_property
    def http(self) -> httpx.Client:
        """How others are asked over HTTP."""
        import httpx

        return self._open.enter_context(httpx.Client(timeout=ANSWER_S, follow_redirects=False))

    @cached_property
    def witness(self) -> WitnessService:
        """The witness that this instance is to the logs of the policy."""
        from haoma.ledger.witnessing import WitnessService

        logs = {log.key.name: [log.key] for log in (self.policy.logs if self.policy else ())}
        return WitnessService(self.store, logs, [self.keys.witness()], _now)

    def _attesters(self) -> Iterator[Attester]:
        from haoma.ledger.attesters import ChainAttester, StampAttester, WitnessAttester

        for party in self.policy.witnesses.values() if self.policy else ():
            if party.url:
                yield WitnessAttester(party.key, party.url, self.http)
        settings = self.settings
        if settings.ledger_tsa:
            from haoma.ledger.tsa import TimeStampAuthority

            if settings.ledger_tsa_roots is None:
                raise BadInput("ledger_tsa names an authority that nobody vouches for", hint="set ledger_tsa_roots")
            roots = [_read(settings.ledger_tsa_roots, "ledger_tsa_roots")]
            yield StampAttester(TimeStampAuthority(settings.ledger_tsa, self.http, roots))
        if settings.ledger_chain:
            self._contract()  # a setting that names none is told at once, all else when the chain is asked
            yield ChainAttester(settings.ledger_contract, self._anchor)

    def chain(self) -> Node:
        """The node of the chain in the settings, and the chain that it is on."""
        from haoma.ledger.anchor import find_chain

        if not self.settings.ledger_chain:
            raise BadInput("no chain is set", hint="the setting ledger_chain is the JSON-RPC URL of one of its nodes")
        return find_chain(self.settings.ledger_chain)

    def chain_key(self) -> AccountKey:
        """The key of the account that owns the contract on the chain, made at its first use."""
        from haoma.ledger.anchor import AccountKey
        from haoma.ledger.key_file import private_directory

        private_directory(self.settings.store_dir)
        private_directory(self.keys.directory)
        with suppress(Conflict):
            return AccountKey.create(self.keys.directory / "chain.key")
        return AccountKey.read(self.keys.directory / "chain.key")

    def _contract(self) -> tuple[int, str, int]:
        found = CONTRACT.fullmatch(self.settings.ledger_contract)
        if found is None:
            hint = "eip155:CHAIN:ADDRESS@BLOCK, as `haoma ledger anchor --deploy` shows it"
            raise BadInput("ledger_contract names no contract", hint=hint)
        return int(found[1]), found[2], int(found[3])

    def _anchor(self) -> Notary:
        from haoma.ledger.anchor import AccountKey, Anchor, Deployment, connect

        chain_id, address, block = self._contract()
        node = connect(self.settings.ledger_chain, chain_id)
        return Anchor(node, Deployment(address, block), AccountKey.read(self.keys.directory / "chain.key"))

    def _sign(self, size: int, root: bytes) -> bytes:
        from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
        from haoma.ledger.note import sign_note

        return sign_note(format_checkpoint(Checkpoint(self.log_key.name, size, root)), [self.log_key])

    def _has_signed(self) -> bool:
        try:
            return self.publisher.newest() is not None
        except NotFound:
            return False


def _now() -> datetime:
    return datetime.now(UTC)


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: the file that {setting} names cannot be read ({error.strerror})"
        raise BadInput(message) from None
