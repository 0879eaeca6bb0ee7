"""What a teacher is told about items that could not be made, or exported, quite as asked for.

Comes in: a code and the values its sentence needs. Goes out: `Notice`, a sentence in any of the three languages.

A literal example: `Notice.of("too_long", number=3, field="question", found_chars=140, limit_chars=120)` says in English
"Item 3: the question has 140 characters, 120 fit; the rest was cut off."
"""

from __future__ import annotations

from dataclasses import dataclass

from qgkd.question_forms.languages import Language


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the teacher should know, in any language."""

    code: str
    values: tuple[tuple[str, str | int], ...] = ()

    @classmethod
    def of(cls, code: str, **values: str | int) -> Notice:
        """Make a notice from a code of the table and the values its sentence names."""
        return cls(code, tuple(values.items()))

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """The sentence, in one language."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.sentence()
