"""Makes src/haoma/guard/extract/han.json: simplified characters and how they are read, for comparing names and domains.

Sources, read from their PyPI packages and needed here alone: OpenCC's TSCharacters.txt (opencc-python-reimplemented,
Apache-2.0) for which character is which in simplified writing, its first choice; pypinyin's pinyin_dict (MIT) for the
commonest reading, without tones. Readings are kept for the 6,763 characters of GB 2312.

    pip install opencc-python-reimplemented pypinyin && python tools/build_han.py
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from importlib import resources
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/haoma/guard/extract/han.json"
HANZI = range(0x4E00, 0xA000)


def variants() -> dict[str, str]:
    """What each character that is not simplified is in simplified writing."""
    table = resources.files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if "\t" in line)
    found = {one: several.split()[0] for one, several in rows}
    return {one: other for one, other in found.items() if one != other and ord(one) in HANZI and len(other) == 1}


def readings() -> dict[str, str]:
    """The characters of each syllable."""
    told = json.loads(resources.files("pypinyin").joinpath("pinyin_dict.json").read_text(encoding="utf-8"))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for code in HANZI:
        if len(chr(code).encode("gb2312", "ignore")) == 2 and str(code) in told:
            marked = told[str(code)].partition(",")[0].replace("ü", "v")
            plain = "".join(char for char in unicodedata.normalize("NFD", marked) if char.isascii())
            found[plain].append(chr(code))
    return {syllable: "".join(chars) for syllable, chars in sorted(found.items())}


def main() -> None:
    """Write the file."""
    pairs = sorted(variants().items())
    row = {
        "from": "".join(one for one, _ in pairs),
        "to": "".join(other for _, other in pairs),
        "readings": readings(),
    }
    TARGET.write_text(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(len(pairs), "variants,", sum(map(len, row["readings"].values())), "readings")


if __name__ == "__main__":
    main()
