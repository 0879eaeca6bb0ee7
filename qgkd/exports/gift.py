r"""Moodle's GIFT: one text file, one question per line, with the answers in braces.

Comes in: a quiz. Goes out: `Export`.

A literal example of two lines:

    $CATEGORY: 燈塔
    ::01 燈塔由哪位工程師設計？:: [plain]燈塔由哪位工程師設計？{~陳大山 =林文海 ~王小明 ####答案：林文海}

Source: Moodle, `question/format/gift/format.php`, `readquestion` and `escapedchar_pre`. The question's format is
`plain`, so that HTML, Markdown and formulas are shown as they are typed.
"""

from __future__ import annotations

import re

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import feedback_of, question_name, typed_answers, with_inline_blank
from qgkd.question_forms import Notice, QuestionForm, QuizItem

_SPECIAL = re.compile(r"[\\#=~{}:]")
_PLACEHOLDER = re.compile(r"&&(?=0\d\d)")
"""Moodle's stand-in for an escaped character while reading; a text with it would change."""
_MATCHING = "->"
"""Turns a short answer into a matching question, and cannot be escaped."""


def write_gift(quiz: ExportedQuiz) -> Export:
    """Write the file: the title is the category; the blank of a cloze item is the field to type in."""
    notices = list(quiz.notices)
    questions = []
    for number, item in enumerate(quiz.items, start=1):
        if item.form in (QuestionForm.SHORT_ANSWER, QuestionForm.CLOZE) and any(
            _MATCHING in answer for answer in typed_answers(item)
        ):
            notices.append(Notice.of("replaced", number=number, found=_MATCHING, written="→"))
        feedback = feedback_of(item, quiz.language)
        answers = _answers(item) + (f" ####{escape_gift(feedback)}" if feedback else "")
        name, prompt = escape_gift(question_name(number, item)), escape_gift(with_inline_blank(item))
        questions.append(f"::{name}:: [plain]{prompt}{{{answers}}}\n")
    # A slash would split the category's name, which has no escapes.
    name = quiz.title.replace("\\", "＼").replace("/", "//")
    category = f"$CATEGORY: {name}\n\n" if name else ""
    return Export(content=(category + "\n".join(questions)).encode("utf-8"), notices=tuple(notices))


def escape_gift(text: str) -> str:
    """A text on one line with all of GIFT's signs escaped."""
    text = _PLACEHOLDER.sub("& &", text)
    return _SPECIAL.sub(lambda match: f"\\{match.group()}", text).replace("\n", "\\n")


def _answers(item: QuizItem) -> str:
    if item.form is QuestionForm.TRUE_FALSE:
        return "TRUE" if item.is_true else "FALSE"
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        signs = ["=" if index == item.correct_index else "~" for index in range(len(item.options))]
        return " ".join(sign + _option(option) for sign, option in zip(signs, item.options, strict=True))
    # An asterisk in a short answer matches any text unless it is escaped, once for the answer and once for GIFT.
    answers = (answer.replace(_MATCHING, "→").replace("*", "\\*") for answer in typed_answers(item))
    return " ".join(f"=%100%{_option(answer)}" for answer in dict.fromkeys(answers))


def _option(text: str) -> str:
    """An answer; its beginning must not be read as a weight (%50%) or a format ([html])."""
    return f"[plain]{escape_gift(text)}" if text.startswith(("[", "%")) else escape_gift(text)
