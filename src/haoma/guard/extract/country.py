"""Which country a page speaks of: whose national forms its numbers are read in.

Rules held here:
- Evidence is counted, never taken from one sign alone: the host's country domain, the page's language, its script, forms
  of addresses, countries named, numbers written with their code.
- Without any the pages of the world are mostly North American: US is read last, always.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

__all__ = ["named", "of_host", "regions_of"]

MOST = 5
SAMPLE = 12_000  # characters that tell a script
SPECIAL = {"UK": "GB", "EU": "", "COM": "", "NET": "", "ORG": "", "EDU": "US", "GOV": "US", "MIL": "US", "IO": "", "CO": "", "TV": "", "ME": "",
           "CC": "", "LY": "", "FM": "", "AI": "", "INFO": "", "BIZ": ""}  # fmt: skip
NAMES = {
    "US": r"U\.?S\.?A\.?|United States", "CA": r"Canada|Ontario|Qu[eé]bec|Alberta|British Columbia", "GB": r"United Kingdom|U\.?K\.?|England|Scotland|Wales|London|Great Britain",
    "IE": r"Ireland|Dublin|Éire", "AU": r"Australia|Sydney|Melbourne|NSW|Queensland", "NZ": r"New Zealand|Auckland", "DE": r"Germany|Deutschland|Berlin|München|GmbH",
    "FR": r"France|Paris", "ES": r"Spain|España|Madrid|Barcelona", "PT": r"Portugal|Lisboa", "BR": r"Bra[sz]il|São Paulo", "IT": r"Italy|Italia|Roma|Milano",
    "NL": r"Netherlands|Nederland|Holland|Amsterdam", "BE": r"Belgium|België|Belgique|Brussels", "CH": r"Switzerland|Schweiz|Suisse", "AT": r"Austria|Österreich|Wien",
    "PL": r"Poland|Polska|Warszawa", "CZ": r"Czech|Praha", "RO": r"Romania|România", "HU": r"Hungary|Magyar", "SE": r"Sweden|Sverige|Stockholm", "NO": r"Norway|Norge|Oslo",
    "DK": r"Denmark|Danmark", "FI": r"Finland|Suomi|Helsinki", "RU": r"Russia|Россия|Москва", "UA": r"Ukraine|Україна", "TR": r"Turkey|Türkiye|Istanbul", "GR": r"Greece|Ελλάδα",
    "IL": r"Israel|Tel Aviv", "AE": r"U\.?A\.?E\.?|Dubai|Abu Dhabi", "SA": r"Saudi", "IN": r"India|Mumbai|New Delhi|Bangalore|Chennai", "PK": r"Pakistan", "BD": r"Bangladesh",
    "CN": r"China|PRC|Beijing|Shanghai|Shenzhen|中国|北京|上海|广州|深圳", "HK": r"Hong Kong|Kowloon|香港|九龍", "MO": r"Macau|Macao|澳門|澳门", "TW": r"Taiwan|Taipei|台灣|臺灣|台北|臺北",
    "JP": r"Japan|Tokyo|日本|東京", "KR": r"Korea|Seoul|한국|서울", "SG": r"Singapore|新加坡", "MY": r"Malaysia|Kuala Lumpur", "TH": r"Thailand|Bangkok", "VN": r"Vietnam|Viet Nam|Hanoi",
    "PH": r"Philippines|Manila|Makati|Quezon|Cebu", "ID": r"Indonesia|Jakarta", "ZA": r"South Africa|Johannesburg|Cape Town", "MX": r"M[eé]xico", "AR": r"Argentina|Buenos Aires",
    "CL": r"Chile|Santiago", "CO": r"Colombia|Bogot[aá]", "PE": r"Per[uú]\b", "EG": r"Egypt|Cairo", "NG": r"Nigeria|Lagos", "KE": r"Kenya|Nairobi",
}  # fmt: skip
COUNTRY = re.compile(
    "(?<![A-Za-z])(?:" + "|".join(f"(?P<{region}>{words})" for region, words in NAMES.items()) + ")(?![a-z])"
)
ATOM = re.compile(r"(?:\\.|\[[^\]]*\]|.)\??")
_ATOMS = [ATOM.findall(name)[:3] for words in NAMES.values() for name in words.split("|")]
# The first three characters of each name: what begins with none of them is passed over at once.
BEGINNINGS = re.compile(
    "|".join(
        f"{first}(?:{'|'.join(''.join(rest) for one, *rest in _ATOMS if one == first)})"
        for first in dict.fromkeys(atoms[0] for atoms in _ATOMS)
    )
)
STATE = r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
_STATES = re.sub(r"(?:^|(?<=\|))[A-Z]", lambda hit: f"(?<={hit.group()})", STATE)
# One search for all: it is fast where a pattern begins with one set of characters and looks behind itself.
# 400-820-8820 has America's form and is China's: no area there is 400.
FORMS = re.compile(
    rf"[A-Z2-9£](?:(?<=£)(?P<gb>)|(?=[A-Z\do])(?<!\w.)(?:(?<=\d)(?!(?<=4)00)(?P<us>\d\d\)?[ .-]{{1,2}}[2-9]\d\d[.-]\d{{4}}\b)"
    rf"|(?<=[A-Z])(?:(?P<US>(?:{_STATES})(?!\w)(?:\.?,?\s{{1,3}}\d{{5}}(?:-\d{{4}})?\b|,? (?:USA|United)))"
    r"|(?P<CA>(?<=[ABCEGHJ-NPR-TVXY])\d[A-Z] ?\d[A-Z]\d\b)|(?P<GB>(?<=[A-Z])[A-Z]?\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}\b)"
    r"|(?P<AU>(?:(?<=N)SW|(?<=V)IC|(?<=Q)LD|(?<=W)A|(?<=S)A|(?<=T)AS|(?<=A)CT|(?<=N)T)\s{1,2}\d{4}\b|(?<=A)BN\b)"
    r"|(?P<IE>(?<=C)o\.? (?:Dublin|Cork|Galway|Offaly|Kerry|Mayo|Clare|Meath|Kildare|Wicklow|Louth)\b))))"
)
FORMS_WORTH = ("US", "CA", "GB", "AU", "IE")
HIGH = re.compile(r"[^\x00-\x7f]+")
CODE = re.compile(r"\+0?\s?([1-9]\d{0,2})[\s().-]")
CODE_DIALLED = re.compile(r"00(?<!\w00)\s?([1-9]\d{0,2})[\s().-]")
BY_CODE = {"1": "US", "44": "GB", "353": "IE", "61": "AU", "64": "NZ", "49": "DE", "33": "FR", "34": "ES", "351": "PT", "55": "BR", "39": "IT", "31": "NL",
           "32": "BE", "41": "CH", "43": "AT", "48": "PL", "420": "CZ", "40": "RO", "36": "HU", "46": "SE", "47": "NO", "45": "DK", "358": "FI", "7": "RU",
           "380": "UA", "90": "TR", "30": "GR", "972": "IL", "971": "AE", "91": "IN", "86": "CN", "852": "HK", "853": "MO", "886": "TW", "81": "JP", "82": "KR",
           "65": "SG", "60": "MY", "66": "TH", "84": "VN", "63": "PH", "62": "ID", "27": "ZA", "52": "MX", "54": "AR", "56": "CL", "57": "CO"}  # fmt: skip
SCRIPTS = (
    ("JP", re.compile(r"[\u3040-\u30ff]"), 5.0),
    ("KR", re.compile(r"[\uac00-\ud7af]"), 5.0),
    ("CN", re.compile(r"[\u4e00-\u9fff]"), 3.0),
    ("TW", re.compile(r"[電話傳號聯絡線區臺灣樓務]"), 2.0),
    ("RU", re.compile(r"[\u0400-\u04ff]"), 4.0),
    ("GR", re.compile(r"[\u0370-\u03ff]"), 4.0),
    ("TH", re.compile(r"[\u0e00-\u0e7f]"), 5.0),
    ("IL", re.compile(r"[\u0590-\u05ff]"), 5.0),
)
LANGUAGES = {"zh": "CN", "ja": "JP", "ko": "KR", "de": "DE", "fr": "FR", "es": "ES", "pt": "PT", "it": "IT", "nl": "NL", "pl": "PL", "ru": "RU", "ro": "RO",
             "cs": "CZ", "hu": "HU", "sv": "SE", "da": "DK", "fi": "FI", "nb": "NO", "no": "NO", "tr": "TR", "el": "GR", "he": "IL", "th": "TH", "vi": "VN",
             "id": "ID", "uk": "UA"}  # fmt: skip
REGIONS = frozenset(NAMES)


def of_host(url: str | None) -> str | None:
    """The country of an address's top-level domain; None where it has none."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return None
    last = host.rpartition(".")[2].upper()
    region = SPECIAL.get(last, last)
    return region if region in REGIONS else None


@lru_cache(maxsize=4096)
def named(text: str) -> tuple[str, ...]:
    """The countries that a text names, in order."""
    found, end = [], 0
    for begins in BEGINNINGS.finditer(text):
        if begins.start() >= end and (hit := COUNTRY.match(text, begins.start())):
            found.append(str(hit.lastgroup))
            end = hit.end()
    return tuple(found)


def regions_of(text: str, urls: Iterable[str], lang: str) -> list[str]:
    """The countries that a page may speak of, likeliest first; US is always one of them.

    >>> regions_of("客服热线：95588", [], "")
    ['CN', 'US']
    """
    votes: defaultdict[str, float] = defaultdict(float)
    for weight, url in zip((6.0, 3.0, 3.0), urls, strict=False):
        if region := of_host(url):
            votes[region] += weight
    _by_language(votes, lang)
    _by_script(votes, text)
    forms = Counter(str(hit.lastgroup).upper() for hit in FORMS.finditer(text))
    for region in FORMS_WORTH:
        votes[region] += min(4.0, 1.5 * forms[region])
    for region in named(text)[:40]:
        votes[region] += 0.5
    codes = sorted((hit.start(), hit[1]) for code in (CODE, CODE_DIALLED) for hit in code.finditer(text))
    for _, code in codes[:40]:
        if region := BY_CODE.get(code):
            votes[region] += 1.0
    likely = [region for region, weight in sorted(votes.items(), key=lambda vote: -vote[1])[:MOST] if weight >= 0.5]
    return likely if "US" in likely else [*likely[: MOST - 1], "US"]


def _by_language(votes: defaultdict[str, float], lang: str) -> None:
    language, _, place = re.sub("_", "-", lang.strip())[:12].partition("-")
    if place[:2].upper() in REGIONS:
        votes[place[:2].upper()] += 1.0 if language.lower() == "en" else 3.0
    elif region := LANGUAGES.get(language.lower()):
        votes[region] += 2.0


def _by_script(votes: defaultdict[str, float], text: str) -> None:
    sample = text[:SAMPLE]
    high = "".join(HIGH.findall(sample))
    for region, script, weight in SCRIPTS if high else ():
        count = len(script.findall(high))
        if count >= 4 and count * 50 >= len(sample):
            votes[region] += weight
