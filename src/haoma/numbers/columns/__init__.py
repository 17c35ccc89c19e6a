"""A whole column of cells at once: Arrow in, Arrow out, the same answers as one cell at a time.

jit       compiles haoma.numbers.grammar and what is below
driver    block after block → flat arrays   mobiles, uris, words64: its fast path
enrich    Arrow's edge
"""

from haoma.numbers.columns.arrow import COLUMNS, enrich

__all__ = ["COLUMNS", "enrich"]
