"""Kahoot's spreadsheet: questions with two to four options.

Comes in: a quiz. Goes out: `Export`.

A literal example of one row, under Kahoot's own heads in row 8: number 1, `燈塔由哪位工程師設計？`, the four options,
30 (seconds), 2 (the right option).

Source: the quiz template that Kahoot offers for "Import spreadsheet": heads in B8 to H8, questions from row 9 on, at
most 120 characters in a question and 75 in an answer, 5 to 240 seconds.
"""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass

from qgkd.errors import UserError
from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.excel import write_text
from qgkd.exports.export import Export
from qgkd.exports.labels import label
from qgkd.question_forms import Language, Notice, QuestionForm, QuizItem

QUESTION_LIMIT_CHARS = 120
ANSWER_LIMIT_CHARS = 75
MOST_OPTIONS = 4
_SECONDS = 30
_FIRST_ROW = 9
_HEADS = (
    "Question - max 120 characters",
    *(f"Answer {number} - max 75 characters" for number in range(1, MOST_OPTIONS + 1)),
    "Time limit (sec) – 5, 10, 20, 30, 60, 90, 120, or 240 secs",
    "Correct answer(s) - choose at least one",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    question: str
    options: tuple[str, ...]
    correct_index: int


def write_kahoot(quiz: ExportedQuiz) -> Export:
    """Write the spreadsheet; multiple choice and true/false items are taken.

    A question that is too long loses its beginning, since a Chinese question asks at its end; a statement that is too
    long is left out, since half of it cannot be judged.

    Raises:
        UserError: No item fits.
    """
    notices = list(quiz.notices)
    rows = []
    for number, item in enumerate(quiz.items, start=1):
        row, of_row = _row(item, number, quiz.language)
        notices += of_row
        if row is not None:
            rows.append(row)
    if not rows:
        raise UserError(
            f"expected a multiple choice or true/false question for Kahoot, found none that fits among "
            f"{len(quiz.items)}; turn questions into multiple choice first: Kahoot's spreadsheet takes no typed "
            f"answers, and at most {MOST_OPTIONS} options of {ANSWER_LIMIT_CHARS} characters after a question of "
            f"{QUESTION_LIMIT_CHARS}"
        )
    return Export(content=_workbook(rows, quiz.title), notices=tuple(notices))


def _row(item: QuizItem, number: int, language: Language) -> tuple[_Row | None, list[Notice]]:
    """One item as a row, or None, and its notices."""
    question_chars = _length(item.prompt)
    if item.form is QuestionForm.TRUE_FALSE:
        if question_chars > QUESTION_LIMIT_CHARS:
            return None, [_too_long(number, "question", question_chars, QUESTION_LIMIT_CHARS, code="too_long")]
        verdicts = (label("true", language), label("false", language))
        return _Row(question=item.prompt, options=verdicts, correct_index=0 if item.is_true else 1), []
    if item.form is not QuestionForm.MULTIPLE_CHOICE or item.correct_index is None:
        return None, [Notice.of("form_left_out", number=number, form=item.form.value)]
    notices = []
    question = item.prompt
    if question_chars > QUESTION_LIMIT_CHARS:
        question = f"…{_shortened(question, QUESTION_LIMIT_CHARS - 1, slice(1, None))}"
        notices.append(_too_long(number, "question", question_chars, QUESTION_LIMIT_CHARS))
    if len(item.options) > MOST_OPTIONS:
        notices.append(Notice.of("options_left_out", number=number, found=len(item.options), limit=MOST_OPTIONS))
        item = _with_fewer_options(item)
    longest = max(map(_length, item.options))
    if longest > ANSWER_LIMIT_CHARS:
        notices.append(_too_long(number, "option", longest, ANSWER_LIMIT_CHARS))
    options = tuple(
        option if _length(option) <= ANSWER_LIMIT_CHARS else f"{_shortened(option, ANSWER_LIMIT_CHARS - 1, slice(-1))}…"
        for option in item.options
    )
    if len(set(options)) < len(options):
        return None, [Notice.of("options_alike", number=number)]
    return _Row(question=question, options=options, correct_index=item.correct_index or 0), notices


def _too_long(number: int, field: str, found: int, limit: int, *, code: str = "shortened") -> Notice:
    return Notice.of(code, number=number, field=field, found=found, limit=limit)


def _with_fewer_options(item: QuizItem) -> QuizItem:
    """The right option and the first wrong ones, in their order."""
    right = item.correct_index or 0
    wrong = [index for index in range(len(item.options)) if index != right][: MOST_OPTIONS - 1]
    kept = sorted([right, *wrong])
    return dataclasses.replace(
        item, options=tuple(item.options[index] for index in kept), correct_index=kept.index(right)
    )


def _length(text: str) -> int:
    """Length as a browser counts it: a character beyond U+FFFF counts twice."""
    return len(text.encode("utf-16-le")) // 2


def _shortened(text: str, most: int, rest: slice) -> str:
    """A text that fits: what is too long is replaced by this part of it, again and again."""
    while _length(text) > most:
        text = text[rest]
    return text


def _workbook(rows: list[_Row], title: str) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    page.title = "Sheet1"
    write_text(page["B2"], title)
    for column, head in enumerate(_HEADS, start=2):
        page.cell(row=_FIRST_ROW - 1, column=column, value=head)
        page.column_dimensions[openpyxl.utils.get_column_letter(column)].width = 30
    for number, row in enumerate(rows, start=1):
        at = _FIRST_ROW + number - 1
        page.cell(row=at, column=1, value=number)
        for column, text in enumerate((row.question, *row.options), start=2):
            write_text(page.cell(row=at, column=column), text)
        page.cell(row=at, column=7, value=_SECONDS)
        page.cell(row=at, column=8, value=row.correct_index + 1)
    handle = io.BytesIO()
    book.save(handle)
    return handle.getvalue()
