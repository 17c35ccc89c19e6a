"""What the pack of this machine says, against MIIT's table and the known faults of the other sources."""

from __future__ import annotations

from collections import Counter

import pytest

from haoma.numbers.model import Kind
from haoma.numbers.segments import Pack, Row
from haoma.numbers.segments.landlines import BASIS_PPM, LENGTH_BITS
from haoma.numbers.segments.pack import FIRST_PREFIX
from haoma.numbers.segments.tables import rows
from haoma.numbers.segments.vote import OPERATOR_PPM


def said(pack: Pack, digits: str) -> Row:
    return pack.row(pack.segment_row(digits))


def test_miit_decides_operator_and_kind_of_every_open_prefix_and_nothing_else_is_open(pack: Pack) -> None:
    expected: dict[int, tuple[str, str]] = {}
    for row in rows("miit_h0.csv"):
        width = 10 ** (7 - len(row["prefix"]))
        first = int(row["prefix"]) * width
        expected.update(dict.fromkeys(range(first, first + width), (row["kind"], row["operator"])))
    answers = [pack.row(number) for number in range(len(pack))]
    for index, number in enumerate(pack.segments):
        want = expected.get(FIRST_PREFIX + index)
        if want is None:
            assert number == 0
        else:
            kind, operator = want
            assert answers[number].kind == kind
            assert answers[number].issued_by == (None if operator == "其他单位" else operator)


@pytest.mark.parametrize("digits", ["1540000", "1349000", "1600000", "1940000", "1790000"])
def test_an_unallocated_prefix_says_nothing(pack: Pack, digits: str) -> None:
    assert said(pack, digits) == Row(Kind.INVALID, None, None, None, ())


def test_an_open_prefix_without_a_city_knows_its_carrier_and_no_place(pack: Pack) -> None:
    counts = Counter(pack.segments)
    bare = [
        pack.row(number)
        for number in counts
        if pack.row_kind[number] and not pack.row_province[number] and pack.row_issued_by[number]
    ]
    assert bare
    assert all(row.issued_in is None and row.sources == ("miit",) and row.confidence_ppm for row in bare)


def test_173_is_not_all_beijing(pack: Pack) -> None:
    start = 1_730_000 - FIRST_PREFIX
    provinces = Counter(pack.row_province[number] for number in pack.segments[start : start + 10_000])
    assert len(provinces) == (32 if "phone.dat" in present(pack) else 1)
    assert all("libphonenumber" not in pack.row(n).sources for n in pack.segments[start : start + 10_000])


def present(pack: Pack) -> set[str]:
    return {source["name"] for source in pack.header["sources"] if source["sha256"]}


def test_postcodes_have_six_digits_and_area_codes_one_trunk_zero(pack: Pack) -> None:
    for number in range(len(pack)):
        place = pack.row(number).issued_in
        if place is not None:
            assert place.postcode is None or (len(place.postcode) == 6 and place.postcode.isdigit())
            assert place.area_code is None or (place.area_code[0] == "0" and place.area_code[1] != "0")


def test_virtual_operators_name_their_host(pack: Pack) -> None:
    hosts = {digits: said(pack, digits).issued_by for digits in ("1700000", "1703000", "1709000", "1650000", "1670000")}
    assert list(hosts.values()) == ["中国电信", "中国移动", "中国联通", "中国移动", "中国联通"]
    assert said(pack, "1650000").kind is Kind.MVNO


@pytest.mark.parametrize(
    ("code", "lengths", "city"),
    [(10, 2, "北京市"), (592, 1, "厦门市"), (571, 2, "杭州市"), (755, 2, "深圳市"), (898, 2, None), (728, 1, None)],
)
def test_an_area_code_gives_length_and_city(pack: Pack, code: int, lengths: int, city: str | None) -> None:
    place = pack.row(pack.areas[code]).issued_in
    assert pack.area_lengths[code] == lengths
    assert place is not None
    assert (place.area_code, place.city) == (f"0{code}", city)


@pytest.mark.parametrize("code", [26, 0, 101, 300, 634, 852, 980])
def test_what_is_no_area_code_has_no_row(pack: Pack, code: int) -> None:
    assert (pack.areas[code], pack.area_lengths[code]) == (0, 0)


@pytest.mark.parametrize(("local", "city"), [("882", "长沙市"), ("282", "株洲市"), ("582", "湘潭市"), ("382", None)])
def test_the_first_local_digits_tell_cities_of_one_area_code_apart(pack: Pack, local: str, city: str | None) -> None:
    place = pack.row(pack.splits[(pack.split_of[731] - 1) * 1000 + int(local)]).issued_in
    assert place is not None
    assert (place.province, place.city) == ("湖南省", city)


def test_area_lengths_are_those_of_libphonenumber(pack: Pack) -> None:
    import phonenumbers

    longer_only = {754, 851}
    for code in [10, *range(20, 30), *range(300, 1000)]:
        for digits, bit in LENGTH_BITS.items():
            parsed = phonenumbers.parse(f"+86{code}{'6' * int(digits)}")
            fixed = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.FIXED_LINE
            if code not in longer_only or digits == "8":
                assert bool(pack.area_lengths[code] & bit) == fixed, code


NETWORKS = {
    14_000: "中国联通",
    14_109: "中国电信",
    14_400: "中国移动",
    14_200: None,
    10_646: "中国联通",
    10_648: "中国移动",
    10_649: "中国电信",
    10_640: None,
}


@pytest.mark.parametrize(("stem", "operator"), NETWORKS.items())
def test_a_machine_number_s_first_digits_give_its_network(pack: Pack, stem: int, operator: str | None) -> None:
    index = stem - 14_000 if stem >= 14_000 else 500 + stem - 10_640
    row = pack.row(pack.iot[index])
    assert (row.kind, row.issued_by) == (Kind.IOT, operator)


def test_service_numbers_give_their_operator(pack: Pack) -> None:
    named = {
        stem: pack.row(pack.carriers[stem - 10_000]).issued_by for stem in (10_086, 10_010, 10_000, 10_099, 10_500)
    }
    assert list(named.values()) == ["中国移动", "中国联通", "中国电信", "中国广电", None]


@pytest.mark.parametrize("name", ["area_splits.csv", "networks.csv"])
def test_general_knowledge_is_marked_and_said_with_less_confidence_than_what_is_reported(name: str) -> None:
    assert {row["basis"] for row in rows(name)} == set(BASIS_PPM)
    assert BASIS_PPM["unverified"] < BASIS_PPM["reported"] < OPERATOR_PPM


def test_a_row_s_basis_decides_how_sure_its_answer_is(pack: Pack) -> None:
    for row in rows("networks.csv"):
        if row["kind"] == Kind.CARRIER_SERVICE:
            said_of = pack.row(pack.carriers[int(row["prefix"]) - 10_000])
            assert said_of.confidence_ppm == BASIS_PPM[row["basis"]]
    for row in rows("area_splits.csv"):
        first = int(row["local_prefix"].ljust(3, "0"))
        local = pack.splits[(pack.split_of[int(row["area_code"])] - 1) * 1000 + first]
        assert pack.row(local).confidence_ppm == BASIS_PPM[row["basis"]]


def test_the_header_names_every_source_with_licence_and_digest(pack: Pack) -> None:
    for source in pack.header["sources"]:
        assert source["licence"]
        assert source["name"] not in present(pack) or len(str(source["sha256"])) == 64
    assert {"miit", "libphonenumber", "numbering-plan"} <= present(pack)


def test_sources_agree_as_measured(pack: Pack) -> None:
    agreement = pack.header["agreement"]
    if agreement["both"]:
        assert agreement["province"] / agreement["both"] > 0.98
        assert agreement["city"] / agreement["both"] > 0.96


def test_every_confidence_lies_between_eight_tenths_and_one(pack: Pack) -> None:
    assert {ppm for ppm in pack.row_confidence if ppm} <= set(range(800_000, 1_000_001))
