"""RFC 3161 time stamps: that these bytes existed at a time which an authority outside vouches for.

Rules held here:
- A request holds the SHA-256 of the data, a nonce, and nothing else; it asks for the authority's certificate.
- A stamp holds when it was granted over this data, with this nonce where one is given, and signed by a certificate that
  is made for time stamping (RFC 3161 §2.3) and that a given root vouches for.
- Certificates are judged at the time of the stamp, which must outlive them; with `at`, at that time as well.
- A reply carries no certificate but the signer's and those above it: the signature does not cover them, so that others
  could have been put there by anyone.
- What cannot be read, and a reply without a stamp, is BadInput; a stamp that does not hold is Tampered. Only a missing
  library is something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from haoma.errors import BadInput, HaomaError, Tampered, Unavailable

if TYPE_CHECKING:
    import rfc3161_client
    from cryptography.x509 import Certificate

__all__ = ["NONCE_BITS", "Stamp", "Trust", "request", "require_trust", "verify"]

NONCE_BITS = 64
GRANTED = 0
# RFC 3161 §2.4.2, for the message alone.
STATUS = ("granted", "granted with changes", "rejected", "waiting", "revocation warning", "revoked")
# AlgorithmIdentifier of SHA-256 with NULL parameters, in DER (RFC 5754 §2).
_SHA256 = bytes.fromhex("300d06096086480165030402010500")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority vouches for: the data was there at `time` (UTC), give or take `accuracy_us` where it says so.

    `policy` is the OID under which it stamps, `tsa_name` the subject of its certificate (RFC 4514).
    """

    time: datetime
    serial: int
    policy: str
    tsa_name: str
    accuracy_us: int | None = None


class Trust(NamedTuple):
    """The certificates that are trusted to vouch, and the others that are known."""

    roots: list[Certificate]
    others: list[Certificate]


def request(data: bytes, nonce: int) -> bytes:
    """The request for a stamp over data, in DER (RFC 3161 §2.4.1). The nonce is positive, random, and of `NONCE_BITS`.

    >>> request(b"checkpoint", 1).hex()[:16]
    '303c020101303130'
    """
    if not 0 < nonce < 1 << NONCE_BITS:
        raise BadInput("the nonce is out of range", hint=f"it is above 0 and below 2^{NONCE_BITS}")
    imprint = _der(0x30, _SHA256 + _der(0x04, sha256(data).digest()))
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    return _der(0x30, _der(0x02, b"\x01") + imprint + _der(0x02, number) + _der(0x01, b"\xff"))


def verify(
    reply: bytes,
    data: bytes,
    roots: Sequence[bytes],
    *,
    certificates: Sequence[bytes] = (),
    nonce: int | None = None,
    at: datetime | None = None,
) -> Stamp:
    """The stamp in a reply, if it holds for this data; raises Tampered if it does not, BadInput if it cannot be read.

    `roots` are certificates in PEM (one or more each) or DER that are trusted to vouch for an authority; `certificates`
    are others that the reply may leave out, the authority's own among them. `at` asks that a chain of certificates is
    valid at that time too.
    """
    trust = require_trust(roots, certificates)
    import rfc3161_client as library

    try:
        answer = library.decode_timestamp_response(reply)
        status = answer.status
        if status == GRANTED:
            embedded = list(_certificates(answer.signed_data.certificates))
            return _verified(answer, data, trust, embedded, nonce, at)
    except HaomaError:
        raise
    except library.VerificationError as error:
        raise Tampered(f"the time stamp does not hold: {_reason(error)}", hint="get it from the archive") from None
    except Exception as error:  # noqa: BLE001 - hostile bytes bring ValueError, KeyError, InvalidVersion … out of the parsers
        raise BadInput("this is no reply of a time-stamp authority", hint=f"it is DER: {_reason(error)}") from None
    said = STATUS[status] if 0 <= status < len(STATUS) else str(status)
    raise BadInput(f"the reply holds no stamp: the authority says {said}", hint="ask again, or ask another authority")


def _verified(
    answer: rfc3161_client.TimeStampResponse,
    data: bytes,
    trust: Trust,
    embedded: list[Certificate],
    nonce: int | None,
    at: datetime | None,
) -> Stamp:
    import rfc3161_client as library

    signer = _signer(answer, [*embedded, *trust.others])
    _require_no_strangers(signer, embedded, trust)
    verifier = library.VerifierBuilder(
        roots=trust.roots, intermediates=trust.others, tsa_certificate=None if embedded else signer, nonce=nonce
    ).build()
    verifier.verify_message(answer, data)
    # OpenSSL judged the certificate that it found; this is the one that is read here.
    if not _vouched(signer, embedded, trust, answer.tst_info.gen_time):
        raise Tampered("no root that is trusted vouches for the signer of the stamp", hint="check `roots`")
    if at is not None and not _vouched(signer, embedded, trust, at):
        raise Tampered(
            f"the certificates of the stamp are not valid on {at:%Y-%m-%d}",
            hint="they may have been when it was granted: verify without `at`",
        )
    told = answer.tst_info
    return Stamp(
        time=told.gen_time,
        serial=told.serial_number,
        policy=told.policy.dotted_string,
        tsa_name=signer.subject.rfc4514_string(),
        accuracy_us=_microseconds(told.accuracy),
    )


def _signer(answer: rfc3161_client.TimeStampResponse, known: list[Certificate]) -> Certificate:
    wanted = {(info.issuer, info.serial_number) for info in answer.signed_data.signer_infos}
    found = {one for one in known if (one.issuer, one.serial_number) in wanted}
    if len(found) > 1 or len(wanted) > 1:
        raise Tampered("more than one certificate claims to be the signer's", hint="get the reply from the archive")
    if not found:
        raise BadInput("the certificate that signed the stamp is not there", hint="give it in `certificates`")
    return found.pop()


def _require_no_strangers(signer: Certificate, embedded: list[Certificate], trust: Trust) -> None:
    known = [*embedded, *trust.others, *trust.roots]
    above, reached = [signer], {signer}
    while above:
        below = above.pop()
        issuers = [one for one in known if one not in reached and _issued(one, below)]
        above += issuers
        reached.update(issuers)
    strangers = [one for one in embedded if one not in reached]
    if strangers:
        raise Tampered(
            f"the reply carries {len(strangers)} certificates that have nothing to do with its signer",
            hint="somebody may have put them there: get the reply from the archive, or stamp again",
        )


def _vouched(one: Certificate, embedded: list[Certificate], trust: Trust, at: datetime, depth: int = 0) -> bool:
    """Whether a chain of certificates that are all valid at that time leads from this one to a root."""
    if depth > 8 or not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
        return False
    known = [*embedded, *trust.others, *trust.roots]
    return one in trust.roots or any(
        _vouched(issuer, embedded, trust, at, depth + 1) for issuer in known if issuer != one and _issued(issuer, one)
    )


def _issued(issuer: Certificate, subject: Certificate) -> bool:
    try:
        subject.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - a foreign key or algorithm raises what it likes: this is no issuer either way
        return False
    return True


def require_trust(roots: Sequence[bytes], certificates: Sequence[bytes]) -> Trust:
    """The certificates, each once; raises BadInput where they are none, or a root is among the others.

    OpenSSL takes any self-issued certificate that it is given for a root, so that must be said.
    """
    _require_library()
    trust = Trust(list(dict.fromkeys(_certificates(roots))), list(dict.fromkeys(_certificates(certificates))))
    if not trust.roots or not all(one.subject == one.issuer for one in trust.roots):
        raise BadInput("a root is a certificate that vouches for itself", hint="give the others in `certificates`")
    if any(one.subject == one.issuer for one in trust.others):
        raise BadInput("a certificate that vouches for itself is a root", hint="give it in `roots` if you trust it")
    return trust


def _certificates(texts: Sequence[bytes] | set[bytes]) -> Iterator[Certificate]:
    from cryptography import x509

    for text in texts:
        try:
            if b"-----BEGIN" in text:
                yield from x509.load_pem_x509_certificates(text)
            else:
                yield x509.load_der_x509_certificate(text)
        except (ValueError, TypeError, x509.InvalidVersion) as error:
            raise BadInput(f"this is no certificate: {_reason(error)}", hint="X.509 in PEM or DER") from None


def _microseconds(accuracy: rfc3161_client.Accuracy | None) -> int | None:
    if accuracy is None:
        return None
    return 1_000_000 * (accuracy.seconds or 0) + 1_000 * (accuracy.millis or 0) + (accuracy.micros or 0)


def _reason(error: Exception) -> str:
    """What a library says, short and in one line: its own words may be a dump of OpenSSL's error stack."""
    return " ".join(str(error).split())[:160]


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content  # requests stay below 128 bytes, where a length is one byte


def _require_library() -> None:
    if find_spec("rfc3161_client") is None:
        raise Unavailable("time stamps need rfc3161-client", hint="pip install 'haoma[stamp]'")
