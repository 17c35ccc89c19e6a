"""Builds the outline inside which China's map services shift coordinates, `src/haoma/places/data/outline.csv`.

Source: Natural Earth 4.1.0, 1:10m countries (public domain), as npm's `world-atlas` 2.0.2 has them: `npm pack
world-atlas@2.0.2`, `countries-10m.json` is the argument. Needs `pip install shapely`, which nothing else here does.

Rules held here:
- Inside are the mainland's land, and the sea as far as the last of STEPS from it where no other land is nearer:
  another country's, or that of 香港, 澳门 and 台湾 with 金门 and 马祖.
- Where the source is wrong by kilometres and many people live, HAND corrects it.
- No vertex is farther than SIMPLE from the source's line, and almost none is moved near 香港 and 澳门.
- The file is for arithmetic, never for drawing.

    python tools/build_outline.py countries-10m.json
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from shapely import MultiPolygon, Point, Polygon, box, make_valid, union_all
from shapely.geometry.base import BaseGeometry

TARGET = Path(__file__).resolve().parent.parent / "src/haoma/places/data/outline.csv"
AROUND = box(65, 2, 145, 60)
MAINLAND = "China"
STEPS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5)  # degrees from the shore
SIMPLE, SMALLEST = 0.006, 0.002  # degrees, square degrees
DENSE = box(113.45, 22.05, 114.55, 22.65)
# Circles (longitude, latitude, degrees) of 金门 and 马祖, which the source has in part; none reaches the mainland's
# land.
ISLANDS = (
    (118.36, 24.44, 0.09),
    (118.24, 24.43, 0.03),
    (119.94, 26.16, 0.05),
    (119.98, 26.22, 0.05),
    (120.5, 26.37, 0.03),
)
# Land that the source gives to others or the sea: 横琴 and the port of the bridge in 珠海, 沙头角 and 盐田 in 深圳;
# then 大嶝, 绥芬河, 阿拉山口, 黑河 and 长白, whose centres it leaves outside by up to 2 km.
HAND = (
    box(113.44, 22.06, 113.549, 22.165),
    box(113.578, 22.206, 113.592, 22.22),
    Polygon([(114.222, 22.55), (114.24, 22.549), (114.3, 22.56), (114.33, 22.58), (114.222, 22.58)]),
    *(
        Point(lon, lat).buffer(radius, 4)
        for lon, lat, radius in (
            (118.33, 24.56, 0.02),
            (131.15, 44.4, 0.03),
            (82.555, 45.17, 0.03),
            (127.51, 50.238, 0.023),
            (128.195, 41.422, 0.008),
        )
    ),
)
Rings = list[list[tuple[float, float]]]


def decoded(topology: dict) -> Rings:  # type: ignore[type-arg]
    """The arcs of a quantised TopoJSON file as longitudes and latitudes."""
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append((x * kx + dx, y * ky + dy))
        arcs.append(line)
    return arcs


def countries(source: Path) -> Iterator[tuple[str, BaseGeometry]]:
    """Name and area of what lies around China."""
    topology = json.loads(source.read_text(encoding="utf-8"))
    arcs = decoded(topology)

    def ring(numbers: list[int]) -> list[tuple[float, float]]:
        parts = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
        return [parts[0][0], *(point for part in parts for point in part[1:])]

    for one in topology["objects"]["countries"]["geometries"]:
        polygons = [one["arcs"]] if one["type"] == "Polygon" else one["arcs"]
        rings = [[ring(numbers) for numbers in polygon] for polygon in polygons]
        area = MultiPolygon([Polygon(first, holes) for first, *holes in rings if len(first) > 3])
        if area.intersects(AROUND):
            yield one["properties"]["name"], make_valid(area).intersection(AROUND)


def outline(source: Path) -> MultiPolygon:
    """The area where the shift applies."""
    named = dict(countries(source))
    mainland = named.pop(MAINLAND)
    islands = [Point(lon, lat).buffer(radius) for lon, lat, radius in ISLANDS]
    others = union_all([*named.values(), *islands]).difference(mainland)
    sea = [mainland.buffer(step, 4).difference(others.buffer(step, 4)) for step in STEPS]
    exact = union_all([union_all([mainland, *sea]).difference(others), *HAND])
    whole = union_all([exact.simplify(SIMPLE).difference(DENSE), exact.intersection(DENSE).simplify(SIMPLE / 6)])
    parts = [Polygon(part.exterior, [hole for hole in part.interiors if Polygon(hole).area > SMALLEST])
             for part in whole.geoms if part.area > SMALLEST]  # fmt: skip
    return MultiPolygon(parts)


def main(source: Path) -> None:
    """Write the rings, one vertex a row; a ring closes at its first vertex."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    rings = [ring for part in outline(source).geoms for ring in (part.exterior, *part.interiors)]
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        file.write(
            "# Where China's map services shift coordinates, for arithmetic and never for drawing: WGS-84 degrees\n"
        )
        file.write(
            "# Source: Natural Earth 4.1.0, 1:10m (public domain), npm world-atlas 2.0.2 countries-10m.json,"
            f" sha256 {digest[:16]}; simplified, and the sea added, by tools/build_outline.py\n"
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ring", "lat", "lon"])
        for number, ring in enumerate(rings):
            writer.writerows([number, f"{lat:.4f}", f"{lon:.4f}"] for lon, lat in list(ring.coords)[:-1])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
