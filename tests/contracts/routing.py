"""Rules of routing that tests share, and the few stores that they name."""

from __future__ import annotations

from pathlib import Path

STORES = """id,name,lat,lon,coordinates
sh-1,上海人民广场店,31.2330,121.4750,
sh-2,上海陆家嘴店,31.2400,121.5000,wgs84
hz-1,杭州西湖店,30.2460,120.1550,gcj02
"""
RULES = """fallback = "national"

[stores]
file = "stores.csv"
coordinates = "wgs84"

[[desks]]
id = "east-en"
zh = "华东英文坐席"
en = "East China, in English"
languages = ["en"]
regions = ["华东"]

[[desks]]
id = "shanghai"
zh = "上海坐席"
en = "Shanghai"
languages = ["zh", "wuu"]
regions = ["310000"]
contact = "queue:sh"

[[desks]]
id = "east"
zh = "华东坐席"
en = "East China"
languages = ["zh"]
regions = ["华东"]

[[desks]]
id = "national"
zh = "全国坐席"
en = "China"
languages = ["zh", "en"]

[[remote]]
id = "tibet"
zh = "西藏的送达时间多三至五天。"
en = "Delivery to Tibet takes three to five days more."
regions = ["西藏"]
extra_days = 5
"""


def rules_in(folder: Path, rules: str = RULES, stores: str = STORES) -> Path:
    """The rules in this folder, with their stores."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stores.csv").write_text(stores, encoding="utf-8")
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    return folder / "rules.toml"
