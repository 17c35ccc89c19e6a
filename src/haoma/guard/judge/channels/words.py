"""News in words, in Chinese with the English ones that are searched for."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["VERDICTS_ZH", "body", "subject"]

VERDICTS_ZH: Mapping[str, str] = {
    "wrong-number": "号码错误",
    "wrong-organisation": "标注为其他机构",
    "stale": "旧号码未更新",
    "missing": "缺少号码",
    "lookalike": "疑似仿冒号码",
    "unusual-counts": "来电减少或报错增多",
}
EVENTS: Mapping[str, str] = {
    "incident.opened": "发现热线标注异常",
    "incident.reopened": "热线标注异常再次出现",
    "incident.closed": "热线标注异常已恢复",
    "ticket.due": "纠错工单待处理",
    "channel.tried": "通知渠道测试",
}
SEVERITIES: Mapping[str, str] = {"low": "低", "medium": "中", "high": "高", "critical": "严重"}
LABELS: tuple[tuple[str, str], ...] = (
    ("organisation", "机构"),
    ("number", "号码"),
    ("url", "页面"),
    ("source", "来源"),
    ("platform", "平台"),
    ("due_at", "应办时间"),
    ("opened_at", "告警时间"),
    ("closed_at", "恢复时间"),
    ("incident", "事件编号"),
    ("ticket", "工单编号"),
)


def subject(news: Mapping[str, str]) -> str:
    """One line, without a line break whatever is in the news.

    >>> subject({"event": "incident.opened", "severity": "high", "organisation": "安心基金", "verdict": "stale"})
    '[high] 发现热线标注异常：安心基金，旧号码未更新'
    """
    what = VERDICTS_ZH.get(news.get("verdict", ""), news.get("verdict", ""))
    line = f"[{news.get('severity', '')}] {_event(news)}：{news.get('organisation', '')}，{what}"
    return "".join(char if char.isprintable() else " " for char in line)


def body(news: Mapping[str, str]) -> str:
    """The news, a line for each thing that is known."""
    verdict, severity = news.get("verdict", ""), news.get("severity", "")
    rows = [
        f"【haoma】{_event(news)}",
        f"类型：{VERDICTS_ZH.get(verdict, verdict)}（{verdict}）",
        f"级别：{SEVERITIES.get(severity, severity)}（{severity}）",
    ]
    rows += [f"{label}：{news[name]}" for name, label in LABELS if news.get(name)]
    return "\n".join("".join(char if char.isprintable() else " " for char in row) for row in rows)


def _event(news: Mapping[str, str]) -> str:
    return EVENTS.get(news.get("event", ""), news.get("event", ""))
