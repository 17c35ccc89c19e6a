"""A mobile carrier as a source: is the phone there, where is it, is it the same holder and card (CAMARA, OIDC CIBA)."""

from __future__ import annotations

from haoma.locate.camara.answers import Circle, Located, NotKnown, Polygon, Roaming, SimSwap, Verdict, Verified, Why
from haoma.locate.camara.client_key import ClientKey
from haoma.locate.camara.opening import open_camara
from haoma.locate.camara.recycling import CarrierRecycling
from haoma.locate.camara.service import Camara, Reveal, scope_of
from haoma.locate.camara.withdrawal import CarrierTokens

__all__ = [
    "Camara",
    "CarrierRecycling",
    "CarrierTokens",
    "Circle",
    "ClientKey",
    "Located",
    "NotKnown",
    "Polygon",
    "Reveal",
    "Roaming",
    "SimSwap",
    "Verdict",
    "Verified",
    "Why",
    "open_camara",
    "scope_of",
]
