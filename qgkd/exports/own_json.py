"""Our own JSON, which can be opened again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qgkd.exports.export import Export
from qgkd.question_forms import Language, QuizItem


def export_json(items: Sequence[QuizItem], title: str, *, language: Language | None = None) -> Export:
    """Write the file.

    Args:
        items: In the order of the quiz.
        title: Of the quiz.
        language: Of the labels; that of the items where None.

    Returns:
        The file, and what it could not hold.
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedQuiz:
    """A quiz read back."""

    title: str
    items: tuple[QuizItem, ...]


def open_json(content: bytes, *, name: str = "quiz.json") -> OpenedQuiz:
    """Read what `export_json` wrote.

    Args:
        content: The file's bytes.
        name: What error messages call the file.

    Returns:
        The quiz, every field as it was.

    Raises:
        UserError: The file is no JSON of ours, or an item does not fit together; the sentence names the item.
    """
    raise NotImplementedError
