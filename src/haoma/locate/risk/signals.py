"""Signals of risk: a closed list, each with its weight, its words, and whether it may raise an alarm.

Rules held here:
- A weak signal moves the score and never an alarm: nobody is suspect for having moved, travelling or using a relay.
- The weights are judgement, in log-odds; whoever has labels fits a calibration on top (`calibration.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["BASE", "SIGNALS", "Kind", "Signal"]

BASE = -3.5


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of signal: its weight in log-odds at full strength, and whether it may raise an alarm (`strong`)."""

    weight: float
    strong: bool
    zh: str
    en: str


SIGNALS: Mapping[str, Kind] = MappingProxyType(
    {
        "impossible-travel": Kind(
            4.0, True, "两次定位之间的移动速度不可能。", "Nobody travels as fast as between two of the positions."
        ),
        "trail-breaks": Kind(2.5, True, "移动轨迹出现断裂。", "The trail breaks where a person would have gone on."),
        "trail-off-radio": Kind(
            3.5, True, "设备轨迹与独立的无线电证据不符。", "The trail of the device lies away from what radio shows."
        ),
        "device-against-radio": Kind(
            4.0, True, "设备位置与 Wi-Fi 或基站矛盾。", "Wi-Fi or cells contradict the device's position."
        ),
        "device-against-carrier": Kind(
            4.0, True, "设备位置与运营商的回答矛盾。", "The carrier contradicts the device's position."
        ),
        "declared-contradicted": Kind(
            3.0, True, "声明的地区与证据不符。", "The evidence speaks against the region that was declared."
        ),
        "sim-swapped": Kind(2.5, True, "SIM 卡最近更换过。", "The SIM card was changed of late."),
        "number-recycled": Kind(3.0, True, "号码已换了持有人。", "The number has another holder than before."),
        "relayed": Kind(0.7, False, "网络地址可能是代理或 VPN。", "The network address may be a relay or a VPN."),
        "roaming": Kind(0.5, False, "手机正在漫游。", "The phone is roaming."),
        "issued-far-from-network": Kind(
            0.3,
            False,
            "号码归属地与网络地址不在一处：许多人都是如此。",
            "The number was issued far from where its traffic leaves, as many people's was.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that was found, from 0 (not at all) to 1.

    >>> Signal("sim-swapped", 0.5).log_odds, Signal("sim-swapped", 0.5).zh
    (1.25, 'SIM 卡最近更换过。')
    """

    code: str
    strength: float

    @property
    def log_odds(self) -> float:
        """What it adds to the score."""
        return SIGNALS[self.code].weight * self.strength

    @property
    def strong(self) -> bool:
        """Whether it may raise an alarm."""
        return SIGNALS[self.code].strong

    @property
    def zh(self) -> str:
        """In Chinese."""
        return SIGNALS[self.code].zh

    @property
    def en(self) -> str:
        """In English."""
        return SIGNALS[self.code].en
