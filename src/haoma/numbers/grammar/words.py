"""The words that decide what stands beside digits: extension marks, labels, units, and what tells of another kind of number.

Rules held here:
- A label (电话, 拨打) is evidence by itself; an organisation (银行, 医院) is not, for much else is counted beside it.
- A word is read right in front of a number or right behind it; the longest word wins (号码 is no house number, 人工 no head count).
- Latin words count only whole: `tel` in `hotel` is no label.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["BEFORE", "BEHIND", "CLASSES", "alphabet", "trie"]

# Codes of word classes. In front: LABEL to SKIP; behind: EXT to PARAM; LABEL on both sides.
CLASSES = {
    "label": 1,  # names a telephone number: evidence for a short code
    "alarm": 2,  # calls for help, or for the operator: evidence for 110, 114, 119, 120, 122 too
    "other": 3,  # names another kind of number (order, card, postcode): the digits behind it are no telephone number
    "count": 4,  # counts or prices: a short code behind it is no telephone number
    "skip": 5,  # stands between a label and its digits
    "serial": 6,  # 号 alone: belongs to what stands before it
    "ext": 7,  # extension mark
    "unit": 8,  # a short code before it is a quantity
    "bound": 9,  # 元: even a long run of digits before it is an amount
    "plain": 10,  # an ordinary word that begins like a unit
    "param": 11,  # phone-context of RFC 3966
    "house": 12,  # 号: a house number, but 10000号 behind a label is a hotline
    # Who answers, or what it is about. In a cell as good as a label; in running text these words speak of anything
    # (公司95812名员工), so that a code must be one of theirs (haoma.numbers.grammar.owners) or stand behind a colon.
    "firm": 13,
    "finance": 14,
    "carrier": 15,
    "police": 16,
    "fire": 17,
    "medical": 18,
    "rail": 19,
}

BEFORE: Mapping[str, str] = {
    "label": """电话 热线 传真 客服 座机 固话 总机 联系方式 联系 致电 来电 专线 咨询 投诉 举报 拨通 拨叫 呼 致电了 号码簿 话务 客户服务 订购 订票 预约 监督
        维权 咨询台 值班 售后 售前 自称 来自 电询 详询 回拨 拨至 发送至 发送到 发至 发到
        tel telephone phone phones ph fax hotline call contact tels 電話 熱線 傳真 客服熱線 聯繫 聯絡 致電""",
    "alarm": "拨打 拨打了 拨了 请拨 请打 拨 打 报警 火警 匪警 盗警 急救 救护 求助 求救 查号 查号台 紧急 应急 报警台 查询 呼叫 撥打 報警",
    "firm": """公司 快递公司 手机 手機 小灵通 移动电话 服务 办公 招商 短信 微信 通讯 物价 流量 质量 计量 充值 支付 消费 投资 贷款 存款 融资 资产 退税
        安全生产 mobile mob cell cellphone""",
    "finance": "银行 保险 证券 基金 支行 分行 信用卡 人寿 财险 工行 建行 农行 中行 交行 招行 邮储 銀行",
    "carrier": "移动 联通 电信 广电 通信 移動 聯通 電信",
    "police": "公安 公安局 派出所 警方 警察 民警 交警 警 事故",
    "fire": "消防 消防队 消防局",
    "medical": "医院 卫生院 急诊 急诊科 急救中心 救护车 醫院",
    "rail": "铁路 鐵路",
    "other": """邮编 邮政编码 邮码 邮政编号 订单 订单编号 单号 运单 运单号 快递单 面单 快递单号 物流单号 卡号 账号 帐号 账户 帐户 户号 身份证 身份证号
        证号 证件号 护照号 编号 代码 编码 工号 学号 税号 流水 流水号 合同号 许可证 执照 执照号 注册号 批号 批准文号 型号 版本 备案 备案号 验证码 校验码 密码 口令 车牌
        车牌号 车次 航班 航班号 股票代码 序列号 序号 条码 条形码 发票号 票号 房号 门牌 门牌号 机身号 凭证号 货号 款号 案号 文号 信用代码 组织机构代码 尾号 群号 群
        企业号 扣扣 qq ip id sn imei isbn ean zip zipcode postcode postal pc order orderno orderid invoice serial passport license licence sku ver
        version 經緯度 经度 纬度 坐标 信箱""",
    "count": """第 共 约 近 超 超过 满 达 达到 仅 售价 价格 价 单价 总价 原价 库存 销量 阅读 浏览 粉丝 得分 积分 金额 合计 总计 余额 面积 数量 人数 排名
        累计 增至 为期 总额 编 额 量 率 数 值 输入 键入 填入 存入 存了 取出 支出 花了 花费 收入 营收 盈利 亏损 利润 总资产 净资产 负债 市值 成交 赔付 付款
        汇款 罚款 奖金 工资 月薪 年薪 费用 成本 损失 增长 下降 上涨 下跌 涨至 跌至 升至 降至 涨到 跌到 降到 升到 增加 减少 增加到 减少到 突破 逾 跌破 升破 账单 报价 定价
        造价 票价 股价 房价 均价 补贴 补助 捐款 捐赠 预算 欠款 欠税 赚 赚了 赔了 卖出 售出 销售 产出 新增 招收 拥有 收录 现有 设有 划拨 调拨 下拨 抵押 质押 借款 筹资 募资
        收于 报收 医疗费 学费 手续费 服务费 咨询费 租金 人民币 rmb cny usd hkd eur""",
    "skip": "是 为 在 即 号码 號碼 如下 直拨 直撥",
    "serial": "号 號 no number numbers num",
}

BEHIND: Mapping[str, str] = {
    "ext": "转 轉 转接 轉接 分机 分機 转分机 轉分機 转接分机 分机号 分机号码 转分机号 内线 內線 ext extn extension x",
    "param": "phone-context",
    "bound": "元 美元 港元 欧元 日元 人民币 円 rmb cny usd yuan",
    "house": "号 號",
    "unit": """块 万 亿 人 个 名 位 次 件 台 套 米 公里 千米 平米 平方 平方米 斤 公斤 吨 升 岁 年 月 天 日 小时 分钟 秒 楼 层 室 栋 幢 弄 巷 座 单元 页 期
        届 倍 篇 股 辆 只 亩 户 份 种 场 集 多 余 条 章 折 项 点 时 度 路公交 周年 部 家 款 本 级 笔 步 颗 瓶 箱 袋 包 桶 盒 双 对 枚 幅 尺 公顷 千 百 厘米 毫米 h hr hrs hours min km kg kw mm cm 线 例 张 门 床 员工 处 所 艘 架 头 棵 株 匹 盏 宗 桩 单 卷 册 首 趟 班 列 节 粒 片 组 支 批 克 毫克 微克 千克 毫升 千瓦 伏 兆 像素 字 词 平 周 星期 季度
        席 员 店 村 校 名次 笔次 起 股东 毫安 积分 刀 左右 以上 以内""",
    "plain": """号码 號碼 人民 人寿 人保 个人 位于 平台 部门 点击 家电 家庭 分中心 分部 时请 时 台风 名片 多媒体 月租 日常 年中 度假 项目 本行 本市 本公司
        本店 条款 级别 场馆 路况 余额 家长 款项 次日 处理 处置 处罚 处于 所在 所属 所有 所以 首次 首批 首页 首先 单位 单击 单独 列入 列为 节假日 节日 支持 支付 支行 批评 批准 克隆 字样 词条 平时 平安
        平均 平日 周末 周边 店铺 校验 校园 组织 片区 例如 对外 对于 对此 对话 起诉 起来 起初 名为 名义 架构 班车 头条 席卷 村民 电池 电脑 电动 电力 电子 电量 电影 电视 电站
        电缆 电表 电商 电梯""",
    "label": "客服 提醒 温馨提示 提示 来电 发来 发送 发出 回应 接线 坐席 接听 tel telephone phone mobile mob fax hotline call qq email mail web website http https www wechat or and",
    "alarm": "查询 人工 报警 報警 火警 匪警 急救 救护 查号 求助 求救 消防 警 电话 热线 电 客服 服务 服務 電話 熱線",
}


def _entries(table: Mapping[str, str]) -> Iterable[tuple[str, int]]:
    for name, words in table.items():
        for word in words.split():
            yield word, CLASSES[name]


def alphabet() -> list[str]:
    """Characters of all the words beyond a–z, sorted: each has a symbol of its own."""
    letters = {char for table in (BEFORE, BEHIND) for word, _ in _entries(table) for char in word}
    return sorted(char for char in letters if char > "z")


def trie(table: Mapping[str, str], symbol: Mapping[str, int], *, backwards: bool) -> tuple[list[list[int]], list[int]]:
    """Nodes of a word tree: (children by symbol, word class by node); node 0 is the root, class 0 no word."""
    width = max(symbol.values()) + 1
    children, ends = [[0] * width], [0]
    for word, code in _entries(table):
        node = 0
        for char in reversed(word) if backwards else word:
            if not children[node][symbol[char]]:
                children[node][symbol[char]] = len(children)
                children.append([0] * width)
                ends.append(0)
            node = children[node][symbol[char]]
        ends[node] = code
    return children, ends
