"""Finished items, their texts without the characters that no document format can hold.

Comes in: the items and the title. Goes out: `ExportedQuiz`, the same without them, and what was left out.

A literal example: of 甲, NUL, 乙 the text 甲乙 is left, with a notice about U+0000.

Removed are NUL and the other control characters, halves of surrogate pairs and noncharacters (XML 1.0 forbids most of
them), and marks that change the text direction beyond their own cell or line. Right-to-left letters and the marks for
one letter (U+200E, U+200F, U+061C) stay. Every kind of line end becomes a line feed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from qgkd.exports.export import ExportSettings
from qgkd.question_forms import Language, Notice, QuizItem, faults_of, language_of

_MOST_TOLD = 8
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNHOLDABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedQuiz:
    """What a writer is given."""

    items: tuple[QuizItem, ...]
    numbers: tuple[int, ...]
    """Of the items in the teacher's list, counted from 1."""
    title: str
    language: Language
    """Of the labels."""
    settings: ExportSettings = field(default_factory=ExportSettings)
    """Their passages are clean, too."""
    notices: tuple[Notice, ...] = ()
    """What cleaning left out."""

    @property
    def points(self) -> int:
        """Of every question, where a number is needed."""
        return 1 if self.settings.points is None else self.settings.points


def clean_quiz(
    items: Sequence[QuizItem], title: str, language: Language | None, settings: ExportSettings
) -> ExportedQuiz:
    """Make a quiz ready for a format that cannot hold everything.

    There is a notice for each item that lost a character, or that is left out because it is unfinished.
    """
    cleaned: dict[int, QuizItem] = {}
    notices = []
    if lost := _lost(title):
        notices.append(Notice.of("title_characters_dropped", characters=lost))
    for number, item in enumerate(items, start=1):
        texts = (
            item.question,
            item.answer,
            item.statement or "",
            item.source_sentence,
            *item.options,
            *item.accepted_answers,
        )
        if lost := _lost("".join(texts)):
            notices.append(Notice.of("characters_dropped", number=number, characters=lost))
        clean = _clean_item(item)
        if faults := faults_of(clean):
            notices.append(Notice.of("unfinished", number=number, field=" ".join(faults)))
        else:
            cleaned[number] = clean
    return ExportedQuiz(
        items=tuple(cleaned.values()),
        numbers=tuple(cleaned),
        title=" ".join(clean_text(title).split()),
        language=language or language_of(items),
        settings=dataclasses.replace(settings, passages=tuple(map(clean_text, settings.passages))),
        notices=tuple(notices),
    )


def uncleaned_quiz(
    items: Sequence[QuizItem], title: str, language: Language | None, settings: ExportSettings
) -> ExportedQuiz:
    """Hand a quiz to a format that holds everything as it is."""
    numbers = tuple(range(1, len(items) + 1))
    return ExportedQuiz(
        items=tuple(items), numbers=numbers, title=title, language=language or language_of(items), settings=settings
    )


def clean_text(text: str) -> str:
    """A text without what no format holds, its line ends as line feeds, without white space around it."""
    return _UNHOLDABLE.sub("", _LINE_END.sub("\n", text)).strip()


def _clean_item(item: QuizItem) -> QuizItem:
    answer = clean_text(item.answer)
    accepted = dict.fromkeys(map(clean_text, item.accepted_answers))
    return dataclasses.replace(
        item,
        item_id=clean_text(item.item_id),
        passage_id=clean_text(item.passage_id),
        question=clean_text(item.question),
        answer=answer,
        accepted_answers=tuple(text for text in accepted if text not in ("", answer)),
        options=tuple(clean_text(option) for option in item.options),
        statement=None if item.statement is None else clean_text(item.statement),
        source_sentence=clean_text(item.source_sentence),
    )


def _lost(text: str) -> str:
    """The characters left out, as U+0000, each once."""
    found = sorted(set(_UNHOLDABLE.findall(text)))
    names = [f"U+{ord(character):04X}" for character in found[:_MOST_TOLD]]
    return ", ".join([*names, "…"] if len(found) > _MOST_TOLD else names)
