from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haoma.web.api.masking import masked

LETTERS = st.text("abcdefghijklmnopqrstuvwxyzABC_-", min_size=8, max_size=40)
SECRETS = st.one_of(
    st.from_regex(r"[0-9\u0660-\u0669](?:[ .()+_/-]{0,2}[0-9]){6,14}", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,3}[.][0-9]{3,8}", fullmatch=True),
    LETTERS.map(lambda text: f"haoma_key_{text}"),
    st.text("abcdefghijklmnop", min_size=8, max_size=64).map(lambda text: f"loc.{text}"),
    LETTERS.map(lambda text: f"eyJ{text}"),
    st.builds(lambda word, text: f"{word} {text}", st.sampled_from(["Bearer", "bearer", "BEARER"]), LETTERS),
)


@given(before=st.text(), secret=SECRETS, behind=st.text())
def test_what_is_secret_is_hidden_wherever_it_stands(before: str, secret: str, behind: str) -> None:
    assert secret not in masked(f"{before} {secret} {behind}")


@given(text=st.text("abcdefgh .,:/-_1"))
def test_a_text_without_seven_digits_and_secrets_is_left_as_it_is(text: str) -> None:
    told = "".join(one for one in text if one != "1")
    assert masked(told) == told
