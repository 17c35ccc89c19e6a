"""The words of reviews and procedures, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = ["Language", "say"]


class Language(StrEnum):
    """The languages that documents are written in."""

    ZH = "zh"
    EN = "en"


def say(language: Language, key: str, **figures: object) -> str:
    """A phrase with its figures filled in; a key that is none is a name, and stands for itself.

    >>> say(Language.EN, "act.visit", left=3), say(Language.ZH, "act.visit", left=3)
    ('Make the 3 visits of the sample that are left.', '完成抽样中剩余的 3 次暗访。')
    """
    found = _WORDS.get(key)
    return key if found is None else found[language is Language.EN].format(**figures)


_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("热线标注月度复盘 {month}（PDCA）", "Review of hotlines, {month} (Plan-Do-Check-Act)"),
        "ongoing": ("本月尚未结束，数据截至 {until}。", "The month goes on; figures are as of {until}."),
        "plan": ("计划（Plan）", "Plan"),
        "do": ("执行（Do）", "Do"),
        "check": ("检查（Check）", "Check"),
        "act": ("改进（Act）", "Act"),
        "matrix": (
            "风险矩阵（近 {months} 个月，可能性 × 影响）",
            "Risk matrix (last {months} months, likelihood × impact)",
        ),
        "channel": ("渠道", "channel"),
        "incidents": ("事件数", "incidents"),
        "rate": ("每 30 天（95% 区间）", "in 30 days (95% interval)"),
        "likelihood": ("可能性", "likelihood"),
        "worst": ("最严重", "worst"),
        "impact": ("影响", "impact"),
        "score": ("风险值", "risk"),
        "band": ("等级", "band"),
        "none": ("无", "none"),
        "no_channels": ("没有在看的渠道，也没有事件。", "No channel is watched, and nothing happened."),
        "trials": ("防范措施对照试验", "Trials of measures"),
        "no_trials": ("本月没有试验。", "No trial ran."),
        "trial": ("措施", "measure"),
        "planned": ("每组计划", "planned for each arm"),
        "runs": ("期间", "runs"),
        "arm_a": ("对照组", "without"),
        "arm_b": ("试验组", "with"),
        "effect": ("效应（95% 区间）", "effect (95% interval)"),
        "p": ("p 值", "p-value"),
        "judged": ("结论", "verdict"),
        "needed": ("达到 80% 功效每组需", "each arm needs for 80% power"),
        "done": (
            "发生 {opened} 起，关闭 {closed} 起，期末未关闭 {open} 起。",
            "{opened} incidents were opened, {closed} closed; {open} are open at the end.",
        ),
        "filed": (
            "纠错工单：新建 {made}，寄出 {sent}，改正 {fixed}；期末逾期 {late}。",
            "Tickets: {made} made, {sent} sent, {fixed} fixed; {late} are late at the end.",
        ),
        "corrected": (
            "纠错函从寄出到改正的中位数 {took}。",
            "Median time from a letter to the correction {took}.",
        ),
        "visits": (
            "暗访 {done}/{of} 次，抽样框 {frame} 项，种子 {seed}。",
            "{done} of {of} visits were made, out of {frame}; the seed is {seed}.",
        ),
        "no_sample": ("本月没有抽样暗访。", "No sample was drawn for mystery shoppers."),
        "counted": ("试验计数 {arms} 组。", "{arms} arms of trials were counted."),
        "severity": ("严重程度", "severity"),
        "against": (
            "与上月 {before} 起相比：日均之比 {ratio}（95% 区间 {low}–{high}），精确检验 p {p}。",
            "Against {before} in the month before: by day × {ratio} (95% interval {low}–{high}), exact p {p}.",
        ),
        "times": (
            "从首次看到到报警的中位数 {detect}，从报警到改正 {close}。",
            "Median time from the first look to the alert {detect}, from the alert to the correction {close}.",
        ),
        "hours": ("{hours} 小时", "{hours} h"),
        "share": (
            "暗访正确率 {right}/{done} = {share}（Wilson 95% 区间 {low}–{high}）。",
            "Mystery shoppers found {right} of {done} right: {share} (Wilson 95% interval {low}–{high}).",
        ),
        "act.measure-now": (
            "{about}：风险值 {score}（{incidents} 起），立即采取措施。",
            "{about}: risk {score} ({incidents} incidents); take a measure at once.",
        ),
        "act.measure": (
            "{about}：风险值 {score}（{incidents} 起），下月安排措施并做对照。",
            "{about}: risk {score} ({incidents} incidents); plan a measure for next month, as a trial.",
        ),
        "act.chase": (
            "{incidents} 起事件超过 {days} 天未关闭：催办并升级。",
            "{incidents} incidents are open for more than {days} days: chase and escalate them.",
        ),
        "act.remind": (
            "{tickets} 张纠错工单逾期：催办平台。",
            "{tickets} tickets are late: remind the platforms.",
        ),
        "act.adopt": (
            "措施“{about}”有效（p {p}）：写入 SOP。",
            "The measure “{about}” works (p {p}): make it part of the procedure.",
        ),
        "act.drop": (
            "措施“{about}”更差（p {p}）：停止。",
            "The measure “{about}” makes it worse (p {p}): stop it.",
        ),
        "act.go-on": (
            "措施“{about}”尚无定论（p {p}）{needed}。",
            "The measure “{about}” is undecided (p {p}){needed}.",
        ),
        "act.needed": ("，每组需 {needed}", "; each arm needs {needed}"),
        "act.visit": ("完成抽样中剩余的 {left} 次暗访。", "Make the {left} visits of the sample that are left."),
        "act.ask-why": (
            "暗访正确率上限 {high} 低于目标 {goal}：按 haoma guard probe 逐跳查因。",
            "At best {high} of visits are right, and the goal is {goal}: look for the hop with haoma guard probe.",
        ),
        "act.keep": ("没有需要改变的事项，保持现状。", "Nothing has to change."),
        "critical": ("紧急", "critical"),
        "high": ("高", "high"),
        "medium": ("中", "medium"),
        "low": ("低", "low"),
        "official": ("官网", "official site"),
        "page": ("第三方页面", "third-party page"),
        "platform": ("标记平台", "label platform"),
        "feed": ("授权数据", "licensed feed"),
        "submission": ("人工上报", "submission"),
        "shopper": ("暗访", "mystery shopper"),
        "counts": ("来电与报错数量", "counts"),
        "running": ("进行中", "running"),
        "early": ("未达计划样本", "smaller than planned"),
        "better": ("有效", "works"),
        "worse": ("更差", "makes it worse"),
        "open": ("无定论", "undecided"),
    }
)
