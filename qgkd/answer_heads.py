"""The noun an answer ends in: it tells the answer's type and what a question calls it.

Comes in: an answer in Traditional characters. Goes out: `Head`, or None.

A literal example: `find_head("西南聯合大學")` gives `Head("大學", AnswerType.ORGANISATION, "所", "大學")`, asked with 哪一所大學.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qgkd.answer_types import AnswerType


@dataclass(frozen=True, slots=True)
class Head:
    """A last word, the type it tells, and its measure word and class noun."""

    suffix: str
    type: AnswerType
    measure: str
    noun: str


# One line per measure word and type: `noun=suffix/suffix` where the class noun differs from the suffix.
_TABLE = {
    (AnswerType.PLACE, "個"): (
        "國家=國/共和國/聯邦/合眾國 王國 帝國 汗國=汗國 自治區 行政區 特別行政區 縣 州 區 城市=市/直轄市/府 首都 郡 軍區 城鎮=鎮 鄉=鄉 村莊=村/莊 部落 "
        "省份=省 群島=群島/列島/諸島 半島 海峽 海灣=灣 洲=洲 海洋=洋 平原 高原 盆地 丘陵 地區=地區/一帶/區域 流域 車站=站/車站 港口=港/碼頭/港口 "
        "公園 廣場 體育場=體育場/球場/體育館 星系 殖民地 租界 邊疆區 社區 園區 要塞 戰場 礦區 遺址 方向=東方/西方/南方/北方/東北/西北/東南/西南/東部/西部/南部/北部/中部"
    ),
    (AnswerType.PLACE, "座"): (
        "山=山/嶽 山峰=峰/主峰 山脈=山脈 島嶼=島 橋=橋 機場 宮殿=宮/宮殿 寺廟=寺/廟 教堂=教堂/大教堂 塔=塔 城堡=城堡 城市=城 博物館 圖書館 水庫 "
        "湖=湖/池/潭 火山 陵墓=陵/墓 監獄 神社 堡壘=堡 劇院=劇院/歌劇院 美術館 動物園 工廠=廠/工廠 修道院 清真寺"
    ),
    (AnswerType.PLACE, "條"): "河流=河/江/溪 運河 路=路 街=街 大道 公路 鐵路 路線=線/號線/路線 隧道",
    (AnswerType.PLACE, "片"): "海域=海/海域 沙漠 大陸 草原 森林",
    (AnswerType.PLACE, "顆"): "星球=行星/恆星/星球/衛星 星=星",
    (AnswerType.ORGANISATION, "所"): "大學 學院 學校=學校/中學/小學/高中/書院 研究所",
    (
        AnswerType.ORGANISATION,
        "家",
    ): "公司=公司/株式會社/集團 銀行 出版社 企業 報社 電視台=電視台/電視臺/衛視 醫院 航空公司=航空 俱樂部 唱片公司=唱片 商店=商店 飯店=飯店/酒店",
    (AnswerType.ORGANISATION, "份"): "報紙=日報/時報/晚報/報紙 報告",
    (AnswerType.ORGANISATION, "個"): (
        "政黨=黨 政府 政權=政權/幕府 機構=議會/國會/法院/參議院/眾議院/議院/研究院/機構/中心/總署/通訊社 部門=部/局/署/處/司/廳 組織=會/協會/學會/聯盟/組織/基金會/同盟/總會/聯合會 "
        "委員會 教會 樂團=樂團/樂隊 團體 單位 理事會 代表團"
    ),
    (AnswerType.ORGANISATION, "支"): "隊伍=隊 軍隊=軍/軍隊/部隊/兵團/軍團 艦隊 球隊",
    (AnswerType.WORK, "部"): "法律=法/憲法/法律/法典 電影 作品 史書=史記 著作 小說",
    (AnswerType.WORK, "項"): "條約=條約/協定/公約/協議 條例 法案 宣言=宣言/聲明",
    (AnswerType.TERM, "項"): "計畫=計畫 政策 技術 工程 制度=制/制度 運動=足球/籃球/棒球/網球/排球",
    (AnswerType.TERM, "種"): (
        "語言=語/語言 文字 宗教=教/宗教 主義 氣候 疾病=病/症/炎/疾病/肺癌/癌症 物質=素/酸/質 植物 動物 金屬 語系=語系 元素 顏色=色 方式 方法=法術/方法 "
        "技術=技術 組織 政體=政體 能源 貨幣=貨幣 病毒 細菌 細胞 材料 礦物=礦/礦石 工業 產業=產業/業 農業 建築=建築 風格 觀點=觀點 精神 作物=作物 食物 "
        "魚=魚 鳥=鳥 樹=樹 酒 茶 稻 樂器=樂器 武器=武器 現象=現象 效應 關係=關係 疫苗=疫苗 藥物=藥物 能力 權力=權力/權 資源 儀式 系統=系統 模式 理論=理論 病=病"
    ),
    (AnswerType.TERM, "個"): (
        "民族=族/民族 派別=派/派別 獎項=獎/獎項/大獎 王朝=王朝 朝代=朝代 節日=節 職位=總統/皇帝/國王/主席/總理/首相/部長/將軍/市長/校長/大臣/大使/主教/教宗/總督/司令/院長/署長/行政長官/議員/博士/教授/常委/委員/會長/大將/上將/總裁/隊長/行長/縣長/省長/州長/執政官/總經理/董事長/幕僚長/秘書長/參謀長/祕書長 "
        "事件=事件/慘案 學派 計畫=計劃 家族 專業 學說=學說 概念 世紀 聯賽 宗派=宗派 門派 時期 時代 階段=階段 世代 問題=問題 地位 領域 方面 角色 目標 部位 器官=器官 星座 單位 比賽=錦標賽/公開賽/聯賽/盃 種族=人種"
    ),
    (
        AnswerType.TERM,
        "場",
    ): "戰爭=戰爭/之戰 戰役=戰役/會戰 運動=運動 革命 事變 政變 起義 亂事=之亂 地震 危機 衝突 奧運會=奧運會/奧運",
    (AnswerType.TERM, "門"): "學科=學科/學 課程",
    (AnswerType.TERM, "架"): "飛機=飛機/戰鬥機/客機/轟炸機",
    (AnswerType.TERM, "艘"): "船=號艦/艦/航空母艦",
    (
        AnswerType.PERSON,
        "位",
    ): "皇帝=帝/宗/祖 國王=一世/二世/三世/四世/五世/六世/七世/大帝/王 先生=先生 女士=女士 皇后=皇后 公主 教授=教授 王子 法師=法師 將軍=將軍",
}


def _read_table() -> dict[str, Head]:
    heads: dict[str, Head] = {}
    for (answer_type, measure), entries in _TABLE.items():
        for entry in entries.split():
            noun, _, suffixes = entry.partition("=")
            for suffix in (suffixes or noun).split("/"):
                heads.setdefault(suffix, Head(suffix, answer_type, measure, noun))
    return heads


HEADS = _read_table()
"""Heads by suffix, Traditional characters."""
_LONGEST_CHARS = max(map(len, HEADS))


# 杭州, 台州, 泰國海: too short for the suffix to be a word of its own.
_SHORTEST_ANSWER_CHARS = {"州": 3, "府": 3, "區": 3, "教": 2, "會": 3, "部": 3, "局": 3, "法": 3, "軍": 2, "色": 2, "學": 3, "業": 3, "王": 3, "路": 3, "方": 3}


@lru_cache(maxsize=4096)
def find_head(answer_text: str) -> Head | None:
    """Find the longest known last word that leaves something before it.

    Args:
        answer_text: The answer, in Traditional characters.

    Returns:
        Its head, or None. An answer that is nothing but its head (`大學`) has none: the head does not classify it.
    """
    for length_chars in range(min(_LONGEST_CHARS, len(answer_text) - 1), 0, -1):
        head = HEADS.get(answer_text[-length_chars:])
        if head is not None and len(answer_text) >= _SHORTEST_ANSWER_CHARS.get(head.suffix, 2):
            return head
    return None
