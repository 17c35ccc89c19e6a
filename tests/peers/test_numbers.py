"""The number engine beside libphonenumber, and against the outside examples."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import phonenumbers
import pytest

from haoma.numbers import Kind, parse
from haoma.numbers.segments import load
from haoma.settings import load as settings

# libphonenumber takes seven and eight digits there; eight are in use since 2005 and 2014
UPGRADED = {"754", "851"}


def run(script: Path, *arguments: str) -> dict[str, object]:
    haoma = str(Path(sys.executable).with_name("haoma"))
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"HAOMA": haoma, "PATH": "/usr/bin:/bin", **_environment()},
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return result


def _environment() -> dict[str, str]:
    return {"HAOMA_DATA_DIR": str(settings().data_dir), "HOME": str(Path.home())}


def test_every_outside_example_is_right(shared: Path) -> None:
    found = run(shared / "numbers" / "score.py")
    assert found["cases_ok"] == found["cases"]


def test_the_outside_column_is_right(shared: Path) -> None:
    found = run(shared / "numbers" / "speed.py", "--rows", "200000", "--slice", "200000")
    assert (found["uri_ok"], found["valid_ok"], found["columns_missing"], found["not_dictionary_encoded"]) == (
        1.0,
        1.0,
        [],
        [],
    )


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS - {"CN"}))
def test_an_example_number_of_every_country_is_known(region: str) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    shown = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    for written in (shown, e164, f"电话：{shown}", "00" + e164[1:]):
        number = parse(written)
        assert (number.kind, number.e164) == (Kind.INTERNATIONAL, e164)


def test_landlines_are_those_of_libphonenumber() -> None:
    pack, rng = load(settings()), random.Random(20261121)
    for code in (str(code) for code in range(1000) if pack.areas[code]):
        for first, length in ((first, length) for first in "2345678" for length in (7, 8)):
            local = first + "".join(rng.choices("0123456789", k=length - 1))
            theirs = phonenumbers.is_valid_number(phonenumbers.parse(f"+86{code}{local}"))
            if theirs is (parse(f"0{code}-{local}").kind is Kind.LANDLINE):
                continue
            assert code in UPGRADED, (code, first, length)
