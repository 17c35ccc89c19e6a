"""Laws of canonical JSON: one spelling for one value, the same as the peer's, and never another error."""

from __future__ import annotations

import json
from contextlib import suppress

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from haoma.errors import BadInput
from haoma.ledger.canonical import LARGEST_INT, canonical

texts = st.text() | st.text(st.sampled_from('ab"\\/\n\x00\x1f\x7fé号\ue000\ufb33\U0001f600\U0010ffff'))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INT, LARGEST_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=5), max_leaves=20
)
anything = st.recursive(
    scalars | st.floats() | st.integers() | st.binary() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters()) | st.integers(), inner, max_size=3)
        | st.sets(st.integers(), max_size=2)
    ),
    max_leaves=8,
)


@given(values)
def test_our_bytes_are_the_peers(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(values)
def test_reading_and_writing_again_changes_nothing(value: object) -> None:
    written = canonical(value)
    assert canonical(json.loads(written, parse_int=float)) == written


@given(st.dictionaries(texts, scalars))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@given(anything)
def test_nothing_but_bad_input_is_raised(value: object) -> None:
    with suppress(BadInput):
        json.loads(canonical(value))
