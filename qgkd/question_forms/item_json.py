"""An item read from JSON, with every field checked.

Comes in: what `json.loads` gave. Goes out: `QuizItem`, or one sentence about what is wrong.

A literal example: `read_item({"id": "a", "form": "essay"}, where="quiz.json: item 1")` raises
"quiz.json: item 1: form: expected one of short_answer, multiple_choice, cloze, true_false, found 'essay'; …".
"""

from __future__ import annotations

from typing import Any

from qgkd.question_forms.item import QuizItem


def read_item(value: Any, *, where: str) -> QuizItem:
    """Read one item; see `QuizItem.from_json`."""
    raise NotImplementedError
