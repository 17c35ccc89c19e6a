"""How people in China write numbers into a cell, and what each such cell says: the stock that `samples` draws from.

Rules held here:
- In a form `@` is the next digit drawn, `＠` it in full width, `〓` it as a Chinese numeral; all else is itself.
- What a cell says is known from how it is made. Nothing here asks the parser or its tables.
- Shares are a customer file's: most cells are clean mobiles, a few in a hundred hold no number.
"""

from __future__ import annotations

from dataclasses import dataclass

from haoma.numbers.model import Kind

__all__ = ["FORMS", "POOLS", "Form", "Pool"]

MOBILE, LANDLINE, INVALID = Kind.MOBILE, Kind.LANDLINE, Kind.INVALID
CN = ";phone-context=+86"
TEL_11 = "tel:+86@@@@@@@@@@@"
TEL_10 = "tel:+86@@@@@@@@@@"


@dataclass(frozen=True, slots=True)
class Pool:
    """Numbers of `width` digits that begin with one of `heads`, and each head's operator and province."""

    width: int
    heads: tuple[str, ...]
    issued_by: tuple[str | None, ...] = ()
    province: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write: its share of all cells, the pools of its digits, the cell, and the first number's URI."""

    share: float
    draw: tuple[str, ...]
    cell: str
    kind: Kind
    uri: str | None


def by_operator(width: int, heads: dict[str, str]) -> Pool:
    """A pool of blocks; `heads` are blank-separated, and three digits stand for all ten blocks of four."""
    owners = {
        block: operator
        for operator, text in heads.items()
        for head in text.split()
        for block in ([head] if len(head) > 3 else [f"{head}{digit}" for digit in range(10)])
    }
    return Pool(width, tuple(owners), tuple(owners.values()))


def by_area(width: int, provinces: dict[str, str]) -> Pool:
    """A pool of landlines without trunk zero: area codes of one length, blank-separated, by province."""
    owners = {
        f"{code}{first}": province for province, text in provinces.items() for code in text.split() for first in "568"
    }
    return Pool(width, tuple(owners), (), tuple(owners.values()))


def whole(text: str) -> Pool:
    """A pool of numbers that are written out: all of one width."""
    numbers = text.split()
    return Pool(len(numbers[0]), tuple(numbers))


POOLS: dict[str, Pool] = {
    "mobile": by_operator(
        11,
        {
            "中国移动": "1340 1341 1342 1343 1344 1345 1346 1347 1348 135 136 137 138 139 147 150 151 152 157 158 159 "
            "172 178 182 183 184 187 188 195 197 198",
            "中国联通": "130 131 132 145 155 156 166 175 176 185 186 196",
            "中国电信": "133 153 173 177 180 181 189 190 191 193 199",
            "中国广电": "192",
        },
    ),
    "mvno": by_operator(
        11,
        {"中国电信": "1700 1701 1702 162", "中国移动": "1703 1705 1706 165", "中国联通": "1704 1707 1708 1709 171 167"},
    ),
    "iot": by_operator(11, {"中国联通": "146", "中国移动": "148", "中国电信": "149"}),
    "iot_13": by_operator(13, {"中国移动": "1440 10648", "中国电信": "1410"}),
    "satellite": Pool(11, ("17400", "17401", "17402", "17403", "17404", "17405")),
    "area_2": by_area(
        10,
        {
            "北京市": "10",
            "上海市": "21",
            "天津市": "22",
            "重庆市": "23",
            "广东省": "20",
            "江苏省": "25",
            "湖北省": "27",
            "四川省": "28",
            "陕西省": "29",
        },
    ),
    "area_3": by_area(
        11,
        {
            "浙江省": "571 574 577",
            "广东省": "755 757 769",
            "山东省": "531 532",
            "福建省": "591",
            "云南省": "871",
            "河南省": "371",
        },
    ),
    "area_3_short": by_area(10, {"广东省": "751 762", "江西省": "790 799", "新疆维吾尔自治区": "902", "云南省": "887"}),
    "400": Pool(10, ("4000", "4001", "4006", "4008", "4009")),
    "800": Pool(10, ("8008",)),
    "95": whole("95588 95533 95566 95599 95555 95559 95528 95568 95595 95511 95519 95518 95598 95338 95188 95013"),
    "95_long": whole("95105105 95105556 95105888"),
    "96": whole("96110 96166 96156 96301 96777"),
    "public": whole("12345 12315 12306 12333 12366 12348 12329 12123"),
    "carrier": Pool(5, ("10086", "10010", "10000"), ("中国移动", "中国联通", "中国电信")),
    "emergency": whole("110 119 120 122"),
    "ext": Pool(4, tuple("123456789")),
    "closed": Pool(11, ("154",)),  # in no block of MIIT's table
    "any": Pool(9, tuple("23456789")),
    "local": Pool(8, tuple("2345678")),
    "one": Pool(1, tuple("0123456789")),
}

_MOBILES = (
    (40.0, "@@@@@@@@@@@"),
    (4.0, "@@@ @@@@ @@@@"),
    (2.0, "@@@-@@@@-@@@@"),
    (1.0, "@@@.@@@@.@@@@"),
    (1.0, " @@@@@@@@@@@  "),
    (3.0, "+86@@@@@@@@@@@"),
    (2.0, "+86 @@@ @@@@ @@@@"),
    (1.0, "+86-@@@-@@@@-@@@@"),
    (2.0, "86@@@@@@@@@@@"),
    (1.5, "86-@@@@@@@@@@@"),
    (1.5, "0086@@@@@@@@@@@"),
    (1.0, "(+86)@@@@@@@@@@@"),
    (0.5, "（86）@@@@@@@@@@@"),
    (0.5, "0@@@@@@@@@@@"),
    (0.3, "17951@@@@@@@@@@@"),
    (1.5, "＠＠＠＠＠＠＠＠＠＠＠"),
    (0.5, "＋８６　＠＠＠　＠＠＠＠　＠＠＠＠"),
    (0.6, "〓〓〓〓〓〓〓〓〓〓〓"),
    (0.3, "〓〓〓 〓〓〓〓 〓〓〓〓"),
    (2.0, "手机：@@@@@@@@@@@"),
    (1.0, "手机号码: @@@ @@@@ @@@@"),
    (0.7, "联系电话@@@@@@@@@@@"),
    (0.6, "Tel: @@@@@@@@@@@"),
    (0.5, "微信同号@@@@@@@@@@@"),
    (0.8, "@@@@@@@@@@@（张先生）"),
    (0.5, "李女士 @@@@@@@@@@@"),
    (0.3, "📱@@@@@@@@@@@"),
    (0.5, "@@@@@@@@@@@.0"),
    (0.5, "'@@@@@@@@@@@"),
    (0.2, '="@@@@@@@@@@@"'),
    (0.3, "@@@\u200b@@@@\u200b@@@@"),
    (0.2, "\u202d@@@ @@@@ @@@@\u202c"),
    (0.2, "tel:+86-@@@-@@@@-@@@@"),
)
_MOBILE_LISTS = (
    (1.0, "@@@@@@@@@@@/@@@@@@@@@@@"),
    (0.6, "@@@@@@@@@@@、@@@@@@@@@@@"),
    (0.4, "@@@@@@@@@@@；@@@@@@@@@@@"),
    (0.4, "@@@@@@@@@@@ @@@@@@@@@@@"),
    (0.3, "@@@@@@@@@@@ 或 @@@@@@@@@@@"),
)
_AREAS_10 = (
    (1.5, "0@@-@@@@@@@@"),
    (0.6, "(0@@)@@@@@@@@"),
    (0.4, "0@@@@@@@@@@"),
    (0.3, "0@@ @@@@ @@@@"),
    (0.3, "+86 @@ @@@@ @@@@"),
    (0.2, "０＠＠－＠＠＠＠＠＠＠＠"),
    (0.2, "座机：0@@-@@@@@@@@"),
)
_AREAS_11 = (
    (1.5, "0@@@-@@@@@@@@"),
    (0.6, "（0@@@）@@@@@@@@"),
    (0.4, "0@@@@@@@@@@@"),
    (0.3, "+86-@@@-@@@@@@@@"),
    (0.2, "电话：0@@@-@@@@@@@@"),
)
_EXTENSIONS = (
    (0.8, "0@@@-@@@@@@@@转@@@@"),
    (0.4, "0@@@-@@@@@@@@-@@@@"),
    (0.2, "0@@@-@@@@@@@@ 分机 @@@@"),
    (0.1, "0@@@-@@@@@@@@ ext. @@@@"),
)
_SHORT = (
    (0.8, "95", Kind.NATIONAL_SERVICE, "@@@@@", ""),
    (0.2, "95_long", Kind.NATIONAL_SERVICE, "@@@@@@@@", ""),
    (0.2, "96", Kind.REGIONAL_SERVICE, "@@@@@", ""),
    (0.3, "public", Kind.PUBLIC_SERVICE, "@@@@@", ""),
    (0.2, "carrier", Kind.CARRIER_SERVICE, "@@@@@", ""),
    (0.1, "emergency", Kind.EMERGENCY, "@@@", ""),
    (0.6, "400", Kind.SHARED_COST, "@@@@@@@@@@", ""),
    (0.6, "400", Kind.SHARED_COST, "@@@-@@@-@@@@", ""),
    (0.3, "400", Kind.SHARED_COST, "@@@-@@@@-@@@", ""),
    (0.2, "400", Kind.SHARED_COST, "客服 @@@ @@@ @@@@", ""),
    (0.2, "400", Kind.SHARED_COST, "〓〓〓〓〓〓〓〓〓〓", ""),
    (0.1, "800", Kind.TOLL_FREE, "@@@-@@@-@@@@", ""),
    (0.1, "public", Kind.PUBLIC_SERVICE, "0571-@@@@@", "571"),
    (0.1, "96", Kind.REGIONAL_SERVICE, "021-@@@@@", "21"),
)
_FOREIGN = (  # ranges that are kept for films and documentation, and switchboards
    (0.15, ("one", "one"), "+1 415 555 01@@", "tel:+141555501@@"),
    (0.15, ("one", "one", "one"), "+44 20 7946 0@@@", "tel:+442079460@@@"),
    (0.05, ("one", "one", "one"), "+44 (0)20 7946 0@@@", "tel:+442079460@@@"),
    (0.15, ("ext",), "+61 2 5550 @@@@", "tel:+6125550@@@@"),
    (0.3, ("ext",), "+852 2287 @@@@", "tel:+8522287@@@@"),
    (0.1, ("ext",), "00853 2833 @@@@", "tel:+8532833@@@@"),
    (0.1, ("ext",), "+886 2 2311 @@@@", "tel:+88622311@@@@"),
)
_NOTHING = (
    (0.8, (), ""),
    (0.8, (), "无"),
    (0.3, (), "暂无"),
    (0.2, (), "不便提供"),
    (0.2, (), "N/A"),
    (0.2, (), "-"),
    (0.2, (), "同上"),
    (0.8, ("mobile",), "@@@****@@@@"),
    (0.6, ("mobile",), "@@@@@@@@@@"),
    (0.6, ("mobile", "one"), "@@@@@@@@@@@@"),
    (0.3, ("closed",), "@@@@@@@@@@@"),
    (0.2, ("area_3",), "0@@@-@@@@@@@"),
    (0.2, ("area_2", "one"), "0@@-@@@@@@@@@"),
    (0.2, ("400",), "@@@-@@@-@@@"),
    (0.2, (), "2026-11-21"),
    (0.1, (), "2026/11/21 10:30"),
    (0.3, ("any",), "订单号20261121@@@@@@@@@"),
    (0.2, ("any",), "SF1@@@@@@@@@00"),
    (0.1, ("any",), "11010119900@@@@@@X"),
    (0.1, ("any",), "62220202@@@@@@@@@11"),
    (0.1, ("one", "one"), "192.168.1@.1@"),
    (0.2, ("local",), "@@@@@@@@"),
    (0.1, (), "1.38E+10"),
    (0.1, (), "00000000000"),
)

FORMS: tuple[Form, ...] = (
    *(Form(share, ("mobile",), cell, MOBILE, TEL_11) for share, cell in _MOBILES),
    *(Form(share, ("mobile", "mobile"), cell, MOBILE, TEL_11) for share, cell in _MOBILE_LISTS),
    Form(0.3, ("mobile", "area_2"), "@@@@@@@@@@@；0@@-@@@@@@@@", MOBILE, TEL_11),
    Form(0.5, ("mobile", "ext"), "@@@@@@@@@@@转@@@@", MOBILE, f"{TEL_11};ext=@@@@"),
    Form(1.5, ("mvno",), "@@@@@@@@@@@", Kind.MVNO, TEL_11),
    Form(0.3, ("mvno",), "+86 @@@ @@@@ @@@@", Kind.MVNO, TEL_11),
    Form(0.3, ("iot",), "@@@@@@@@@@@", Kind.IOT, TEL_11),
    Form(0.2, ("iot_13",), "@@@@@@@@@@@@@", Kind.IOT, f"{TEL_11}@@"),
    Form(0.1, ("satellite",), "@@@@@@@@@@@", Kind.SATELLITE, TEL_11),
    *(Form(share, ("area_2",), cell, LANDLINE, TEL_10) for share, cell in _AREAS_10),
    *(Form(share, ("area_3",), cell, LANDLINE, TEL_11) for share, cell in _AREAS_11),
    *(Form(share, ("area_3", "ext"), cell, LANDLINE, f"{TEL_11};ext=@@@@") for share, cell in _EXTENSIONS),
    Form(0.6, ("area_3_short",), "0@@@-@@@@@@@", LANDLINE, TEL_10),
    Form(0.2, ("400", "ext"), "@@@-@@@-@@@@转@@@@", Kind.SHARED_COST, f"tel:@@@@@@@@@@;ext=@@@@{CN}"),
    *(
        Form(share, (pool,), cell, kind, f"tel:{'@' * POOLS[pool].width}{CN}{area}")
        for share, pool, kind, cell, area in _SHORT
    ),
    *(Form(share, draw, cell, Kind.INTERNATIONAL, uri) for share, draw, cell, uri in _FOREIGN),
    *(Form(share, draw, cell, INVALID, None) for share, draw, cell in _NOTHING),
)
