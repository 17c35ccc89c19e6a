"""Numbers that a sentence shows to be nobody's who is asked about: that called, that were found, that a swindler shows.

Rules held here:
- What called somebody, what a search brought up, what a false message or card says, and of what the text says that it
  has nothing to do with us, is another's.
- Behind a warning, what one is told to ring is no sham: 凡自称我行客服的，请拨打.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from haoma.guard.extract.title_words import NUMBER
from haoma.guard.extract.words import FAKE

__all__ = ["SHAM", "is_sham"]

NEAR = 34  # characters in front of a number
SENTENCE = re.compile(r"[。！？!?；;\n]")
LINE = r"(?:电话|热线|专线|号码?|座机|手机|客服|总机)"
CALLED = re.compile(
    rf"(?:打来(?:电话)?的|来电的?|陌生|呼入的?){LINE}{{1,2}}(?:有|是|为|显示为?|系)?\W*$"
    r"|接到(?:一个|了|自称|来自|号码为?|显示为?|[^，。]{0,12}(?:以|用))[^，。]{0,14}$"
    r"|收到(?:一个|一条|了|来自|自称|号码为?)[^，。]{0,14}$"
)
ON_WEB = re.compile(
    r"(?:搜|查|翻|百度|找)(?:索)?(?:到|出来?)(?:了|的)?(?:一|那|个|这|条|串|号|电话|客服|热线|售后|所谓|官方|「|“|\")[^，。]{0,12}$"
    r"|网上(?:随便|胡乱)?(?:搜|查|找|挂)(?:了|着|出|到|的)?[^，。]{0,12}$"
)
TRUE_SOURCE = re.compile(r"官网|公众号|说明书|保修卡|包装|铭牌|营业执照|工商|企查查|天眼查")
SHOWN = re.compile(r"(?:印(?:有|着)?|标注|贴(?:有|着)|写着|挂(?:了|着|出)|显示|留(?:了|的)?)[^。]{0,44}$")
SHAM = re.compile(r"假冒|冒充|冒用|冒牌|仿冒|山寨|自称|谎称|骗子|诈骗|行骗|号贩子|黄牛|上门推销|仿制|李鬼|钓鱼|虚假")
RIGHT = re.compile(
    r"官方|拨打|致电|请拨|请打|改打|核实|举报|认准|正确|唯一|为准|联系|咨询|告诉|告知|通知|报警|以及我|我们的|本(?:公司|行)的"
)
MESSAGE = re.compile(r"退订|拒收|回[TＴ]|回复?TD")
DENIED = re.compile(
    r"^[，,）)”\"\s]{0,3}[^，。；;\d]{0,6}?(?:[与和跟](?:我们|我|本|他们|厂家|官方|公司)[^，。]{0,10}(?:无关|无任何|没有?(?:任何|半点)?关系|毫无|不相干)"
    r"|(?:不是|并非|均非|都不是|非|不属于?)(?:我们|本(?:公司|行|院|店|校|平台|单位)|我(?:司|行|院|店|校)|他们|官方|厂家)"
    r"|(?:均为|都是|均系|是|系|为|属)(?:骗子|假冒|诈骗|虚假|仿冒|冒牌|山寨|假的))"
)
QUOTE = re.compile(r"[“\"「][^”\"」]*$")


def is_sham(sentence: str, behind: str, above: Callable[[], str]) -> bool:
    """Whether a number is no true one, by its `sentence` before it, what is `behind` it, and what stands `above`.

    >>> is_sham("我上次搜到一个", "，上门开口就要三百块", str)
    True
    """
    near, rest = sentence[-NEAR:], SENTENCE.split(behind)[0]
    if CALLED.search(near) or (ON_WEB.search(near) and not TRUE_SOURCE.search(sentence)) or DENIED.search(rest):
        return True
    if MESSAGE.search(behind) and FAKE.search(above()):
        return True
    warned = [hit.end() for hit in SHAM.finditer(sentence)]
    if not warned:
        return False
    since = sentence[warned[-1] :]
    shown = QUOTE.search(near) is not None and SHOWN.search(near) is not None
    return shown or not (RIGHT.search(since) or NUMBER.search(since))
