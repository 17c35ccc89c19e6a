from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.numbers.segments import phonedat

WritePhoneDat = Callable[[Mapping[int, str]], Path]


def test_lost_zeros_come_back_and_doubled_ones_go(write_phone_dat: WritePhoneDat) -> None:
    path = write_phone_dat({1300001: "河北|石家庄|50000|0311", 1300002: "内蒙古|锡林郭勒|152500|00479"})
    read = phonedat.read(path)
    assert [(r.postcode, r.area_code) for r in read.records] == [("050000", "0311"), ("026000", "0479")]


def test_each_prefix_finds_its_record(write_phone_dat: WritePhoneDat) -> None:
    read = phonedat.read(write_phone_dat({1300000: "上海|上海|200000|021", 1999999: "湖南|吉首|416000|0743"}))
    assert (read.version, read.record_of[0], read.record_of[1], read.record_of[699_999]) == ("2401", 1, 0, 2)
    assert read.records[1].place.city == "湘西土家族苗族自治州"


def test_prefixes_outside_13_to_19_are_left_out(write_phone_dat: WritePhoneDat) -> None:
    read = phonedat.read(write_phone_dat({1299999: "上海|上海|200000|021", 2000000: "上海|上海|200000|021"}))
    assert not any(read.record_of)


def test_an_unknown_city_keeps_its_province(write_phone_dat: WritePhoneDat) -> None:
    read = phonedat.read(write_phone_dat({1300000: "河北|无此城|50000|0311"}))
    (record,) = read.records
    assert (record.place.province, record.place.city, record.postcode) == ("河北省", None, None)
    assert read.unknown == ("河北无此城",)


def test_a_record_without_a_known_province_is_left_out_and_reported(write_phone_dat: WritePhoneDat) -> None:
    read = phonedat.read(write_phone_dat({1300000: "无此省|城|1|01", 1300001: "\ufeff安徽|合肥|230000|0551"}))
    assert list(read.record_of[:2]) == [0, 1]
    assert (read.records[0].place.city, read.unknown) == ("合肥市", ("无此省",))


@pytest.mark.parametrize("body", [b"", b"2312", b"2312\xff\xff\xff\x7f", b"2312\x0c\0\0\0abc\0zz", b"\0" * 100])
def test_what_is_no_phone_dat_is_bad_input_naming_the_file(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "broken.dat"
    path.write_bytes(body)
    with pytest.raises(BadInput, match=r"broken\.dat"):
        phonedat.read(path)


def test_a_configured_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="phone_dat"):
        phonedat.find(tmp_path / "none.dat")


def test_the_package_is_found_without_importing_it() -> None:
    code = "import sys; from haoma.numbers.segments import phonedat; phonedat.find(); assert 'phone' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
