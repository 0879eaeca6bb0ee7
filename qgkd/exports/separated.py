"""CSV for a spreadsheet, one row per item, and TSV for flash cards, one question and answer per line.

Comes in: items. Goes out: `Export`.

A literal example of a TSV line: `燈塔由哪位工程師設計？ A. 陳大山 B. 林文海<tab>B. 林文海`.

A text that a spreadsheet would run as a formula (one that begins with = + - @ or their full-width forms, a tab or a
carriage return) gets an apostrophe before it.
Source: OWASP, "CSV Injection". Differs: a text that begins with apostrophes and such a character gets one more, so that
taking one away always gives the item's text back.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from qgkd.exports.clean import CleanQuiz, clean_quiz
from qgkd.exports.export import Export
from qgkd.exports.labels import key_of, label, letter_of, type_label
from qgkd.question_forms import Language, Notice, QuestionForm, QuizItem

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_LINE_OR_TAB = re.compile(r"[\n\t]+")


def export_csv(items: Sequence[QuizItem], title: str, *, language: Language | None = None) -> Export:
    """Write a table: UTF-8 with a byte order mark, which Excel needs to read Chinese.

    Args:
        items: In the order of the quiz.
        title: Of the quiz; a table has no place for it.
        language: Of the heads of the columns; that of the items where None.

    Returns:
        The file, and what it could not hold.
    """
    quiz = clean_quiz(items, title, language)
    rows = [_heads(quiz), *(_row(number, item, quiz) for number, item in enumerate(quiz.items, start=1))]
    return _written(
        rows, quiz, delimiter=",", suffix=".csv", media_type="text/csv; charset=utf-8", notices=quiz.notices
    )


def export_tsv(items: Sequence[QuizItem], title: str, *, language: Language | None = None) -> Export:
    """Write flash cards for Quizlet and its like: the question with its options, a tab, the answer.

    Args:
        items: In the order of the quiz.
        title: Of the quiz; a list of cards has no place for it.
        language: Of 對 and 錯; that of the items where None.

    Returns:
        The file, and what it could not hold: line breaks and tabs within a text are turned into spaces.
    """
    quiz = clean_quiz(items, title, language)
    notices = list(quiz.notices)
    rows = []
    for number, item in enumerate(quiz.items, start=1):
        options = [f"{letter_of(index)}. {option}" for index, option in enumerate(item.options)]
        cells = [" ".join([item.prompt, *options]), key_of(item, quiz.language)]
        if any(_LINE_OR_TAB.search(cell) for cell in cells):
            notices.append(Notice.of("lines_joined", number=number))
        rows.append([_LINE_OR_TAB.sub(" ", cell) for cell in cells])
    media_type = "text/tab-separated-values; charset=utf-8"
    return _written(rows, quiz, delimiter="\t", suffix=".tsv", media_type=media_type, notices=tuple(notices))


def _heads(quiz: CleanQuiz) -> list[str]:
    names = ["number", "form", "question"]
    options = [label("option", quiz.language, letter=letter_of(index)) for index in range(_most_options(quiz))]
    rest = ["correct_option", "answer", "source", "answer_type", "confidence", "passage"]
    return [label(name, quiz.language) for name in names] + options + [label(name, quiz.language) for name in rest]


def _row(number: int, item: QuizItem, quiz: CleanQuiz) -> list[str]:
    options = [*item.options, *[""] * (_most_options(quiz) - len(item.options))]
    if item.form is QuestionForm.TRUE_FALSE:
        verdict = label("true" if item.is_true else "false", quiz.language)
    else:
        verdict = "" if item.correct_index is None else letter_of(item.correct_index)
    return [
        str(number),
        label(item.form.value, quiz.language),
        item.prompt,
        *options,
        verdict,
        item.answer,
        item.source_sentence,
        type_label(item.answer_type, quiz.language),
        label(item.confidence.value, quiz.language),
        item.passage_id,
    ]


def _most_options(quiz: CleanQuiz) -> int:
    return max(len(item.options) for item in quiz.items)


def _written(
    rows: list[list[str]],
    quiz: CleanQuiz,
    *,
    delimiter: str,
    suffix: str,
    media_type: str,
    notices: tuple[Notice, ...],
) -> Export:
    escaped = sum(_FORMULA.match(cell) is not None for row in rows for cell in row)
    if escaped:
        notices = (*notices, Notice.of("formulas_escaped", count=escaped))
    handle = io.StringIO(newline="")
    if suffix == ".csv":
        csv.writer(handle, delimiter=delimiter).writerows([map(_no_formula, row) for row in rows])
    else:
        # Flash card sites take a line apart at its tab and know no quotation marks.
        handle.writelines(delimiter.join(map(_no_formula, row)) + "\n" for row in rows)
    encoding = "utf-8-sig" if suffix == ".csv" else "utf-8"
    return Export(content=handle.getvalue().encode(encoding), suffix=suffix, media_type=media_type, notices=notices)


def _no_formula(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
