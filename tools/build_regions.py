"""Builds the shipped table of provinces and prefectures, `src/haoma/numbers/data/regions.csv`.

Source: the adcode table of cpca (MIT licence, state of 2021), given as the argument; columns adcode (12 digits), name.
Corrected to the state of 2025 by the lists below. Left out: the placeholders 市辖区, 县 and 省直辖县级行政区划.

    python tools/build_regions.py adcodes.csv
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/haoma/numbers/data/regions.csv"
PLACEHOLDERS = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
ABOLISHED = {
    "371200",  # 莱芜市, merged into 济南市 (国函〔2018〕162号, carried out 2019-01)
    "542400",  # 那曲地区, made 那曲市 540600 (国函〔2017〕87号)
}
ADDED = {
    "540600": "那曲市",
    "659005": "北屯市",
    "659007": "双河市",
    "659008": "可克达拉市",
    "659009": "昆玉市",
    "659010": "胡杨河市",
    "659011": "新星市",
    "659012": "白杨市",
}


def is_wanted(adcode: str, name: str) -> bool:
    """Provinces (330000), prefectures (330100) and counties directly under a province (429004)."""
    level = adcode.endswith("00") or adcode[2:4] == "90"
    return level and name not in PLACEHOLDERS and adcode not in ABOLISHED


def read(source: Path) -> dict[str, str]:
    """Names by six-digit adcode, as wanted here."""
    with source.open(encoding="utf-8", newline="") as file:
        rows = {row["adcode"][:6]: row["name"].strip() for row in csv.DictReader(file) if len(row["adcode"]) == 12}
    return {**{code: name for code, name in rows.items() if is_wanted(code, name)}, **ADDED}


def main(source: Path) -> None:
    """Write the table, sorted by adcode."""
    names = read(source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        file.write("# Provinces, prefectures and counties directly under a province: GB/T 2260, state of 2025-01-01\n")
        file.write(f"# Source: cpca adcodes 2021 (MIT), sha256 {digest[:16]}, corrected by tools/build_regions.py\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["adcode", "name", "province"])
        writer.writerows([code, names[code], names[code[:2] + "0000"]] for code in sorted(names))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
