"""PDF pages: columns, tables, running heads, broken lines, vertical text, readings; fonts without a Unicode map."""

from __future__ import annotations

import pytest
from pdf_pages import Rule, Text, lines_of, pdf_of_pages

from qgkd.documents import Document, DocumentError, DocumentLimits
from qgkd.documents.read import read_here

RIVER = (
    "淡水河是臺灣北部最大的河流，上游有大漢溪、新店溪和基隆河三條支流，流經新北市與臺北市，在油車口注入臺灣海峽。"
    "十七世紀時西班牙人在河口建城，後來荷蘭人又在同一個地方蓋了一座堡壘，漢人稱它為紅毛城。"
    "一八六〇年淡水開港以後，茶葉與樟腦從這裡運到世界各地。"
)
RAIL = (
    "一八八七年劉銘傳奏請興建鐵路，一八九一年基隆到臺北段通車，兩年以後延長到新竹。日治時期縱貫線在一九〇八年全線完工，"
    "通車典禮在臺中公園舉行，公園裡的湖心亭就是那時蓋的。戰後鐵路逐步電氣化，一九七九年西部幹線全線改用電力。"
)


def read(*pages: list[Text | Rule], **more: bool | int) -> Document:
    return read_here("a.pdf", pdf_of_pages(pages, **more), DocumentLimits())  # type: ignore[arg-type]


def text(*pages: list[Text | Rule], **more: bool | int) -> str:
    return read(*pages, **more).text


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = lines_of(RIVER, 16, 72, 740), lines_of(RAIL, 16, 320, 740)
    by_row = (
        [item for pair in zip(left, right, strict=False) for item in pair] + left[len(right) :] + right[len(left) :]
    )
    assert text(by_row) == f"{RIVER}\n{RAIL}"


def test_columns_of_other_heights_under_a_title_and_above_full_lines() -> None:
    page = [Text(200, 790, "北部的交通", 20), *lines_of(RIVER, 16, 72, 750), *lines_of(RAIL[:90], 16, 320, 743)]
    page += [Text(72, 540, "二、補充"), *lines_of(RAIL, 36, 72, 500)]
    assert text(page) == f"北部的交通\n{RIVER}\n{RAIL[:90]}\n二、補充\n{RAIL}"


def test_three_columns_with_an_item_each() -> None:
    page = [item for at in range(3) for item in lines_of(RIVER[at * 30 : at * 30 + 30], 10, 60 + 160 * at, 700)]
    assert text(page) == RIVER[:90]


def test_running_heads_and_feet_do_not_interrupt_a_sentence() -> None:
    pages = [
        [
            Text(72, 815, "社會六上　第二單元", 9),
            Text(270, 30, f"第 {number + 1} 頁，共 3 頁", 9),
            *lines_of((RIVER + RAIL)[number * 70 : (number + 1) * 70], 35, 72, 760),
        ]
        for number in range(3)
    ]
    document = read(*pages)
    assert document.text == (RIVER + RAIL)[:210]
    assert document.left_out == {"running_lines": 6}


def test_heads_that_alternate_and_change_with_the_chapter() -> None:
    heads = [("12", "臺灣的河"), ("第一章　淡水河", "13"), ("14", "臺灣的河"), ("第二章　鐵路", "15")]
    pages = [
        [
            Text(72, 815, left, 9),
            Text(420, 815, right, 9),
            *lines_of((RIVER + RAIL)[at : at + 50], 35, 72, 760),
        ]
        for at, (left, right) in zip((0, 50, 100, 150), heads, strict=True)
    ]
    found = text(*pages)
    assert found.replace("\n", "") == (RIVER + RAIL)[:200]


@pytest.mark.parametrize("number", ["7", "- 7 -", "第七頁", "Page 7 of 9", "7 / 9", "第7頁／共9頁"])
def test_page_numbers_of_a_single_page(number: str) -> None:
    assert text([*lines_of(RIVER, 36, 72, 780), Text(280, 30, number, 9)]) == RIVER


def test_a_year_in_a_line_of_its_own_is_text() -> None:
    assert text([Text(72, 700 - 20 * at, line) for at, line in enumerate(("開港年份", "淡水", "1860"))]).endswith(
        "1860"
    )


def test_the_same_page_twice_is_text_and_no_running_head() -> None:
    page = [*lines_of(RIVER, 30, 72, 760)]
    assert text(page, page).count("淡水河是臺灣") == 2


def test_a_table_keeps_its_rows() -> None:
    rows = (("河名", "長度", "縣市"), ("濁水溪", "186公里", "彰化"), ("高屏溪", "171公里", "屏東"))
    page = [
        Text(x, 750 - 20 * at, cell) for at, row in enumerate(rows) for x, cell in zip((72, 200, 320), row, strict=True)
    ]
    assert text([Text(72, 790, "下表是兩條河。"), *page]) == "下表是兩條河。\n" + "\n".join(
        "\t".join(row) for row in rows
    )


def test_a_ruled_table_keeps_cells_of_several_lines_and_merged_ones() -> None:
    rules = [Rule(72, y, 472, y) for y in (760, 730, 680)]
    rules += [Rule(72, 680, 72, 760), Rule(472, 680, 472, 760), Rule(172, 680, 172, 730)]
    page = [Text(200, 742, "兩條河"), Text(78, 700, "濁水溪"), *lines_of(RIVER[:36], 24, 178, 712, pitch=18)]
    assert text([*rules, *page, Text(72, 640, "表後。")]) == f"兩條河\n濁水溪\t{RIVER[:36]}\n表後。"


def test_a_definition_of_several_lines_stays_in_its_row() -> None:
    page = [Text(72, 770, "紅毛城"), *lines_of(RIVER[:45], 30, 150, 770, pitch=18), Text(72, 730, "湖心亭")]
    page += [*lines_of(RAIL[:40], 30, 150, 730, pitch=18)]
    assert text(page) == f"紅毛城\t{RIVER[:45]}\n湖心亭\t{RAIL[:40]}"


def test_lists_keep_their_lines_and_hanging_ones_are_joined() -> None:
    page = [Text(72, 780, "1. " + RIVER[:34]), Text(90, 760, RIVER[34:60]), Text(72, 740, "2. " + RAIL[:34])]
    page += [Text(90, 720, RAIL[34:50]), Text(72, 700, "（1）" + RAIL[:33]), Text(72, 680, "（2）" + RAIL[:20])]
    assert text(page).split("\n") == [
        "1. " + RIVER[:60], "2. " + RAIL[:50], "（1）" + RAIL[:33], "（2）" + RAIL[:20],
    ]  # fmt: skip


def test_choices_and_questions_keep_their_lines() -> None:
    lines = ["1. " + RIVER[:33] + "？", "（A）" + RIVER[:33], "(B) " + RAIL[:34], "答：（A）"]
    assert text([Text(72, 780 - 20 * at, line) for at, line in enumerate(lines)]).split("\n") == lines


def test_bullets_of_symbol_fonts() -> None:
    page = [
        Text(72, 700, "\uf06c"),
        Text(90, 700, "上游：大漢溪"),
        Text(72, 680, "\uf06c"),
        Text(90, 680, "河口：油車口"),
    ]
    assert text(page) == "•上游：大漢溪\n•河口：油車口"


def test_headings_indents_and_verse() -> None:
    page = [Text(72, 790, "第一節　河流", 16), Text(96, 760, RIVER[:34]), *lines_of(RIVER[34:95], 36, 72, 740)]
    page += [Text(96, 700, RAIL[:34]), *lines_of(RAIL[34:], 36, 72, 680)]
    assert text(page) == f"第一節　河流\n{RIVER[:95]}\n{RAIL}"
    verse = ["山中相送罷，", "日暮掩柴扉。", "春草明年綠，", "王孫歸不歸？"]
    assert text([Text(72, 700 - 20 * at, line, 14) for at, line in enumerate(verse)]) == "\n".join(verse)


def test_hyphens_and_latin_lines_are_joined() -> None:
    page = [
        Text(72, 700, "The fort was built by Spanish engi-"),
        Text(72, 680, "neers on the river and rebuilt in"),
        Text(72, 660, "1644."),
    ]
    assert text(page) == "The fort was built by Spanish engineers on the river and rebuilt in 1644."


def test_letter_spaced_lines() -> None:
    assert text([Text(72, 740, "淡水河的故事，由北而南。", 12, spacing=15)]) == "淡水河的故事，由北而南。"
    assert text([Text(72 + 30 * at, 740, character) for at, character in enumerate("紅毛城在淡水")]) == "紅毛城在淡水"


def test_vertical_text_of_a_vertical_font() -> None:
    page = [Text(500 - 24 * column, 770, RIVER[column * 30 : column * 30 + 30]) for column in range(4)]
    assert text(page, vertical=True) == RIVER[:120]


def test_vertical_text_set_by_character_with_page_numbers() -> None:
    pages = []
    for number in range(2):
        columns = [RIVER[at : at + 24] for at in range(number * 72, number * 72 + 72, 24)]
        page = [
            Text(480 - 24 * at, 770 - 14 * row, one)
            for at, column in enumerate(columns)
            for row, one in enumerate(column)
        ]
        pages.append([*page, Text(456, 40, str(number + 41), 9), Text(250, 815, "臺灣的河流", 9)])
    document = read(*pages)
    assert document.text == RIVER[:144]
    assert document.left_out == {"running_lines": 4}


def test_readings_are_left_out() -> None:
    page = [Text(72 + 40 * at, 700, character, 24) for at, character in enumerate("艋舺有廟。")]
    page += [Text(97, 715 - 6 * at, mark, 6) for at, mark in enumerate("ㄇㄥˇ")]
    page += [Text(72, 640, "濁水溪很長。", 16), Text(72, 658, "zhuó", 7), Text(90, 658, "shuǐ", 7)]
    document = read(page)
    assert document.text == "艋舺有廟。\n濁水溪很長。"
    assert document.left_out["readings"] == 11


def test_raised_and_lowered_characters() -> None:
    page = [Text(72, 700, "面積10公尺"), Text(132, 704, "2", 7), Text(136, 700, "，林文海"), Text(184, 704, "1", 7)]
    page += [Text(188, 700, "說是H"), Text(218, 697, "2", 7), Text(222, 700, "O。")]
    assert text(page) == "面積10公尺²，林文海說是H2O。"


def test_footnotes_follow_the_paragraph_that_goes_on_overleaf() -> None:
    first = [*lines_of(RIVER[:105], 35, 72, 760), Text(72, 60, "1 油車口在淡水。", 9)]
    assert text(first, lines_of(RIVER[105:], 35, 72, 760)) == f"{RIVER}\n1 油車口在淡水。"


def test_turned_pages_and_watermarks() -> None:
    turned = [Text(100 + 20 * at, 72, RIVER[at * 40 : at * 40 + 40], angle=90) for at in range(3)]
    assert text(turned, rotate=90) == RIVER[:120]
    document = read([*lines_of(RIVER, 36, 72, 780), Text(150, 300, "內部資料", 60, angle=45)])
    assert document.text == RIVER
    assert document.left_out == {"watermarks": 4}


def test_radicals_and_vertical_punctuation_become_characters() -> None:
    assert text([Text(72, 700, "⼀八六⼆年⺠國前︒ﬁ")]) == "一八六二年民國前。fi"


@pytest.mark.parametrize(
    "shown",
    ["\ue123\ue456\ue789" * 20, "¦r¥¿¨Ó¦Û¥x¥_ªº¾Ç¥Í" * 8, "縍竐蒱踑鑹靋顈鬖魊黐龗灪籱癵驫麣纞爨齾" * 3],
    ids=["private", "western", "rare"],
)
def test_text_that_is_none_is_refused(shown: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(lines_of(shown, 30, 72, 760))
    assert caught.value.code == "pdf_no_unicode"


def test_a_font_without_a_map_whose_codes_are_characters_is_read() -> None:
    assert text(lines_of(RIVER, 36, 72, 780), unicode_map=False) == RIVER


def test_a_few_unreadable_characters_stay_visible() -> None:
    document = read([*lines_of(RIVER.replace("西班牙", "西\ue123牙"), 36, 72, 780)])
    assert document.text == RIVER.replace("西班牙", "西□牙")
    assert document.left_out == {"unreadable": 1}


def test_characters_drawn_twice_to_look_bold_are_read_once() -> None:
    assert text([Text(72, 700, "紅毛城 all"), Text(73.5, 700, "紅毛城 all")]) == "紅毛城 all"
