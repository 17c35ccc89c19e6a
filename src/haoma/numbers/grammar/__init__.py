"""How people write numbers: from the bytes of a cell or a text to the numbers in it.

    words → symbols          the alphabet: what each character means to the grammar
    plan                     the numbering plan: which digits are which kind
    owners                   whose short codes are whose, for running text
    layout                   the memory that a reading works in
    decode → chains → marks → behind → candidate → evidence → reading

Rules held here:
- Digit groups joined by separators form a chain; a chain is one number, or several whole ones, or nothing. A digit too
  many or too few spoils it: no part of a longer run is ever taken.
- What stands beside the chain counts: letters that are no label, masks, currency and units spoil it; a word that names
  another kind of number (order, card, postcode) disqualifies it; a short code needs more evidence the shorter it is.
- One grammar, two drivers: the interpreter runs these functions for one cell, numba compiles the same functions for a
  column. So they use integers and flat arrays only, and return -1 where they need libphonenumber and cannot ask it.
"""

from haoma.numbers.grammar.reading import read

__all__ = ["read"]
