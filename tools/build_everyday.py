"""Makes src/haoma/guard/extract/everyday.json: the everyday words of Chinese, to tell a label from a name.

Source, read from its PyPI package and needed here alone: jieba's dict.txt (MIT), words with how often each was counted
and its part of speech. Kept are verbs, adverbs, times and the like counted 30 times or more, nouns counted 30 times or
more, places counted 3 times, other names of things 1,000 times; of two to four characters. Names of people and of
organisations are not.

    pip install jieba && python tools/build_everyday.py
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from importlib import metadata, resources
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/haoma/guard/extract/everyday.json"
WORD = re.compile(r"[\u4e00-\u9fff]{2,4}")
LEAST = {"n": 30, "ns": 3, "nz": 1000, **dict.fromkeys("v vn vd a ad an d t f m q r c p b s j l i z mq rz".split(), 30)}


def kept(lines: list[str]) -> dict[str, list[str]]:
    """The words by their length, in the order of their characters."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        word, counted, part = line.split()
        if WORD.fullmatch(word) and part in LEAST and int(counted) >= LEAST[part]:
            found[str(len(word))].append(word)
    return {size: sorted(words) for size, words in sorted(found.items())}


def main() -> None:
    """Write the file."""
    text = resources.files("jieba").joinpath("dict.txt").read_text(encoding="utf-8")
    words = kept(text.splitlines())
    source = f"jieba {metadata.version('jieba')} dict.txt, MIT, sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}"
    row = {"source": source, "words": {size: "".join(some) for size, some in words.items()}}
    TARGET.write_text(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(sum(map(len, words.values())), "words")


if __name__ == "__main__":
    main()
