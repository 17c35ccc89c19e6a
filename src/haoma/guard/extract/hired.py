"""Lines of those who serve an organisation, on a page of its own: who provides, lets, keeps or watches.

Rules held here:
- Who provides a part (分期服务由甲提供，还款咨询…; 现由乙物业服务) is whose number follows in the sentence, unless that
  goes back to the target or to "us".
- An agent named in Latin letters, a landlord, and whom a bracket behind a number calls its franchisee are others.
- Where to complain to a public office (旅游投诉) is that office's line, but on the office's own page.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from haoma.guard.extract.everyday import left_over
from haoma.guard.extract.title_words import LABEL, PUBLIC_BODY, WE

__all__ = ["is_hired"]

PROVIDED = re.compile(
    r"由(?:合作方|合作伙伴|第三方|外包商)?\s?(?P<open>[“「『\"'])?(?P<who>[^\W\d]{2,14}?)[”」』\"']?"
    r"(?:提供|承保|承运|承办|运维|代运营|服务|管理|供应|配送)(?P<rest>[^。；;\n]{0,30})$"
)
AGENT = re.compile(
    r"代理[：:]\s?[A-Z][A-Za-z .,&'()-]{4,60}?\b(?:LTD|CO|INC|CORP|LLC|GMBH|SHIPPING|LOGISTICS)\b", re.IGNORECASE
)
LETS = re.compile(r"(?:房东|业主|出租方)[：:]?\s?(?:[^\W\d]{1,3}(?:先生|女士|总)?\s?)?(?:电话)?[：:]?\s?$")
BRACKET = re.compile(r"\s?[（(](?:加盟商|经销商|代理商|承包人|房东|外包)[：:]")
WATCHES = re.compile(
    r"(?:旅游|物价|价格|环保|药监|食药监|市场监管|市监|工商|质监|卫监|劳动监察)(?:局|所|部门|质监所)?(?:投诉|举报|监督)(?:专线|电话|热线)?[：:\s]*$"
)


def is_hired(sentence: str, behind: str, name: str, names: Callable[[str], bool]) -> bool:
    """Whether a number, by its sentence up to it and what follows, is of somebody who serves who is asked about.

    `name` is who that is, `names` whether a text names them.
    """
    if BRACKET.match(behind) or LETS.search(sentence) or AGENT.search(sentence):
        return True
    if WATCHES.search(sentence) and not PUBLIC_BODY.search(name):
        return True
    hit = PROVIDED.search(sentence)
    if hit is None or WE.search(hit["who"]) or WE.search(hit["rest"]) or names(hit["who"]) or names(hit["rest"]):
        return False
    return hit["open"] is not None or left_over(LABEL.sub("", hit["who"])) > 0
