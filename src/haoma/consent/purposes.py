"""What a customer may be asked for, as closed lists: purposes, sources, granularities, holders' ages.

Rules held here:
- A purpose is a term of the W3C Data Privacy Vocabulary 2 (https://w3id.org/dpv) with our own words in zh and en.
- Marketing and what is akin to it is not offered; whoever asks for it is refused by name, whatever carriers take.
- One purpose at a time: consent to whereabouts is never bundled (PIPL art. 29; GB/T 45574-2025 §6.6).
- Every purpose says how fine an answer it may get, how long it may last at the most, and what may be asked for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from haoma.errors import BadInput, Refused

__all__ = [
    "DPV",
    "EMERGENCY",
    "NEVER",
    "PURPOSES",
    "Granularity",
    "Holder",
    "Purpose",
    "Source",
    "one_purpose",
    "purpose_named",
]

DPV = "https://w3id.org/dpv#"


class Granularity(StrEnum):
    """How much of a place an answer shows, from the least on."""

    YES_NO = "yes-no"
    MACRO_REGION = "macro-region"
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    POINT = "point"

    @property
    def rank(self) -> int:
        """0 for the least that can be shown."""
        return list(Granularity).index(self)


class Source(StrEnum):
    """Where evidence of a place may be asked for."""

    SEGMENT = "segment"
    STATED = "stated"
    BROWSER = "browser"
    CARRIER = "carrier"
    PLATFORM = "platform"
    HISTORY = "history"


class Holder(StrEnum):
    """How old the holder of a number is, as they or their guardian say (PIPL art. 31)."""

    ADULT = "adult"
    FROM_14 = "from-14"
    UNDER_14 = "under-14"


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose. `dpv` is its DPV term, `finest` the most that may be shown, `longest_days` the longest permission.

    >>> purpose_named("customer-care").iri
    'https://w3id.org/dpv#CustomerCare'
    """

    name: str
    dpv: str
    zh: str
    en: str
    offer_zh: str
    offer_en: str
    finest: Granularity
    longest_days: int
    action: str = "locate"

    @property
    def iri(self) -> str:
        """The DPV term in full."""
        return DPV + self.dpv


PURPOSES: tuple[Purpose, ...] = (
    Purpose(
        "customer-care",
        "CustomerCare",
        "在您来电时了解您大致所在的地区，以便为您转接当地的服务网点",
        "to know roughly where you are while you call us, and put you through to the branch that serves you there",
        "请客户说出所在城市，或自行从网点列表中选择",
        "ask which city they are in, or let them choose from the list of branches",
        Granularity.DISTRICT,
        90,
    ),
    Purpose(
        "service-provision",
        "RequestedServiceProvision",
        "为您提供您刚刚请求的上门服务，例如道路救援",
        "to bring you the service you have just asked for where you are, such as help on the road",
        "请客户说出地址、路名或最近的路标",
        "ask for the address, the road or the nearest landmark",
        Granularity.POINT,
        1,
    ),
    Purpose(
        "delivery",
        "DeliveryOfGoods",
        "核对您的收货地点，以便送达您订购的商品",
        "to check where what you ordered is to be delivered",
        "请客户确认订单中的收货地址",
        "have them confirm the address in the order",
        Granularity.DISTRICT,
        30,
    ),
    Purpose(
        "fraud-prevention",
        "FraudPreventionAndDetection",
        "核对办理业务的人是否与您在同一地区，以保护您的账户不被冒用",
        "to check that whoever acts in your name is where you are, and protect your account",
        "改用密码、人脸以外的证件核验，或请客户到网点办理",
        "verify them by password or document instead, or ask them to come to a branch",
        Granularity.CITY,
        180,
        "score",
    ),
    Purpose(
        "identity-verification",
        "IdentityVerification",
        "确认您就是这个号码的使用人",
        "to make sure that it is you who uses this number",
        "改用证件核验，或请客户到网点办理",
        "verify them by a document instead, or ask them to come to a branch",
        Granularity.YES_NO,
        1,
    ),
)

EMERGENCY = Purpose(
    "emergency",
    "PublicBenefit",
    "紧急情况下为保护人的生命健康和财产安全",
    "to protect life, health or property in an emergency",
    "请拨打110、119或120",
    "call 110, 119 or 120",
    Granularity.POINT,
    1,
)
"""Not offered to anyone: a basis of its own (PIPL art. 13 (4); dpv:VitalInterestOfDataSubject), see emergency.py."""

NEVER = frozenset(
    {
        "advertising",
        "direct-marketing",
        "marketing",
        "personalisation",
        "personalised-advertising",
        "personalised-benefits",
        "political-campaign",
        "provide-event-recommendations",
        "provide-personalised-recommendations",
        "provide-product-recommendations",
        "public-relations",
        "recruitment-advertising",
        "recruitment-targeted-advertising",
        "sell-data-to-third-parties",
        "sell-insights-from-data",
        "sell-products",
        "sell-products-to-data-subject",
        "service-personalisation",
        "social-media-marketing",
        "targeted-advertising",
        "user-interface-personalisation",
    }
)
"""Terms of DPV that are refused by name: advertising, selling, profiling for either."""

_OFFERED = {purpose.name: purpose for purpose in PURPOSES}
_BY_TERM = {purpose.dpv.casefold(): purpose for purpose in PURPOSES}
_NEVER = frozenset(name.replace("-", "") for name in NEVER)


def purpose_named(text: str) -> Purpose:
    """The purpose of this name or DPV term (`customer-care`, `CustomerCare`, `dpv:CustomerCare`).

    Raises Refused for marketing and its like, BadInput for what is no purpose here.
    """
    term = text.removeprefix(DPV).removeprefix("dpv:")
    found = _OFFERED.get(term) or _BY_TERM.get(term.casefold())
    if found is not None:
        return found
    hint = f"purposes: {', '.join(_OFFERED)}"
    if re.sub("[^a-z]", "", term.casefold()) in _NEVER:
        message = "where a customer is serves no marketing, selling or personalisation here"
        raise Refused(message, hint=hint, reason="purpose-never")
    message = "this is no purpose that a customer can be asked for"
    raise BadInput(message, hint=hint)


def one_purpose(texts: Sequence[str] | str) -> Purpose:
    """The one purpose of a request; raises Refused where it carries several, or `a,b` in one.

    >>> one_purpose(["delivery"]).name
    'delivery'
    """
    given = [texts] if isinstance(texts, str) else list(texts)
    parts = [part for text in given for part in text.replace(",", " ").split()]
    if len(parts) > 1:
        message = f"{len(parts)} purposes in one request: consent is asked for one at a time"
        raise Refused(message, hint="make a request for each (PIPL art. 29)", reason="bundled")
    return purpose_named(parts[0] if parts else "")
