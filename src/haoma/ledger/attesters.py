"""Those who vouch for checkpoints, each as the publisher asks it: a witness, a time-stamp authority, a chain.

Rules held here:
- Evidence is what verifies by itself: a cosignature, the authority's reply, the chain's receipt.
- A stamp is over the text of the checkpoint, without its signatures: those who cosign later change nothing of it.
- A witness is asked with the size it cosigned last. Where it remembers another, it is asked once more with that one; a
  larger one than there are entries is a fork, or a log that was cut.
- What comes over the network is bounded in size and time, and a redirect is not followed.
- A name that is shown holds no secret: of an address, that is the host and the path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from haoma.errors import Tampered, Unavailable
from haoma.ledger.checkpoint import parse_checkpoint, parse_size
from haoma.ledger.keys import VerifierKey, witness_name
from haoma.ledger.note import read_note
from haoma.ledger.publish import Signed
from haoma.ledger.signatures import split_note
from haoma.ledger.witness import SIZE_TYPE, Request, format_request, take_cosignatures

if TYPE_CHECKING:
    import httpx

    from haoma.ledger.anchor import Notary
    from haoma.ledger.tsa import TimeStampAuthority

__all__ = ["ChainAttester", "StampAttester", "WitnessAttester"]

MAX_REPLY = 65_536
MAX_S = 60
LONGEST_NAME = 255
NOT_ITS_LOG = {403: "does not trust the key of this log", 404: "does not know this log"}


class WitnessAttester:
    """A witness below its submission prefix (C2SP tlog-witness); its evidence is its cosignature lines."""

    kind = "witness"

    def __init__(self, key: VerifierKey, url: str, http: httpx.Client) -> None:
        self.name = witness_name(key)
        self._key = key
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._http = http

    def attest(self, signed: Signed, since: int, prove: Callable[[int, int], list[bytes]]) -> bytes:
        """Have the checkpoint cosigned; the cosignature is verified under the witness's key."""
        status, kind, body = self._submit(signed, since, prove)
        if status == 409 and kind == SIZE_TYPE:
            status, _, body = self._submit(signed, self._remembered(body, signed), prove)
        if status == 422:
            raise Tampered(
                f"the witness {self.name} saw another log of this name", hint="audit the log against its view"
            )
        if status != 200:
            told = NOT_ITS_LOG.get(status, f"answers with status {status}")
            raise Unavailable(f"the witness {self.name} {told}", hint="it is asked again later")
        cosigned = read_note(take_cosignatures(signed.note, body, [self._key]), [self._key])
        return "".join(one.line for one in cosigned.signatures).encode()

    def _submit(self, signed: Signed, old: int, prove: Callable[[int, int], list[bytes]]) -> tuple[int, str, bytes]:
        import httpx

        request = format_request(Request(old, tuple(prove(old, signed.size)), signed.note))
        try:
            plain = {"Accept-Encoding": "identity"}
            with self._http.stream("POST", self._url, content=request, headers=plain) as answer:
                body = b"".join(_bounded(answer))
                return answer.status_code, answer.headers.get("Content-Type", ""), body
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            told = f"the witness {self.name} does not answer: {type(error).__name__}"
            raise Unavailable(told, hint="it is asked again later") from None

    def _remembered(self, body: bytes, signed: Signed) -> int:
        size = parse_size(body.decode("ascii", "replace").removesuffix("\n"))
        if size > signed.size:
            told = f"the witness {self.name} has seen {size:,} entries of this log, which has {signed.size:,}"
            raise Tampered(told, hint="the log was cut, or restored from an old backup: audit it")
        return size


def _bounded(answer: httpx.Response) -> Iterator[bytes]:
    size, until = 0, monotonic() + MAX_S
    for part in answer.iter_raw():
        size += len(part)
        if size > MAX_REPLY or monotonic() > until:
            hint = f"at most {MAX_REPLY:,} bytes are read, for {MAX_S} seconds"
            raise Unavailable("the witness's answer does not end", hint=hint)
        yield part


class StampAttester:
    """A time-stamp authority (RFC 3161); its evidence is the reply in DER."""

    kind = "stamp"

    def __init__(self, authority: TimeStampAuthority) -> None:
        place = urlsplit(authority.url)
        self.name = f"{place.netloc.rpartition('@')[2]}{place.path}"[:LONGEST_NAME]
        self._authority = authority

    def attest(self, signed: Signed, since: int, prove: Callable[[int, int], list[bytes]]) -> bytes:
        """Have the checkpoint's text stamped."""
        return self._authority.stamp(split_note(signed.note)[0])[0]


class ChainAttester:
    """Whoever holds heads of the log outside (`Notary`); its evidence is the receipt in JSON.

    The notary is made when it is asked: without its key or its library only the anchor lags.
    """

    kind = "anchor"

    def __init__(self, name: str, notary: Callable[[], Notary]) -> None:
        self.name = name
        self._notary = notary

    def attest(self, signed: Signed, since: int, prove: Callable[[int, int], list[bytes]]) -> bytes:
        """Have the head taken. The notary itself knows where its record ends."""
        head = parse_checkpoint(signed.note)
        receipt = self._notary().publish(head, lambda old: prove(old, signed.size))
        told = {"block": receipt.block, "transaction": receipt.transaction, "time": receipt.time.isoformat()}
        return json.dumps(told | {"size": receipt.size, "root": receipt.root.hex()}).encode()
