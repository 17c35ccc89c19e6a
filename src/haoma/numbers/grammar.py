"""How people write numbers: from the symbols of a cell or a text to the numbers in it.

Rules held here:
- Digit groups joined by separators form a chain; a chain is one number, or several whole ones, or nothing. A digit too many
  or too few spoils it: no part of a longer run is ever taken.
- What stands beside the chain counts: letters that are no label, masks, currency and units spoil it; a word that names
  another kind of number (order, card, postcode) disqualifies it; a short code needs more evidence the shorter it is.
- One grammar, two drivers: the interpreter runs these functions for one cell, numba compiles the same functions for a
  column. So they use integers and flat arrays only, and return -1 where they need libphonenumber and cannot ask it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from haoma.numbers.plan import (
    BEFORE_CLASS,
    BEFORE_NEXT,
    BEHIND_CLASS,
    BEHIND_NEXT,
    CARRIER_SERVICE,
    CARRIERS,
    EXPANSIONS,
    INTERNATIONAL,
    LANDLINE,
    NATIONAL_SERVICE,
    PAGES,
    PUBLIC_SERVICE,
    REGIONAL_SERVICE,
    SYMBOLS,
    Digits,
    Octets,
    Tables,
    area_code,
    fixed,
    is_local,
    is_public_code,
    look,
    mobile,
    row_of,
    service,
    value,
)
from haoma.numbers.symbols import (
    AT,
    BLANK,
    CLOSE,
    COLON,
    DOT,
    EQUALS,
    EXPAND,
    HASH,
    HYPHEN,
    LATIN,
    LETTER,
    LIST,
    MIDDOT,
    MONEY,
    OPEN,
    PERCENT,
    PLUS,
    QUOTE,
    SLASH,
    STAR,
    VANISH,
    WIDTH,
    WORD,
)

__all__ = ["FIELDS", "ROOM", "ROWS", "Scratch", "read"]

# modes of reading
TEXT, LOOSE_NUMERALS, NO_BARE = 1, 2, 4

# a number in `out`: FIELDS integers
KIND, NUMBER, DIGITS, AREA, EXT, EXT_LEN, ROW, START, END, FIELDS = range(10)

# word classes (haoma.numbers.words.CLASSES)
LABEL, ALARM, ANOTHER, COUNT, SKIP, SERIAL, MARK, UNIT, BOUND, PLAIN, PARAM = range(1, 12)

# why a cell holds no number
NO_DIGITS, TOO_SHORT, TOO_LONG, UNALLOCATED, NO_AREA_CODE, UNKNOWN_AREA, WRONG_LENGTH, JOINED, ANOTHER_NUMBER, FOREIGN, NOT_A_NUMBER = range(1, 12)

# what a gap between two groups of digits holds
G_BLANK, G_HYPHEN, G_DOT, G_MIDDOT, G_OPEN, G_CLOSE, G_COLON = 1, 2, 4, 8, 16, 32, 64

# groups: sound, part of a date or a time, joined to what spoils it
SOUND, INERT, SPOILT = 0, 1, 2

LATIN_END = LATIN + 26
LATIN_W = LATIN + 22
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


def verify_foreign(dig: Digits, at: int, length: int) -> int:
    """1 if the digits are a valid number of another country (libphonenumber), 0 if not, -1 if it cannot be asked."""
    from haoma.numbers import world

    return 1 if world.is_valid("".join([str(dig[i]) for i in range(at, at + length)])) else 0


# ---- symbols ---------------------------------------------------------------------------------------------------------


def code_point(data: Octets, at: int, end: int) -> tuple[int, int]:
    """(code point, bytes taken) of the UTF-8 character at `at`; a malformed one is U+FFFD and one byte."""
    lead = data[at]
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC2 or lead > 0xF4 or at + size > end:
        return 0xFFFD, 1
    point = lead & (0x7F >> size)
    for i in range(at + 1, at + size):
        if data[i] & 0xC0 != 0x80:
            return 0xFFFD, 1
        point = point << 6 | data[i] & 0x3F
    return (point, size) if point < 0x110000 else (0xFFFD, 1)


def symbolise(t: Tables, s: Scratch, data: Octets, start: int, end: int) -> int:
    """Fill `sym` and `pos` (byte offset of each symbol's character, and `end` behind the last); how many symbols."""
    n = 0
    at = start
    words, plain = 0, 1
    while at < end:
        byte = data[at]
        if byte < 0x80:
            symbol = look(t, SYMBOLS, byte)
            size = 1
        else:
            point, size = code_point(data, at, end)
            symbol = look(t, SYMBOLS, (look(t, PAGES, point >> 7) << 7) + (point & 127))
        if symbol < EXPAND:
            if symbol != VANISH:
                s[SYM][n] = symbol
                s[POS][n] = at
                n += 1
                if symbol > PLUS or 10 <= symbol < 20:
                    plain = 0
                    if symbol >= WORD:
                        words = 1
        else:
            plain = 0
            run = symbol - EXPAND
            # U+FDFA alone means eighteen characters: no digits are lost by cutting it
            for i in range(run + 1, run + 1 + min(look(t, EXPANSIONS, run), 2 * size)):
                s[SYM][n] = look(t, EXPANSIONS, i)
                s[POS][n] = at
                n += 1
                if s[SYM][n - 1] >= WORD:
                    words = 1
        at += size
    s[POS][n] = end
    s[STATE][S_WORDS], s[STATE][S_PLAIN] = words, plain
    return n


# ---- words beside the digits -----------------------------------------------------------------------------------------


def is_letter(symbol: int) -> bool:
    """Letters that people join to a code: Latin, Greek, Cyrillic; not Han or kana."""
    return symbol == LETTER or LATIN <= symbol < LATIN_END


def word_before(t: Tables, s: Scratch, last: int) -> tuple[int, int]:
    """(class, length) of the longest word that ends at symbol `last`; (0, 0) for none."""
    node, best, length, at = 0, 0, 0, last
    while at >= 0 and s[SYM][at] >= LATIN:
        node = look(t, BEFORE_NEXT, node * WIDTH + s[SYM][at])
        if node == 0:
            break
        whole = not is_letter(s[SYM][at]) or at == 0 or not is_letter(s[SYM][at - 1])
        at -= 1
        if whole and look(t, BEFORE_CLASS, node):
            best, length = look(t, BEFORE_CLASS, node), last - at
    return best, length


def word_behind(t: Tables, s: Scratch, first: int, n: int) -> tuple[int, int]:
    """(class, length) of the longest word that begins at symbol `first`; (0, 0) for none."""
    node, best, length, at = 0, 0, 0, first
    while at < n and (s[SYM][at] >= LATIN or s[SYM][at] == HYPHEN):
        node = look(t, BEHIND_NEXT, node * WIDTH + s[SYM][at])
        if node == 0:
            break
        whole = not is_letter(s[SYM][at]) or at + 1 == n or not is_letter(s[SYM][at + 1])
        at += 1
        if whole and look(t, BEHIND_CLASS, node):
            best, length = look(t, BEHIND_CLASS, node), at - first
    return best, length


def label_of(t: Tables, s: Scratch, first: int) -> int:
    """Class of the word that speaks of the digits from symbol `first` on: 是, 号码, colons and blanks between are passed over."""
    at = first - 1
    serial = False
    for _ in range(MAX_GAP):
        passed = 0
        while at >= 0 and passed < MAX_GAP and passes(s[SYM][at]):
            at -= 1
            passed += 1
        if at < 0:
            break
        found, length = word_before(t, s, at)
        if found == SERIAL:
            serial = True
        elif found != SKIP:
            return COUNT if found == 0 and serial else found
        at -= length
    return COUNT if serial else 0


def passes(symbol: int) -> bool:
    """Whether a symbol may stand between a label and its digits."""
    return symbol == COLON or symbol == QUOTE or symbol == EQUALS or symbol == HASH or BLANK <= symbol <= CLOSE


def remark_of(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Class of the word behind the digits, looking past a blank and an opening bracket."""
    at = end
    while at < n and at - end < 2 and (s[SYM][at] == BLANK or s[SYM][at] == OPEN):
        at += 1
    found, _ = word_behind(t, s, at, n)
    return found if found != UNIT and found != BOUND or at == end or s[SYM][at - 1] == BLANK else 0


# ---- chains ----------------------------------------------------------------------------------------------------------


def numeral_end(s: Scratch, at: int, n: int, mode: int) -> int:
    """End of the Chinese numerals at `at` where they are digits (three or more, or among digits), else `at`."""
    end = at
    while end < n and 10 <= s[SYM][end] < 20:
        end += 1
    before = at > 0 and s[SYM][at - 1] < 10
    after = end < n and s[SYM][end] < 10
    if end - at >= 3 or (before and after):
        return end
    if before or after:
        s[STATE][S_LOOSE] = 1
        return end if mode & LOOSE_NUMERALS else at
    return at


def begins_digits(s: Scratch, at: int, n: int, mode: int) -> bool:
    """Whether digits begin at symbol `at`."""
    return at < n and (s[SYM][at] < 10 or (s[SYM][at] < 20 and numeral_end(s, at, n, mode) > at))


def take_digits(s: Scratch, at: int, n: int, mode: int) -> int:
    """Append the digits that begin at symbol `at` to `dig`; where they end."""
    place = s[STATE][S_DIGITS]
    while at < n and s[SYM][at] < 20:
        end = at + 1 if s[SYM][at] < 10 else numeral_end(s, at, n, mode)
        if end == at:
            break
        for i in range(at, end):
            s[DIG][place] = s[SYM][i] if s[SYM][i] < 10 else s[SYM][i] - 10
            place += 1
        at = end
    s[STATE][S_DIGITS] = place
    return at


def read_gap(s: Scratch, end: int, n: int, length: int) -> tuple[int, int]:
    """(where the gap behind a group of `length` digits ends, what it holds); a colon only as in 10:30."""
    if end + 2 < n and s[SYM][end] == COLON and length <= 2 and s[SYM][end + 1] < 10 and s[SYM][end + 2] < 10:
        if end + 3 == n or s[SYM][end + 3] >= 20:
            return end + 1, G_COLON
    at, gap = end, 0
    while at < n and at - end <= MAX_GAP and BLANK <= s[SYM][at] <= CLOSE:
        gap |= 1 << (s[SYM][at] - BLANK)
        at += 1
    return at, gap


def after_plus(s: Scratch, at: int, n: int) -> int:
    """Where the digits behind the plus sign at `at` begin, -1 where none follow."""
    first = at + 1
    while first < n and first - at <= 2 and (s[SYM][first] == BLANK or s[SYM][first] == OPEN or s[SYM][first] == PLUS):
        first += 1
    return first if first < n and s[SYM][first] < 10 else -1


def read_chain(s: Scratch, first: int, n: int, mode: int) -> None:
    """Fill the groups of the chain whose digits begin at symbol `first`, and `state` with their number and the chain's end."""
    s[STATE][S_DIGITS] = 0
    groups, gap, at = 0, 0, first
    while True:
        s[GROUP_AT][groups], s[GROUP_GAP][groups], s[GROUP_SYM][groups] = s[STATE][S_DIGITS], gap, at
        s[GROUP_FLAG][groups] = INERT if gap == G_COLON else SOUND
        end = take_digits(s, at, n, mode)
        s[GROUP_LEN][groups] = end - at
        groups += 1
        at, gap = read_gap(s, end, n, end - at)
        if gap == G_COLON:
            s[GROUP_FLAG][groups - 1] = INERT
        if at < n and s[SYM][at] == PLUS and prefix(s, 0, groups, True)[0] == s[STATE][S_DIGITS]:
            at = max(at, after_plus(s, at, n))
        if not begins_digits(s, at, n, mode):
            break
    s[STATE][S_GROUPS] = groups
    s[STATE][S_END] = end


def mark_dates(s: Scratch, groups: int) -> None:
    """Set dates (2023-11-15, 15.11.2023) aside: they neither are numbers nor spoil one."""
    for g in range(groups - 2):
        gap = s[GROUP_GAP][g + 1]
        if gap != s[GROUP_GAP][g + 2] or (gap != G_HYPHEN and gap != G_DOT) or s[GROUP_LEN][g + 1] > 2:
            continue
        year = g if s[GROUP_LEN][g] == 4 and s[GROUP_LEN][g + 2] <= 2 else g + 2
        day = g + 2 if year == g else g
        if s[GROUP_LEN][year] != 4 or s[GROUP_LEN][day] > 2:
            continue
        month_value = value(s[DIG], s[GROUP_AT][g + 1], s[GROUP_LEN][g + 1])
        day_value = value(s[DIG], s[GROUP_AT][day], s[GROUP_LEN][day])
        if is_date(value(s[DIG], s[GROUP_AT][year], 4) * 10000 + month_value * 100 + day_value):
            s[GROUP_FLAG][g] = s[GROUP_FLAG][g + 1] = s[GROUP_FLAG][g + 2] = INERT


def is_date(number: int) -> bool:
    """Whether an integer reads as year, month and day, 19000101 to 20991231."""
    return 19000101 <= number <= 20991231 and 1 <= number // 100 % 100 <= 12 and 1 <= number % 100 <= 31


def mark_edges(t: Tables, s: Scratch, first: int, groups: int, end: int, n: int) -> None:
    """Spoil the first and last group where letters, masks, currency or an address are joined to them."""
    if first > 0:
        last = s[SYM][first - 1]
        before = s[SYM][first - 2] if first > 1 else OPEN
        lettered = is_letter(last) and s[SYM][first] != PLUS and word_before(t, s, first - 1)[0] == 0
        starred = last == STAR and (before == STAR or before < 20)
        priced = last == MONEY or (last == BLANK and before == MONEY)
        if lettered or starred or priced or (last == MIDDOT and is_letter(before)):
            s[GROUP_FLAG][0] = SPOILT
    if end < n:
        last = s[SYM][end]
        behind = s[SYM][end + 1] if end + 1 < n else CLOSE
        lettered = is_letter(last) and word_behind(t, s, end, n)[0] == 0
        dotted = (last == DOT or last == MIDDOT) and is_letter(behind) and word_behind(t, s, end + 1, n)[0] == 0
        starred = last == STAR and (behind == STAR or behind < 20)
        if lettered or dotted or starred or last == AT or last == PERCENT:
            s[GROUP_FLAG][groups - 1] = SPOILT
        elif groups > 1 and s[GROUP_LEN][groups - 1] <= 4 and s[GROUP_GAP][groups - 1] & G_BLANK:
            found = word_behind(t, s, end, n)[0]
            if found == UNIT or found == BOUND:
                s[GROUP_FLAG][groups - 1] = INERT


# ---- extensions and parameters ---------------------------------------------------------------------------------------


def mark_end(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Where the extension's digits begin behind a mark (转, 分机, ext., x, #, ;ext=), -1 where there is no mark."""
    at = end
    while at < n and at - end < 3 and (passes(s[SYM][at]) or s[SYM][at] == LIST) and s[SYM][at] != HASH:
        at += 1
    marked = False
    if at < n and s[SYM][at] == HASH and at - end <= 1:
        marked = True
    while at < n and at - end < 16:
        found, length = word_behind(t, s, at, n)
        if found == MARK and (at == end or length > 1 or not is_letter(s[SYM][at]) or s[SYM][at - 1] == BLANK):
            marked = True
            at += length
        elif marked and passes(s[SYM][at]):
            at += 1
        else:
            break
    return at if marked else -1


def extension_end(s: Scratch, at: int, n: int) -> int:
    """End of one to seven digits at `at` that make an extension, `at` where they make none."""
    end = at
    while end < n and s[SYM][end] < 20:
        end += 1
    return end if 1 <= end - at <= 7 else at


def read_extension(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Take the extension marked behind symbol `end` into `state`; where reading goes on."""
    at = mark_end(t, s, end, n)
    if at < 0:
        return end
    last = extension_end(s, at, n)
    if last == at or is_number_at(t, s, at, n):
        return end
    s[STATE][S_EXT_AT] = s[STATE][S_DIGITS]
    s[STATE][S_EXT] = last - at
    for i in range(at, last):
        s[DIG][s[STATE][S_DIGITS]] = s[SYM][i] if s[SYM][i] < 10 else s[SYM][i] - 10
        s[STATE][S_DIGITS] += 1
    return last


def is_number_at(t: Tables, s: Scratch, at: int, n: int) -> bool:
    """Whether a whole long number stands at `at` (转 13800138000 puts a caller through, it is no extension)."""
    digits, i, base = 0, at, s[STATE][S_DIGITS]
    while i < n and i - at < 24 and (s[SYM][i] < 20 or BLANK <= s[SYM][i] <= CLOSE):
        if s[SYM][i] < 20:
            s[DIG][base + digits] = s[SYM][i] if s[SYM][i] < 10 else s[SYM][i] - 10
            digits += 1
        i += 1
    if digits < 10:
        return False
    area = area_code(t, s[DIG], base + 1, digits - 1) if s[DIG][base] == 0 else 0
    if area and is_local(t, value(s[DIG], base + 1, area), s[DIG], base + 1 + area, digits - 1 - area):
        return True
    return mobile(t, s[DIG], base, digits) != 0 or fixed(s[DIG], base, digits) != 0


def read_context(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Take `;phone-context=+86571` behind symbol `end` into `state`; where reading goes on. A foreign one is -1."""
    if end + 1 >= n or s[SYM][end] != LIST or word_behind(t, s, end + 1, n)[0] != PARAM:
        return end
    at = end + 1 + word_behind(t, s, end + 1, n)[1]
    if at + 2 >= n or s[SYM][at] != EQUALS or s[SYM][at + 1] != PLUS:
        return end
    first, at = at + 2, at + 2
    context = 0
    while at < n and s[SYM][at] < 10 and at - first < 8:
        context = context * 10 + s[SYM][at]
        at += 1
    length = at - first
    if length < 2 or length > 5 or context // 10 ** max(0, length - 2) != 86:
        s[STATE][S_CONTEXT] = -1
    else:
        s[STATE][S_CONTEXT] = context
    return at


def read_behind(t: Tables, s: Scratch, end: int, n: int) -> int:
    """Take extension and phone-context, in either order; where reading goes on."""
    s[STATE][S_EXT] = s[STATE][S_CONTEXT] = 0
    at = read_extension(t, s, read_context(t, s, end, n), n)
    return read_context(t, s, at, n) if s[STATE][S_CONTEXT] == 0 else at


# ---- one number ------------------------------------------------------------------------------------------------------


def starts_group(s: Scratch, i: int, j: int, at: int) -> bool:
    """Whether digit `at` begins one of the groups `i` to `j`."""
    for g in range(i, j):
        if s[GROUP_AT][g] == at:
            return True
    return False


def prefix(s: Scratch, i: int, j: int, plus: bool) -> tuple[int, bool]:
    """(where the number proper begins, whether China's country code was there) in groups `i` to `j`.

    Drops +86, 0086, 086, 86 (also twice) and the IP-dial prefixes. A bare 86 must stand apart or leave nine digits.
    """
    dig = s[DIG]
    at, end = s[GROUP_AT][i], s[GROUP_AT][j - 1] + s[GROUP_LEN][j - 1]
    country = False
    for _ in range(4):
        left = end - at
        if left < 2 or (dig[at] != 0 and dig[at] != 8 and (dig[at] != 1 or left < 5)):
            break
        if dig[at] == 8:
            if dig[at + 1] != 6 or not (left >= 11 or plus or country or starts_group(s, i, j, at + 2)):
                break
            at += 2
            country = True
        elif dig[at] == 0:
            size = 3 if dig[at + 1] == 8 else 4 if dig[at + 1] == 0 else 0
            if size == 0 or left < size or value(dig, at, size) != 86:
                break
            if size == 3 and not (left >= 12 or plus or starts_group(s, i, j, at + 3)):
                break
            at += size
            country = True
        elif left >= 14 and is_dial_prefix(value(dig, at, 5)):
            at += 5
        elif left == 5 and plus and is_dial_prefix(value(dig, at, 5)):
            return end, country
        else:
            break
    return at, country


def is_dial_prefix(code: int) -> bool:
    """The carriers' prefixes for cheaper long-distance calls."""
    return code == 17951 or code == 17911 or code == 17909 or code == 17969 or code == 12593


def looks_otherwise(s: Scratch, i: int, j: int) -> bool:
    """Whether the groups are written as something else: 1-800-633-0738, an IP address, a decimal."""
    count = j - i
    if count == 2:
        return s[GROUP_LEN][i] == 1 and s[GROUP_GAP][i + 1] == G_DOT
    if count != 4:
        return False
    lengths = value(s[GROUP_LEN], i, 4)
    if lengths == 1334 and s[DIG][s[GROUP_AT][i]] == 1:
        return True
    dots = s[GROUP_GAP][i + 1] == G_DOT and s[GROUP_GAP][i + 2] == G_DOT and s[GROUP_GAP][i + 3] == G_DOT
    return dots and max(s[GROUP_LEN][i], s[GROUP_LEN][i + 1]) <= 3 and max(s[GROUP_LEN][i + 2], s[GROUP_LEN][i + 3]) <= 3


def service_in(s: Scratch, i: int, j: int, at: int, length: int, alone: bool) -> int:
    """Kind of the short code in groups `i` to `j`; one written in groups must have the cell to itself."""
    kind = service(s[DIG], at, length)
    inner = 0
    for g in range(i, j):
        if at < s[GROUP_AT][g] < at + length:
            inner += 1
            head = s[GROUP_AT][g] - at
            if s[GROUP_GAP][g] & ~(G_BLANK | G_HYPHEN) or (head >= 3 and service(s[DIG], at, head)):
                return 0
            if inner == 1 and s[GROUP_GAP][g] & G_HYPHEN and head == 2 and s[DIG][at] == 1:
                return 0
    if inner == 0:
        return kind
    return kind if alone and 5 <= length <= 8 else 0


def domestic(t: Tables, s: Scratch, i: int, j: int, at: int, country: bool, area: int, alone: bool) -> tuple[int, int, int, int]:
    """(kind, first digit, digits, area code) of the Chinese number whose prefix ends at digit `at`; kind 0 for none."""
    zero = 1 if s[DIG][at] == 0 else 0
    first = at + zero
    length = s[GROUP_AT][j - 1] + s[GROUP_LEN][j - 1] - first
    if length < 3 or length > 13:
        return 0, 0, 0, 0
    if length >= 11:
        kind = mobile(t, s[DIG], first, length)
        if kind and (zero == 0 or country or length == 11):
            return kind, first, length, 0
    if zero or country:
        digits = area_code(t, s[DIG], first, length)
        if digits:
            code, rest = value(s[DIG], first, digits), first + digits
            if is_local(t, code, s[DIG], rest, length - digits):
                return LANDLINE, rest, length - digits, code
            apart = starts_group(s, i, j, rest)
            whole = code == 10 and not zero and (s[DIG][rest] == 0 or value(s[DIG], rest, 2) == 10)
            if length - digits >= 3 and (apart or (length - digits > 3 and not whole)):
                kind = service_in(s, i, j, rest, length - digits, alone)
                if kind:
                    return kind, rest, length - digits, code
            kind = fixed(s[DIG], rest, length - digits)
            if kind:
                return kind, rest, length - digits, 0
        if not country:
            return 0, 0, 0, 0
    kind = fixed(s[DIG], first, length)
    if kind == 0:
        kind = service_in(s, i, j, first, length, alone)
    if kind == 0 and area and not country and is_local(t, area, s[DIG], first, length):
        return (LANDLINE, first, length, area) if not is_date(value(s[DIG], first, length)) else (0, 0, 0, 0)
    return kind, first, length, 0


def classify(t: Tables, s: Scratch, i: int, j: int, plus: bool, area: int, alone: bool) -> tuple[int, int, int, int]:
    """What groups `i` to `j` are when taken as one number without extension; kind 0 for nothing, -1 for who knows."""
    first, end = s[GROUP_AT][i], s[GROUP_AT][j - 1] + s[GROUP_LEN][j - 1]
    if end - first < 3 or end - first > 26:
        return 0, 0, 0, 0
    at, country = prefix(s, i, j, plus)
    foreign = first if plus and not country else -1
    if not plus and not country and s[DIG][first] == 0 and s[DIG][first + 1] == 0:
        foreign = first + 2
    if foreign >= 0:
        if end - foreign < 6 or end - foreign > 16:
            return 0, 0, 0, 0
        verdict = verify_foreign(s[DIG], foreign, end - foreign)
        return (INTERNATIONAL if verdict > 0 else verdict), foreign, end - foreign, 0
    if end - at < 3 or (not plus and looks_otherwise(s, i, j)):
        return 0, 0, 0, 0
    return domestic(t, s, i, j, at, country, area, alone)


def match(t: Tables, s: Scratch, i: int, j: int, plus: bool, area: int, alone: bool) -> tuple[int, int, int, int, int]:
    """`classify`, and the group that is an extension by its hyphen (0 for none)."""
    for g in range(i, j):
        if s[GROUP_FLAG][g] != SOUND:
            return 0, 0, 0, 0, 0
    kind, at, length, code = classify(t, s, i, j, plus, area, alone)
    if kind:
        return kind, at, length, code, 0
    last = j - 1
    if last > i and s[GROUP_GAP][last] & G_HYPHEN and s[GROUP_GAP][last] & ~(G_HYPHEN | G_BLANK) == 0 and s[GROUP_LEN][last] <= 6:
        kind, at, length, code = classify(t, s, i, last, plus, area, alone)
        if kind > 0 and kind != INTERNATIONAL and length > 3 and not (code == 0 and service(s[DIG], s[GROUP_AT][last], s[GROUP_LEN][last])):
            return kind, at, length, code, last
    return 0, 0, 0, 0, 0


# ---- a chain's numbers -----------------------------------------------------------------------------------------------


def cut_chain(t: Tables, s: Scratch, low: int, high: int, plus: bool, alone: bool) -> int:
    """Cut groups `low` to `high` into whole numbers and as little rest as can be: `cut[i]` ends the piece that begins at i.

    Returns -1 where libphonenumber is needed and cannot be asked, else 0. A piece is rest where its cost is JUNK.
    """
    s[COST][low], s[LENT][low] = 0, s[STATE][S_AREA]
    kind = match(t, s, low, high, plus, s[STATE][S_AREA], alone)[0]
    if kind:
        s[COST][high], s[CAME][high], s[CUT][low] = 0, low, high
        return min(kind, 0)
    for k in range(low + 1, high + 1):
        s[COST][k] = NEVER
    for i in range(low, high):
        if s[COST][i] + JUNK < s[COST][i + 1]:
            s[COST][i + 1], s[CAME][i + 1], s[LENT][i + 1] = s[COST][i] + JUNK, i, s[LENT][i]
        top = min(high, i + MAX_GROUPS)
        for j in range(i + 1, top + 1):
            if s[GROUP_AT][j - 1] - s[GROUP_AT][i] > 26:
                break
            kind, _, _, code, ext = match(t, s, i, j, plus and i == low, s[LENT][i], alone and i == low and j == high)
            if kind < 0:
                return -1
            weight = s[COST][i] + (2 if kind >= NATIONAL_SERVICE and kind != INTERNATIONAL else 0) + (1 if ext else 0)
            if kind and weight < s[COST][j]:
                s[COST][j], s[CAME][j], s[LENT][j] = weight, i, code if kind == LANDLINE else s[LENT][i]
    k = high
    while k > low:
        s[CUT][s[CAME][k]] = k
        k = s[CAME][k]
    return 0


def is_rest(s: Scratch, i: int, j: int) -> bool:
    """Whether the piece of groups `i` to `j` is no number."""
    return s[COST][j] - s[COST][i] == JUNK


def stands_apart(s: Scratch, low: int, high: int, i: int, j: int, at: int, short: bool) -> bool:
    """Whether rest beside a number leaves it whole: a blank between, none inside; or a list's `1.` in front."""
    left = i > low and is_rest(s, i - 1, i) and s[CAME][i] == i - 1
    right = j < high and s[CUT][j] == j + 1 and is_rest(s, j, j + 1)
    if not left and not right:
        return True
    if short:
        return False
    loose = False
    for g in range(i, j):
        loose |= s[GROUP_AT][g] > at and s[GROUP_GAP][g] & G_BLANK != 0
    listed = i == low + 1 and s[GROUP_LEN][low] <= 2 and s[GROUP_GAP][i] & (G_DOT | G_CLOSE) != 0
    if left and not listed and (loose or s[GROUP_GAP][i] & G_BLANK == 0):
        return False
    return not right or (not loose and s[GROUP_GAP][j] & (G_BLANK | G_OPEN) != 0)


def has_evidence(t: Tables, s: Scratch, n: int, mode: int, kind: int, at: int, length: int, first: int, end: int) -> bool:
    """Whether a short code from symbol `first` to `end` is meant as one: by its label, its remark or its company."""
    label, remark = label_of(t, s, first), remark_of(t, s, end, n)
    if label == COUNT or remark == UNIT or (first > 0 and s[SYM][first - 1] == HASH) or is_ratio(s, first):
        return False
    named = label == LABEL or label == ALARM or remark == ALARM or remark == LABEL
    named = named or (length > 3 and label == 0 and is_captioned(s, first))
    if length == 3:
        if not named and s[STATE][S_ALARM_END] >= 0 and first - s[STATE][S_ALARM_END] <= 3:
            named = is_listed(s, s[STATE][S_ALARM_END], first)
        if named:
            s[STATE][S_ALARM_END] = end
        elif s[STATE][S_WORDS] == 0 and mode & (NO_BARE | TEXT) == 0:
            s[STATE][S_BARE] = 1
            named = True
        return named
    if kind == CARRIER_SERVICE and length == 6 and s[STATE][S_WORDS]:
        return named  # 100020 in an address is a postcode
    return named or mode & TEXT == 0 or is_well_known(t, s, kind, at, length, first, end, n)


def is_ratio(s: Scratch, first: int) -> bool:
    """Whether a colon behind bare digits leads up to symbol `first`: 1:10086, but not 客服1:10086."""
    at = first - 2
    if at < 0 or s[SYM][first - 1] != COLON or s[SYM][at] >= 10:
        return False
    while at >= 0 and s[SYM][at] < 10:
        at -= 1
    return at < 0 or s[SYM][at] < WORD


def is_captioned(s: Scratch, first: int) -> bool:
    """Whether a colon behind a Chinese word leads up to symbol `first`."""
    at = first - 1
    while at >= 0 and s[SYM][at] == BLANK:
        at -= 1
    return at > 0 and s[SYM][at] == COLON and s[SYM][at - 1] >= WORD and not is_letter(s[SYM][at - 1])


def is_listed(s: Scratch, end: int, first: int) -> bool:
    """Whether only list marks and at most one word character stand between symbols `end` and `first`."""
    for k in range(end, first):
        if is_letter(s[SYM][k]) or s[SYM][k] < 20:
            return False
    return True


def is_well_known(t: Tables, s: Scratch, kind: int, at: int, length: int, first: int, end: int, n: int) -> bool:
    """Whether a short code in running text needs no label: a bank's 955xx, a carrier's, a government hotline, among Chinese words."""
    if first > 1 and s[SYM][first - 1] == BLANK and is_letter(s[SYM][first - 2]):
        return False
    if kind == CARRIER_SERVICE:
        return look(t, CARRIERS, value(s[DIG], at, 5) - 10000) != 0
    chinese = (first > 0 and s[SYM][first - 1] >= WORD) or (end < n and s[SYM][end] >= WORD) or s[STATE][S_WORDS] == 0
    if kind == NATIONAL_SERVICE:
        return chinese and (length == 5 or s[DIG][at + 2] <= 1)
    if kind == PUBLIC_SERVICE and length == 5:
        return is_public_code(value(s[DIG], at, 5))
    return kind == PUBLIC_SERVICE or (kind == REGIONAL_SERVICE and value(s[DIG], at, length) == 96110)


def accepts(t: Tables, s: Scratch, n: int, mode: int, low: int, high: int, i: int, j: int, kind: int, at: int, length: int, area: int) -> bool:
    """Whether what stands around the number in groups `i` to `j` lets it be one."""
    short = kind >= NATIONAL_SERVICE and kind != INTERNATIONAL and area == 0
    if not stands_apart(s, low, high, i, j, at, short):
        return False
    first = s[STATE][S_FIRST] if i == 0 else s[GROUP_SYM][i]
    end = s[STATE][S_END] if j == s[STATE][S_GROUPS] else s[GROUP_SYM][j - 1] + s[GROUP_LEN][j - 1]
    if i == 0 and s[SYM][first] != PLUS and label_of(t, s, first) == ANOTHER:
        return False
    marked = s[STATE][S_EXT] > 0 or s[STATE][S_CONTEXT] > 0
    if j == s[STATE][S_GROUPS] and not marked and word_behind(t, s, end, n)[0] == BOUND:
        return False
    if mode & TEXT and length == 13 and label_of(t, s, first) == 0:
        return False  # as many digits as a time stamp or a bar code
    if not short or marked or s[GROUP_AT][i] < at:
        return True
    return has_evidence(t, s, n, mode, kind, at, length, first, end)


def emit(t: Tables, s: Scratch, out: list[int], count: int, i: int, j: int, kind: int, at: int, length: int, area: int, ext: int) -> None:
    """Write one number's record, where there is room for it."""
    base = count * FIELDS
    if base + FIELDS > len(out):
        return
    last = j == s[STATE][S_GROUPS]
    number = value(s[DIG], at, length)
    if kind == LANDLINE:
        number += area * (10000000 if length == 7 else 100000000)
    out[base + DIGITS] = length + (0 if kind != LANDLINE else 2 if area < 100 else 3)
    out[base + KIND], out[base + NUMBER], out[base + AREA] = kind, number, area
    out[base + ROW] = row_of(t, kind, s[DIG], at, length, area)
    ext_at, ext_len = (s[GROUP_AT][ext], s[GROUP_LEN][ext]) if ext else (s[STATE][S_EXT_AT], s[STATE][S_EXT] if last else 0)
    out[base + EXT], out[base + EXT_LEN] = value(s[DIG], ext_at, ext_len), ext_len
    out[base + START] = s[STATE][S_FIRST] if i == 0 else s[GROUP_SYM][i]
    out[base + END] = s[STATE][S_BEHIND] if last and ext == 0 else s[GROUP_SYM][j - 1] + s[GROUP_LEN][j - 1]


def read_numbers(t: Tables, s: Scratch, n: int, mode: int, out: list[int], count: int, low: int, high: int, plus: bool, alone: bool) -> int:
    """Cut groups `low` to `high` and write the numbers among them; how many there are now, -1 where nobody can tell."""
    if cut_chain(t, s, low, high, plus, alone) < 0:
        return -1
    i = low
    while i < high:
        j = s[CUT][i]
        if is_rest(s, i, j):
            s[STATE][S_FAILED] += 1
        else:
            kind, at, length, area, ext = match(t, s, i, j, plus and i == low, s[LENT][i], alone and j - i == high - low)
            if accepts(t, s, n, mode, low, high, i, j, kind, at, length, area):
                if area == 0 and kind >= NATIONAL_SERVICE and kind != INTERNATIONAL:
                    area = context_area(s[STATE][S_CONTEXT])
                emit(t, s, out, count, i, j, kind, at, length, area, ext)
                count += 1
                if kind == LANDLINE:
                    s[STATE][S_AREA], s[STATE][S_AREA_END] = area, s[GROUP_SYM][j - 1] + s[GROUP_LEN][j - 1]
            else:
                s[STATE][S_FAILED] += 1
        i = j
    return count


def context_area(context: int) -> int:
    """The area code in a phone-context of 86, 8610 or 86571; 0 for none."""
    return context - (86000 if context >= 86000 else 8600 if context >= 8600 else 860) if context > 86 else 0


def undo_spreadsheet(s: Scratch, n: int) -> None:
    """Undo 13800138000.0 and 1.3800138000E+10, where no digit is lost."""
    end = s[STATE][S_END]
    if s[STATE][S_GROUPS] != 2 or s[GROUP_GAP][1] != G_DOT:
        return
    if s[GROUP_LEN][0] >= 5 and s[GROUP_LEN][1] <= 2 and value(s[DIG], s[GROUP_AT][1], s[GROUP_LEN][1]) == 0:
        s[STATE][S_GROUPS] = 1
    elif s[GROUP_LEN][0] == 1 and s[GROUP_LEN][1] == 10 and end + 4 <= n and s[SYM][end] == LATIN + 4 and s[SYM][end + 1] == PLUS:
        if s[SYM][end + 2] == 1 and s[SYM][end + 3] == 0 and (end + 4 == n or s[SYM][end + 4] >= 20):
            s[STATE][S_GROUPS], s[STATE][S_END], s[GROUP_LEN][0] = 1, end + 4, 11


def has_cell_alone(s: Scratch, n: int, mode: int, count: int, behind: int) -> bool:
    """Whether the chain at hand holds all the digits of its cell."""
    if mode & TEXT or count or s[STATE][S_FAILED]:
        return False
    for k in range(behind, n):
        if s[SYM][k] < 20:
            return False
    return True


def read_one_chain(t: Tables, s: Scratch, n: int, mode: int, out: list[int], count: int, plus: bool) -> int:
    """Write the numbers of the chain just read; how many there are now, -1 where nobody can tell."""
    undo_spreadsheet(s, n)
    groups, first, end = s[STATE][S_GROUPS], s[STATE][S_FIRST], s[STATE][S_END]
    mark_dates(s, groups)
    mark_edges(t, s, first, groups, end, n)
    s[STATE][S_BEHIND] = read_behind(t, s, end, n)
    if s[STATE][S_CONTEXT] < 0:
        return count
    if s[STATE][S_CONTEXT] > 0:
        s[STATE][S_AREA] = context_area(s[STATE][S_CONTEXT])
    elif mode & TEXT and first - s[STATE][S_AREA_END] > MAX_GAP:
        s[STATE][S_AREA] = 0
    alone = groups > 1 and has_cell_alone(s, n, mode, count, s[STATE][S_BEHIND])
    low = 0
    while low < groups:
        high = low
        while high < groups and s[GROUP_FLAG][high] != INERT:
            high += 1
        if high > low:
            count = read_numbers(t, s, n, mode, out, count, low, high, plus and low == 0, alone and high - low == groups)
            if count < 0:
                return -1
        low = high + 1
    return count


def reason_of(t: Tables, s: Scratch) -> int:
    """Why the chain at hand is no number."""
    groups = s[STATE][S_GROUPS]
    for g in range(groups):
        if s[GROUP_FLAG][g] != SOUND:
            return JOINED if s[GROUP_FLAG][g] == SPOILT else ANOTHER_NUMBER
    at, country = prefix(s, 0, groups, True)
    digits = s[GROUP_AT][groups - 1] + s[GROUP_LEN][groups - 1]
    length = digits - at
    if digits < 3 or length < 3:
        return TOO_SHORT
    if length > 13:
        return TOO_LONG
    head = s[DIG][at] * 10 + s[DIG][at + 1]
    if head >= 13 and head < 20:
        return UNALLOCATED if length == 11 else TOO_SHORT if length < 11 else TOO_LONG
    if head == 40 or head == 80 or head == 95 or head == 96:
        return TOO_SHORT if length < (10 if head % 10 == 0 else 5) else TOO_LONG
    if s[DIG][at] == 0 and s[DIG][at + 1] != 0:
        if length < 6:
            return TOO_SHORT
        return WRONG_LENGTH if area_code(t, s[DIG], at + 1, length - 1) else UNKNOWN_AREA
    if 7 <= length <= 8 and head >= 20:
        return NO_AREA_CODE
    return FOREIGN if length >= 9 and not country else NOT_A_NUMBER


def skip(s: Scratch, at: int, n: int) -> int:
    """The next symbol to look at behind one that begins no chain: a web address is passed over whole."""
    colon = s[SYM][at] == COLON and at + 2 < n and s[SYM][at + 1] == SLASH and s[SYM][at + 2] == SLASH
    www = at + 3 < n and s[SYM][at] == LATIN_W and s[SYM][at + 1] == LATIN_W and s[SYM][at + 2] == LATIN_W and s[SYM][at + 3] == DOT
    if not colon and not www:
        return at + 1
    while at < n and s[SYM][at] != BLANK and s[SYM][at] != LIST and s[SYM][at] != QUOTE and s[SYM][at] != WORD and s[SYM][at] < LATIN_END:
        at += 1
    return at


def scan(t: Tables, s: Scratch, n: int, mode: int, out: list[int]) -> int:
    """Write the numbers among `n` symbols; how many there are, -1 where nobody can tell."""
    s[STATE][S_REASON] = s[STATE][S_FAILED] = s[STATE][S_BARE] = s[STATE][S_LOOSE] = s[STATE][S_AREA] = 0
    s[STATE][S_AREA_END] = s[STATE][S_ALARM_END] = -NEVER
    count, at = 0, 0
    while at < n:
        plus = s[SYM][at] == PLUS
        if s[SYM][at] >= 20 and not plus:
            at = skip(s, at, n)
            continue
        first = after_plus(s, at, n) if plus else at
        if first < 0 or not begins_digits(s, first, n, mode):
            at += 1
            continue
        s[STATE][S_FIRST] = at
        read_chain(s, first, n, mode)
        found = read_one_chain(t, s, n, mode, out, count, plus)
        if found < 0:
            return -1
        if found == count:
            s[STATE][S_FAILED] += 1
            if s[STATE][S_REASON] == 0:
                s[STATE][S_REASON] = reason_of(t, s)
        count = found
        at = s[STATE][S_BEHIND]
    return count


def read_plain(t: Tables, s: Scratch, n: int, out: list[int]) -> int:
    """The short way for a cell of digits and separators alone that is one number: 1 where it is, 0 where `scan` must look.

    Nothing stands beside such a number, so nothing but its digits can decide.
    """
    at = 0
    while at < n and BLANK <= s[SYM][at] <= CLOSE:
        at += 1
    if at == n:
        return 0
    plus = s[SYM][at] == PLUS
    first = after_plus(s, at, n) if plus else at
    if first < 0:
        return 0
    s[STATE][S_FIRST] = at
    read_chain(s, first, n, 0)
    end = s[STATE][S_END]
    for k in range(end, n):
        if s[SYM][k] < BLANK or s[SYM][k] > CLOSE:
            return 0
    undo_spreadsheet(s, n)
    groups = s[STATE][S_GROUPS]
    mark_dates(s, groups)
    kind, digit, length, area, ext = match(t, s, 0, groups, plus, 0, True)
    if kind <= 0 or ext:
        return 0
    s[STATE][S_EXT], s[STATE][S_BEHIND] = 0, end
    emit(t, s, out, 0, 0, groups, kind, digit, length, area, 0)
    return 1


def read(t: Tables, s: Scratch, data: Octets, start: int, end: int, mode: int, out: list[int]) -> int:
    """Find the numbers in the UTF-8 of `data[start:end]` and write a record each; how many, -1 where nobody can tell.

    `state[S_REASON]` then says why there is none. Time and space are linear in the length.
    """
    n = symbolise(t, s, data, start, end)
    if s[STATE][S_PLAIN] and mode == 0 and read_plain(t, s, n, out):
        return 1
    count = scan(t, s, n, mode, out)
    if count > 0 and s[STATE][S_BARE] and s[STATE][S_FAILED]:
        count = scan(t, s, n, mode | NO_BARE, out)
    if count == 0 and s[STATE][S_LOOSE]:
        count = scan(t, s, n, mode | LOOSE_NUMERALS, out)
    return count
