"""Writes a quiz as Moodle XML.

Comes in: a quiz. Goes out: `Export`.

A literal example of one question:

    <question type="shortanswer"><name><text><![CDATA[01 燈塔由＿＿＿＿設計。]]></text></name>
    <questiontext format="plain_text"><text><![CDATA[燈塔由_____設計。]]></text></questiontext>
    <answer fraction="100" format="plain_text"><text><![CDATA[林文海]]></text></answer>
    <answer fraction="100" format="plain_text"><text><![CDATA[工程師林文海]]></text></answer></question>

Source: Moodle documentation, "Moodle XML format". All texts are of the format `plain_text`: HTML and formulas are
shown as they are typed. They stand in CDATA: Moodle skips blanks that stand alone between two escaped characters, and
line ends, everywhere else.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from xml.etree.ElementTree import Element, SubElement
from xml.sax.saxutils import unescape

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import feedback_of, question_name, typed_answers, with_inline_blank
from qgkd.question_forms import QuestionForm, QuizItem

_TYPES = {
    QuestionForm.SHORT_ANSWER: "shortanswer",
    QuestionForm.CLOZE: "shortanswer",
    QuestionForm.MULTIPLE_CHOICE: "multichoice",
    QuestionForm.TRUE_FALSE: "truefalse",
}

_TEXT = re.compile("(?<=<text>).*?(?=</text>)", re.DOTALL)


def write_moodle_xml(quiz: ExportedQuiz) -> Export:
    """Write the file: the title is the category; the blank of a cloze item is the field to type in."""
    root = Element("quiz")
    if quiz.title:
        category = SubElement(root, "question", type="category")
        _text(SubElement(category, "category"), f"$course$/top/{quiz.title.replace('/', '//')}")
    for number, item in enumerate(quiz.items, start=1):
        _write_question(root, number, item, quiz)
    ElementTree.indent(root, space=" ")
    content = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True).decode("utf-8")
    content = _TEXT.sub(lambda match: _cdata(unescape(match.group())), content)
    return Export(content=content.encode("utf-8"), notices=quiz.notices)


def _cdata(text: str) -> str:
    """A text in which nothing is markup; its own end mark is dealt out to two sections."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _write_question(root: Element, number: int, item: QuizItem, quiz: ExportedQuiz) -> None:
    question = SubElement(root, "question", type=_TYPES[item.form])
    _text(SubElement(question, "name"), question_name(number, item))
    _text(SubElement(question, "questiontext", format="plain_text"), with_inline_blank(item))
    _text(SubElement(question, "generalfeedback", format="plain_text"), feedback_of(item, quiz.language))
    SubElement(question, "defaultgrade").text = str(quiz.points)
    SubElement(question, "idnumber").text = item.item_id
    if item.form is QuestionForm.TRUE_FALSE:
        for name in ("true", "false"):
            _answer(question, name, is_right=(name == "true") == item.is_true, text_format="moodle_auto_format")
    elif item.form is QuestionForm.MULTIPLE_CHOICE:
        SubElement(question, "single").text = "true"
        SubElement(question, "shuffleanswers").text = "false"
        SubElement(question, "answernumbering").text = "ABCD"
        for index, option in enumerate(item.options):
            _answer(question, option, is_right=index == item.correct_index)
    else:
        SubElement(question, "usecase").text = "0"
        # An unescaped asterisk matches any text.
        for answer in typed_answers(item):
            _answer(question, answer.replace("*", "\\*"), is_right=True)


def _answer(question: Element, text: str, *, is_right: bool, text_format: str = "plain_text") -> None:
    answer = SubElement(question, "answer", fraction="100" if is_right else "0", format=text_format)
    _text(answer, text)


def _text(parent: Element, text: str) -> None:
    SubElement(parent, "text").text = text
