"""Every export read back by a reader of its own: the texts are the items', whatever characters stand in them."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import itertools
import json
import re
import sqlite3
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import docx
import openpyxl
import pytest
from gift_reader import read_gift

from qgkd.cli import main
from qgkd.errors import UserError
from qgkd.exports.export import Export, ExportSettings, Sheet
from qgkd.exports.file_names import safe_file_name
from qgkd.exports.formats import FORMATS, ExportFormat, export_quiz, format_of
from qgkd.exports.own_json import open_json
from qgkd.question_forms import BLANK, Language, QuestionForm, QuizItem

WORD, HTML, GIFT, MOODLE_XML, QTI, GOOGLE_FORMS, KAHOOT, ANKI, XLSX, CSV, TSV, JSON = FORMATS
HAS_A_CLOCK_OR_NUMBERS = (WORD, KAHOOT, XLSX, ANKI, QTI, MOODLE_XML)
TITLE = '測驗 <1>: "燈塔" & {海} = #1'
BREAKING = (
    "a~b=c#d{e}f:g\\h, \\n \\: \\~ :: ####",
    "// no comment",
    "[html]<b>bold</b> [plain] ]]>",
    "%50%half",
    "=SUM(A1:A9)",
    "+1 和 -1",
    "-5度",
    "@名字",
    "'=1+1",
    "＝全形",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "&lt; &amp; &#65; %3C",
    "$$x^2$$ 和 \\(y\\) 和 **粗體** 和 `code`",
    "שלום \u200fRTL\u200e 123",
    "第一行\n第二行\n\n第四行",
    "quote \" comma , semicolon ; apostrophe '",
    "*任何* 與 \\*",
    "{{c1::cloze}} [sound:x.mp3] [latex]",
    "_x0041_ 𠮷 😀",
    "TRUE",
    "T",
    "::name::問題",
)


def item_of(form: QuestionForm, text: str, number: int) -> QuizItem:
    base = QuizItem(
        item_id=f"id{number}",
        form=form,
        question=f"{text}？",
        answer=text,
        source_sentence=f"原文：{text}。",
        passage_id="=passage",
        accepted_answers=(f"{text}（另）", f"{text}#2"),
    )
    if form is QuestionForm.MULTIPLE_CHOICE:
        return dataclasses.replace(base, options=("甲", text, f"{text}丙", "丁"), correct_index=1)
    if form is QuestionForm.CLOZE:
        return dataclasses.replace(base, statement=f"{text}是{BLANK}。")
    return (
        dataclasses.replace(base, statement=f"{text}！", is_true=number % 2 == 0)
        if form.value == "true_false"
        else base
    )


ITEMS = [item_of(form, text, n) for n, (form, text) in enumerate(itertools.product(QuestionForm, BREAKING))]
TYPED = [item for item in ITEMS if item.form in (QuestionForm.SHORT_ANSWER, QuestionForm.CLOZE)]
CHOSEN = [item for item in ITEMS if item.form is QuestionForm.MULTIPLE_CHOICE]
JUDGED = [item for item in ITEMS if item.form is QuestionForm.TRUE_FALSE]


@pytest.fixture(scope="module")
def exports() -> dict[ExportFormat, Export]:
    return {each: export_quiz(ITEMS, TITLE, each, language=Language.TRADITIONAL) for each in FORMATS}


def with_breaks(marked_up: str) -> str:
    """HTML as a reader sees it."""
    return html.unescape(re.sub(r"<br ?/?>", "\n", marked_up))


# Word


def paragraphs(export: Export) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(export.content)).paragraphs]


def test_word_holds_every_text(exports: dict[ExportFormat, Export]) -> None:
    lines = iter(paragraphs(exports[WORD]))
    assert next(lines) == TITLE
    assert "姓名" in next(lines)
    for number, item in enumerate(ITEMS, start=1):
        opening = "" if item in TYPED else "（　　）"
        assert next(lines) == f"{opening}{number}. {item.prompt}"
        if item.form is QuestionForm.MULTIPLE_CHOICE:
            wanted = [f"{a}. {b}" for a, b in zip("ABCD", item.options, strict=True)]
            found: list[str] = []
            while len(found) < len(wanted):
                found += next(lines).split("\t")
            assert found == wanted
        elif item.form is QuestionForm.SHORT_ANSWER:
            assert set(next(lines)) == {"＿"}
    assert next(lines).strip() == ""  # the page break
    assert next(lines) == f"{TITLE} 參考答案"
    for number, item in enumerate(ITEMS, start=1):
        line = next(lines)
        assert line.startswith(f"{number}. ")
        if item.form is QuestionForm.TRUE_FALSE:
            assert line.removeprefix(f"{number}. ") == ("對" if item.is_true else f"錯（應為「{item.answer}」）")
        else:
            assert line.endswith(item.answer)
        assert next(lines) == item.source_sentence
    assert list(lines) == []


def test_word_names_a_chinese_font_for_chinese_characters() -> None:
    for language, font, tag in ((Language.TRADITIONAL, "新細明體", "zh-TW"), (Language.SIMPLIFIED, "宋体", "zh-CN")):
        content = export_quiz(ITEMS[:1], "", WORD, language=language).content
        styles = zipfile.ZipFile(io.BytesIO(content)).read("word/styles.xml").decode()
        for name in ("Normal", "Title", "List Paragraph"):
            style = re.search(rf'<w:style [^>]*>\s*<w:name w:val="{name}"/>.*?</w:style>', styles, re.S)
            assert style
            fonts = re.search(r"<w:rFonts[^>]*>", style.group())
            assert fonts
            assert f'w:eastAsia="{font}"' in fonts.group()
            assert "Theme" not in fonts.group()
            assert f'w:eastAsia="{tag}"' in style.group()


def test_word_sheet_and_key_apart() -> None:
    item = QuizItem(
        item_id="a", form=QuestionForm.SHORT_ANSWER, question="誰？", answer="林文海", source_sentence="出處。"
    )
    sheet = paragraphs(export_quiz([item], "題", WORD, settings=ExportSettings(sheet=Sheet.STUDENT)))
    key = paragraphs(export_quiz([item], "題", WORD, settings=ExportSettings(sheet=Sheet.KEY)))
    assert "林文海" not in "".join(sheet)
    assert "出處" not in "".join(sheet)
    assert key == ["題 參考答案", "1. 林文海", "出處。"]


# HTML


class Page(HTMLParser):
    """The elements of a page, and the texts of its paragraphs."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in ("p", "h1"):
            self.texts.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("p", "h1")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


def test_html_holds_every_text_and_runs_none(exports: dict[ExportFormat, Export]) -> None:
    page = Page()
    page.feed(exports[HTML].content.decode())
    known = {"html", "head", "meta", "title", "style", "body", "section", "h1", "div", "span", "ol", "li", "p"}
    assert page.elements == known
    assert not any(name.startswith("on") or name in ("src", "href") for name in page.attributes)
    texts = iter(page.texts)
    assert next(texts) == TITLE
    for number, item in enumerate(ITEMS, start=1):
        assert next(texts).removeprefix("（　　）") == f"{number}. {item.prompt}"
        assert [next(texts) for _ in item.options] == list(item.options)
    assert next(texts) == f"{TITLE} 參考答案"
    for item in ITEMS:
        key = next(texts).partition(". ")[2]
        assert item.form is QuestionForm.TRUE_FALSE or item.answer in key
        assert item.form is not QuestionForm.TRUE_FALSE or key.startswith("對" if item.is_true else "錯")
        assert next(texts) == item.source_sentence


def test_html_names_its_language_and_forbids_scripts() -> None:
    text = export_quiz(ITEMS[:1], "", HTML, language=Language.SIMPLIFIED).content.decode()
    assert '<html lang="zh-Hans">' in text
    assert "default-src 'none'" in text


# Moodle


def test_gift_holds_every_text(exports: dict[ExportFormat, Export]) -> None:
    category, questions = read_gift(exports[GIFT].content.decode("utf-8"))
    assert category == TITLE
    assert len(questions) == len(ITEMS)
    kinds = {QuestionForm.MULTIPLE_CHOICE: "multichoice", QuestionForm.TRUE_FALSE: "truefalse"}
    for number, (item, question) in enumerate(zip(ITEMS, questions, strict=True), start=1):
        assert question.name.startswith(f"{number:02d} {' '.join(item.prompt.split())[:20].strip()}")
        assert (question.text, question.text_format) == (item.prompt.replace(BLANK, "_____"), "plain")
        assert question.kind == kinds.get(item.form, "shortanswer")
        if item.form is QuestionForm.MULTIPLE_CHOICE:
            assert question.answers == [(option, float(option == item.answer)) for option in item.options]
        elif item.form is QuestionForm.TRUE_FALSE:
            assert question.answers == [("TRUE" if item.is_true else "FALSE", 1.0)]
        else:
            right = [(answer, 1.0) for answer in (item.answer, *item.accepted_answers)]
            assert [(text.replace("\\*", "*"), share) for text, share in question.answers] == right
        assert question.feedback.endswith(item.source_sentence)


def test_gift_reports_what_it_cannot_hold() -> None:
    item = QuizItem(item_id="a", form=QuestionForm.SHORT_ANSWER, question="A -> B？", answer="A -> B")
    export = export_quiz([item], "", GIFT)
    _, (question,) = read_gift(export.content.decode())
    assert (question.kind, question.text, question.answers) == ("shortanswer", "A -> B？", [("A → B", 1.0)])
    assert export.sentences() == ["Item 1: “->” means something else in this format and was written “→”."]


def test_moodle_xml_holds_every_text(exports: dict[ExportFormat, Export]) -> None:
    content = exports[MOODLE_XML].content
    assert content.count(b"<text><![CDATA[") == content.count(b"<text>"), "Moodle skips blanks outside of CDATA"
    root = ElementTree.fromstring(content)
    category, *questions = root.findall("question")
    assert category.findtext("category/text") == f"$course$/top/{TITLE}"
    for item, question in zip(ITEMS, questions, strict=True):
        text = question.find("questiontext")
        assert text is not None
        assert (text.findtext("text"), text.get("format")) == (item.prompt.replace(BLANK, "_____"), "plain_text")
        name = question.findtext("name/text") or ""
        assert " ".join(item.prompt.split()).startswith(name[3:].strip().removesuffix("…"))
        answers = [(answer.findtext("text"), answer.get("fraction")) for answer in question.findall("answer")]
        if item.form is QuestionForm.MULTIPLE_CHOICE:
            assert question.get("type") == "multichoice"
            assert answers == [(option, "100" if option == item.answer else "0") for option in item.options]
        elif item.form is QuestionForm.TRUE_FALSE:
            assert question.get("type") == "truefalse"
            assert answers == [("true", "100" if item.is_true else "0"), ("false", "0" if item.is_true else "100")]
        else:
            assert question.get("type") == "shortanswer"
            right = [(answer, "100") for answer in (item.answer, *item.accepted_answers)]
            assert [((text or "").replace("\\*", "*"), share) for text, share in answers] == right
        assert (question.findtext("generalfeedback/text") or "").endswith(item.source_sentence)


# QTI


def test_qti_holds_every_text(exports: dict[ExportFormat, Export]) -> None:
    package = zipfile.ZipFile(io.BytesIO(exports[QTI].content))
    assert package.testzip() is None
    names = {"m": "http://www.imsglobal.org/xsd/imscp_v1p1", "q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}
    manifest = ElementTree.fromstring(package.read("imsmanifest.xml"))
    resource = manifest.find("m:resources/m:resource", names)
    assert resource is not None
    assert resource.get("type") == "imsqti_xmlv1p2"
    root = ElementTree.fromstring(package.read(resource.get("href") or ""))
    assessment = root.find("q:assessment", names)
    assert assessment is not None
    assert assessment.get("title") == TITLE
    entries = assessment.findall("q:section/q:item", names)
    assert len({entry.get("ident") for entry in entries}) == len(ITEMS)
    for item, entry in zip(ITEMS, entries, strict=True):
        assert with_breaks(entry.findtext("q:presentation/q:material/q:mattext", "", names)) == item.prompt
        labels = entry.findall(".//q:render_choice/q:response_label", names)
        options = {e.get("ident"): with_breaks(e.findtext(".//q:mattext", "", names)) for e in labels}
        right, *others = [
            condition.findtext(".//q:varequal", None, names)
            for condition in entry.findall("q:resprocessing/q:respcondition", names)
            if condition.findtext("q:setvar", None, names) == "100"
        ]
        if item.form is QuestionForm.MULTIPLE_CHOICE:
            assert list(options.values()) == list(item.options)
            assert options[right] == item.answer
        elif item.form is QuestionForm.TRUE_FALSE:
            assert options[right] == ("對 True" if item.is_true else "錯 False")
        else:
            assert (right, *others) == (item.answer, *item.accepted_answers)
        assert item in TYPED or not others
        shown = with_breaks(entry.findtext("q:itemfeedback//q:mattext", "", names))
        assert shown.endswith(item.source_sentence)


# Kahoot


def kahoot_rows(export: Export) -> list[list[object]]:
    page = openpyxl.load_workbook(io.BytesIO(export.content)).active
    assert page is not None
    heads = [cell.value for cell in page[8]]
    assert heads[1] == "Question - max 120 characters"
    assert heads[5] == "Answer 4 - max 75 characters"
    rows = []
    for row in page.iter_rows(min_row=9):
        assert all(cell.data_type in ("s", "n") for cell in row), "a formula"
        rows.append([_read_back(cell.value) for cell in row])
    return rows


def _read_back(value: object) -> object:
    return re.sub("_x005F_", "_", value) if isinstance(value, str) else value


def test_kahoot_holds_every_text(exports: dict[ExportFormat, Export]) -> None:
    rows = kahoot_rows(exports[KAHOOT])
    assert [row[0] for row in rows] == list(range(1, len(CHOSEN) + len(JUDGED) + 1))
    for item, row in zip(CHOSEN + JUDGED, rows, strict=True):
        assert row[1] == item.prompt
        right = row[1 + int(str(row[7]))]
        if item.form is QuestionForm.MULTIPLE_CHOICE:
            assert row[2:6] == list(item.options)
            assert right == item.answer
        else:
            assert row[2:6] == ["對", "錯", None, None]
            assert right == ("對" if item.is_true else "錯")
        assert row[6] in (5, 10, 20, 30, 60, 90, 120, 240)
    left_out = exports[KAHOOT].notices
    assert [notice.number for notice in left_out] == [n for n, item in enumerate(ITEMS, 1) if item in TYPED]


def multiple_choice(question: str, options: tuple[str, ...], correct_index: int) -> QuizItem:
    return QuizItem(
        item_id=question[:5],
        form=QuestionForm.MULTIPLE_CHOICE,
        question=question,
        answer=options[correct_index],
        options=options,
        correct_index=correct_index,
    )


def test_kahoot_shortens_and_leaves_out_what_does_not_fit() -> None:
    long_question = "很" * 130 + "由誰設計？"
    long_options = ("甲" * 80, "乙", "丙", "丁", "戊", "己")
    alike = tuple("同" * 80 + end for end in "甲乙")
    judged = dataclasses.replace(JUDGED[0], statement="很" * 121)
    items = [
        multiple_choice(long_question, ("甲", "乙"), 0),
        multiple_choice("幾個？", long_options, 5),
        multiple_choice("一樣？", alike, 0),
        judged,
    ]
    export = export_quiz(items, "題", KAHOOT)
    rows = kahoot_rows(export)
    assert [len(str(row[1])) for row in rows] == [120, 3]
    assert str(rows[0][1]).endswith("由誰設計？")
    assert rows[1][2:6] == ["甲" * 74 + "…", "乙", "丙", "己"]
    assert rows[1][7] == 4
    assert export.left_out == len(items) - len(rows) == 2
    assert export.sentences() == [
        "Item 1: the question has 135 characters and 120 fit: it was shortened.",
        "Item 2: 4 of 6 options fit; wrong ones were left out.",
        "Item 2: the option has 80 characters and 75 fit: it was shortened.",
        "Item 3 was left out: shortened to what fits, its options are alike.",
        "Item 4 was left out: the question has 121 characters and 120 fit.",
    ]


def test_kahoot_without_anything_that_fits_is_a_sentence() -> None:
    with pytest.raises(UserError, match="expected a multiple choice or true/false question"):
        export_quiz(TYPED, "題", KAHOOT)


# Anki


def notes_of(export: Export, folder: Path) -> list[tuple[str, list[str]]]:
    path = folder / "collection.anki2"
    path.write_bytes(zipfile.ZipFile(io.BytesIO(export.content)).read("collection.anki2"))
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT guid, flds FROM notes ORDER BY id").fetchall()
        (cards,) = connection.execute("SELECT count(*) FROM cards").fetchone()
    assert cards == len(rows)
    return [(guid, fields.split("\x1f")) for guid, fields in rows]


def test_anki_holds_every_text(exports: dict[ExportFormat, Export], tmp_path: Path) -> None:
    notes = notes_of(exports[ANKI], tmp_path)
    assert len({guid for guid, _ in notes}) == len(ITEMS)
    for item, (_, fields) in zip(ITEMS, notes, strict=True):
        assert all(set(re.findall(r"<[^>]*>", field)) <= {"<br>"} for field in fields)
        assert not any("[" in field for field in fields), "Anki would look for [sound:...]"
        front, back, source = map(with_breaks, fields)
        options = [f"{letter}. {option}" for letter, option in zip("ABCD", item.options, strict=False)]
        assert front == "\n".join([item.prompt, *options])
        assert item.answer in back or (item.form is QuestionForm.TRUE_FALSE and item.is_true)
        assert source == item.source_sentence


def test_anki_keeps_identities_when_a_question_is_mended(tmp_path: Path) -> None:
    first = export_quiz(ITEMS[:3], "題", ANKI)
    mended = [dataclasses.replace(item, question=f"{item.question}（改）") for item in ITEMS[:3]]
    second = export_quiz(mended, "題", ANKI)
    before, after = notes_of(first, tmp_path), notes_of(second, tmp_path)
    assert [guid for guid, _ in before] == [guid for guid, _ in after]
    assert [fields for _, fields in before] != [fields for _, fields in after]
    decks = []
    for export in (first, second):
        (tmp_path / "c").write_bytes(zipfile.ZipFile(io.BytesIO(export.content)).read("collection.anki2"))
        with sqlite3.connect(tmp_path / "c") as connection:
            decks.append(set(json.loads(connection.execute("SELECT decks FROM col").fetchone()[0])))
    assert decks[0] == decks[1]


# CSV and TSV

FORMULA = tuple("=+-@\t\r＝＋－＠")


def without_apostrophe(cell: str) -> str:
    escaped = cell.startswith("'") and (cell.lstrip("'").startswith(FORMULA) or cell == "'TRUE")
    return cell[1:] if escaped else cell


def test_csv_holds_every_text_and_no_formula(exports: dict[ExportFormat, Export]) -> None:
    content = exports[CSV].content
    assert content.startswith(b"\xef\xbb\xbf")
    heads, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert heads[:7] == ["題號", "題型", "題目", "選項A", "選項B", "選項C", "選項D"]
    assert not any(cell.startswith(FORMULA) for row in rows for cell in row)
    for number, (item, row) in enumerate(zip(ITEMS, rows, strict=True), start=1):
        cells = dict(zip(heads, map(without_apostrophe, row), strict=True))
        assert cells["題號"] == str(number)
        assert cells["題目"] == item.prompt
        assert [cells[f"選項{letter}"] for letter in "ABCD"] == list(item.options or ("",) * 4)
        assert (cells["答案"], cells["出處"], cells["課文"]) == (item.answer, item.source_sentence, item.passage_id)
        verdict = {None: "", True: "對", False: "錯"}[item.is_true]
        assert cells["正確選項"] == ("B" if item.form is QuestionForm.MULTIPLE_CHOICE else verdict)
        assert cells["也算對的答案"] == ("；".join(item.accepted_answers) if item in TYPED else "")
    retyped = sum(cell == "'TRUE" for row in rows for cell in row)
    escaped = sum(cell != without_apostrophe(cell) for row in rows for cell in row) - retyped
    assert exports[CSV].sentences() == [
        f"An apostrophe was put before {escaped} texts that a spreadsheet would take for a formula.",
        f"An apostrophe was put before {retyped} texts that a spreadsheet would turn into a number or a date; the "
        ".xlsx file needs none.",
    ]


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        *((text, False) for text in ("3/4", "12-5", "0042", "2.50", "6E3", "7%", "NT$300", "8:45", "false", "10,500")),
        *(
            (text, False)
            for text in ("1912年1月1日", "10月10日", "下午3點", "２０２０", "98765432109876543210", "Mar-5")
        ),
        *((text, False) for text in ("SEPT2", "1 Jan 2020", "民國34年")),
        *((text, True) for text in ("第3課", "3公尺", "五月", "Marina 3 號", "A4", "", "true love", "甲;乙")),
    ],
)
def test_csv_keeps_a_spreadsheet_from_retyping_and_moving_cells(text: str, is_kept: bool) -> None:
    content = export_quiz([dataclasses.replace(ITEMS[0], answer=text or "甲")], "", CSV).content.decode("utf-8-sig")
    cells = content.splitlines()[0].split(",")
    assert all(cell.startswith('"') and cell.endswith('"') for cell in cells)
    answer = dict(zip(*csv.reader(io.StringIO(content)), strict=True))["答案"]
    assert answer == ((text or "甲") if is_kept else f"'{text}")
    assert f'"{answer}"' in content


def test_excel_holds_every_text_as_a_text(exports: dict[ExportFormat, Export]) -> None:
    page = openpyxl.load_workbook(io.BytesIO(exports[XLSX].content)).active
    assert page is not None
    heads, *rows = page.iter_rows()
    columns = [cell.value for cell in heads]
    for item, row in zip(ITEMS, rows, strict=True):
        assert all((cell.data_type, cell.number_format) == ("s", "@") for cell in row[1:] if cell.value is not None)
        cells = {head: _read_back(cell.value) for head, cell in zip(columns, row, strict=True)}
        assert (cells["題目"], cells["答案"], cells["出處"]) == (item.prompt, item.answer, item.source_sentence)
        assert [cells[f"選項{letter}"] for letter in "ABCD"] == list(item.options or (None,) * 4)


def test_tsv_is_one_card_a_line(exports: dict[ExportFormat, Export]) -> None:
    lines = exports[TSV].content.decode("utf-8").removesuffix("\n").split("\n")
    assert len(lines) == len(ITEMS)
    for item, line in zip(ITEMS, lines, strict=True):
        front, back = map(without_apostrophe, line.split("\t"))
        prompt, answer = (re.sub(r"\n+", " ", text) for text in (item.prompt, item.answer))
        assert front.startswith(prompt)
        assert answer in back or (item.form is QuestionForm.TRUE_FALSE and item.is_true)
    joined = [notice.number for notice in exports[TSV].notices if notice.code == "lines_joined"]
    assert joined == [number for number, item in enumerate(ITEMS, 1) if "\n" in item.prompt]


# JSON


def test_json_gives_back_what_it_was_given() -> None:
    unusual = dataclasses.replace(ITEMS[0], question="a\x00b\u202e\ud800c\r\n\ufeff", item_id="unusual")
    items = (*ITEMS, unusual)
    export = export_quiz(items, "題\x00\ud800", JSON)
    opened = open_json(export.content)
    assert (opened.title, opened.items) == ("題\x00\ud800", items)
    assert export.notices == ()


def test_json_with_one_id_twice_opens_with_two() -> None:
    items = [ITEMS[0], ITEMS[0], ITEMS[1]]
    opened = open_json(export_quiz(items, "題", JSON).content)
    assert [item.item_id for item in opened.items] == ["id0", "id0-2", "id1"]


GOOD = {"format": "qgkd quiz", "version": 1, "title": "題", "items": [ITEMS[0].to_json()]}
CHOICE = CHOSEN[0].to_json()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "expected JSON in UTF-8"),
        (b"not json", "expected JSON, found something else in line 1"),
        (b"[" * 100_000, "expected"),
        (b"[1]", "expected a quiz saved as JSON by this program"),
        ({**GOOD, "version": 99}, "version: expected 1, found '99'"),
        ({**GOOD, "items": []}, "expected a list of 1 to 5,000 items, found 0 items"),
        ({**GOOD, "items": "x"}, "found no list of items"),
        ({**GOOD, "title": 3}, "title: expected a text, found int"),
        ({**GOOD, "items": [3]}, "item 1: expected an object"),
        ({**GOOD, "items": [{**GOOD["items"][0], "extra": 1}]}, "item 1: extra: expected only id, form"),
        ({**GOOD, "items": [{"id": "a"}]}, "item 1: form: expected one of short_answer"),
        ({**GOOD, "items": [{**GOOD["items"][0], "form": "essay"}]}, "form: expected one of .*, found 'essay'"),
        ({**GOOD, "items": [{**GOOD["items"][0], "answer_start_char": -1}]}, "a whole number from 0 on"),
        ({**GOOD, "items": [{**GOOD["items"][0], "is_true": 1}]}, "is_true: expected true, false or null, found 1"),
        ({**GOOD, "items": [{**CHOICE, "options": ["甲"]}]}, "expected two options or more"),
        ({**GOOD, "items": [{**CHOICE, "options": ["甲", 2]}]}, "options: expected a list of texts"),
        ({**GOOD, "items": [{**CHOICE, "correct_index": 9}]}, "correct_index to be 0 to 3, found 9"),
        ({**GOOD, "items": [{**CHOICE, "answer": "別的"}]}, "expected the answer to be the right option"),
        ({**GOOD, "items": [{**JUDGED[0].to_json(), "statement": None}]}, "expected a statement"),
    ],
)
def test_json_that_is_none_of_ours_is_a_sentence(content: bytes | dict[str, object], message: str) -> None:
    given = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(UserError, match=message) as error:
        open_json(given, name="mine.json")
    assert str(error.value).startswith("mine.json: ")
    assert "\n" not in str(error.value)


# Unfinished items


def typed(form: QuestionForm, **changes: object) -> QuizItem:
    return dataclasses.replace(QuizItem(item_id="t", form=form, question="山多高？", answer="三千尺"), **changes)


OPTIONS = ("河", "湖", "海")
UNFINISHED = [
    (typed(QuestionForm.SHORT_ANSWER, question="\u3000\n"), "the question is empty"),
    (typed(QuestionForm.SHORT_ANSWER, answer=" \u200b"), "the answer is empty"),
    (typed(QuestionForm.CLOZE, statement="", answer=""), "the question is empty; the answer is empty"),
    (typed(QuestionForm.TRUE_FALSE, statement="\u200e", is_true=True), "the question is empty"),
    (typed(QuestionForm.TRUE_FALSE, statement="山高三千尺。"), "neither true nor false is chosen"),
    (typed(QuestionForm.MULTIPLE_CHOICE, options=("", "", *OPTIONS), correct_index=0, answer=""), "an option is empty"),
    (
        typed(QuestionForm.MULTIPLE_CHOICE, options=(*OPTIONS, "湖 "), correct_index=1, answer="湖"),
        "two options are the same",
    ),
    (typed(QuestionForm.MULTIPLE_CHOICE, options=OPTIONS), "no option is marked as right"),
]


@pytest.mark.parametrize(("item", "fault"), UNFINISHED, ids=[fault for _, fault in UNFINISHED])
def test_an_unfinished_item_is_saved_and_opened_as_it_is(item: QuizItem, fault: str) -> None:
    export = export_quiz([item], "題", JSON)
    assert (open_json(export.content).items, export.left_out) == ((item,), 0)
    with pytest.raises(UserError, match="expected at least one finished question to export, found none among 1"):
        export_quiz([item], "題", CSV)


@pytest.mark.parametrize("each", [each for each in FORMATS if each is not JSON], ids=lambda each: each.name)
def test_unfinished_items_are_left_out_with_a_notice(each: ExportFormat) -> None:
    good = [multiple_choice("誰來了？", ("我", "你", "他"), 0), multiple_choice("誰走了？", ("一", "二", "三"), 2)]
    export = export_quiz([good[0], *(item for item, _ in UNFINISHED), good[1]], "題", each)
    assert export.left_out == len(UNFINISHED)
    assert export.sentences() == [
        f"Item {number} was left out: it is not finished ({fault})." for number, (_, fault) in enumerate(UNFINISHED, 2)
    ]
    alone = export_quiz(good, "題", each)
    if each not in HAS_A_CLOCK_OR_NUMBERS:
        assert export.content == alone.content


def test_notices_count_the_items_that_were_left_out() -> None:
    long = multiple_choice("很" * 130, ("我", "你", "他"), 0)
    export = export_quiz([UNFINISHED[0][0], long], "題", KAHOOT)
    assert [(notice.code, notice.number) for notice in export.notices] == [("unfinished", 1), ("shortened", 2)]


# What no format holds


@pytest.mark.parametrize("each", [each for each in FORMATS if each is not JSON], ids=lambda each: each.name)
def test_what_no_format_holds_is_left_out_and_reported(each: ExportFormat) -> None:
    item = multiple_choice("甲\x00乙\x1b\ud800\u202e丙\ufffe？", ("一\x00", "二", "三\U0001ffff"), 1)
    export = export_quiz([item], "題\x07目", each, language=Language.ENGLISH)
    sentences = export.sentences()
    assert sentences[:2] == [
        "Title: characters that this format cannot hold were left out (U+0007).",
        "Item 1: characters that this format cannot hold were left out "
        "(U+0000, U+001B, U+202E, U+D800, U+FFFE, U+1FFFF).",
    ]
    clean = export_quiz([multiple_choice("甲乙丙？", ("一", "二", "三"), 1)], "題目", each, language=Language.ENGLISH)
    if each not in HAS_A_CLOCK_OR_NUMBERS:
        assert export.content == clean.content


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_no_item_is_a_sentence(each: ExportFormat) -> None:
    with pytest.raises(UserError, match="expected at least one question"):
        export_quiz([], "題", each)


def test_a_missing_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(UserError, match=r"expected the package python-docx, .* -m pip install '.\[app\]'.* \.html"):
        export_quiz(ITEMS[:1], "題", WORD)


def test_a_missing_library_is_told_before_any_question_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    monkeypatch.setattr("qgkd.cli.generator_options.SystemChoice.load", lambda _: pytest.fail("it wrote questions"))
    passage = tmp_path / "a.txt"
    passage.write_text("燈塔由工程師林文海設計，建於1867年。", "utf-8")
    assert main(["generate", str(passage), "--export", str(tmp_path / "a.docx")]) == 1
    told = capsys.readouterr().err
    assert "python-docx" in told
    assert "defect" not in told


def test_excel_files_are_plain_unless_named_for_kahoot() -> None:
    assert (format_of("a.xlsx"), format_of("a.kahoot.xlsx")) == (XLSX, KAHOOT)


def test_labels_follow_the_script_of_the_items() -> None:
    simplified = QuizItem(item_id="a", form=QuestionForm.SHORT_ANSWER, question="灯塔由谁设计？", answer="林文海")
    assert "题目" in export_quiz([simplified], "", CSV).content.decode()
    assert "Question" in export_quiz([simplified], "", CSV, language=Language.ENGLISH).content.decode()


# Names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("第一課: 燈塔/海", "第一課_燈塔_海.docx"),
        ("../../etc/passwd", "etc_passwd.docx"),
        ("..\\..\\boot", "boot.docx"),
        ("con", "quiz_con.docx"),
        ("CON.txt", "quiz_CON.txt.docx"),
        ("", "quiz.docx"),
        ("\x00\u202e\n", "quiz.docx"),
        ("a\u202etxt.exe", "atxt.exe.docx"),
        ("-rf ~", "rf.docx"),
        ("燈" * 200, "燈" * 38 + ".docx"),
    ],
)
def test_file_names_are_safe(title: str, name: str) -> None:
    assert safe_file_name(title, ".docx") == name
    assert len(safe_file_name(title, ".docx").encode()) <= 120


def test_every_export_is_recognised_by_the_end_of_its_name(exports: dict[ExportFormat, Export]) -> None:
    assert {each: format_of(f"quiz{each.suffix}") for each in exports} == {each: each for each in exports}
    with pytest.raises(UserError, match=r"quiz.pdf: expected a name that ends in .docx"):
        format_of("quiz.pdf")


# The command line


def test_generate_writes_a_quiz_to_take_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passage = Path(__file__).resolve().parents[2] / "data" / "passages" / "yushan.txt"
    path = tmp_path / "玉山.docx"
    command = ["generate", str(passage), "-n", "4", "--system", "rule", "--form", "cloze", "--export", str(path)]
    assert main(command) == 0
    assert f"{path}: 4 questions" in capsys.readouterr().err
    lines = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    assert lines[0] == "玉山"
    assert sum(BLANK in line for line in lines[2:]) == 4
    assert main(command) == 1
    assert "expected a new file, found one; give --force" in capsys.readouterr().err
    assert main([*command, "--force", "--export-format", "json"]) == 0
    assert {item.form for item in open_json(path.read_bytes()).items} == {QuestionForm.CLOZE}


def test_generate_refuses_options_that_do_not_go_together(tmp_path: Path) -> None:
    assert main(["generate", "x.txt", "--form", "cloze"]) == 2
    assert main(["generate", "x.txt", "--export", "a.docx", "--json"]) == 2
    assert main(["generate", "x.txt", "--export", "a.docx", "--resume"]) == 2
    assert main(["generate", "x.txt", "--versions", "2"]) == 2
    assert main(["generate", "x.txt", "--system", "rule", "--export", str(tmp_path / "a.csv"), "--versions", "2"]) == 1
    assert main(["generate", "x.txt", "--system", "rule", "--export", str(tmp_path / "a.csv"), "--with-passage"]) == 1
    assert main(["generate", "x.txt", "--system", "rule", "--export", str(tmp_path / "a.pdf")]) == 1
