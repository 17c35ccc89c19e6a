"""Whose short codes are whose: the codes that a word for a kind of organisation bears out in running text.

Rules held here:
- A bank's name bears out codes of banks and their regulators, a hospital's 120, and so on; nothing else.
- A code that is missing here is still found behind a label (电话, 热线, 客服) or a colon: the lists only add evidence.
- Source of FINANCE_CODES, FINANCE_REGIONAL and OTHER_CODES: the vCards collection of Chinese organisations (MIT), kept
  up by volunteers. The others, `_COMMON` and the public codes by kind, are general knowledge that was not verified.
"""

from __future__ import annotations

from haoma.numbers.grammar.layout import CARRIER, FINANCE, FIRE, MEDICAL, POLICE, RAIL
from haoma.numbers.grammar.plan import CARRIER_SERVICE, CARRIERS, Digits, Tables, look, value

__all__ = ["belongs", "is_national_code"]

FINANCE_CODES = (
    95097, 95186, 95188, 95309, 95319, 95337, 95347, 95357, 95366, 95371, 95379, 95383, 95384, 95500, 95503, 95507,
    95508, 95510, 95511, 95518, 95522, 95526, 95528, 95536, 95548, 95550, 95558, 95559, 95561, 95562, 95568, 95585,
    95589, 95590, 95591, 95593, 95594, 95595, 95597, 95599, 95768,
)  # fmt: skip
FINANCE_COMMON = (
    95302, 95395, 95516, 95519, 95521, 95523, 95525, 95527, 95533, 95541, 95551, 95553, 95555, 95565, 95566,
    95567, 95574, 95575, 95577, 95580, 95587, 95588, 95596,
)  # fmt: skip
OTHER_CODES = (
    95010, 95030, 95033, 95118, 95121, 95126, 95177, 95187, 95320, 95338, 95339, 95353, 95361, 95369, 95380, 95520,
    95524, 95530, 95546, 95557, 95583, 95598, 95711, 95716,
)  # fmt: skip
OTHER_COMMON = (95017, 95128, 95311, 95539, 95543, 95554, 95572)
FINANCE_REGIONAL = (96138, 96268, 96299, 962999, 96500, 96511, 96533, 96558, 96568, 96588, 96596, 96599, 966888, 96699)
FINANCE_PUBLIC = (12363, 12378, 12386)
POLICE_CODES = (110, 122, 12110, 12122, 12123, 12367, 12389, 96110)
FIRE_CODES = (119, 96119)
MEDICAL_CODES = (120, 12320, 12356, 12393)
CARRIER_CODES = (12300, 12321, 12381, 12580, 114, 116114, 118114)
RAIL_CODES = (12306, 95572)


def is_national_code(code: int) -> bool:
    """Whether a five-digit 95xxx code is one that an organisation is known to answer."""
    return code in FINANCE_CODES or code in FINANCE_COMMON or code in OTHER_CODES or code in OTHER_COMMON


def belongs(t: Tables, label: int, kind: int, dig: Digits, at: int, length: int) -> bool:
    """Whether the code is one of the very kind of organisation that a word of class `label` names."""
    if length > 6:
        return label == CARRIER and kind == CARRIER_SERVICE and look(t, CARRIERS, value(dig, at, 5) - 10000) != 0
    code = value(dig, at, length)
    if label == FINANCE:
        known = code in FINANCE_CODES or code in FINANCE_COMMON
        return known or code in FINANCE_REGIONAL or code in FINANCE_PUBLIC
    if label == CARRIER:
        return code in CARRIER_CODES or (kind == CARRIER_SERVICE and look(t, CARRIERS, value(dig, at, 5) - 10000) != 0)
    if label == POLICE:
        return code in POLICE_CODES
    if label == FIRE:
        return code in FIRE_CODES
    if label == MEDICAL:
        return code in MEDICAL_CODES
    return label == RAIL and code in RAIL_CODES
