"""Stable item ids, so that a quiz imported again updates the cards and questions of the first import.

Comes in: where an item comes from. Goes out: its id.

A literal example: `item_id_of("lighthouse", QuestionForm.CLOZE, 14, "林文海")` is twelve hexadecimal digits, the same
whatever the words of the question.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Sequence

from qgkd.question_forms.item import QuestionForm, QuizItem

_ID_CHARS = 12


def item_id_of(passage_id: str, form: QuestionForm, answer_start_char: int | None, answer_text: str) -> str:
    """The id of the item about one answer of one passage in one form."""
    parts = "\0".join((passage_id, form.value, str(answer_start_char), answer_text))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_CHARS]


def with_different_ids(items: Sequence[QuizItem]) -> tuple[QuizItem, ...]:
    """Number the ids that occur more than once, as those of two questions about one answer do; the first keeps it."""
    taken: set[str] = set()
    named = []
    for item in items:
        numbered = (f"{item.item_id}-{times}" for times in itertools.count(2))
        name = next(name for name in itertools.chain([item.item_id], numbered) if name not in taken)
        taken.add(name)
        named.append(dataclasses.replace(item, item_id=name))
    return tuple(named)
