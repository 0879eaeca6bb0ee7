"""What is taken off a text before its sentences are read, and the way back to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from qgkd.answer import AnswerSpan
from qgkd.text.cleaning.clean import clean, cleaned_for
from qgkd.text.cleaning.kinds import Kind

PASSAGES = Path(__file__).resolve().parents[2] / "data" / "passages"
SENTENCE = "白沙灣的燈塔在1867年點亮，守燈的人姓周。"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("周守仁在一八六七年點亮白沙灣燈\n塔，當天有三十艘漁船入港，海面\n上全是燈火，老人說從來沒有見過\n"
         "這樣的夜晚。",
         "周守仁在一八六七年點亮白沙灣燈塔，當天有三十艘漁船入港，海面上全是燈火，老人說從來沒有見過這樣的夜晚。"),
        ("白 沙 灣 的 燈 塔 高 31 公 尺 ， 由 林 文 海 設 計 。", "白沙灣的燈塔高31公尺，由林文海設計。"),
        ("燈塔在 1867 年點亮，高 31 m，造價 12 000 元。", "燈塔在1867年點亮，高31m，造價12000元。"),
        ("1\n00:00:02,000 --> 00:00:05,000\n各位好 今天來看燈塔\n\n2\n"
         "00:00:05,500 --> 00:00:08,000\n燈塔高31公尺\n",
         "各位好，今天來看燈塔。\n燈塔高31公尺\n"),
        ("[00:12] 燈塔高31公尺。\n[00:15] 它由林文海設計。", "燈塔高31公尺。\n它由林文海設計。"),
        ("**燈塔**由[林文海](https://example.org/lin)設計[3]，高31公尺。", "燈塔由林文海設計，高31公尺。"),
        ("> 燈塔由<b>林文海</b>設計&#65292;高31公尺。", "燈塔由林文海設計，高31公尺。"),
        ("燈ㄉㄥ塔ㄊㄚˇ高ㄍㄠ三ㄙㄢ十ㄕˊ公ㄍㄨㄥ尺ㄔˇ。", "燈塔高三十公尺。"),
        ("燈塔（dēng tǎ）照著礁石（ㄐㄧㄠ ㄕˊ）。", "燈塔照著礁石。"),
        ("（一）先關掉電源。\n（二）再打開窗戶。", "先關掉電源。\n再打開窗戶。"),
        ("a. 燈塔高31公尺。\nb. 碼頭長90公尺。", "燈塔高31公尺。\n碼頭長90公尺。"),
        ("燈\u200b塔\ufeff高三⼗公尺。", "燈塔高三十公尺。"),
        ("讀圖有兩個步驟（周守仁，2011；Lee & Ho, 1998a）。林文海（2014）指出，先看圖例。",
         "讀圖有兩個步驟。林文海指出，先看圖例。"),
        ("請注意：\n1. 遠離海堤\n2. 帶上雨衣\n3. 天黑前回來", "請注意：\n遠離海堤。帶上雨衣。天黑前回來"),
    ],
)  # fmt: skip
def test_what_is_no_sentence_is_taken_off(text: str, cleaned: str) -> None:
    assert clean(text).text == cleaned


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "3.14是圓周率的近似值。2.5公升的水重2.5公斤。",
        "一、二年級的學生在1990年搬到新校舍。",
        "甲、乙兩隊在2001年各贏一場。",
        "「為」字被誤讀為shì，應讀wéi。",
        "ㄅ、ㄆ、ㄇ是注音符號，ㄅ念作ㄅㄛ。",
        "他的電影《海燈》（1987）得獎，同年他搬到巴黎（Paris）。",
        "比賽在14:30開始，比數是3:2，氣溫-5°C。",
        "他用a*b*c表示體積，檔名是my_new_file。",
        "大會宣布：「本會於一九四八年成立。」並選出周守仁為主席，任期四年，總部設在白沙灣。",
        "雙方在《白沙灣條約》中約定,由林文海擔任燈塔的看守人,任期到1898年,地點在舊港區Keelung.",
        "從句分三種：定語、狀語和名詞性從句。「我很珍惜你給我的機會。」「請你趁熱吃。」「我們沒有去那間畫廊。」",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert clean(text).text == text
    assert clean(text).nothing_to_ask is None


def test_an_initial_is_no_mark_of_a_list() -> None:
    assert clean("A. 林文海在1867年出生。").text == "A.林文海在1867年出生。"


@pytest.mark.parametrize("path", sorted(PASSAGES.glob("*.txt")), ids=lambda path: path.stem)
def test_nothing_of_a_sample_passage_is_left_out(path: Path) -> None:
    text = path.read_text("utf-8")
    assert clean(text).left_out == ()
    assert clean(text).nothing_to_ask is None


@pytest.mark.parametrize(
    "frame",
    [
        "第三課　燈塔\n{}",
        "文／周守仁　圖／林文海\n{}",
        "作者：周守仁\n\n{}",
        "# 燈塔的歷史\n\n{}",
        "{}\n- 12 -",
        "（記者周守仁／白沙灣報導）{}",
        "| 燈塔 | 高度 |\n|---|---|\n| 白沙灣 | 31公尺 |\n\n{}",
        "{}\n\n參考文獻\n林文海（2003）。燈塔的故事。臺北市：海風出版社。",
        "2021-03-05\n{}",
    ],
)
def test_what_frames_a_sentence_is_never_asked_about(frame: str) -> None:
    assert clean(frame.format(SENTENCE)).text.strip() == SENTENCE


def test_a_running_head_does_not_cut_a_sentence() -> None:
    first, second = "周守仁在一八六七年點亮白沙灣的燈塔，當天有", "三十艘漁船入港，老人說從來沒有見過這樣的夜晚。"
    page = f"海港的故事　4\n{SENTENCE}\n{first}\n海港的故事　5\n{second}\n"
    assert clean(page).text == f"{SENTENCE}\n{first}{second}\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("目次\n第一章 海港………3\n第二章 燈塔………17\n第三章 漁船………40", Kind.CONTENTS),
        ("林文海（2003）。燈塔的故事。臺北市：海風出版社。\n"
         "周守仁（1999）。海港史。臺南市：南方書局。", Kind.REFERENCE),
        ("（　）1. 哪一座燈塔最高？(A)東岬 (B)西岬 (C)南岬\n"
         "（　）2. 燈塔在哪一年點亮？(A)1867 (B)1872\n答：(A)", Kind.EXERCISE),
        ("| 燈塔 | 高度 |\n|---|---|\n| 東岬 | 31公尺 |", Kind.TABLE),
        ("```\nimport os\nprint(os.name)\n```", Kind.CODE),
        ("海上生明月，天涯共此時。\n情人怨遙夜，竟夕起相思。", Kind.VERSE),
        ("有漁者，夜行海上，見孤燈而從之。燈滅，漁者懼，曰：「吾其死乎！」明日，乃知其妻持燈立岸也。", Kind.CLASSICAL),
        ("「爸爸，燈塔會累嗎？」小安問。\n「不會，可是守燈的人會累啊。」爸爸說。", Kind.DIALOGUE),
        ("小安說：「我昨天去看燈塔。」\n奶奶問：「你看到什麼？」\n小安說：「我看到三十艘船！」", Kind.DIALOGUE),
        ("The lighthouse was built in 1867. It is 31 metres high.", Kind.FOREIGN),
        ("白沙灣的燈塔建於清朝末年高三十一公尺當地的漁民每天傍晚都會看著它亮起來"
         "守燈的老人姓周他在島上住了四十年從來沒有離開過", Kind.UNPUNCTUATED),
        ("白沙灣的燈塔建於清朝末年\n高三十一公尺當地漁民每天\n傍晚都會看著它慢慢亮起來\n"
         "守燈的老人姓周他在這座島\n上住了四十年從來沒有離開", Kind.UNPUNCTUATED),
        ("第三課 燈塔\n- 12 -", Kind.HEADING),
    ],
)  # fmt: skip
def test_a_text_with_nothing_to_ask_about_says_what_it_is(text: str, kind: Kind) -> None:
    assert clean(text).nothing_to_ask is kind
    assert not clean(text).text.strip()


def test_every_character_knows_where_it_stood() -> None:
    text = "第三課　燈塔\n\n１. **燈塔**在 1867 年點亮，\n高ㄍㄠ 31 公尺。\n" + SENTENCE
    cleaned = clean(text)
    assert list(cleaned.origins) == sorted(set(cleaned.origins))
    assert all(text[origin] == character for character, origin in zip(cleaned.text, cleaned.origins, strict=True))
    start = cleaned.text.index("1867年點亮")
    assert text[slice(*cleaned.original_span(start, start + 5))] == "1867 年"
    assert cleaned.clean_span(*cleaned.original_span(start, start + 5)) == (start, start + 5)


def test_a_chosen_answer_keeps_its_line() -> None:
    text = f"第三課　東岬燈塔\n{SENTENCE}"
    assert "東岬" not in clean(text).text
    answer = AnswerSpan(text="東岬", start_char=text.index("東岬"))
    cleaned = cleaned_for(text, [answer])
    assert cleaned.text[cleaned.answer(answer).start_char :].startswith("東岬")


def test_a_part_counts_in_the_whole() -> None:
    text = f"第一課　海\n{SENTENCE}\n第二課　山\n玉山 高 3952 公尺。"
    start = text.index("第二課")
    part = clean(text).part(start, len(text))
    assert part.text == "玉山高3952公尺。"
    assert text[slice(*part.original_span(0, 2))] == "玉山"
    assert [left.kind for left in part.left_out] == [Kind.HEADING]
