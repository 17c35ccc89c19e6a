"""Why an answer is what it is, in words: a closed list, Chinese first.

Rules held here:
- A reason holds percentages, days and kinds of sources; never a place, a coordinate, or a source's own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["REASONS", "Reason"]

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "nothing-said": ("没有可用的证据。", "There is no evidence that says anything."),
        "issued-only": (
            "只有号码归属地：说明号码在哪里发放，不说明人在哪里。",
            "Attribution alone: where a number was issued, not where its holder is.",
        ),
        "no-position": (
            "没有设备、无线电、运营商或平台给出的位置，因此不显示地点。",
            "No device, radio, carrier or platform tells a position, so that no point is shown.",
        ),
        "too-wide": ("位置范围达 {km} 公里，不作为地点显示。", "The circle is {km} km wide: no place."),
        "few-people": (
            "居民不足 {k} 人的地区不单独显示。",
            "A region with fewer than {k} people is not shown by itself.",
        ),
        "too-uncertain": (
            "最可能的城市只有 {share}%，低于门槛 {least}%。",
            "The likeliest city has {share} %, less than the {least} % asked for.",
        ),
        "sources-contradict": ("各来源互相矛盾。", "The sources contradict each other."),
        "outside": ("定位圈不在所知的任何城市附近。", "A circle lies near none of the cities that are known."),
        "region-unknown": (
            "{count} 个来源所说的地区不在地区表中，未使用。",
            "{count} sources named a region that is not in the table; they were left out.",
        ),
        "device-trusted": ("设备定位可信（{share}%）。", "The device's own position is believed ({share} %)."),
        "radio-trusted": ("Wi-Fi 或基站定位可信（{share}%）。", "Wi-Fi or cells are believed ({share} %)."),
        "carrier-trusted": ("运营商的回答可信（{share}%）。", "The carrier's answer is believed ({share} %)."),
        "ip-agrees": ("网络地址所在城市与结果一致。", "The network address is placed in the same city."),
        "stated-agrees": ("本人提供的地址与结果一致。", "An address that was given lies in the same city."),
        "issued-agrees": ("号码在同一城市发放。", "The number was issued in the same city."),
        "moved": (
            "号码持有人可能已迁居（{share}%）。",
            "The holder may have moved away from where the number was issued ({share} %).",
        ),
        "away": ("人可能暂时离开居住的城市（{share}%）。", "They may be away from the city they live in ({share} %)."),
        "stale-address": ("地址可能是迁居前的（{share}%）。", "An address may be from before a move ({share} %)."),
        "home-routed": (
            "流量可能从号码归属省份出口（{share}%）。",
            "Traffic may leave in the province of the number ({share} %).",
        ),
        "relayed": (
            "网络地址可能是代理、VPN 或数据有误（{share}%）。",
            "The network address may be a relay or a VPN, or placed wrongly ({share} %).",
        ),
        "spoofed-device": ("设备位置可能是伪造的（{share}%）。", "The device's position may be made up ({share} %)."),
        "wrong-radio": ("Wi-Fi 或基站定位可能有误（{share}%）。", "Wi-Fi or cells may be wrong ({share} %)."),
        "wrong-carrier": ("运营商的回答可能有误（{share}%）。", "The carrier's answer may be wrong ({share} %)."),
        "old": ("定位证据已有 {days} 天，人可能已离开。", "The position is {days} days old; they may have left since."),
    }
)


class Reason(NamedTuple):
    """One reason: a code of `REASONS` and its values.

    >>> Reason("moved", (("share", 83),)).zh, Reason("moved", (("share", 83),)).en
    ('号码持有人可能已迁居（83%）。', 'The holder may have moved away from where the number was issued (83 %).')
    """

    code: str
    values: tuple[tuple[str, int], ...] = ()

    @property
    def zh(self) -> str:
        """In Chinese."""
        return REASONS[self.code][0].format(**dict(self.values))

    @property
    def en(self) -> str:
        """In English."""
        return REASONS[self.code][1].format(**dict(self.values))
