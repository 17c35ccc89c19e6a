"""The memory that a reading works in, and the codes in it.

Rules held here:
- Rows of integers, flat records and codes: nothing that the compiled driver could not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from haoma.numbers.grammar.symbols import LATIN

# modes of reading
TEXT, LOOSE_NUMERALS, NO_BARE = 1, 2, 4

# a number in `out`: FIELDS integers
KIND, NUMBER, DIGITS, AREA, EXT, EXT_LEN, ROW, START, END, FIELDS = range(10)

# word classes (haoma.numbers.grammar.words.CLASSES)
LABEL, ALARM, ANOTHER, COUNT, SKIP, SERIAL, MARK, UNIT, BOUND, PLAIN, PARAM, HOUSE = range(1, 13)
FIRM, FINANCE, CARRIER, POLICE, FIRE, MEDICAL, RAIL = range(13, 20)  # words for a kind of organisation, from FIRM on

# why a cell holds no number
(
    NO_DIGITS,
    TOO_SHORT,
    TOO_LONG,
    UNALLOCATED,
    NO_AREA_CODE,
    UNKNOWN_AREA,
    WRONG_LENGTH,
    JOINED,
    ANOTHER_NUMBER,
    FOREIGN,
    NOT_A_NUMBER,
) = range(1, 12)

# what a gap between two groups of digits holds
G_BLANK, G_HYPHEN, G_DOT, G_MIDDOT, G_OPEN, G_CLOSE, G_TIE = 1, 2, 4, 8, 16, 32, 64

# groups: sound, part of a date or a time, joined to what spoils it
SOUND, INERT, SPOILT = 0, 1, 2

LATIN_END = LATIN + 26
LATIN_W, LATIN_X = LATIN + 22, LATIN + 23
MAX_GAP = 6
MAX_GROUPS = 17  # a number written digit by digit, with country code
JUNK = 10
NEVER = 1 << 30


# a reader's working memory: rows of integers, each twice as long as the cell's UTF-8 and at least ROOM
SYM, POS, DIG, GROUP_AT, GROUP_LEN, GROUP_GAP, GROUP_FLAG, GROUP_SYM, COST, CAME, LENT, CUT, STATE, ROWS = range(14)
ROOM = 24
Scratch: TypeAlias = Sequence[list[int]]  # the compiled driver has a matrix

# places in `state`
S_REASON, S_WORDS, S_PLAIN, S_FAILED, S_BARE, S_LOOSE = range(6)  # of the cell
S_AREA, S_AREA_END, S_ALARM_END = range(6, 9)  # what numbers read so far lend to the next
S_FIRST, S_GROUPS, S_END, S_DIGITS, S_EXT_AT, S_EXT, S_CONTEXT, S_BEHIND = range(9, 17)  # of the chain at hand
