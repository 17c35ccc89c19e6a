"""How long what is kept: one table of classes, with the law behind each and what happens at the end. Data only.

Rules held here:
- What is not in this table is not kept.
- `shortest` is before which nothing may be deleted, `longest` after which nothing may be left; both from `since`.
- A table whose rows are of no class stands in `LASTING` with the reason, or in that of its package.
- Every class names the articles it rests on. A lawyer has the last word; this table is where it is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from haoma.errors import BadInput

__all__ = ["LASTING", "RETENTION", "Action", "Basis", "Rule", "rule_of"]

DAY = timedelta(days=1)
THREE_YEARS = 1100 * DAY  # three calendar years, a leap day among them, and some to spare


class Action(StrEnum):
    """What happens when the time is over."""

    DELETE = "delete"
    SHRED = "shred"


@dataclass(frozen=True, slots=True)
class Basis:
    """An article of the law, and the words of it that matter."""

    law: str
    article: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One class of what is kept. `longest` is None where a permission says when it ends, and nothing else may."""

    name: str
    zh: str
    en: str
    since: str
    shortest: timedelta | None
    longest: timedelta | None
    basis: tuple[Basis, ...]
    action: Action
    seen_by: str


PIPL_8 = Basis(
    "个人信息保护法",
    "第八条",
    "处理个人信息应当保证个人信息的质量，避免因个人信息不准确、不完整对个人权益造成不利影响。",
)
PIPL_19 = Basis("个人信息保护法", "第十九条", "个人信息的保存期限应当为实现处理目的所必要的最短时间。")
PIPL_28 = Basis("个人信息保护法", "第二十八条", "敏感个人信息……包括……行踪轨迹等信息")
PIPL_47 = Basis("个人信息保护法", "第四十七条", "（三）个人撤回同意；")
PIPL_54 = Basis(
    "个人信息保护法", "第五十四条", "个人信息处理者应当定期对其处理个人信息遵守法律、行政法规的情况进行合规审计。"
)
PIPL_56 = Basis("个人信息保护法", "第五十六条", "个人信息保护影响评估报告和处理情况记录应当至少保存三年。")
PIPL_69 = Basis(
    "个人信息保护法",
    "第六十九条",
    "处理个人信息侵害个人信息权益造成损害，个人信息处理者不能证明自己没有过错的，应当承担损害赔偿等侵权责任。",
)
CSL_23 = Basis("网络安全法", "第二十三条", "按照规定留存相关的网络日志不少于六个月；")
REGS_12 = Basis(
    "网络数据安全管理条例",
    "第十二条",
    "向其他网络数据处理者提供、委托处理个人信息和重要数据的处理情况记录，应当至少保存3年。",
)
REGS_22 = Basis("网络数据安全管理条例", "第二十二条", "（五）不得在个人明确表示不同意处理其个人信息后，频繁征求同意；")

RETENTION: tuple[Rule, ...] = (
    Rule(
        "number.sealed",
        "客户号码（密封）",
        "a customer's number, sealed",
        "sealing",
        None,
        None,
        (PIPL_19, PIPL_47),
        Action.SHRED,
        "nobody without a live grant; a call-back or a carrier login through the vault",
    ),
    Rule(
        "location.clear",
        "明文位置",
        "a location in clear use",
        "its making",
        None,
        DAY,
        (PIPL_19, PIPL_28, PIPL_47),
        Action.SHRED,
        "the agent of the open case, as coarse as grant and role allow",
    ),
    Rule(
        "location.token",
        "位置令牌",
        "a token that stands for a location",
        "its making",
        None,
        DAY,
        (PIPL_19, PIPL_28, PIPL_47),
        Action.DELETE,
        "the one audience it was made for",
    ),
    Rule(
        "location.asked",
        "被问及的区域（承诺值）",
        "which areas a customer was asked about, as commitments",
        "the asking",
        None,
        DAY,
        (PIPL_19, PIPL_28),
        Action.DELETE,
        "nobody; it keeps a place from being found by asking",
    ),
    Rule(
        "location.case",
        "案件内位置",
        "a location that a case keeps",
        "its making",
        None,
        180 * DAY,
        (PIPL_19, PIPL_28, PIPL_47),
        Action.SHRED,
        "an agent inside an open case about the customer; gone when the case is closed, or the consent has ended",
    ),
    Rule(
        "location.case-extended",
        "案件内位置（已记录延长理由）",
        "a location that a case keeps for a recorded reason, which two people approved",
        "its making",
        None,
        730 * DAY,
        (PIPL_19, PIPL_28, PIPL_47),
        Action.SHRED,
        "an agent inside an open case about the customer; gone when the case is closed, or the consent withdrawn",
    ),
    Rule(
        "audit",
        "审计记录",
        "who asked what, and what was decided",
        "its writing",
        400 * DAY,
        400 * DAY,
        (CSL_23, PIPL_54),
        Action.DELETE,
        "the audit administrator, the data-protection officer",
    ),
    Rule(
        "access.decision",
        "授权决定",
        "whether somebody was allowed something, and by which policies",
        "its writing",
        400 * DAY,
        400 * DAY,
        (CSL_23, PIPL_54),
        Action.DELETE,
        "the audit administrator, the data-protection officer",
    ),
    Rule(
        "access.case",
        "客服案件",
        "which agent worked on which subject, and when",
        "its closing by itself",
        400 * DAY,
        400 * DAY,
        (CSL_23, PIPL_54),
        Action.DELETE,
        "its agent while it is open, the data-protection officer",
    ),
    Rule(
        "access.approval",
        "双人审批",
        "what needed two others: who asked for it, who approved it, what came of it",
        "the moment until which it could be run",
        THREE_YEARS,
        THREE_YEARS,
        (PIPL_56, REGS_12),
        Action.DELETE,
        "who requested it, approvers, the data-protection officer, the administrators",
    ),
    Rule(
        "case.reference",
        "案件依据",
        "from which order or customer's id a case was opened, as a commitment",
        "its writing",
        400 * DAY,
        400 * DAY,
        (PIPL_19, PIPL_54),
        Action.DELETE,
        "nobody; whoever may see cases is told whether an id was the one",
    ),
    Rule(
        "case.search",
        "客户查找与核验码",
        "that a customer was searched for, and codes that check a number",
        "the search or the sending",
        None,
        DAY,
        (PIPL_19, REGS_22),
        Action.DELETE,
        "nobody; it keeps a CRM from being read out, and customers from being asked again and again",
    ),
    Rule(
        "number.shown",
        "号码核验时间",
        "when a number was last shown to be its customer's",
        "the day it is due to be shown again",
        None,
        180 * DAY,
        (PIPL_8, PIPL_19),
        Action.DELETE,
        "the agent of an open case about them; how many are due, whoever may see cases",
    ),
    Rule(
        "access.session",
        "已结束的会话与过期凭证",
        "sessions, enrolment tokens, challenges and nonces that are over",
        "the moment after which they are good for nothing",
        None,
        DAY,
        (PIPL_19,),
        Action.DELETE,
        "nobody",
    ),
    Rule(
        "self.session",
        "客户自助会话与验证码",
        "that a customer was sent a code for their own page, and the session it opened",
        "the sending",
        None,
        DAY,
        (PIPL_19,),
        Action.DELETE,
        "nobody; it keeps a number from being sent codes again and again",
    ),
    Rule(
        "api.answer",
        "接口应答（密封）",
        "what a request over HTTP was answered, sealed",
        "the request",
        None,
        DAY,
        (PIPL_19,),
        Action.DELETE,
        "whoever sent that request, when they send it again",
    ),
    Rule(
        "consent",
        "同意及收据",
        "grants, receipts and withdrawals",
        "their end",
        THREE_YEARS,
        THREE_YEARS,
        (PIPL_69,),
        Action.DELETE,
        "the data-protection officer; the customer, as their receipt",
    ),
    Rule(
        "consent.request",
        "征求同意的请求",
        "a question that a customer was asked",
        "the asking",
        None,
        DAY,
        (PIPL_19, REGS_22),
        Action.DELETE,
        "nobody; it keeps customers from being asked again and again",
    ),
    Rule(
        "refusal",
        "拒绝记录",
        "that a customer has refused",
        "the refusal",
        None,
        THREE_YEARS,
        (REGS_22, PIPL_19),
        Action.DELETE,
        "whoever would ask again",
    ),
    Rule(
        "assessment",
        "个人信息保护影响评估",
        "impact assessments",
        "their end",
        THREE_YEARS,
        THREE_YEARS,
        (PIPL_56,),
        Action.DELETE,
        "the data-protection officer",
    ),
    Rule(
        "sharing",
        "提供与委托处理记录",
        "records of sharing and entrusting",
        "the sharing",
        THREE_YEARS,
        THREE_YEARS,
        (REGS_12,),
        Action.DELETE,
        "the data-protection officer, the audit administrator",
    ),
    Rule(
        "export.file",
        "导出文件",
        "a file of an export, until its recipient has it",
        "its making",
        None,
        7 * DAY,
        (PIPL_19,),
        Action.DELETE,
        "whoever runs the machine that it lies on; its recipient",
    ),
    Rule(
        "guard.look",
        "页面核验记录与通知",
        "that a page was looked at, and the news of what was found there",
        "the look, or the telling",
        None,
        180 * DAY,
        (PIPL_19,),
        Action.DELETE,
        "whoever may see incidents",
    ),
    Rule(
        "crawl.snapshot",
        "网页快照与人工任务",
        "what was seen of a published page, as evidence, and what a person had to do for it",
        "its fetching",
        None,
        180 * DAY,
        (PIPL_8, PIPL_19),
        Action.DELETE,
        "whoever may see incidents; kept for as long as an incident holds it",
    ),
    Rule(
        "crawl.job",
        "抓取任务",
        "which addresses a visit to a source had to fetch",
        "the visit",
        None,
        31 * DAY,
        (PIPL_19,),
        Action.DELETE,
        "whoever runs the crawl",
    ),
    Rule(
        "watch.count",
        "热线每分钟来电与报错计数",
        "how many called a hotline and reported an error, by the minute: nobody's data",
        "the minute",
        None,
        400 * DAY,
        (PIPL_19,),
        Action.DELETE,
        "whoever watches the hotlines of the tenant",
    ),
    Rule(
        "watch.change",
        "计数更正记录",
        "which of those counts came late, or were corrected",
        "the change",
        None,
        9 * DAY,
        (PIPL_19,),
        Action.DELETE,
        "whoever runs the watch",
    ),
    Rule(
        "vault.end",
        "已失效的标识",
        "the ids of permissions and requests that are over, in the key store",
        "its noting",
        400 * DAY,
        400 * DAY,
        (PIPL_47, PIPL_19),
        Action.DELETE,
        "nobody; it keeps a backup from bringing back what has ended",
    ),
)

LASTING: Mapping[str, str] = MappingProxyType(
    {
        "store_info": "what this store is",
        **dict.fromkeys(
            ("ledger_queue", "ledger_tiles", "ledger_bundles", "ledger_runs", "ledger_head"),
            "the log: commitments and words, which tell nothing of a person without the keys",
        ),
        **dict.fromkeys(
            ("ledger_checkpoints", "ledger_attestations", "ledger_witnessed"),
            "what was signed of the log, by us and by others: nobody's data",
        ),
        **dict.fromkeys(
            ("lineage_facts", "lineage_activities", "lineage_origins", "lineage_links", "lineage_edges"),
            "where a value is from: one fact rests on others, and what is of a person is sealed under the key of their"
            " subject and purpose, and unreadable when that is destroyed",
        ),
        "vault_aliases": "which token took the place of which: goes with the last row under the older key",
        "vault_rotations": "how far rotations of keys came: nobody's data",
        "vault_retention": "when each class was deleted from, and how much ever: nobody's data",
    }
)
"""Tables whose rows are of no class, and why they are kept as long as whoever runs this store."""


_RULES = {rule.name: rule for rule in RETENTION}


def rule_of(name: str) -> Rule:
    """The rule of a class; raises BadInput where there is none.

    >>> rule_of("audit").shortest.days
    400
    """
    found = _RULES.get(name)
    if found is None:
        raise BadInput(f"there is no retention class {name[:40]!r}", hint=", ".join(rule.name for rule in RETENTION))
    return found
