"""A page to be printed from a browser, with nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from qgkd.exports.export import Export, Sheet
from qgkd.question_forms import Language, QuizItem


def export_html(
    items: Sequence[QuizItem], title: str, *, sheet: Sheet = Sheet.BOTH, language: Language | None = None
) -> Export:
    """Write the file.

    Args:
        items: In the order of the quiz.
        title: Of the quiz.
        sheet: Which pages.
        language: Of the labels; that of the items where None.

    Returns:
        The file, and what it could not hold.
    """
    raise NotImplementedError
