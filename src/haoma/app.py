"""From settings to running services: the only place where adapters are built.

Rules held here:
- A service is built when it is first asked for, and closed with the others.
- Keys lie in `keys` below `store_dir`, the database wherever `database` says: a backup of one never holds the other.
- A key is made at its first use, and never again: one that is of another name than the settings say is refused.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from haoma.errors import BadInput, Conflict
from haoma.settings import Settings

if TYPE_CHECKING:
    import httpx

    from haoma.ledger.anchor import Notary
    from haoma.ledger.commitment import Commitments
    from haoma.ledger.keys import KeyType, SignerKey
    from haoma.ledger.policy import Policy
    from haoma.ledger.publish import Attester, Publisher
    from haoma.ledger.service import Ledger
    from haoma.ledger.view import View
    from haoma.ledger.witnessing import WitnessService
    from haoma.storage import Store

__all__ = ["Services"]

ANSWER_S = 15.0
CONTRACT = re.compile(r"eip155:([1-9][0-9]{0,17}):(0x[0-9a-fA-F]{40})@([0-9]{1,18})")


class Services:
    """Everything that runs on one store; a context manager that closes what was opened."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def store(self) -> Store:
        """The database, made or brought up to date when it is first opened."""
        from haoma.storage import database_url, open_store

        return self._open.enter_context(open_store(database_url(self.settings)))

    @cached_property
    def ledger(self) -> Ledger:
        """The log, with the entry types of every package."""
        from haoma import lineage
        from haoma.ledger import events
        from haoma.ledger.service import Ledger

        return Ledger(self.store, [*events.ENTRY_TYPES, *lineage.ENTRY_TYPES], _now)

    @cached_property
    def view(self) -> View:
        """What can be read out of the log: entries, tiles, proofs."""
        from haoma.ledger.view import View

        return View(self.store)

    @cached_property
    def commitments(self) -> Commitments:
        """The keys under which rows are committed to."""
        from haoma.ledger.key_file import KeyFiles

        return KeyFiles(self.keys / "commitments")

    @cached_property
    def publisher(self) -> Publisher:
        """Who signs checkpoints, and takes them to the witnesses, the time-stamp authority and the chain."""
        from haoma.ledger.publish import Publisher

        return Publisher(self.ledger, self._sign, list(self._attesters()), self.view.consistency, _now)

    @property
    def keys(self) -> Path:
        """The directory of the keys."""
        return self.settings.store_dir / "keys"

    @cached_property
    def log_key(self) -> SignerKey:
        """The key that signs the log's checkpoints."""
        from haoma.ledger.keys import KeyType

        return self._signer("log.key", self.settings.ledger_origin, KeyType.ED25519)

    @cached_property
    def witness_key(self) -> SignerKey:
        """The key that cosigns the checkpoints of other logs."""
        from haoma.ledger.keys import KeyType

        return self._signer("witness.key", f"{self.settings.ledger_origin}/witness", KeyType.ML_DSA_44_COSIGNATURE)

    @cached_property
    def entries_key(self) -> str:
        """What a reader of the entries shows over HTTP."""
        return self._secret("entries.key", lambda: secrets.token_urlsafe(32))

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
        return WitnessService(self.store, logs, [self.witness_key], _now)

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
            yield ChainAttester(settings.ledger_contract, self._anchor())

    def _anchor(self) -> Notary:
        from haoma.ledger.anchor import AccountKey, Anchor, Deployment, connect

        found = CONTRACT.fullmatch(self.settings.ledger_contract)
        if found is None:
            hint = "eip155:CHAIN:ADDRESS@BLOCK, as `haoma ledger anchor --deploy` shows it"
            raise BadInput("ledger_contract names no contract", hint=hint)
        node = connect(self.settings.ledger_chain, int(found[1]))
        return Anchor(node, Deployment(found[2], int(found[3])), AccountKey.read(self.keys / "chain.key"))

    def _sign(self, size: int, root: bytes) -> bytes:
        from haoma.ledger.checkpoint import Checkpoint, format_checkpoint
        from haoma.ledger.note import sign_note

        return sign_note(format_checkpoint(Checkpoint(self.log_key.name, size, root)), [self.log_key])

    def _signer(self, file: str, name: str, kind: KeyType) -> SignerKey:
        from haoma.ledger.keys import SignerKey, parse_signer_key

        key = parse_signer_key(self._secret(file, lambda: SignerKey(name, kind, secrets.token_bytes(32)).secret_text))
        if (key.name, key.type) != (name, kind):
            message = f"{self.keys / file} is the key of {key.name}, and the settings say {name}"
            raise Conflict(message, hint="a log keeps its name: set ledger_origin back, or begin another store_dir")
        return key

    def _secret(self, file: str, make: Callable[[], str]) -> str:
        from haoma.ledger.key_file import private_directory, read_private, write_private

        path = self.keys / file
        with suppress(FileNotFoundError):
            return read_private(path).decode().strip()
        private_directory(self.keys)
        with suppress(Conflict):  # another process was quicker
            write_private(path, f"{make()}\n".encode())
        return read_private(path).decode().strip()


def _now() -> datetime:
    return datetime.now(UTC)


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: the file that {setting} names cannot be read ({error.strerror})"
        raise BadInput(message) from None
