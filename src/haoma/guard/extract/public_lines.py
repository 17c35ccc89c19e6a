"""Numbers that the state has given to one kind of body each: whose they are is known before a page is read.

Rules held here:
- Such a number is that body's own and nobody else's, whatever page shows it: 12329 a housing fund's, 95598 the grid's.
- Source: MIIT, 《电信网编号计划》(2017), and the notices that gave out 12xxx lines.
"""

from __future__ import annotations

import re
from functools import cache

__all__ = ["is_anothers", "is_own"]

AREA = re.compile(r"^0\d{2,3}(?=12\d{3}$)")
ANSWERED_BY = {
    "110": "公安|派出所|警", "119": "消防", "120": "急救|120|卫健", "122": "交警|交管|交通警察", "12110": "公安|警", "96110": "公安|反诈|警",
    "95598": "电网|供电|电力|国网|南网", "12345": "政府|政务|市长|12345|便民|热线|数据", "12315": "市场监|市监|工商|消费者|消协|消保|消委",
    "12318": "文旅|文化|旅游", "12319": "城管|城市管理|住建|建设|城建", "12320": "卫生|卫健|疾病|疾控", "12321": "互联网|通信|工信",
    "12328": "交通|运输|道路", "12329": "公积金", "12333": "人社|人力|社保|社会保障|社会保险|劳动|就业", "12337": "政法|扫黑", "12338": "妇联|妇女",
    "12339": "国家安全|国安", "12340": "统计", "12348": "司法|法律援助|公证|律师协会", "12349": "民政|养老",
    "12350": "应急|安监|安全生产", "12351": "工会", "12355": "团委|青少年|共青团", "12356": "心理|卫健", "12358": "价格|物价|发改|市场监|市监",
    "12360": "海关", "12306": "铁路|铁道|12306", "12363": "人民银行|央行", "12365": "质监|质量|市场监|市监", "12366": "税务|国税|地税",
    "12367": "移民|出入境", "12368": "法院", "12369": "环保|环境|生态", "12371": "组织部|党建", "12377": "网信|互联网|违法和不良", "12378": "银保监|金融监|金管|保监|银监",
    "12379": "气象|应急", "12380": "组织部", "12381": "工信|经信", "12385": "残联|残疾", "12386": "证监|投资者服务|投资者保护", "12388": "纪委|监委|纪检|监察", "12389": "公安|督察|警",
    "12390": "版权|扫黄", "12393": "医保|医疗保障", "12395": "海事|搜救", "12396": "科技|农业", "12309": "检察", "12316": "农业|农村", "12122": "高速|交通|公路", "12123": "公安|交警|交管|交通管理|车管",
    "1950": "消保|消費者|消费者|行政院", "1823": "政府|民政|效率", "1955": "勞動|劳动", "1922": "疾管|疾病", "165": "警政|刑事|警察",
}  # fmt: skip


def is_own(digits: str, name: str) -> bool:
    """Whether a number is of the kind of body that is called `name`.

    >>> is_own("12329", "桂岭公积金中心"), is_own("12329", "桂岭银行")
    (True, False)
    """
    return digits in ANSWERED_BY and _body(digits).search(name) is not None


def is_anothers(digits: str, name: str) -> bool:
    """Whether a number is of a kind of body that is not called `name`, with an area code in front or without.

    >>> is_anothers("052312329", "海陵银行"), is_anothers("12329", "海陵市住房公积金管理中心")
    (True, False)
    """
    line = AREA.sub("", digits)
    return line in ANSWERED_BY and _body(line).search(name) is None


@cache
def _body(digits: str) -> re.Pattern[str]:
    return re.compile(ANSWERED_BY[digits])
