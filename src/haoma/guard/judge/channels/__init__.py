"""Ways to tell people news: e-mail, signed webhooks, robots of DingTalk, WeCom and Feishu."""

from __future__ import annotations

from haoma.guard.judge.channels.file import Spec, read_channels
from haoma.guard.judge.channels.mail import Mail
from haoma.guard.judge.channels.robots import Robot
from haoma.guard.judge.channels.webhook import Webhook

__all__ = ["Mail", "Robot", "Spec", "Webhook", "read_channels"]
