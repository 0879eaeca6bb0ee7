"""Moodle's GIFT."""

from __future__ import annotations

from collections.abc import Sequence

from qgkd.exports.export import Export
from qgkd.question_forms import Language, QuizItem


def export_gift(items: Sequence[QuizItem], title: str, *, language: Language | None = None) -> Export:
    """Write the file.

    Args:
        items: In the order of the quiz.
        title: Of the quiz.
        language: Of the labels; that of the items where None.

    Returns:
        The file, and what it could not hold.
    """
    raise NotImplementedError
