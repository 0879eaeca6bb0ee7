"""Written forms that settle an answer's type without a word list: dates, numbers, titles of works.

Comes in: text in Traditional or Simplified characters. Goes out: compiled patterns, used by `qgkd.answer_types` to name
a span's type and by `qgkd.answers` to find spans.

A literal example: `DATE.fullmatch("1867年5月")` and `NUMBER.fullmatch("約3.6萬平方公里")` match.
"""

from __future__ import annotations

import re

DIGIT = r"[0-9０-９]"
_CN = "〇零一二三四五六七八九十百千"
CHINESE_NUMERAL = rf"[{_CN}兩两廿卅萬万億亿]"
_ERAS = (
    "民國|民国|光緒|光绪|康熙|雍正|乾隆|嘉慶|嘉庆|道光|咸豐|咸丰|同治|宣統|宣统|順治|顺治|崇禎|崇祯|萬曆|万历|"
    "洪武|永樂|永乐|明治|大正|昭和|平成|令和|貞觀|贞观|開元|开元|元鼎|建安|太和|元嘉|大明"
)
_BEFORE_CHRIST = r"(?:(?:西元|公元|紀元|纪元)前?|前)"
_YEAR = (
    rf"(?:{_BEFORE_CHRIST}?(?:{DIGIT}{{3,4}}|[〇零一二三四五六七八九]{{4}})|{_BEFORE_CHRIST}{DIGIT}{{1,4}}"
    rf"|(?:{_ERAS})(?:{DIGIT}{{1,2}}|元|[{_CN}廿]{{1,3}}))年"
)
_MONTH = rf"(?:(?:1[0-2]|0?[1-9]|[正臘腊閏]|十[一二]?|[一二三四五六七八九]))月份?"
_DAY = rf"(?:[初]?[{_CN}廿]{{1,3}}|{DIGIT}{{1,2}})[日號号]"
_CENTURY = rf"{_BEFORE_CHRIST}?(?:{DIGIT}{{1,2}}|[{_CN}廿]{{1,3}})世[紀纪]"
_DECADE = rf"(?:{DIGIT}{{2,4}}|[{_CN}]{{2,4}})年代"
_PART = (
    r"(?:年?[初末底中]葉?|年?[初末底中]叶?|早期|中期|後期|后期|晚期|初期|末期|年間|年间|上半年|下半年|"
    r"春[天季]?|夏[天季]?|秋[天季]?|冬[天季]?|[上中下]旬|前期)"
)
_CLOCK = rf"(?:凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|深夜|半夜)?(?:{DIGIT}{{1,2}}|[{_CN}兩两]{{1,3}})[點点時时](?:{DIGIT}{{1,2}}分|半|整)?"
_PERIOD = r"[\u4e00-\u9fff]{0,6}(?:時期|时期|時代|时代|年間|年间|期間|期间|朝代|王朝|戰前|战前|戰後|战后|中葉|中叶|末年|初年|晚年|早年|清初|清末|明初|明末)"
_DYNASTY = r"(?:[秦漢汉隋唐宋元明清商周晉晋]|東漢|东汉|西漢|西汉|北宋|南宋|東晉|东晋|西晉|西晋|三國|三国|南北朝|春秋|戰國|战国|五代|北魏|遼|辽|金)(?:朝|代|末|初)(?:[初末中]?[年期葉叶])?"
_WEEKDAY = r"(?:星期|週|周|禮拜|礼拜)[一二三四五六日天]"
_FULL = rf"(?:{_CENTURY}(?:{_DECADE})?|{_DECADE}|{_YEAR}(?:{_MONTH}(?:{_DAY})?)?|{_MONTH}(?:{_DAY})?)(?:{_PART})?"

DATE_BODY = rf"(?:{_FULL}|{_DAY})(?:[，、（(]?{_WEEKDAY}[)）]?)?(?:{_CLOCK})?"
"""A calendar date, as a pattern to be embedded; no words for periods."""

DATE = re.compile(
    rf"(?:在|於|于|自|從|从)?(?:{DATE_BODY}|{_DYNASTY}|{_WEEKDAY}|{_CLOCK})"
    rf"(?:[到至\-－—~～](?:{DATE_BODY}|{DIGIT}{{1,4}}年?))?(?:[之以]?[前後后]|起|間|间|[初中末]期?|春|夏|秋|冬)?"
)
"""A whole answer that is a point in time."""

PERIOD = re.compile(_PERIOD)
"""A whole answer that is a stretch of time with a name."""

YEAR = re.compile(rf"(?:{_YEAR})(?:[之以]?[前後后]|起|[初末底中])?")
DYNASTY = re.compile(_DYNASTY)
CENTURY = re.compile(rf".*{_CENTURY}.*")
DECADE = re.compile(rf".*{_DECADE}.*")
MONTH = re.compile(_MONTH)
MONTH_DAY = re.compile(rf"{_MONTH}{_DAY}")
DAY = re.compile(_DAY)
YEAR_MONTH_DAY = re.compile(rf"{_YEAR}{_MONTH}{_DAY}")

_NUMERAL = (
    rf"(?:[+\-－]?{DIGIT}+(?:[,，]{DIGIT}{{3}})*(?:[.．]{DIGIT}+)?|{CHINESE_NUMERAL}+(?:點[{_CN}]+)?|[數数][十百千萬万億亿]+|半|幾|几)"
    rf"(?:[十百千]?[萬万億亿兆]|[百千])?[多餘余來来幾几]?"
)
_PERCENT = rf"(?:百分之{CHINESE_NUMERAL}+|{_NUMERAL}(?:%|％|‰|個百分點|个百分点|成)|{CHINESE_NUMERAL}+分之{CHINESE_NUMERAL}+|一半|半數|半数)"
MEASURE_WORDS = (
    "平方公里|平方千米|平方公尺|平方米|立方公尺|立方米|公里|千米|公尺|公分|公釐|毫米|厘米|微米|奈米|纳米|英里|英尺|英呎|英寸|英吋|海里|"
    "光年|公頃|公顷|公噸|公吨|公斤|千克|毫克|公克|毫升|公升|美元|美金|歐元|欧元|英鎊|英镑|日圓|日元|人民幣|人民币|新台幣|新臺幣|"
    "新台币|港元|港幣|港币|法郎|馬克|马克|盧布|卢布|攝氏度|摄氏度|小時|小时|分鐘|分钟|年級|年级|個月|个月|個小時|个小时|個世紀|个世纪|"
    "世紀|世纪|星期|百分點|百分点|伏特|瓦特|千瓦|馬力|马力|赫茲|赫兹|公里/小時|位元|字節|字节|平方|立方|人次|毫秒|℃|°C|GB|MB|km|cm|mm|kg|"
    "[個个人名位座家間间所棟栋幢種种類类項项條条部本卷冊册篇首張张片頁页章節节次場场屆届回輪轮場場歲岁年月日天週周季代世分秒點点度倍隻只頭头匹"
    "尾株棵朵顆颗粒塊块件套組组對对雙双支枝把台臺輛辆艘架列門门戶户口村鎮镇縣县省州國国區区市島岛層层樓楼級级等號号字句段米尺寸里畝亩"
    "噸吨斤克升元圓圆塊角萬万票席枚發发枝站線线股派族宗元]"
)
MEASURE_WORD = re.compile(MEASURE_WORDS)
_ABOUT = r"(?:大約|大约|約為|约为|約|约|將近|将近|近|超過|超过|逾|達|达|共計|共计|至少|至多|高達|高达|不到|不足|多達|多达|共)"
NUMBER_BODY = rf"(?:{_PERCENT}|第?{_NUMERAL}(?:多|餘|余)?(?:{MEASURE_WORDS})?)"
NUMBER = re.compile(
    rf"{_ABOUT}?{NUMBER_BODY}(?:[到至\-－—~～]{NUMBER_BODY})?(?:以上|以下|左右|以內|以内|之間|之间|多|餘|余|半)?"
    rf"[\u4e00-\u9fff]{{0,2}}"
)
"""A whole answer that is a quantity, with at most two characters of noun after it (`200名士兵`)."""

NUMERAL_HEAD = re.compile(rf"(?P<about>{_ABOUT}?)(?P<ordinal>第?)(?P<numeral>{_NUMERAL})")
PERCENT = re.compile(_PERCENT)
ORDINAL = re.compile(rf"第{_NUMERAL}")
WORK = re.compile(r"《[^《》]{1,40}》|〈[^〈〉]{1,40}〉")
LATIN_NAME = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž0-9&.'’+#/\-]*(?: [A-Za-zÀ-ž0-9][A-Za-zÀ-ž0-9&.'’+#/\-]*)*")
FOREIGN_NAME = re.compile(r"[\u4e00-\u9fff]{1,8}(?:[·‧・•．][\u4e00-\u9fffA-Z]{1,8}){1,4}")
