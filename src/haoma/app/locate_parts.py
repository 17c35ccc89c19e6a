"""Where customers are: the sources of evidence that settings name, and the questions that may be asked.

Rules held here:
- The segment of a number is always a source; a carrier is one where the settings camara_* name it, another platform
  where platform_file describes it. A network address is looked up on this machine, radio where radio_url says.
- What a customer shares on their page is a source where there is such a page (self_url).
- With a carrier, consent asks it whether a number has another holder, and has it forget who withdraws.
- Settings that name half a carrier are an error for whoever asks it, and hinder no withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.consent import Places, RecyclingCheck
    from haoma.locate import Gathering, Locate
    from haoma.locate.camara import Camara
    from haoma.locate.evidence import EvidenceSource, Reader
    from haoma.locate.fusion import Priors
    from haoma.locate.kept import CasePlaces
    from haoma.locate.risk import Calibration
    from haoma.locate.routing import Routing
    from haoma.locate.shared import Positions

__all__ = ["camara", "case_places", "gathering", "locate", "places", "positions", "recycling", "routing"]


def camara(services: Services) -> Camara:
    """The carrier that is asked over CAMARA; raises BadInput where the settings name none."""
    from haoma.locate.camara import open_camara

    settings = services.settings
    named = (settings.camara_url, settings.camara_issuer, settings.camara_client_id, settings.camara_key_file)
    return open_camara(*named, services.vault.known_as)


def locate(services: Services) -> Locate:
    """The questions about where customers are, each behind the gate."""
    from haoma.locate import Locate

    settings = services.settings
    calibration = _calibration(settings.risk_calibration)
    return Locate(services.consent, services.gathering, k=settings.locate_k, calibration=calibration)


def routing(services: Services) -> Routing:
    """Which store and desk a customer is sent to; rules that cannot be used are no fault of whoever asks."""
    from haoma.locate.routing import open_routing

    settings = services.settings
    if settings.route_rules is None:
        raise Unavailable("there are no rules to send customers by", hint="set route_rules: docs/guide/routing.md")
    try:
        return open_routing(services.consent, services.gathering, settings.route_rules, k=settings.locate_k)
    except BadInput as error:
        hint = "haoma route check says what is wrong with them"
        raise Unavailable("the rules to send customers by cannot be used", hint=hint) from error


def gathering(services: Services) -> Gathering:
    """What is asked about where customers are, and what looks up what comes with a question."""
    from haoma.locate import Gathering
    from haoma.locate.fusion import known_cities
    from haoma.locate.shared import SharedPosition
    from haoma.locate.sources.carrier import Carrier
    from haoma.locate.sources.segment import IssuedIn

    sources: list[EvidenceSource] = [IssuedIn(services.vault)]
    if services.settings.self_url:
        sources.append(SharedPosition(services.vault))
    if _is_named(services):
        sources.append(Carrier(services.camara, services.vault))
    if services.settings.platform_file is not None:
        sources.append(_platform(services, services.settings.platform_file))
    return Gathering(
        services.consent, sources, known_cities(), _priors(services.settings.fusion_priors), _readers(services)
    )


def _priors(path: Path | None) -> Priors:
    """How often evidence errs: as a file says, or as haoma ships it."""
    from haoma.locate.fusion import priors_from, shipped_priors

    if path is None:
        return shipped_priors()
    try:
        return priors_from(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        message = "the file that fusion_priors names cannot be read"
        raise BadInput(message, hint="haoma locate fit writes one") from None


def _calibration(path: Path | None) -> Calibration:
    """What a score means: as a file says, or as it comes."""
    from haoma.locate.risk import IDENTITY, calibration_from

    if path is None:
        return IDENTITY
    try:
        return calibration_from(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        message = "the file that risk_calibration names cannot be read"
        raise BadInput(message, hint="haoma locate calibrate writes one") from None


def _readers(services: Services) -> Iterator[Reader]:
    from haoma.locate.sources.network import NetworkAddress

    settings = services.settings
    yield NetworkAddress(settings.data_dir)
    if settings.radio_url:
        from haoma.locate.sources.radio import open_radio

        yield open_radio(settings.radio_url, settings.radio_key_file)


def _platform(services: Services, path: Path) -> EvidenceSource:
    from haoma.locate.sources.platform import Platform
    from haoma.locate.sources.platform_file import read_platform

    return Platform(read_platform(path), services.vault)


def recycling(services: Services) -> RecyclingCheck | None:
    """Who knows whether a number has another holder; None where no setting speaks of a carrier."""
    if not _is_named(services):
        return None
    from haoma.locate.camara import CarrierRecycling

    return CarrierRecycling(lambda: services.camara)


def positions(services: Services) -> Positions:
    """The positions that customers shared on their page."""
    from haoma.locate.shared import Positions

    return Positions(services.vault)


def places(services: Services) -> Places:
    """Who forgets what was kept of a subject: positions, cases, and a carrier where a setting speaks of one."""
    from haoma.locate.camara import CarrierTokens
    from haoma.locate.shared import Everywhere

    # A client that was not built holds no tokens, and is not built for their sake.
    carrier = [CarrierTokens(lambda: vars(services).get("camara"))] if _is_named(services) else []
    return Everywhere([services.positions, services.case_places, *carrier])


def case_places(services: Services) -> CasePlaces:
    """The places that cases keep."""
    from haoma.locate.kept import CasePlaces

    return CasePlaces(services.vault, services.gate)


def _is_named(services: Services) -> bool:
    settings = services.settings
    return any((settings.camara_url, settings.camara_issuer, settings.camara_client_id, settings.camara_key_file))
