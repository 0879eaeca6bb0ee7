"""What a teacher still has to write before an item can be asked.

Comes in: a `QuizItem`. Goes out: codes of its faults, each with words in `notices.toml`; none where it is finished.

A literal example: a multiple choice item with the options 甲, 甲, 乙 has the fault `equal_options`.
"""

from __future__ import annotations

import unicodedata

from qgkd.question_forms.item import QuestionForm, QuizItem

_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
"""Unicode categories of control and format characters and of halves of surrogate pairs."""


def faults_of(item: QuizItem) -> tuple[str, ...]:
    """Codes of everything that is unfinished; a text of invisible characters only counts as empty."""
    faults = [] if _visible(item.prompt) else ["no_question"]
    if item.form is QuestionForm.MULTIPLE_CHOICE:
        faults += _faults_of_options(item)
    elif item.form is QuestionForm.TRUE_FALSE:
        faults += ["no_verdict"] if item.is_true is None else []
    elif not _visible(item.answer):
        faults.append("no_answer")
    return tuple(faults)


def _faults_of_options(item: QuizItem) -> list[str]:
    options = [_visible(option) for option in item.options]
    written = [option for option in options if option]
    found = {
        "empty_option": len(written) < len(options),
        "equal_options": len(set(written)) < len(written),
        "no_right_option": item.correct_index is None,
    }
    return [fault for fault, is_there in found.items() if is_there]


def _visible(text: str) -> str:
    """What a reader can tell apart: no invisible characters, one space for several."""
    kept = (mark for mark in text if mark.isspace() or unicodedata.category(mark) not in _INVISIBLE)
    return " ".join("".join(kept).split())
