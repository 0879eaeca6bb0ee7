"""A Word document: the pupil's sheet and the answer key, in one version or several.

Comes in: a quiz. Goes out: `Export`.

A literal example of its paragraphs: `（　　）1. 燈塔由哪位工程師設計？`, `A. 陳大山<tab>B. 林文海`; after the page
break `燈塔 參考答案`, `1. B. 林文海`.

python-docx sets the font of Latin letters only; Chinese characters take the one in `w:eastAsia`, which is set here for
every style in use.
"""

from __future__ import annotations

import io
from typing import Any

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export, Sheet
from qgkd.exports.labels import key_of, label, lettered
from qgkd.exports.printed import (
    PrintedVersion,
    columns_of,
    heading_of,
    numbered,
    paragraphs_of,
    points_line,
    versions_of,
)
from qgkd.question_forms import Language, QuestionForm, QuizItem

_EAST_ASIAN_FONTS = {Language.TRADITIONAL: "新細明體", Language.SIMPLIFIED: "宋体", Language.ENGLISH: "新細明體"}
_LANGUAGES = {Language.TRADITIONAL: "zh-TW", Language.SIMPLIFIED: "zh-CN", Language.ENGLISH: "zh-TW"}
_LATIN_FONT = "Times New Roman"
_BLANK_LINE = "＿" * 20
_CHARACTER_POINTS = 12
_OPTION_INDENT_MM, _LINE_MM = 12.7, 146.0
"""Where options begin, and how much of an A4 line is left for them."""


def write_word(quiz: ExportedQuiz) -> Export:
    """Write the document: the sheets of all versions, then their keys, each from a new page on."""
    import docx
    from docx.shared import Mm

    document = docx.Document()
    document.core_properties.title = quiz.title[:255]
    document.core_properties.author = ""
    document.core_properties.language = _LANGUAGES[quiz.language]
    document.sections[0].page_width, document.sections[0].page_height = Mm(210), Mm(297)
    for style in ("Normal", "Title", "List Paragraph"):
        _set_fonts(document.styles[style], quiz.language)
    versions, wanted = versions_of(quiz), quiz.settings.sheet
    pages = [(_write_sheet, version) for version in versions if wanted is not Sheet.KEY]
    pages += [(_write_key, version) for version in versions if wanted is not Sheet.STUDENT]
    for number, (write, version) in enumerate(pages):
        if number:
            document.add_page_break()
        write(document, quiz, version)
    handle = io.BytesIO()
    document.save(handle)
    return Export(content=handle.getvalue(), notices=quiz.notices)


def _set_fonts(style: Any, language: Language) -> None:
    """Set a Latin and a Chinese font, and remove the theme's, which would override them."""
    from docx.oxml.ns import qn

    style.font.name = _LATIN_FONT
    properties = style.element.get_or_add_rPr()
    fonts = properties.rFonts
    for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{attribute}"), None)
    fonts.set(qn("w:eastAsia"), _EAST_ASIAN_FONTS[language])
    languages = properties.find(qn("w:lang"))
    if languages is None:
        languages = properties.makeelement(qn("w:lang"))
        properties.append(languages)
    languages.set(qn("w:eastAsia"), _LANGUAGES[language])


def _write_sheet(document: Any, quiz: ExportedQuiz, version: PrintedVersion) -> None:
    from docx.shared import Pt

    document.add_paragraph(heading_of(quiz, version), style="Title")
    lines = [f"{label(name, quiz.language)}：{'＿' * 8}" for name in ("name", "class", "date")]
    document.add_paragraph("　".join(lines))
    if points := points_line(quiz):
        document.add_paragraph(points)
    for text in paragraphs_of(quiz.settings.passages):
        document.add_paragraph(text).paragraph_format.first_line_indent = Pt(2 * _CHARACTER_POINTS)
    for number, item in enumerate(version.items, start=1):
        question = document.add_paragraph(numbered(number, item))
        question.paragraph_format.keep_together = True
        question.paragraph_format.keep_with_next = item.form in (
            QuestionForm.MULTIPLE_CHOICE,
            QuestionForm.SHORT_ANSWER,
        )
        _write_room(document, item)


def _write_room(document: Any, item: QuizItem) -> None:
    """The room for the pupil's answer: options, or a line."""
    from docx.shared import Mm

    # A tab of an option's own would put the next one into the wrong place.
    options, columns = [option.replace("\t", " ") for option in lettered(item)], columns_of(item)
    for first in range(0, len(options), columns):
        row = document.add_paragraph("\t".join(options[first : first + columns]), style="List Paragraph")
        row.paragraph_format.keep_with_next = first + columns < len(options)
        for column in range(1, columns):
            row.paragraph_format.tab_stops.add_tab_stop(Mm(_OPTION_INDENT_MM + column * _LINE_MM / columns))
    if item.form is QuestionForm.SHORT_ANSWER:
        document.add_paragraph(_BLANK_LINE, style="List Paragraph")


def _write_key(document: Any, quiz: ExportedQuiz, version: PrintedVersion) -> None:
    from docx.shared import Pt, RGBColor

    document.add_paragraph(heading_of(quiz, version, is_key=True), style="Title")
    for number, item in enumerate(version.items, start=1):
        right = document.add_paragraph(f"{number}. {key_of(item, quiz.language)}")
        if item.source_sentence:
            right.paragraph_format.keep_with_next = True
            source = document.add_paragraph(style="List Paragraph").add_run(item.source_sentence)
            source.font.size = Pt(9)
            source.font.color.rgb = RGBColor(0x55, 0x55, 0x55)
