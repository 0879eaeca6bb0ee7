"""A quiz as a table, one row per item, as CSV and a spreadsheet hold it.

Comes in: a quiz. Goes out: the heads and the rows, every cell a text.

A literal example of a row's beginning: `1`, `選擇`, `燈塔由誰設計？`, `陳大山`, `林文海`, `B`, `林文海`.
"""

from __future__ import annotations

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.labels import label, letter_of, type_label
from qgkd.question_forms import QuestionForm, QuizItem

BETWEEN_ANSWERS = "；"
_BEFORE_OPTIONS = ("number", "form", "question")
_AFTER_OPTIONS = ("correct_option", "answer", "accepted", "source", "answer_type", "confidence", "passage")


def heads_of(quiz: ExportedQuiz) -> list[str]:
    """The heads of the columns."""
    options = [label("option", quiz.language, letter=letter_of(index)) for index in range(_most_options(quiz))]
    before, after = ([label(name, quiz.language) for name in names] for names in (_BEFORE_OPTIONS, _AFTER_OPTIONS))
    return [*before, *options, *after]


def rows_of(quiz: ExportedQuiz) -> list[list[str]]:
    """A row per item."""
    return [_row(number, item, quiz) for number, item in enumerate(quiz.items, start=1)]


def _row(number: int, item: QuizItem, quiz: ExportedQuiz) -> list[str]:
    options = [*item.options, *[""] * (_most_options(quiz) - len(item.options))]
    if item.form is QuestionForm.TRUE_FALSE:
        verdict = label("true" if item.is_true else "false", quiz.language)
    else:
        verdict = "" if item.correct_index is None else letter_of(item.correct_index)
    is_typed = item.form in (QuestionForm.SHORT_ANSWER, QuestionForm.CLOZE)
    return [
        str(number),
        label(item.form.value, quiz.language),
        item.prompt,
        *options,
        verdict,
        item.answer,
        BETWEEN_ANSWERS.join(item.accepted_answers) if is_typed else "",
        item.source_sentence,
        type_label(item.answer_type, quiz.language),
        label(item.confidence.value, quiz.language),
        item.passage_id,
    ]


def _most_options(quiz: ExportedQuiz) -> int:
    return max(len(item.options) for item in quiz.items)
