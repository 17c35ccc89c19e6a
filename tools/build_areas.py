"""Builds the shipped table of area codes, `src/haoma/numbers/data/areas.csv`.

Source: libphonenumber through the installed `phonenumbers` (Apache-2.0): its fixed-line pattern says which lengths a
local number may have, its Chinese geocoding data which cities share the code. The lists below correct both. Give a
`phone.dat` as argument to print where its area codes disagree; it is a check only, nothing is taken from it.
"""

from __future__ import annotations

import csv
import importlib
import re
import sys
from collections import defaultdict
from pathlib import Path

import phonenumbers
from phonenumbers.data.region_CN import PHONE_METADATA_CN

from haoma.numbers.segments.phonedat import read as read_phonedat
from haoma.numbers.segments.regions import Place, resolve_text

TARGET = Path(__file__).resolve().parent.parent / "src/haoma/numbers/data/areas.csv"
FIRST_DIGITS = "2345678"
LENGTHS = {
    754: (8,),  # 汕头 went over to eight digits: general knowledge, unverified; libphonenumber still takes seven
    851: (8,),  # 贵阳, 遵义 and 安顺 share the code with eight digits since 2014-12-20 (reported: xnnu.com/133054.html)
}
CITIES = {
    354: "山西省晋中市",  # libphonenumber gives 晋中 and 吕梁 for both codes
    358: "山西省吕梁市",
    371: "河南省郑州市、开封市",  # 开封 (0378) joined in 2013
    391: "河南省焦作市、济源市",
    433: "吉林省延边朝鲜族自治州",
    435: "吉林省通化市",
    558: "安徽省阜阳市、亳州市",
    772: "广西柳州市、来宾市",
    774: "广西梧州市、贺州市",
    775: "广西玉林市、贵港市",
    832: "四川省内江市",
    892: "西藏日喀则市",
    896: "西藏那曲市",
    897: "西藏阿里地区",
    935: "甘肃省武威市、金昌市",
    937: "甘肃省酒泉市、嘉峪关市",
}


def geodata() -> dict[str, str]:
    """Chinese descriptions of fixed-line prefixes (national digits, no trunk zero)."""
    found: dict[str, str] = {}
    for file in sorted(Path(phonenumbers.__file__).parent.glob("geodata/data*.py")):
        data = importlib.import_module(f"phonenumbers.geodata.{file.stem}").data
        found.update({key[2:]: text["zh"] for key, text in data.items() if key.startswith("86") and "zh" in text})
    return {key: text for key, text in found.items() if key[0] != "1" or key.startswith("10")}


def lengths(code: int) -> tuple[int, ...]:
    """Lengths of local numbers (beginning with 2–8) that libphonenumber holds valid everywhere under this code."""
    if code in LENGTHS:
        return LENGTHS[code]
    pattern = re.compile(PHONE_METADATA_CN.fixed_line.national_number_pattern)
    return tuple(n for n in (7, 8) if all(pattern.fullmatch(f"{code}{first}{'3' * (n - 1)}") for first in FIRST_DIGITS))


def places(code: int, described: dict[str, str]) -> list[Place]:
    """The cities that share the code."""
    text = CITIES.get(code) or next((described[key] for key in (str(code), str(code)[:2]) if key in described), "")
    first, *others = text.split("、")
    if not first:
        return []
    found = [resolve_text(first)]
    return found + [resolve_text(found[0].province + other) for other in others if other.strip()]


def check(path: Path, table: dict[int, list[Place]]) -> None:
    """Print the codes that a phone.dat gives for a city which the table does not have under that code."""
    seen: dict[int, set[str]] = defaultdict(set)
    for record in read_phonedat(path).records:
        seen[int(record.area_code)].add(record.place.city or record.place.province)
    for code in sorted(seen):
        ours = {place.city for place in table.get(code, [])}
        if missing := seen[code] - ours:
            print(f"0{code}: phone.dat also has {'、'.join(sorted(missing))}, table has {ours}")
    print("not in phone.dat:", sorted(set(table) - set(seen)))


def main(argv: list[str]) -> None:
    """Write the table; area codes with the trunk zero, lengths and adcodes joined by `|`."""
    described = geodata()
    codes = [code for code in [10, *range(20, 30), *range(300, 1000)] if lengths(code)]
    table = {code: places(code, described) for code in codes}
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        file.write("# Area codes, lengths of their local numbers, regions that share them (GB/T 2260)\n")
        file.write(f"# Source: libphonenumber (Apache-2.0) in phonenumbers {phonenumbers.__version__}, ")
        file.write("corrected by tools/build_areas.py\n")
        file.write("# Not its: eight digits alone for 0851 (reported: xnnu.com/133054.html)")
        file.write(" and 0754 (general knowledge, unverified)\n")
        file.write(f"# Cities of {', '.join(f'0{code}' for code in CITIES)}: general knowledge")
        file.write("; phone.dat names each under its code\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["area_code", "lengths", "adcodes", "names"])
        for code, shared in table.items():
            found = list(dict.fromkeys(shared))
            columns = ("|".join(p.adcode for p in found), "|".join(p.city or p.province for p in found))
            writer.writerow([f"0{code}", "|".join(map(str, lengths(code))), *columns])
    if argv:
        check(Path(argv[0]), table)


if __name__ == "__main__":
    main(sys.argv[1:])
