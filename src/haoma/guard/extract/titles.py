"""Whom a title or a label names: the target, one of its name, another, or nobody.

Rules held here:
- A label, a place, a person, a topic or a department names nobody; an organisation's ending, or its place as a title,
  makes a name. Names are compared in simplified characters.
- Of two companies with one word in their names neither is the other; a group is not its company.
- Two branches of one house are two: who asks about one branch does not mean another.
- The lists are words of the trade, none of a page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from haoma.guard.extract.everyday import everyday, left_over
from haoma.guard.extract.han import simple
from haoma.guard.extract.names import BRANCH, CJK, ENDINGS, NOISE, PLACES, Target, core, one_house, short_form

__all__ = [
    "AKIN",
    "CHROME",
    "FAINT",
    "HOUSE",
    "LABEL",
    "NOBODY",
    "NUMBER",
    "OTHER",
    "OWN",
    "PERHAPS",
    "SITE",
    "WE",
    "Titles",
]

OWN, AKIN, HOUSE, NOBODY, FAINT, PERHAPS, OTHER = 1.0, 0.5, 0.25, 0.0, -0.25, -0.5, -1.0
LONGEST, LONGEST_NAME, LEAST, SENTENCE_LONG, COINED = 60, 12, 2, 5, 2  # characters
FULL_NAME = 3  # characters of most people's names
NEAREST = 8  # parts of what stands before a number
TRADES = (
    ENDINGS + r"|[书花药面茶布粮饭酒吃果具烤]店|馆|院|局|厂|商行|车行|行社|茶社|茶庄|茶楼|茶事|酒业|酒庄|酒楼|食府"
    r"|面馆|小馆|菜馆|烤肉|火锅|烧烤|小吃|小面|咖啡|奶茶|烘焙|蛋糕|面包|甜品|快餐|餐饮|食品|乳业|粮油|农庄"
    r"|山庄|农场|合作社|渔业"
    r"|装饰|装修|家装|建材|木业|家具|家居|门窗|地板|地暖|陶瓷|卫浴|灯饰|五金|空调|冰箱|热水器|家电|电气"
    r"|机电|机械|电梯|设备|泵业|阀门|仪器|电子|通讯|通信|宽带|软件|智能|信息|数码|手机城"
    r"|服饰|服装|内衣|鞋业|珠宝|眼镜|美妆|化妆品|香氛|母婴|玩具|文具|书店|书房|书城|书局|图书|影楼|摄影"
    r"|婚纱|婚庆|传播|广告|印务|印刷|设计|咨询公司|财税|会计|律所|事务|签证|招标|人力|劳务|家政|搬家|开锁"
    r"|锁业|保洁|清洗|回收|物资|维修部|经营部|服务部|门市部|维修|修车|汽修|汽车|车业|摩托|电动车|出租|租车|租赁|重工|用品"
    r"|客运|货运|快运|速递|冷链|货代|驿站|停车|加油站"
    r"|支付|金服|金融|信托|期货|财险|寿险|健康险|理财|典当|担保|小贷|消金|投资|资本|资管|农商行|村镇银行|信贷|\w贷"
    r"|药业|制药|生物|医药|医疗|口腔|牙科|眼科|骨科医院|诊所|体检|美容|美发|养生|足浴|健身|瑜伽|游泳馆"
    r"|俱乐部|影院|剧院|剧场|乐园|度假村?|温泉|公寓|民宿|客栈|旅舍|旅行|旅游|票务|会展|中学|幼儿园|早教"
    r"|教育|培训|托育|琴行|画室|协会|商会|基金会|学会|居委会|村委会|管委会|热力|供热|环卫|市政|工程|建设"
    r"|建筑|建投|城投|置地|不动产|中介|家园|商场|广场|百货|商城|商厦|大厦|卖场|便利|菜场|市场"
    r"|4S店|商贸|车队|专柜|租房|科技馆|美术馆|游客中心|贸易|实业|矿业|钢铁|化工|能源|新能源|光伏|环保|农业|种业|饲料"
    r"|派出所|供电所|研究所|政府"
    r"|[农渔]家乐|牧业|水产|花卉|园林|宠物|动物医院"
)
TRADE = re.compile(rf"^[^\W\d]{{2,}}?(?:{TRADES})$")
FURTHER = re.compile(rf"[\u4e00-\u9fff]{{0,4}}?(?P<trade>{TRADES}|集团|控股)")
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅"
    "方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
LATIN = re.compile(
    r"(?!(?:from|general|customer|service|support|sales|press|media|reserv|complain|hot|help|office|oversea|book|enquir|head|branch|about|store|home|spa|ktv|vip|app|gym|bar|wifi)).{2,16}",
    re.IGNORECASE,
)
JOINED = re.compile(r"收购|并购|入股|控股|参股|联合|携手|隔壁|旁边|对面|请?至|请?到")
FACILITY = re.compile(r"[馆院局厂店厅场]$")  # a house's own as well: 游泳馆
OF_A_HOUSE = re.compile(
    r"^[^\W\d]{2,}?(?:银行|农商行|信用社|证券|期货|保险|财险|人寿|基金|电信|移动|联通|公司)[^\W\d]{2,8}(?:支行|分行|营业部|营业厅|营业所|分公司|支公司|网点)$"
)
CODE = re.compile(r"[A-Za-z]?\d{1,4}|\d+[FL楼层]")  # of a room or a row
SAYS = re.compile(r"[是为的在于已将与和由从让给系]")  # what goes on after a name as a sentence does
SURELY = re.compile(
    r"(?:银行|证券|保险|基金|医院|学院|大学|中学|小学|局|委员会|考试院|研究[院所]|设计院|科学院|法院|检察院|派出所|供电所|政府|居委会|村委会|公司|(?<!服务)集团|信用社|出版社|协会|航空|酒店|宾馆|旅行社|药房|药店|驾校|事务所)$"
)
OFFICE = re.compile(
    r"(?P<who>[^\W\d]{3,8})(?:品牌|公共关系|公关|市场|客服|人事|招商|销售|项目|新闻|媒体|商务|运营|售后|外贸|法务|投资者关系)(?:部|处|中心)"
)
ASKED = re.compile(r"(?:联系|致电|拨打|请?洽|请?找|咨询|隔壁)(?P<who>(?![我本])[^\W\d]{3,14}?)的?$")
CENTRE = re.compile(r"^\w{2,}(?:展览|会展|体育|购物|艺术|文化|博览|物流)中心$")
ENDS = re.compile(rf"(?:{TRADES})$")
INNER = re.compile(rf"^[\w·&]{{2,}}?(?:{TRADES})\w{{2,}}$")  # a branch with its house's name: 麓山银行校园支行
LABEL = re.compile(
    r"(?:官方|官网|原厂|厂家|全国|全省|全市|本地|统一|唯一|免费|免长途费|人工|24\s*小时|7\s*[x×*]\s*24(?:小时)?"
    r"|二十四小时|境内|境外|国内|海外|现行|最新|综合|总|一键)+"
    r"|(?:客户|客服|顾客|会员|用户|旅客|游客|业主|读者|乘客|玩家|商户|商家|买家|卖家|家长|患者|市民|消费者"
    r"|投资者|律所|本所|个人|企业|公司|团体)?(?:服务|客服|客诉)(?:中心|热线|电话|专线|短号|台|号码?|部)?"
    r"|(?:热线|(?:移动|固定)?电\s*话|专线|直线|座机|固话|手\s*机|行动|传\s*真|总\s*机|号码?|短号|联系方式"
    r"|联系人?|联络|致电|请?拨打|请拨|可拨打|直拨|拨|号|机(?![场电械床关构器]))"
    r"|(?:咨询|查询|贷后|外呼|投诉|举报|监督|维权|报修|维修|维保|抢修|抢险|救援|售后|售前|招商|招租|加盟|合作|商务"
    r"|洽谈|预约|预订|预定|订座|订位|订票|订房|订餐|订货|订购|挂号|报名|购票|问询|问讯|报案|理赔|挂失|急诊"
    r"|门诊|值班|叫车|叫水|送水|取件|寄件"
    r"|建议|意见|反馈|受理|办公|媒体|记者|新闻|广告|刊登|发行|招聘|人事|采购|销售|直销|代销|展览|参展|观众"
    r"|团购|代购|保修|换货|定损|品控|安监|检票|导览|租场|开票|对账|充值|报装|报停|报漏|改签|退款|订花|订水"
    r"|订奶|订报|康体|车场|月租|泊车|洗车|拼车|提货|催单|租售|车务|直营|看房|找房|外卖|现场|会议|宴会|安装|配送|退换货|失物招领|前台|柜台|大堂|礼宾|总台|保安|门卫|物业"
    r"|停车|值机)(?:处|部|科|室|台|组|单位|线|处理|柜台|中心)?"
    r"|\b(?:tel|fax|phone|mobile|hotline|call|whatsapp|wechat|line|viber|skype|t|f|m)\b",
    re.IGNORECASE,
)
DEPARTMENT = re.compile(
    r"(?:^.{0,7}(?:分公司|支公司|中心支公司|支行|分行|分理处|营业部|营业厅|营业所|营业网点|店|网点|站点"
    r"|服务站|服务点|分店|门店|校区|院区|园区|厂区|本部|院本部|基地|分部|办事处)"
    r"|总行|总部|总店|总公司|部|科|处|室|组|台|办|股|席|班|窗口|大厅|中心|本店|店内|我司|我行|我们|本公司|公司|单位"
    r"|机构|平台|商家|卖家|工作人员|办公室|秘书处|管理处|主任|层|楼|馆内|座"
    r"|地址|简介|介绍|说明书?|须知|指南|通知|公告|详情|方式|时间|大全|列表|名录|目录|监督|保护|优惠|活动|预告|动态)$"
)
PERSON = re.compile(
    r"^(?:[老小大]\w$|导游|司机|店长|领队|老板|小编)|(?:先生|女士|小姐|经理|老师|师傅|老板|主任|总监|顾问|联系人|大夫|医生|同志|队长|站长|专员|律师|教授|某|秘书|董秘|代表|助理|负责人|董事长?|总裁|车主|楼主|网友|沙发|板凳)$"
)
TOWNS = (
    r"北京|上海|天津|重庆|广州|深圳|杭州|南京|苏州|成都|武汉|西安|郑州|长沙|济南|青岛|大连|沈阳|长春|哈尔滨|合肥"
    r"|福州|厦门|南昌|昆明|贵阳|南宁|海口|兰州|西宁|银川|太原|石家庄|呼和浩特|乌鲁木齐|拉萨|宁波|无锡|佛山|东莞"
    r"|珠海|中山|泉州|温州|常州|香港|澳门|台北|台中|高雄|新加坡"
)
PROVINCES = (
    r"江苏|浙江|广东|山东|河南|河北|湖南|湖北|四川|福建|安徽|江西|陕西|山西|云南|贵州|辽宁|吉林|黑龙江|甘肃|青海|内蒙古|新疆"
    r"|西藏|宁夏|广西|海南|台湾"
)
PUBLIC_BODY = re.compile(  # and a part of it: 澜山县卫生健康局医政科
    rf"(?:国家|中国|行政院|{TOWNS}|{PROVINCES}|[省市县州盟旗]|(?<![社小地园])区)[^\W\d]{{0,12}}?(?:局|厅|委员会|[健改信纪监教]委|考试院|监察委|政府|协会|学会|消协|法院|检察院|监督所|疾控中心|(?:公积金|交易|疾控|仲裁)中心|[监检管]所)[^\W\d]{{0,12}}$"
)
PLACE = re.compile(
    rf"(?:{PROVINCES}|[省市区县州镇乡村路街巷弄]|\d号|[路街道巷中]\s?\d+\s?(?:号|弄)?.{{0,8}}|大道[东西南北中]?|{TOWNS}"
    r"|英国|美国|日本|中国|内地|地区|华[东南北中]|[东西]南|[东西]北)$"
)
ADDRESS = re.compile(  # of a house with a name too: 岳麓区溁湾镇通程商业广场
    r"[路街道巷弄镇村区]\s?\d{1,4}\s?(?:-\d+\s?)?[号弄]|\d\s?号?[楼层座室](?!.{0,4}店)|[￥¥]"
    r"|^[^\W\d]{2,4}(?:区|县|镇|街道)[^\W\d]{2,}(?:广场|大厦|市场|商城|商场|商业中心|写字楼|园区|大楼|国际)$"
)
TOWN = re.compile(TOWNS)
SENTENCE = re.compile(r"[了请您我你他这那吗呢吧被把可如因将与及或]|不[^动]|以及|[。！？?!]|\d{3}|https?:|@\w+\.")
TOPIC = re.compile(
    r"^(?:[年月日间元岁]|联系|关于|首页|网站|地址|邮编|时间|营业|服务|价格|营销|回复|店址|网址|办事|停水|停电|停气|收费"
    r"|承诺|播报|编辑|常见|医院常用|备注|说明|提示|温馨|公告|通知|通告|声明|更多|返回|版权|其他|其它|常用"
    r"|友情链接|产品|业务|渠道|方式|微信|名称|机构|类型|序号|编号|项目|法人|理事长|联系人|负责人|活动|位置|姓名|职务|性别|最佳|回答|职位"
    r"|主营"
    r"|消费者|未成年|行风|医疗|集团|报失|急诊|本科|研究生|开发者|作者|生产|门票|故障|火警|养老|捐赠|捐款"
    r"|用户|客户|玩家|读者|会员|市民|业主|家长|游客|旅客|单证|账户|个人|企业|信用卡|银行卡|借记卡|贷款"
    r"|今后|目前|现在|已|另|也|还|并|诚招|地区|区域|外地|当地|国际|港澳台"
    r"|纪检|监察|紧急|应急|急救|消防|报警|安保|行政|财务|市场部|法务|党委|工会|教务|学生"
    r"|周[一二三四五六日]|工作日|节假日|详情|内线|电邮|电子邮件|邮箱|官网|网址|发货|订单|承运|退款|主办"
    r"|协办|承办|支持|帮助|注册|来源|编辑|记者|发布|评论|楼主|第.{1,3}[页章节条]"
    r"|[一二三四五六七八九十]+、)"
)
SITE = re.compile(
    r"词条|退订|广告(?:投放|刊登|合作|联系)|版权(?:合作|联系)|本站|本网|本报|本刊|本版|平台|网站|入驻|刊登|投稿|编辑部|新闻热线|报料|爆料|纠错|意见反馈|组委会"
)
CHROME = re.compile(rf"{SITE.pattern}|客服|合作|商务|举报|主办|加盟|媒体")
WE = re.compile(r"我们|我們|我(?:司|行|店|院|校|馆|会|局|委|处)|本(?:公司|行|店|院|校|馆|司)")
BRANCHED = re.compile(
    r"[（(](?P<inner>[^（）()]{2,14})[）)]\s*$|(?:银行|农商行|信用社|保险|财险|人寿|证券|基金|医院|大学"
    r"|学校|燃气|水务|电信|移动|联通)(?P<outer>[\u4e00-\u9fff]{2,10}?(?:支行|分行|支公司|分公司|营业部"
    r"|营业厅|营销部|网点|校区|院区|分院|分理处))\s*$"
)
BRACKETED = re.compile(r"[（(](?P<inner>[^（）()]{2,14}?(?:店|支行|分行|分院|校区|分公司|营业部))[）)](?P<outer>)")
LETTERS = re.compile(r"[\u4e00-\u9fff]|[A-Za-z]{3}")
HOUSE_END = re.compile(r"(?:店|支行|分行|分公司|支公司|营业部|校区|分院)$")
MARKS = re.compile(r"^(?:[\W\d_①-⑳]|(?<=\d)[年月日号])+|[\W_]+$")
NAMED = re.compile(  # what follows is a name, by what the page says
    r"^\W*(?:名\s*称|全\s*称|(?:单位|公司|企业|机构|店铺|商户|商家|店)\s*(?:名\s*称?)?|(?:采购|招标|投标|中标|出卖|委托)人(?:名称)?)\s*[：:]\s*(?=[^\W\d]{3})"
)
ON_BEHALF = re.compile(r"(?P<who>[^\W\d]{2,14})\s?[（(](?:代表|受托于)")  # 恺铂公关（代表珂润微）
CATEGORY = re.compile(r"^\s*[【\[〔].{1,8}[】\]〕]\s*")
TRANSLATED = re.compile(r"(?<=[\u4e00-\u9fff）)])\s*[A-Za-z][A-Za-z .,&'()\-]{5,}$")  # a name again in English
INSIDE = re.compile(
    r"(?<=[\u4e00-\u9fff])[（(](?:(?P<group>集团)|[\u4e00-\u9fff]{2,4})[）)](?=[\u4e00-\u9fff]{2})"
)  # 甲（上海）贸易公司
COMPANY = re.compile(r"(?<!分)(?<!支)(?<!子)公司$")
GROUP = re.compile(r"(?:集团|控股)(?:股份)?(?:有限)?(?:责任)?(?:公司)?$")
GAPS = re.compile(r"[\s，,、：:；;（）()“”\"'【】\[\]—–―\-|｜/>»·•…*=]+")
VERBS = re.compile(
    r"可?拨打|致电|联系|如果是|如需|如果|通过|由|和|与|及|或|也可|可以|直接|才打|别打|别信|找|打|请|是|为"
    r"|的|在|向|到|从|等|先|自己|一下"
)
NUMBER = re.compile(r"[+(（]?\d(?:[\d\s()（）\-—–_/.]{3,18})\d")


class Titles:
    """Judges titles for one target: 1 it, 0.5 one of its name, 0.25 whose page it is (我司), 0 nobody, -1 another's.

    -0.5 is another by its place as a title alone, -0.25 the same of everyday words that no label has.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.cores = tuple(whole for whole in target.cores if len(whole) >= LEAST)
        self.branch = _branch(simple(target.names[0])) if target.names else ""
        given = [core(name) for name in target.names]
        own = PLACES.sub("", min((whole for whole in given if CJK.match(whole)), key=len, default=""))
        self.brand = _own_word(own) if len(own) > LEAST and CJK.match(own) else ""
        self.trade = own[len(self.brand) or LEAST :]
        self.coined = bool(self.brand) and left_over(self.brand) == len(self.brand)
        word = ENDS.sub("", own)
        self.word = word if len(word) > LEAST and CJK.match(word) else ""
        self.legal = bool(target.names) and COMPANY.search(target.names[0]) is not None
        self.grouped = bool(target.names) and GROUP.search(target.names[0]) is not None
        self.judged: dict[tuple[str, bool, bool], float] = {}

    def judge(self, text: str, *, stands: bool, clause: bool = False) -> float:
        """Whom a title names; `stands` where it stands as a title does, `clause` where it is what precedes a number."""
        key = (text, stands, clause)
        if key not in self.judged:
            plain = simple(text).strip()
            self.judged[key] = self._clause(plain, stands=stands) if clause else self._title(plain, stands=stands)
        return self.judged[key]

    def _clause(self, text: str, *, stands: bool) -> float:
        """The name nearest to the end of what stands before a number."""
        if self.branch and len(text) <= LONGEST and (own := self._target(text)):
            return own
        parts = [part for part in GAPS.split(INSIDE.sub(r"\g<group>", text)) if part and not CODE.fullmatch(part)]
        stands = stands and not _said(text, parts)
        for place, part in enumerate(reversed(parts[-NEAREST:])):
            if WE.search(part):
                return HOUSE
            first = stands and place == len(parts) - 1
            if self._target(part) and (whole := self._title(part, stands=first)):
                return whole
            if (asked := ASKED.search(part)) and (whole := self._title(asked["who"], stands=True)):
                return whole
            pieces = [piece for piece in VERBS.split(part) if piece] if len(part) > SENTENCE_LONG else [part]
            alone = first and (pieces == [part] or (bool(pieces) and left_over(pieces[0]) > COINED))
            if sign := next(filter(None, (self._title(piece, stands=alone) for piece in reversed(pieces))), NOBODY):
                return sign
        return NOBODY

    def _title(self, text: str, *, stands: bool) -> float:
        if len(TRANSLATED.sub("", text)) > LONGEST:
            return NOBODY
        if agent := ON_BEHALF.match(text):
            return max(self._target(agent["who"]), NOBODY) or OTHER
        if own := self._target(text):
            return own
        plain = INSIDE.sub(r"\g<group>", TRANSLATED.sub("", CATEGORY.sub("", NAMED.sub("", text))))
        parts = GAPS.split(MARKS.sub("", plain))[:2]
        chinese = "".join(CJK.findall(text))
        if everyday(chinese) and not ENDS.search(chinese):
            parts = [part for part in parts if CJK.search(part)]  # Export Dept. 外贸部 is no name for its English
        signs = (self._name(part, stands=stands and place == 0) for place, part in enumerate(parts))
        return next(filter(None, signs), NOBODY)

    def _name(self, part: str, *, stands: bool) -> float:
        """Whom a part of a title names, that does not name the target whole."""
        name = LABEL.sub("", part)
        if len(name) < LEAST or not LETTERS.search(name) or ADDRESS.search(part):
            return NOBODY
        if self._sister(name) or (PUBLIC_BODY.search(name) and not PUBLIC_BODY.search(self.target.names[0])):
            return OTHER
        if (own := self._short(name)) or TOWN.fullmatch(name):
            return own
        if TOPIC.match(name) or _person(name):
            return NOBODY
        if self.word and self.word in name:
            return AKIN
        return self._another(name, part, stands=stands)

    def _short(self, name: str) -> float:
        """Whether a name is short for the target's: of its house, its end, or its trade; no town's."""
        if TOWN.fullmatch(name):
            return NOBODY
        if GROUP.search(name) and not self.grouped and self.coined and self.trade:
            return OTHER if self.brand in name else NOBODY
        if self._shortened(name):
            return AKIN if HOUSE_END.search(self.target.names[0]) and not HOUSE_END.search(name) else OWN
        return HOUSE if self._of_its_trade(name) else NOBODY

    def _shortened(self, name: str) -> bool:
        if self.coined and len(self.brand) > LEAST and self.brand not in name and self.brand[:LEAST] in name:
            return False
        ends = len(core(name)) >= LEAST and len(name) > LEAST and any(own.endswith(core(name)) for own in self.cores)
        return ends or any(one_house(name, own) for own in self.target.names)

    def _another(self, name: str, part: str, *, stands: bool) -> float:
        if self._akin(name):
            return AKIN
        house = INNER if BRANCH.match(name) or name.endswith("支公司") else TRADE
        traded = house.match(name) is not None and not NOISE.search(name)
        surely = left_over(ENDS.sub("", name)) > 0 or (SURELY.search(name) is not None and name in part)
        if (
            CENTRE.match(part)
            or OF_A_HOUSE.match(name)
            or (surely if traded else not _nobody(name) and not _nobody(part) and _ends_coined(name))
        ):
            return OTHER
        if (office := OFFICE.fullmatch(name)) and left_over(office["who"]) > 1 and not _nobody(office["who"]):
            return PERHAPS
        if not traded and (_nobody(name) or _nobody(part)):
            return NOBODY
        if stands and (traded or (len(name) <= LONGEST_NAME and not SENTENCE.search(part))):
            perhaps = (traded and not FACILITY.search(name) and left_over(name) > 0) or _coined(name)
            return PERHAPS if perhaps else FAINT if traded or (name == part and CJK.search(name)) else NOBODY
        return NOBODY

    def names(self, text: str) -> bool:
        """Whether a text has the target's name, whole, in short or by its own word."""
        return self.judge(text, stands=False) > NOBODY or self.calls(text)

    def calls(self, text: str) -> bool:
        """Whether a text has the target's own coined word, and no other trade behind it: 跃途租车 of 跃途汽车租赁."""
        if not self.coined:
            return False
        for part in simple(text).split(self.brand)[1:]:
            name = FURTHER.match(part)
            trade = name["trade"] if name else ""
            if (
                not trade
                or (self.grouped and GROUP.search(trade))
                or set(trade) <= set(self.trade)
                or any(trade in own for own in self.cores)
            ):
                return True
        return False

    def _akin(self, name: str) -> bool:
        """Whether a name has the target's own word in it, as branches and sisters have."""
        if not self.brand or (len(self.word) > len(self.brand) and not self.coined):
            return False
        return self.brand in name if self.coined else name.startswith(self.brand) and not TRADE.match(name)

    def _sister(self, name: str) -> bool:
        """Whether a name is that of another company of the target's word: of two legal persons one is not the other."""
        if not (self.brand and self.brand in name and COMPANY.search(name)):
            return False
        if not self.legal:
            apart = self.coined and ENDS.search(self.trade) is not None and not self.calls(name)
            return apart and not self._shortened(name)
        if GROUP.search(name):
            return not self.grouped
        return not any(short_form(name, own) for own in self.cores)

    def of_its_group(self, text: str) -> bool:
        """Whether a text names the group that the target is a company of."""
        apart = self.legal or (self.coined and bool(self.trade))
        return apart and not self.grouped and bool(self.brand) and self.brand in text and bool(GROUP.search(text))

    def _of_its_trade(self, name: str) -> bool:
        """Whether a name is short for the target's own trade: 律所 for 某某律师事务所."""
        rest = iter(self.trade)
        return len(name) >= LEAST and all(char in rest for char in name)

    def _target(self, text: str) -> float:
        """Whether a title names the target: the same branch of it, if one is meant."""
        squeezed = core(text)
        whole = next((whole for whole in self.cores if whole in squeezed), None)
        if whole is None:
            apart = self.branch and self.brand and self.brand in squeezed and _branch(text) not in ("", self.branch)
            return OTHER if apart else NOBODY
        if self.branch:
            branch = _branch(text) or _branch(LABEL.sub("", text).strip(" ：:，、"))
            return (OWN if branch in self.branch or self.branch in branch else OTHER) if branch else AKIN
        rest = LABEL.sub("", squeezed.partition(whole)[2])
        further = LEAST < len(rest) <= LONGEST_NAME and TRADE.match(rest) is not None and not _nobody(rest)
        return PERHAPS if further and not SAYS.match(rest) else OWN


def _said(text: str, parts: Sequence[str]) -> bool:
    """Whether what precedes a number is part of a sentence, which begins with no title: 享受八折优惠，预订请致电."""
    verb = VERBS.search(parts[-1]) if parts else None
    return ("，" in text and (len(parts) > LEAST or VERBS.search(text) is not None)) or (
        "、" in text and verb is not None
    )


def _own_word(name: str) -> str:
    """The word that a name begins with and no dictionary has: 林之工 of 林之工整体衣柜; else its first two."""
    left = left_over(name)
    fit = (size for size in (4, 3, 2) if size < len(name) and left_over(name[size:]) <= left - size)
    return name[: next(fit, LEAST)]


def _branch(name: str) -> str:
    """The branch that a name ends with: 卤小匠(人民广场店) → 人民广场店."""
    hit = BRANCHED.search(name) or BRACKETED.search(name)
    return (hit["inner"] or hit["outer"] or "") if hit else ""


def _ends_coined(name: str) -> bool:
    """Whether a phrase ends with a name that has a trade's ending: 收购岩骨茶厂."""
    end = ENDS.search(name) if JOINED.search(name) else None
    before = name[max(0, end.start() - LEAST) : end.start()] if end else ""
    return len(before) == LEAST and left_over(before) == LEAST


def _coined(name: str) -> bool:
    """Whether a name has more than everyday words, as makers of names see to: 岭东快客, not 配送咨询."""
    return left_over(name) >= COINED if CJK.search(name) else LATIN.fullmatch(name) is not None


def _nobody(text: str) -> bool:
    return bool(DEPARTMENT.search(text) or _person(text) or PLACE.search(text) or TOPIC.match(text))


def _person(name: str) -> bool:
    """Whether a name is a person's: by a title behind it, or a surname and two characters that make no word."""
    if len(name) == FULL_NAME and name[0] in SURNAMES and not ENDS.search(name):
        return left_over(name) >= LEAST
    return PERSON.search(name) is not None
