r"""Moodle's GIFT: one text file, one question per line, with the answers in braces.

Comes in: a quiz. Goes out: `Export`.

A literal example of two lines:

    $CATEGORY: 燈塔
    ::1:: [plain]燈塔由哪位工程師設計？{~陳大山 =林文海 ~王小明 ####出處\: 燈塔由工程師林文海設計。}

Source: Moodle, `question/format/gift/format.php`, `readquestion` and `escapedchar_pre`. The question's format is
`plain`, so that HTML, Markdown and formulas are shown as they are typed.
"""

from __future__ import annotations

import re

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.export import Export
from qgkd.exports.labels import key_of, label
from qgkd.question_forms import Language, Notice, QuestionForm, QuizItem

_SPECIAL = re.compile(r"[\\#=~{}:]")
_PLACEHOLDER = re.compile(r"&&(?=0\d\d)")
"""What Moodle writes for an escaped character while it reads; a text with it would change."""
_MATCHING = "->"
"""Makes a matching question of a short answer, and cannot be escaped."""


def write_gift(quiz: ExportedQuiz) -> Export:
    """Write the file: the title is the category; cloze items are short answers with the blank in the text."""
    notices = list(quiz.notices)
    questions = []
    for number, item in enumerate(quiz.items, start=1):
        if item.form in (QuestionForm.SHORT_ANSWER, QuestionForm.CLOZE) and _MATCHING in item.answer:
            notices.append(Notice.of("replaced", number=number, found=_MATCHING, written="→"))
        text = f"[plain]{escape_gift(item.prompt)}"
        questions.append(f"::{number}:: {text}{{{_answers(item)}{_feedback(item, quiz.language)}}}\n")
    category = f"$CATEGORY: {_category(quiz.title)}\n\n" if quiz.title else ""
    return Export(content=(category + "\n".join(questions)).encode("utf-8"), notices=tuple(notices))


def escape_gift(text: str) -> str:
    """A text in which nothing means anything to GIFT, on one line."""
    text = _PLACEHOLDER.sub("& &", text)
    return _SPECIAL.sub(lambda match: f"\\{match.group()}", text).replace("\n", "\\n")


def _answers(item: QuizItem) -> str:
    if item.form is QuestionForm.TRUE_FALSE:
        return "TRUE" if item.is_true else "FALSE"
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        signs = ["=" if index == item.correct_index else "~" for index in range(len(item.options))]
        return " ".join(sign + _option(option) for sign, option in zip(signs, item.options, strict=True))
    # An asterisk stands for any text in a short answer unless it is escaped, for the answer itself and then for GIFT.
    answer = item.answer.replace(_MATCHING, "→").replace("*", "\\*")
    return f"=%100%{_option(answer)}"


def _option(text: str) -> str:
    """An answer: what it begins with must not be taken for a weight (%50%) or a format ([html])."""
    return f"[plain]{escape_gift(text)}" if text.startswith(("[", "%")) else escape_gift(text)


def _feedback(item: QuizItem, language: Language) -> str:
    """Shown after the question is answered: the right answer to a false statement, and the sentence it comes from."""
    parts = []
    if item.form is QuestionForm.TRUE_FALSE and not item.is_true:
        parts.append(key_of(item, language))
    if item.source_sentence:
        parts.append(f"{label('source', language)}: {item.source_sentence}")
    return f" ####{escape_gift(chr(10).join(parts))}" if parts else ""


def _category(title: str) -> str:
    """A title as the name of one category: a stroke would part it, and nothing in it can be escaped."""
    return title.replace("\\", "＼").replace("/", "//")
