"""The standard procedure (SOP) against wrong hotlines, as this instance works: with its tables and what trials showed.

Rules held here:
- What stands here is read from the tables that decide, so that the procedure on paper is the one that runs.
- A measure is part of it when its trial showed that it works.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from haoma.guard.improve.document import Block, Heading, Listing, Table, Text
from haoma.guard.improve.model import Judged, Trial
from haoma.guard.improve.months import CHINA
from haoma.guard.improve.risk import BANDS, IMPACT, LIKELIHOOD, LOOKED_BACK, TOO_LONG
from haoma.guard.improve.words import Language, say
from haoma.guard.judge.model import Limits
from haoma.guard.judge.rules import RULES

__all__ = ["procedure"]

_STEPS: tuple[tuple[str, str], ...] = (
    (
        "登记：热线的新增、变更、停用由一人提出、另一人批准（haoma hotline）。",
        "Register: a second person approves each new hotline, change and retirement (haoma hotline).",
    ),
    (
        "巡查：按授权、预算与周期采集，遇 403、429、验证码即停并转人工（haoma crawl）。",
        "Look: crawl as authorised and within the budget; on 403, 429 or a captcha a person takes over (haoma crawl).",
    ),
    (
        "判定：按下表；官网、人工、第三方各自投票，互不覆盖，存疑转人工（haoma review）。",
        "Judge by the table below: three votes, none over another; a person sees what is in doubt (haoma review).",
    ),
    (
        "立案：连续 {bad} 次异常立案，连续 {good} 次正常结案，留存摘要与证明。",
        "Open an incident after {bad} bad looks in a row, close it after {good} good ones, and keep the evidence.",
    ),
    (
        "内查：逐跳读取采集、存储、传输、展示，找出最先出错的一跳（haoma guard probe）。",
        "Look inside: from collection to display, find the first hop that is wrong (haoma guard probe).",
    ),
    (
        "纠正：向平台提交工单并复查至改正；超过 {days} 天未结案的升级。",
        "Put right: a ticket for each platform, and looks until it is right; escalate after {days} days.",
    ),
    (
        "暗访：每月按公开的种子抽样，每个渠道至少一次（haoma guard improve draw）。",
        "Visit: a sample each month by a seed that is shown, each channel once at least (haoma guard improve draw).",
    ),
    (
        "复盘：每月出风险矩阵与检验结果，有效的措施写入本规程（haoma guard review）。",
        "Review each month: risks and tests; a measure that works becomes part of this (haoma guard review).",
    ),
)
_TITLES = {
    "title": ("热线号码防错标作业规程（SOP）", "Procedure against wrong hotlines (SOP)"),
    "as_of": ("生成于 {at}，参数取自系统当前设置。", "Made {at}, from what this instance works by."),
    "steps": ("步骤", "Steps"),
    "verdicts": ("判定表", "Verdicts"),
    "risk": ("风险分级", "Risk"),
    "adopted": ("经对照试验证明有效的措施", "Measures that a trial showed to work"),
    "none": ("暂无。", "None so far."),
}


def procedure(trials: Sequence[Trial], at: datetime, limits: Limits, language: Language = Language.ZH) -> list[Block]:
    """The procedure as of now; `trials` are all there are, of which those that work are named."""
    return list(_blocks(trials, at, limits, language))


def _blocks(trials: Sequence[Trial], at: datetime, limits: Limits, language: Language) -> Iterator[Block]:
    said = int(language is Language.EN)

    def title(name: str) -> str:
        return _TITLES[name][said]

    yield Heading(1, title("title"))
    yield Text(title("as_of").format(at=f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"))
    yield Heading(2, title("steps"))
    figures = {"bad": limits.bad_looks, "good": limits.good_looks, "days": TOO_LONG // timedelta(days=1)}
    yield Listing([step[said].format(**figures) for step in _STEPS], numbered=True)
    yield Heading(2, title("verdicts"))
    heads = (("规则", "判定", "含义"), ("rule", "verdict", "meaning"))
    yield Table(heads[said], [[rule.name, str(rule.verdict), rule.en if said else rule.zh] for rule in RULES])
    yield Heading(2, title("risk"))
    yield from _risk(language)
    yield Heading(2, title("adopted"))
    works = [one for one in trials if one.judged() is Judged.BETTER]
    yield Listing([_adopted(one) for one in works]) if works else Text(title("none"))


def _risk(language: Language) -> Iterator[Block]:
    below = [(f"< {rate:g}", str(level)) for rate, level in LIKELIHOOD]
    rates = [*below, (f"≥ {LIKELIHOOD[-1][0]:g}", "5")]
    yield Text(say(language, "matrix", months=LOOKED_BACK))
    yield Table([say(language, "incidents") + " / 30 d", say(language, "likelihood")], rates)
    worst = [(say(language, str(severity)), str(level)) for severity, level in IMPACT.items()]
    yield Table([say(language, "worst"), say(language, "impact")], worst)
    yield Table(
        [say(language, "score"), say(language, "band")],
        [(f"≤ {most}", say(language, str(band))) for most, band in BANDS],
    )


def _adopted(trial: Trial) -> str:
    found = trial.compared()
    counted = " : ".join(f"{trial.arms[arm].events:,}/{trial.arms[arm].size:,}" for arm in ("a", "b"))
    return f"{trial.name} ({counted} {trial.unit}, p = {found.p_value:.3g})" if found else trial.name
