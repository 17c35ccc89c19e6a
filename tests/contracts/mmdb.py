"""Small databases in the form of MaxMind DB 2.0 (https://maxmind.github.io/MaxMind-DB/), made up by the tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

RECORD = 3  # bytes
_SIZES = {
    "binary_format_major_version": 2, "binary_format_minor_version": 2, "ip_version": 2, "record_size": 2,
    "node_count": 4,
}  # fmt: skip
BUILT = datetime(2026, 11, 1, tzinfo=UTC)
SHANGHAI = {"city": "Shanghai", "country_code": "CN", "latitude": 31.2304, "longitude": 121.4737}


def write_mmdb(
    path: Path, records: Mapping[str, Mapping[str, object]], *, version: int = 4, kind: str = "city"
) -> Path:
    """A database with a record for each network."""
    nodes: list[list[int | str]] = [["", ""]]
    data, offsets = b"", dict[str, int]()
    for name, record in records.items():
        offsets[name] = len(data)
        data += _value(dict(record))
        network = ip_network(name)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        at = 0
        for bit in bits[:-1]:
            child = nodes[at][int(bit)]
            if not isinstance(child, int):
                child = len(nodes)
                nodes[at][int(bit)] = child
                nodes.append(["", ""])
            at = child
        nodes[at][int(bits[-1])] = name
    tree = b"".join(_record(child, len(nodes), offsets).to_bytes(RECORD, "big") for node in nodes for child in node)
    said = {
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": int(BUILT.timestamp()),
        "database_type": kind, "description": {"en": "made up"}, "ip_version": version, "languages": ["en"],
        "node_count": len(nodes), "record_size": 8 * RECORD,
    }  # fmt: skip
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _map(said, _SIZES))
    return path


def _record(child: int | str, count: int, offsets: Mapping[str, int]) -> int:
    if isinstance(child, int):
        return child
    return count + 16 + offsets[child] if child else count


def _value(value: object) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return bytes([2 << 5 | len(text)]) + text if len(text) < 29 else bytes([2 << 5 | 29, len(text) - 29]) + text
    if isinstance(value, float):
        return bytes([3 << 5 | 8]) + struct.pack(">d", value)
    if isinstance(value, int):
        return bytes([8, 2]) + value.to_bytes(8, "big")
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(_value, value))
    assert isinstance(value, dict)
    return _map(value, {})


def _map(value: Mapping[str, object], sizes: Mapping[str, int]) -> bytes:
    """A map; `sizes` names whole numbers that are of two bytes or of four."""
    found = bytes([7 << 5 | len(value)])
    for name, one in value.items():
        size = sizes.get(name)
        found += _value(name)
        found += (
            bytes([(5 if size == 2 else 6) << 5 | size]) + int(str(one)).to_bytes(size, "big") if size else _value(one)
        )
    return found
