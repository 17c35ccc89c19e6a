"""Prism serves CAMARA's own interface definitions, and npm's oidc-provider is the carrier's sign-in server."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contracts.carrier import CLIENT, PEM, Carrier, Desk, Heard, Reply, open_carrier
from contracts.consent import NUMBER
from haoma.consent import Grant, Granularity
from haoma.errors import Refused, Unavailable
from haoma.locate.camara import (
    Camara,
    CarrierRecycling,
    Circle,
    ClientKey,
    Located,
    NotKnown,
    Polygon,
    Roaming,
    SimSwap,
    Verdict,
    Verified,
    Why,
    scope_of,
)
from haoma.locate.camara.ciba import Tokens
from haoma.locate.camara.interfaces import INTERFACES, NUMBER_RECYCLING
from haoma.locate.camara.issuer import Issuer
from haoma.numbers import Number, parse
from haoma.wire.breaker import Breaker

HERE = Path(__file__).parent
STARTS_S = 60
DEFINITIONS = {
    "location-verification": "DeviceLocation",
    "location-retrieval": "DeviceLocation",
    "number-verification": "NumberVerification",
    "sim-swap": "SimSwap",
    "number-recycling": "NumberRecycling",
    "device-roaming-status": "DeviceRoamingStatus",
}
AREA = Circle(50.735851, 7.10066, 50_000)
SEEN = datetime(2023, 9, 7, 10, 40, 52, tzinfo=UTC)
RETRIEVED = datetime(2023, 10, 17, 13, 18, 23, 682_000, tzinfo=UTC)
STATUS = datetime(2024, 2, 20, 10, 41, 38, 657_000, tzinfo=UTC)
SWAPPED = datetime(2024, 9, 18, 7, 37, 53, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def npm() -> Path:
    found = subprocess.run(["sh", HERE / "camara.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(found.stdout.strip())


@pytest.fixture(scope="module")
def issuer(npm: Path) -> Iterator[str]:
    """The URL of a sign-in server on this machine."""
    shutil.copy(HERE / "camara_issuer.mjs", npm)
    port, jwk = free_port(), json.dumps(dict(ClientKey(PEM).jwk))
    command = ["node", npm / "camara_issuer.mjs", str(port), jwk]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        assert any(line.strip() == "ready" for line in process.stdout)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture(scope="module")
def prisms(npm: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Under which URL each interface is served; keys are the paths that its definition says it is below."""
    urls: dict[str, str] = {}
    with ExitStack() as ending:
        for name, repository in DEFINITIONS.items():
            file = shared / "camara" / repository / "code" / "API_definitions" / f"{name}.yaml"
            root = re.search(r"\{apiRoot\}/(\S+?)['\"]", file.read_text(encoding="utf-8"))
            assert root
            port = free_port()
            log = ending.enter_context((tmp_path_factory.mktemp(name) / "log").open("wb"))
            command = [npm / "node_modules/.bin/prism", "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), file]
            process = subprocess.Popen(command, stdout=log, stderr=log)
            ending.callback(process.wait)
            ending.callback(process.terminate)
            urls[root[1]] = f"http://127.0.0.1:{port}"
        until = time.monotonic() + STARTS_S
        while not all(answers(url) for url in urls.values()):
            assert time.monotonic() < until, "Prism does not start"
            time.sleep(0.2)
        yield urls


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code > 0
    except httpx.HTTPError:
        return False


class Front:
    """Stands before all Prisms as a carrier's gateway does, and has them answer as a test prefers."""

    def __init__(self, carrier: Carrier, prisms: dict[str, str]) -> None:
        self.carrier = carrier
        self.prefer = ""
        self._prisms = prisms
        carrier.on_request = self.answer

    def answer(self, heard: Heard) -> Reply:
        root = next(root for root in self._prisms if heard.path.startswith(f"/{root}/"))
        headers = {name: heard.headers[name] for name in ("content-type", "authorization", "x-correlator", "accept")}
        url = self._prisms[root] + heard.path.removeprefix(f"/{root}")
        sent = headers | ({"prefer": self.prefer} if self.prefer else {})
        found = httpx.post(url, content=heard.body, headers=sent, trust_env=False, timeout=30)
        return Reply(found.content, found.status_code, {"content-type": found.headers["content-type"]})


@pytest.fixture(scope="module")
def front(prisms: dict[str, str]) -> Iterator[Front]:
    with open_carrier() as carrier:
        yield Front(carrier, prisms)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def one_camara(front: Front, issuer: str, desk: Desk) -> Camara:
    return a_camara(front.carrier.url, issuer, desk)


def a_camara(url: str, issuer: str, desk: Desk, pem: bytes = PEM) -> Camara:
    """Signing in is in the time of this machine, answers are in that of CAMARA's examples."""
    clock = time.monotonic
    server = Issuer(issuer, CLIENT, ClientKey(pem), Breaker("sign-in server", clock), clock, lambda: datetime.now(UTC))
    tokens = Tokens(server, clock, lambda: desk.given, time.sleep)
    return Camara(url, tokens, desk.known_as, ssl.create_default_context(), clock, desk.now, answer_s=15.0)


@pytest.fixture
def camara(one_camara: Camara) -> Camara:
    """Its tokens last for all tests; its breakers are new, for errors are what is asked for."""
    one_camara.__post_init__()
    return one_camara


def reveal() -> Number:
    return parse(NUMBER)


Question = Callable[[Camara, Grant], object]
QUESTIONS: dict[str, Question] = {
    "location-verification": lambda camara, grant: camara.verify_location(grant, reveal, AREA, max_age_s=120),
    "location-retrieval": lambda camara, grant: camara.retrieve_location(grant, reveal, max_surface_m2=10**6),
    "sim-swap": lambda camara, grant: camara.sim_swap(grant, reveal),
    "device-roaming-status": lambda camara, grant: camara.roaming(grant, reveal),
    "number-recycling": lambda camara, grant: CarrierRecycling(lambda: camara).recycled(parse(NUMBER), grant.since),
}


def ask(camara: Camara, desk: Desk, name: str, at: datetime) -> object:
    desk.clock[0], desk.given = at, at - timedelta(days=1)
    return QUESTIONS[name](camara, desk.require(fine=Granularity.POINT))


def test_every_interface_lies_where_its_definition_says(prisms: dict[str, str]) -> None:
    assert {one.path.rpartition("/")[0] for one in INTERFACES} == set(prisms)


@pytest.mark.parametrize(
    ("name", "example", "at", "wanted"),
    [
        ("location-verification", "VERIFICATION_TRUE", SEEN, Verified(Verdict.TRUE, None, SEEN)),
        ("location-verification", "VERIFICATION_TRUE_WITH_DEVICE", SEEN, Verified(Verdict.TRUE, None, SEEN)),
        ("location-verification", "VERIFICATION_FALSE", SEEN, Verified(Verdict.FALSE, None, SEEN)),
        ("location-verification", "VERIFICATION_PARTIAL", SEEN, Verified(Verdict.PARTIAL, 74, SEEN)),
        ("location-retrieval", "LOCATION_CIRCLE", RETRIEVED, Located(Circle(45.754114, 4.860374, 800), RETRIEVED)),
        ("sim-swap", "RETRIEVE_MONITORED_NULL", SWAPPED, SimSwap(None)),
        ("sim-swap", "RETRIEVE_MONITORED_PERIOD", SWAPPED, SimSwap(None, 120)),
        ("device-roaming-status", "Not Roaming", STATUS, Roaming(False, STATUS)),
        ("device-roaming-status", "No Country Name", STATUS, Roaming(True, STATUS, 901)),
        ("device-roaming-status", "Single Country Code", STATUS, Roaming(True, STATUS, 262, ("DE",))),
        (
            "device-roaming-status",
            "Multiple Country Codes",
            STATUS,
            Roaming(True, STATUS, 340, ("BL", "GF", "GP", "MF", "MQ")),
        ),
    ],
)
def test_camaras_own_examples_are_read(
    front: Front, camara: Camara, desk: Desk, *, name: str, example: str, at: datetime, wanted: object
) -> None:
    front.prefer = f"code=200, example={example}"
    assert ask(camara, desk, name, at) == wanted


def test_a_polygon_a_moment_in_nanoseconds_and_yes_and_no_are_read(front: Front, camara: Camara, desk: Desk) -> None:
    front.prefer = "code=200, example=LOCATION_POLYGON"
    found = ask(camara, desk, "location-retrieval", RETRIEVED)
    assert isinstance(found, Located)
    assert isinstance(found.area, Polygon)
    assert len(found.area.corners) == 5
    front.prefer = "code=200, example=RETRIEVE_DATE"
    swap = ask(camara, desk, "sim-swap", SWAPPED)
    assert isinstance(swap, SimSwap)
    assert swap.at is not None
    assert swap.at.replace(microsecond=0) == SWAPPED
    front.prefer = "code=200"
    assert ask(camara, desk, "number-recycling", SEEN) in {True, False}


@pytest.mark.parametrize(
    ("name", "example", "why"),
    [
        ("location-verification", "LOCATION_VERIFICATION_422_AREA_NOT_COVERED", Why.NOT_COVERED),
        ("location-verification", "LOCATION_VERIFICATION_422_INVALID_AREA", Why.AREA_TOO_SMALL),
        ("location-verification", "LOCATION_VERIFICATION_422_UNABLE_TO_FULFILL_MAX_AGE", Why.TOO_OLD),
        ("location-verification", "LOCATION_VERIFICATION_422_UNABLE_TO_LOCATE", Why.UNLOCATED),
        ("location-retrieval", "LOCATION_RETRIEVAL_422_UNABLE_TO_FULFILL_MAX_AGE", Why.TOO_OLD),
        ("location-retrieval", "LOCATION_RETRIEVAL_422_UNABLE_TO_FULFILL_MAX_SURFACE", Why.TOO_COARSE),
        ("location-retrieval", "LOCATION_RETRIEVAL_422_UNABLE_TO_LOCATE", Why.UNLOCATED),
        ("location-retrieval", "GENERIC_422_SERVICE_NOT_APPLICABLE", Why.NOT_SERVED),
        ("sim-swap", "GENERIC_422_SERVICE_NOT_APPLICABLE", Why.NOT_SERVED),
        ("device-roaming-status", "GENERIC_422_UNSUPPORTED_IDENTIFIER", Why.NOT_SERVED),
    ],
)
def test_what_a_carrier_cannot_tell_has_its_reason(
    front: Front, camara: Camara, desk: Desk, *, name: str, example: str, why: Why
) -> None:
    front.prefer = f"code=422, example={example}"
    unknown = Verified(Verdict.UNKNOWN, why=why) if name == "location-verification" else NotKnown(why)
    assert ask(camara, desk, name, SEEN) == unknown


@pytest.mark.parametrize("example", ["GENERIC_422_MISSING_IDENTIFIER", "GENERIC_422_UNNECESSARY_IDENTIFIER"])
@pytest.mark.parametrize("name", ["location-verification", "location-retrieval", "sim-swap", "device-roaming-status"])
def test_a_question_about_nobody_or_somebody_twice_is_unavailable(
    front: Front, camara: Camara, desk: Desk, *, name: str, example: str
) -> None:
    front.prefer = f"code=422, example={example}"
    with pytest.raises(Unavailable, match="subscriber"):
        ask(camara, desk, name, SEEN)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_other_errors_of_each_interface_are_told_apart(front: Front, camara: Camara, desk: Desk, name: str) -> None:
    front.prefer = "code=400"
    with pytest.raises(Unavailable, match="does not take the question"):
        ask(camara, desk, name, SEEN)
    front.prefer = "code=401"
    with pytest.raises(Unavailable, match="its own token"):
        ask(camara, desk, name, SEEN)
    front.prefer = "code=403"
    with pytest.raises(Refused) as error:
        ask(camara, desk, name, SEEN)
    assert error.value.reason == "carrier-refused"
    if name in {"sim-swap", "device-roaming-status"}:
        front.prefer = "code=429"
        with pytest.raises(Unavailable, match="no more questions"):
            ask(camara, desk, name, SEEN)


def test_what_is_sent_is_what_the_definitions_ask_for(front: Front, camara: Camara, desk: Desk) -> None:
    """Prism answers 422, whatever is preferred, where a request breaks its definition."""
    front.prefer = "code=200"
    for name, at in zip(QUESTIONS, (SEEN, RETRIEVED, SWAPPED, STATUS, SEEN), strict=True):
        assert not isinstance(ask(camara, desk, name, at), NotKnown)
    with camara._line() as line:
        token = camara.tokens.once(line, scope_of("customer-care", NUMBER_RECYCLING), f"tel:+86{NUMBER}")
        url = f"{front.carrier.url}/{NUMBER_RECYCLING.path}"
        found = line.post_json(url, str(token), "abc", {"specifiedDate": "yesterday"})
    assert found.status == 422


def test_a_phone_proves_its_number_by_its_own_token(front: Front, camara: Camara, desk: Desk) -> None:
    front.prefer = "code=200"
    desk.clock[0], desk.given = SEEN, SEEN - timedelta(days=1)
    grant = desk.require("identity-verification")
    assert camara.verify_number(grant, reveal, "token-of-8000") in {True, False}
    front.prefer = "code=403, example=GENERIC_403_USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK"
    assert camara.verify_number(grant, reveal, "token-of-8000") == NotKnown(Why.NOT_BY_NETWORK)
    assert camara.verify_number(grant, reveal, "token-of-nobody") == NotKnown(Why.NO_SUBSCRIBER)


def test_no_purpose_and_nobody_but_the_holder_opens_the_interface(front: Front, issuer: str) -> None:
    front.prefer = "code=200"
    now = datetime.now(UTC)
    desk = Desk([now], now - timedelta(days=1))
    camara = a_camara(front.carrier.url, issuer, desk)
    before = len(front.carrier.heard)
    with camara._line() as line:
        with pytest.raises(Refused):
            camara.tokens.once(line, "openid dpv:CustomerCare sim-swap:retrieve-date", "tel:+8613800138001")
        with pytest.raises(Refused):  # this server leaves out what it does not know
            camara.tokens.once(line, "openid dpv:Marketing sim-swap:retrieve-date", f"tel:+86{NUMBER}")
        found = camara.tokens.once(line, "openid dpv:CustomerCare sim-swap:retrieve-date", "tel:+8613800138009")
    assert found is Why.NO_SUBSCRIBER
    camara.answer_s = 3.0
    with camara._line() as line, pytest.raises(Unavailable, match="has not answered the carrier yet"):
        camara.tokens.once(line, "openid dpv:CustomerCare sim-swap:retrieve-date", "tel:+8613800138002")
    assert len(front.carrier.heard) == before


def test_a_client_with_another_key_is_let_nowhere(front: Front, issuer: str, desk: Desk) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    camara = a_camara(front.carrier.url, issuer, desk, pem)
    before = len(front.carrier.heard)
    with pytest.raises(Unavailable, match="does not let this client ask"):
        ask(camara, desk, "sim-swap", SWAPPED)
    assert len(front.carrier.heard) == before
