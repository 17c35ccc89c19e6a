"""Every word of the customer's page, in zh and en: what is not here is not on the page.

Rules held here:
- Both languages say the same; zh comes first. A word that is missing in one of them is a test that fails.
- Nothing presses: yes and no are told in words of the same weight, and what a no means is told before it is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType

__all__ = ["LANGUAGES", "WORDS", "language_of", "say", "time_of"]

LANGUAGES = ("zh", "en")
CHINA = timezone(timedelta(hours=8))

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "lang": ("zh-CN", "en"),
        "tenant": ("公司的代号（短信或客服会告诉您）", "The company, as its messages or its staff name it here"),
        "tenant-wrong": ("这里没有这家公司。", "There is no such company here."),
        "go-on": ("继续", "Go on"),
        "other": ("English", "中文"),
        "other-lang": ("en", "zh-CN"),
        "skip": ("跳到正文", "Skip to the content"),
        "title-question": ("位置授权", "May we know where you are?"),
        "title-own": ("我的位置授权", "What I allowed"),
        "who": ("谁在请求", "Who asks"),
        "purpose": ("目的", "What for"),
        "sources": ("信息来源", "Out of what"),
        "granularity": ("最多显示到", "Shown at most"),
        "until": ("有效至", "Until"),
        "days": ("自您同意之日起 {days} 天", "{days} days from your yes"),
        "withdraw-how": ("如何撤回", "How to take it back"),
        "withdraw-told": (
            "随时在本页一键撤回，立即生效；也可向 {contact} 提出",
            "here, any time, with one press, and at once; or tell {contact}",
        ),
        "if-no": ("如果不同意", "If you say no"),
        "if-no-told": (
            "我们照常为您服务，90 天内不再询问",
            "you are served all the same, and not asked again for 90 days",
        ),
        "guardian": (
            "您是以父母或其他监护人的身份被询问的，涉及由您监护的未满十四周岁的人。",
            "You are asked as parent or guardian, about somebody under 14 in your care.",
        ),
        "notice": ("告知书全文（第 {version} 版）", "The notice in full (version {version})"),
        "answer": ("您的答复", "Your answer"),
        "code": ("短信验证码（6 位数字，仅“同意”时需要）", "Code from the message (6 digits; for a yes alone)"),
        "code-plain": ("短信验证码（6 位数字）", "Code from the message (6 digits)"),
        "holder-unchecked": (
            "暂时无法确认这个号码是否已换人使用，因此没有显示任何内容。请稍后再试；凭收据撤回不需要验证码。",
            "Whose this number is cannot be told just now: nothing is shown. Try again later; a receipt needs no code.",
        ),
        "code-wrong": (
            "验证码不对，或已失效。输错五次后须重新获取。",
            "This code is not right, or no longer good. After five wrong ones a new one is needed.",
        ),
        "yes": ("同意", "Yes"),
        "no": ("不同意", "No"),
        "given": ("已同意", "You said yes"),
        "given-told": (
            "同意已记录，有效至 {until}。收据是经签名的凭证，请下载保存。",
            "Your yes is recorded, until {until}. The receipt is signed: download and keep it.",
        ),
        "refused": ("已记录：不同意", "You said no"),
        "refused-told": (
            "我们不会查看您的位置，照常为您服务；{until} 之前不再询问。",
            "Nobody looks where you are. You are served all the same, and not asked again before {until}.",
        ),
        "over": ("此链接已失效", "This link is over"),
        "over-told": (
            "问题已经回答，或已过期。没有答复就是不同意。",
            "The question was answered, or its time is over. No answer is no consent.",
        ),
        "see-own": ("查看和撤回我的授权", "See and withdraw what I allowed"),
        "front-told": (
            "输入手机号码，我们会发送一个验证码。之后您可以看到谁被允许知道您的位置、告诉过谁、何时告诉的，并随时撤回。",
            "We send a code to your mobile number. Then you see who may know where you are, and can end it.",
        ),
        "number": ("手机号码", "Mobile number"),
        "number-wrong": ("请输入手机号码。", "Please type a mobile number."),
        "send": ("发送验证码", "Send a code"),
        "sent": ("请输入验证码", "Type the code"),
        "sent-told": (
            "如果这个号码能收短信，一分钟内会收到验证码，五分钟内有效。没有收到？可能是发送次数已达上限，请稍后再试。",
            "If this number takes messages, a code comes within a minute. None? Try again later.",
        ),
        "enter": ("进入", "Enter"),
        "again": ("重新获取验证码", "Ask for another code"),
        "by-receipt": ("用收据撤回（无需验证码）", "Withdraw by a receipt, without a code"),
        "receipt-text": ("收据全文", "The receipt, all of it"),
        "receipt-wrong": ("这不是我们签发的收据。", "This is no receipt of ours."),
        "receipt-gone": ("已撤回", "Withdrawn"),
        "receipt-gone-told": (
            "已撤回，立即生效。销毁证明如下，请保存；没有显示的，稍后可在“我的位置授权”中下载。",
            "It is withdrawn, at once. Keep the proof of deletion below; one that is missing can be downloaded later.",
        ),
        "proof-text": ("销毁证明", "The proof of deletion"),
        "live": ("现在有效的授权", "What stands now"),
        "live-none": ("没有有效的授权。", "Nothing stands."),
        "ended": ("已结束的授权", "What has ended"),
        "ended-at": ("结束于", "Ended"),
        "since": ("始于", "Since"),
        "withdraw": ("撤回", "Withdraw"),
        "withdraw-all": ("全部撤回", "Withdraw everything"),
        "withdrawn": (
            "已撤回，立即生效。相关数据已被销毁，或正在销毁；销毁证明可在下方下载。",
            "Withdrawn, at once. What was kept is destroyed, or being destroyed; the proof can be downloaded below.",
        ),
        "receipt": ("下载收据", "Download the receipt"),
        "proof": ("下载销毁证明", "Download the proof of deletion"),
        "proof-due": ("销毁证明尚未签发，请稍后再看。", "The proof of deletion is not signed yet: look again later."),
        "state-withdrawn": ("您已撤回", "you withdrew"),
        "state-expired": ("到期", "its time was over"),
        "state-recycled": ("号码已换人使用", "the number has another holder"),
        "state-replaced": ("被新的同意取代", "a later yes took its place"),
        "state-other": ("已结束", "it ended"),
        "told": ("告诉过谁", "Who was told"),
        "told-none": ("还没有告诉过任何人。", "Nobody was told anything."),
        "told-count": ("共 {count} 次，最近的在前：", "{count} times, the newest first:"),
        "told-when": ("何时", "When"),
        "told-whom": ("告诉了谁", "Whom"),
        "told-what": ("问了什么", "What was asked"),
        "told-fine": ("详细程度", "How fine"),
        "tried": (
            "另有 {count} 次询问被拒绝：没有告诉任何内容。",
            "{count} more times somebody asked and was refused: nothing was told.",
        ),
        "verify": ("是否在某地", "whether you are in a place"),
        "region": ("所在地区", "the region you are in"),
        "place": ("所在地点", "where you are"),
        "route": ("最近的网点", "the branch near you"),
        "risk": ("业务是否可信", "whether a case adds up"),
        "question": ("一个问题", "a question"),
        "agent": ("客服人员", "a customer-service agent"),
        "risk-analyst": ("风控人员", "a risk analyst"),
        "staff": ("工作人员", "a member of staff"),
        "program": ("业务系统", "a program"),
        "emergency": ("紧急情况", "an emergency"),
        "refusals": ("您拒绝过的", "What you refused"),
        "refusal-until": ("{until} 之前不再询问", "not asked again before {until}"),
        "again-told": (
            "改变主意了？再次输入您的手机号码，我们会重新发送问题。",
            "Changed your mind? Type your mobile number once more and you are asked again.",
        ),
        "again-ask": ("重新询问我", "Ask me again"),
        "again-sent": ("问题已发送，请打开短信中的链接。", "The question is sent: open the link in your message."),
        "share": ("分享我的位置", "Share my position"),
        "share-told": (
            "可选。只用于上述目的，加密保存，最多 24 小时，撤回时立即删除。不分享也可以。",
            "Optional. For the purpose above alone, sealed, for 24 hours at the most, and deleted when you withdraw.",
        ),
        "share-script": (
            "分享位置需要 JavaScript；其余功能不需要。",
            "Sharing needs JavaScript; nothing else here does.",
        ),
        "share-wait": ("正在获取位置……", "Asking your browser …"),
        "share-denied": (
            "浏览器没有提供位置。没有分享任何内容。",
            "Your browser gave no position. Nothing was shared.",
        ),
        "shared": ("位置已收到，保存至 {until}。", "Your position is kept until {until}."),
        "drop": ("删除已分享的位置", "Delete the position that I shared"),
        "dropped": ("位置已删除。", "The position is deleted."),
        "leave": ("退出", "Leave"),
        "left": ("已退出", "You have left"),
        "left-told": ("本次会话已结束。", "This session is over."),
        "look": ("刷新", "Look again"),
        "bad-input": ("这个请求无法识别", "This cannot be understood"),
        "bad-input-told": ("请返回后重试。", "Please go back and try again."),
        "refused-error": ("不允许", "This is not allowed"),
        "refused-error-told": ("请从短信中的链接重新开始。", "Please begin again from the link in your message."),
        "not-found": ("没有这个页面，或已过期", "There is nothing here, or it is over"),
        "not-found-told": ("请从短信中的链接重新开始。", "Please begin again from the link in your message."),
        "conflict": ("现在不行", "Not now"),
        "conflict-told": ("请稍后再试。", "Please try again later."),
        "unavailable": ("暂时无法处理", "This does not work just now"),
        "unavailable-told": ("没有改变任何内容，请稍后再试。", "Nothing was changed. Please try again later."),
        "tampered": ("记录有误", "A record does not hold"),
        "tampered-told": (
            "记录与签名不符，因此没有使用。请联系我们。",
            "A record is not what was signed, and so is not used. Please tell us.",
        ),
        "internal": ("出错了", "Something is wrong"),
        "internal-told": ("是我们的问题，请稍后再试。", "It is our fault. Please try again later."),
        "too-often": ("操作过于频繁", "Too often"),
        "too-often-told": ("请稍等片刻再试。", "Please wait a little, and try again."),
    }
)


def language_of(text: str) -> str:
    """The language that somebody asked for, zh where it is none of ours."""
    return text if text in LANGUAGES else "zh"


def say(language: str, name: str, **values: object) -> str:
    """A text in a language.

    >>> say("en", "days", days=3)
    '3 days from your yes'
    """
    return WORDS[name][LANGUAGES.index(language)].format(**values)


def time_of(language: str, at: datetime) -> str:
    """A moment, as it is in China."""
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}{'（北京时间）' if language == 'zh' else ' (China time)'}"
