"""Builds the shipped table of cities' points, `src/haoma/places/data/cities.csv`.

Source: the adcode table of cpca (MIT licence, state of 2021), given as the argument; columns adcode (12 digits),
name, longitude, latitude.

Rules held here:
- A row for each region of haoma.numbers that is a city: of prefecture level, a county directly under its province, a
  municipality, 香港, 澳门, 台湾.
- cpca's coordinates are taken for GCJ-02 and turned into WGS-84: of 1,698 places that GeoNames (WGS-84) has within 4
  km under the same name, 176 lie within 150 m of where a shift would put them, 41 within 150 m of where none would, 7
  shifted the other way.
- What cpca does not have, or has wrong, stands in ADDED, by hand and to a hundredth of a degree. Found by comparing
  331 cities with GeoNames: no other is more than 30 km away, and those beyond 20 km (本溪, 枣庄, 昆明, 海东) have a
  seat outside their old centre.
- A point farther than FAR from the median of its own counties is printed, for someone to look at.

    python tools/build_places.py adcodes.csv [where to]
"""

from __future__ import annotations

import csv
import hashlib
import statistics
import sys
from pathlib import Path

from haoma.numbers.segments.tables import rows
from haoma.places.coordinates import gcj02_to_wgs84
from haoma.places.distance import distance_m

TARGET = Path(__file__).resolve().parent.parent / "src/haoma/places/data/cities.csv"
OWN_CITY = ("110000", "120000", "310000", "500000", "710000", "810000", "820000")
FAR = 150_000
Point = tuple[float, float]
ADDED: dict[str, Point] = {
    "211100": (41.12, 122.07),  # 盘锦市, which cpca has in 营口, 45 km away
    "139001": (38.52, 114.99),  # 定州市
    "139002": (37.94, 115.22),  # 辛集市
    "659005": (47.35, 87.82),  # 北屯市
    "659007": (44.84, 82.35),  # 双河市
    "659008": (43.95, 81.04),  # 可克达拉市
    "659009": (37.21, 79.29),  # 昆玉市
    "659010": (44.70, 84.83),  # 胡杨河市
    "659011": (42.90, 93.70),  # 新星市, to a tenth
    "659012": (46.60, 83.20),  # 白杨市, to a tenth or two
}
MOVED = {"540600": "542400"}  # 那曲市, which cpca has as 那曲地区


def points(source: Path) -> dict[str, Point]:
    """Latitude and longitude (WGS-84) by six-digit adcode, of all levels."""
    with source.open(encoding="utf-8", newline="") as file:
        found = {row["adcode"][:6]: (row["latitude"], row["longitude"]) for row in csv.DictReader(file)}
    return {code: gcj02_to_wgs84(float(lat), float(lon)) for code, (lat, lon) in found.items() if lat.strip()}


def far(code: str, known: dict[str, Point]) -> float:
    """Metres from a city's point to the median of its counties; 0 where it has none of its own."""
    counties = [point for other, point in known.items() if other[:4] == code[:4] and not other.endswith("00")]
    if not counties or code.endswith("0000") or code[2:4] == "90":
        return 0
    middle = statistics.median(lat for lat, _ in counties), statistics.median(lon for _, lon in counties)
    return distance_m(*known[code], *middle)


def main(source: Path, target: Path = TARGET) -> None:
    """Write the table, sorted by adcode."""
    known = {**points(source), **ADDED}
    known |= {code: known[before] for code, before in MOVED.items()}
    names = {row["adcode"]: row["name"] for row in rows("regions.csv")}
    cities = [code for code in sorted(names) if not code.endswith("0000") or code in OWN_CITY]
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(
            "# A point for each city, a seat of government as a rule: WGS-84 degrees, from what seems to be GCJ-02\n"
        )
        file.write(
            f"# Source: cpca adcodes 2021 (MIT), sha256 {digest[:16]}, and ten by hand; by tools/build_places.py\n"
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["adcode", "name", "lat", "lon"])
        for code in cities:
            decimals = 2 if code in ADDED else 4
            writer.writerow([code, names[code], *(f"{degrees:.{decimals}f}" for degrees in known[code])])
            if (metres := far(code, known)) > FAR:
                print(f"{code} {names[code]}: {metres / 1000:.0f} km from its counties", file=sys.stderr)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
