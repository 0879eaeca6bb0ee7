"""Choose the question word for an answer, with the measure word or class noun from the text.

Comes in: an answer, its type and the text of its clause on either side (Traditional characters). Goes out:
`QuestionWord`.

A literal example: for `12` before `公里長`, `QuestionWord("多少", absorbed_left_chars=0, absorbed_right_chars=0)`: the
measure word 公里 stays in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qgkd.answer import AnswerType
from qgkd.answers.heads import HEADS, find_head
from qgkd.answers.patterns import (
    CENTURY,
    DAY,
    DECADE,
    DYNASTY,
    MEASURE_WORD,
    MONTH,
    MONTH_DAY,
    NUMERAL_HEAD,
    PERCENT,
    YEAR,
    YEAR_MONTH_DAY,
)
from qgkd.rule.enumerated import which_ones
from qgkd.text.characters import is_han
from qgkd.text.word_lists import either, words_of
from qgkd.text.words import tag_words


@dataclass(frozen=True, slots=True)
class QuestionWord:
    """The text that replaces the answer."""

    text: str
    absorbed_left_chars: int = 0
    """Characters before the answer that the question word replaces too."""
    absorbed_right_chars: int = 0
    """Characters after the answer that the question word replaces too."""


_SMALL_NUMERAL = re.compile(r"[一二兩三四五六七八九十1-9]|10")
_COUNTED = re.compile(r"[個座位次代歲屆名種條場家所項支部章集級間層]")
_PERSON_NOUN = re.compile(r"醫生$|[師家員長者手將王帝后臣帥官士相人督宗練徒兄弟妹姊姐父母妻夫子女僧尚尉軍授兒]$")
_TITLE_PREFIX = re.compile(r"(?:[副前正]|(?<![漢唐宋元明清魏晉隋秦周商遼金古近當現時年])代)$")
_PERSON_IS = re.compile(
    r"(?:創辦人|創始人|發明人|負責人|領導人|作者|主角|妻子|丈夫|父親|母親|[校市州首院會社隊]長|之父)(?:是|為)$"
)
_RULER = re.compile(r"[東西前後北南]?[漢唐宋元明清魏晉隋梁陳齊周秦金遼燕趙楚吳越].{1,2}[帝宗祖王]")
_WORK_NOUN = re.compile(
    r"(?:(?:長篇|短篇|免費|通俗|武俠|科幻|歷史|紀錄|同名|動畫|傳記|文學|代表|知名|著名|科學)(?=[小電月雜報專歌漫書著作論劇名片]))?"
    r"(?P<noun>小說|電影|月刊|週刊|雜誌|報紙|專輯|歌曲|漫畫|史書|著作|書籍|論文|名著|電視劇|名作)$"
)
_WORK_MEASURES = {"月刊": "份", "週刊": "份", "雜誌": "本", "報紙": "份", "專輯": "張", "歌曲": "首", "論文": "篇"}
_COUNTED_AFTER = re.compile(r"[二兩三四五六七八九十]+[種類個位條部座項大國人]")
"""`動脈、靜脈和毛細血管|三種`: 哪三種."""
_MEASURES_OF_ONE = {"書": "本", "文": "篇", "詩": "首", "詞": "首", "曲": "首", "片": "部", "劇": "部"}
"""Of what a title is called after it: `《論衡》一書`."""
_NO_NEWSPAPER = ("年報", "月報", "海報", "情報", "簡報", "預報", "警報")
_COPULAS = ("是", "為", "成為", "成了")
_NAMING = re.compile(rf"(?:{either('naming verbs')})$")


def question_word(answer: str, answer_type: AnswerType, left: str, right: str) -> QuestionWord:
    """Choose the question word of an answer in Traditional characters, by its clause on the left and on the right."""
    marked, answer = answer, answer.strip("「」『』《》〈〉“” ")
    if answer_type is AnswerType.WORK:
        named = _WORK_NOUN.search(left)
        if named is not None:
            text = f"哪一{_WORK_MEASURES.get(named['noun'], '部')}{named.group()}"
            return QuestionWord(text, absorbed_left_chars=len(named.group()))
    several = which_ones(answer, answer_type)
    if several:
        return QuestionWord("哪" if _COUNTED_AFTER.match(right) else several)
    if answer_type is AnswerType.DATE:
        return _when(answer, left, right)
    if answer_type is AnswerType.NUMBER:
        return _how_many(answer, left, right)
    if answer_type is AnswerType.PERSON and _NAMING.search(left):
        return QuestionWord("什麼")
    if answer_type is AnswerType.PERSON:
        return _who(answer, left, right)
    if _PERSON_IS.search(left) or (answer_type is AnswerType.TERM and _is_a_person(answer) and not _is_predicate(left)):
        return QuestionWord("什麼人" if _counts(left) else "誰")
    if left.endswith("為") and answer_type is AnswerType.TERM and is_han(right[:1]):
        return QuestionWord("哪個")  # because 為什麼 would ask for a reason
    if answer_type is AnswerType.CLAUSE or _NAMING.search(left):
        return QuestionWord("什麼")
    following = _following_class(right)
    if following:
        return QuestionWord(f"哪一{following}")
    if _describes(answer, left, right):
        return QuestionWord("怎麼樣")
    if answer_type is AnswerType.PLACE and right.startswith("籍"):
        return QuestionWord("哪一國")
    head = find_head(answer)
    if answer_type is AnswerType.WORK and head is not None and head.measure not in ("部", "項", "份"):
        head = None  # 《平家物語》 ends in 語 but is not a language
    if left.endswith(_COPULAS) and _is_common_noun(answer):
        return QuestionWord("什麼")
    if head is not None:
        # 西南聯合|大學 gives 哪一所大學, not 哪一所大學大學, if the noun follows the answer.
        absorbed = len(head.noun) if right.startswith(head.noun) else 0
        return QuestionWord(f"哪一{head.measure}{head.noun}", absorbed_right_chars=absorbed)
    if answer_type is AnswerType.PLACE:
        return _where(answer, left, right)
    if answer_type is AnswerType.ORGANISATION:
        return QuestionWord("哪一個組織")
    named_before = _class_before(left) if answer_type is AnswerType.TERM else None
    if named_before is not None:
        return named_before
    if answer_type is AnswerType.WORK:
        if called := re.match("一(?P<noun>[書文詩詞曲片劇])", right):
            return QuestionWord(f"哪一{_MEASURES_OF_ONE[called['noun']]}", absorbed_right_chars=1)
        if answer.endswith("報") and not answer.endswith(_NO_NEWSPAPER):
            return QuestionWord("哪一份報紙")
        return QuestionWord("哪一篇作品" if marked.startswith("〈") else "哪一部作品")
    return QuestionWord("什麼")


def _is_a_person(answer: str) -> bool:
    """Whether a common noun is one for persons: 廚師, 農夫, 媽媽."""
    if not answer:
        return False
    last = tag_words(answer)[-1]
    is_noun = last.tag == "n" and len(last.text) > 1 and last.text not in words_of("class nouns that are no persons")
    is_noun = is_noun and last.text[-1] not in "子相"
    return (is_noun or last.text in words_of("persons")) and (
        _PERSON_NOUN.search(last.text) is not None or last.text in words_of("persons")
    )


def _counts(left: str) -> bool:
    """Whether a measure word comes before the answer (`三名|旅客`), after which 誰 cannot stand."""
    return bool(left) and tag_words(left)[-1].tag in ("q", "m", "mq")


def _is_predicate(left: str) -> bool:
    return left.endswith((*_COPULAS, "擔任", "出任", "成", "任", "叫", "稱"))


def _is_common_noun(answer: str) -> bool:
    """Whether the answer is a common noun (`常任理事國`), not a name."""
    words = tag_words(answer)
    return all(word.tag in ("n", "b", "a", "vn", "v", "d", "uj", "an", "f") for word in words)


def _following_class(right: str) -> str:
    """The measure word for a class noun directly after the answer (`夜間|戰鬥機` gives 架); empty for none."""
    for length_chars in (4, 3, 2):
        head = HEADS.get(right[:length_chars])
        if head is not None and head.suffix == head.noun and head.noun not in words_of("class nouns too vague"):
            return head.measure
    return ""


def _class_before(left: str) -> QuestionWord | None:
    """The class noun that comes before a name (`貨輪|「海燕號」` gives 哪一艘貨輪); None without one."""
    last = tag_words(left)[-1] if left else None
    if last is None or last.tag != "n" or len(last.text) < 2:
        return None
    head = HEADS.get(last.text) or find_head(last.text)
    return None if head is None else QuestionWord(f"哪一{head.measure}{last.text}", absorbed_left_chars=len(last.text))


def _describes(answer: str, left: str, right: str) -> bool:
    """Whether the answer is the clause's predicate (`地勢|平坦`), which 什麼 cannot replace."""
    if not left or re.fullmatch(r"[，。；：！？、」』》\s]*", right) is None:
        return False
    last = tag_words(left)[-1]
    words = tag_words(answer)
    return last.tag[:1] in ("n", "d") and words[-1].tag in ("a", "v", "z", "i") and words[0].tag[:1] not in ("m", "n")


def _when(answer: str, left: str, right: str) -> QuestionWord:
    if re.fullmatch(r"\d+|[〇零一二三四五六七八九]+", answer):
        unit = re.match(r"年代|世紀|年|月|日", right)
        if unit is not None:
            return QuestionWord({"年": "哪一", "月": "幾", "日": "幾", "年代": "哪個", "世紀": "幾"}[unit.group()])
        return QuestionWord("哪一年")
    if YEAR_MONTH_DAY.fullmatch(answer) or MONTH_DAY.fullmatch(answer):
        return QuestionWord("哪一天")
    if DAY.fullmatch(answer):
        return QuestionWord("幾日" if left.endswith("月") else "哪一天")
    if MONTH.fullmatch(answer):
        return QuestionWord("幾月")
    if YEAR.fullmatch(answer):
        # 在哪一年4月10日成立 is not natural Chinese: month and day are removed with the year.
        month = re.match(rf"{MONTH.pattern}(?:{DAY.pattern})?", right)
        side = "之後" if answer.endswith("後") else "之前" if answer.endswith("年前") else ""
        return QuestionWord("哪一年" + side, absorbed_right_chars=month.end() if month is not None else 0)
    if DECADE.fullmatch(answer):
        return QuestionWord("哪個年代")
    if CENTURY.fullmatch(answer):
        return QuestionWord("哪個世紀")
    if DYNASTY.fullmatch(answer):
        return QuestionWord("哪個朝代")
    if re.search(r"(?:時期|時代)$", answer):
        return QuestionWord("哪一個" + answer[-2:])
    return QuestionWord("什麼時候")


def _how_many(answer: str, left: str, right: str) -> QuestionWord:
    if PERCENT.fullmatch(answer) or "分之" in answer or (right[:1] in ("%", "％") and right):
        return QuestionWord("多少比例", absorbed_right_chars=1 if right[:1] in ("%", "％") and right else 0)
    head = NUMERAL_HEAD.match(answer)
    if head is None:
        return QuestionWord("多少")
    end = max(match.end() for match in NUMERAL_HEAD.finditer(answer) if match["numeral"])
    rest = answer[end:].lstrip("多餘") or ""
    if "、" in rest:
        return QuestionWord("多少")
    is_small = _SMALL_NUMERAL.fullmatch(head["numeral"]) is not None
    if head["ordinal"] or left.endswith("第"):
        return QuestionWord(("第" if head["ordinal"] else "") + "幾" + rest)
    unit = rest or right
    if re.match(r"歲|周歲", unit) or (is_small and _COUNTED.match(unit)):
        return QuestionWord("幾" + rest)
    if rest and MEASURE_WORD.match(rest) is None and len(rest) > 3:
        return QuestionWord("多少")
    return QuestionWord("多少" + rest)


def _who(answer: str, left: str, right: str) -> QuestionWord:
    words = tag_words(left)
    noun = words[-1].text if words else ""
    if (
        len(noun) > 1
        and words[-1].tag in ("n", "b", "nz")
        and _PERSON_NOUN.search(noun)
        and noun not in words_of("class nouns that are no persons")
    ):
        title = _TITLE_PREFIX.search(left[: len(left) - len(noun)])
        noun = (title.group() if title else "") + noun
        return QuestionWord("哪一位" + noun, absorbed_left_chars=len(noun))
    head = find_head(answer)
    if answer.startswith(("教宗", "教皇")):
        return QuestionWord("哪一位教宗")
    is_ruler = head is not None and (head.suffix not in ("帝", "宗", "祖", "王") or _RULER.fullmatch(answer))
    if head is not None and is_ruler and head.type is AnswerType.PERSON and not left.endswith(head.noun):
        return QuestionWord(f"哪一{head.measure}{head.noun}")
    return QuestionWord("誰的" if right.startswith(("時代", "時期", "年間")) else "誰")


def _where(answer: str, left: str, right: str) -> QuestionWord:
    if right.startswith(("人", "語", "籍")):
        return QuestionWord("哪國" if not right.startswith("語") else "哪一種語言")
    if answer in words_of("countries"):
        return QuestionWord("哪一個國家")
    if answer in words_of("cities"):
        return QuestionWord("哪一個城市")
    if re.search(r"(?:國家|城市|地區)$", left):
        return QuestionWord("哪一個" + left[-2:], absorbed_left_chars=2)
    return QuestionWord("哪裡" if re.search(r"(?:在|於|到|至|往|達|自|從|赴|離開|返回)$", left) else "哪一個地方")
