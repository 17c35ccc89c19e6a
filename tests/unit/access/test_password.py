from __future__ import annotations

import pytest

from haoma.access.password import check_password, hash_password, verify_password
from haoma.errors import BadInput


def test_a_password_is_kept_as_argon2id_and_known_again() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(stored, "correct horse battery")
    assert not verify_password(stored, "correct horse batterz")


def test_two_who_choose_the_same_password_have_different_hashes() -> None:
    assert hash_password("correct horse battery") != hash_password("correct horse battery")


def test_nobody_has_no_password_not_even_that_of_the_stand_in() -> None:
    assert not verify_password(None, "the password of nobody")


def test_a_hash_that_was_spoiled_lets_nobody_in() -> None:
    assert not verify_password("$argon2id$spoiled", "correct horse battery")


def test_the_same_characters_from_another_keyboard_are_the_same_password() -> None:
    assert verify_password(hash_password("caf\u00e9 ｈｏｒｓｅ battery"), "cafe\u0301 horse battery")


@pytest.mark.parametrize("password", ["horse batte", "x" * 129, "aaaaaaaaaaaaaaaa", "my name is an.li, hello"])
def test_a_password_that_is_easy_to_guess_is_not_taken_and_not_shown(password: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_password(password, "an.li")
    assert password not in f"{caught.value} {caught.value.hint}"


def test_a_few_words_in_any_alphabet_are_taken() -> None:
    check_password("天高任鸟飞海阔凭鱼跃一二", "an.li")
