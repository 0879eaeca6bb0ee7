"""The sentence of the passage that a cloze or true/false item shows, with its answer blanked or swapped.

Comes in: an item and its passage. Goes out: `ShownSentence`; from it the statement.

A literal example: for the answer 林文海 of "燈塔建於1867年，由工程師林文海設計。", `.with_answer_as(BLANK)` is
"燈塔建於1867年，由工程師＿＿＿＿設計。".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from qgkd.question_forms.item import BLANK, QuizItem
from qgkd.question_forms.passage import Passage
from qgkd.quiz.distinct import comparable
from qgkd.text.foreign_names import spelling_characters
from qgkd.text.script import to_simplified_aligned
from qgkd.text.sentences import split_sentences
from qgkd.text.word_lists import either

LEAST_CONTEXT_CHARS = 6
"""Least letters and digits left of a sentence without its answer."""
_LONG_CHARS = 90
_LEAD_IN_CHARS = 120
_CONNECTIVE = re.compile(rf"^(?:{either('connectives before a comma')})[，,]\s*")
_POINTS_BACK = re.compile(
    r"[他她它牠祂其該该此這这]|同[年月日樣样]|當[時年]|当[时年]|之後|之后|後來|后来|隨後|随后|不久|次年|翌年|[兩两一二三幾几數数][年天個个]"
)
_DOTS = frozenset("·‧・•．")
_DIGIT = re.compile("[0-9]")
_POINT = re.compile(r"[0-9][.,][0-9]")
_SEMICOLON = re.compile(r"[；;]")
_COMMA = re.compile(r"[，,；;：:]")


@dataclass(frozen=True, slots=True)
class ShownSentence:
    """A stretch of the passage, and the places of the answer in it."""

    text: str
    answers: tuple[tuple[int, int], ...]
    """Every occurrence, the question's own among them."""

    def with_answer_as(self, replacement: str) -> str:
        """The text with every occurrence of the answer replaced."""
        text = self.text
        for start, end in reversed(self.answers):
            text = text[:start] + replacement + text[end:]
        return text

    def still_shows(self, answer_text: str) -> bool:
        """Whether the answer can be read in what is left: as part of a longer number, in other characters."""
        key = comparable(answer_text)
        return any(key in comparable(piece) for piece in self.with_answer_as(BLANK).split(BLANK))

    def cuts_a_name(self) -> bool:
        """Whether a foreign name goes on beyond the answer: 利基 of 利基努斯, 莉·衛斯理 of 茉莉·衛斯理."""
        return any(_is_cut(self.text, start, end) for start, end in self.answers)

    def context_chars(self) -> int:
        """Letters and digits without the answer."""
        return len(comparable(self.with_answer_as("")))


def shown_sentence(item: QuizItem, passage: Passage | None) -> ShownSentence | None:
    """Find the sentence to show in the item's passage, or where there is none in its source sentence alone.

    Returns:
        The sentence, without a connective at its start, cut to the part around the answer where it is long, and with
        the sentence before where it opens with a pronoun; None where no sentence holds the answer.
    """
    if passage is not None and item.answer_start_char is not None:
        context, answer_start = passage.context, item.answer_start_char
        if context[answer_start : answer_start + len(item.answer)] != item.answer:
            return None
        start, end = _bounds(context, answer_start, answer_start + len(item.answer))
    else:
        context, answer_start = item.source_sentence, item.source_sentence.find(item.answer)
        start, end = 0, len(context)
        if answer_start < 0 or not item.answer:
            return None
    start, end = _trimmed(context, start, end, answer_start, answer_start + len(item.answer))
    text = re.sub(r"\s*\n\s*", " ", context[start:end].strip())
    return ShownSentence(text, _occurrences(text, item.answer))


def _bounds(context: str, answer_start: int, answer_end: int) -> tuple[int, int]:
    """The answer's sentence, with the one before where it points back to it and both are short."""
    sentences = split_sentences(context)
    touched = [index for index, (s, e) in enumerate(sentences) if s < answer_end and answer_start < e]
    start, end = sentences[touched[0]][0], sentences[touched[-1]][1]
    start += len(context[start:end]) - len(context[start:end].lstrip())
    opening = context[start:end]
    if touched[0] > 0 and _POINTS_BACK.match(_CONNECTIVE.sub("", opening)):
        before_start, before_end = sentences[touched[0] - 1]
        is_near = not context[before_start:before_end].endswith("\n")
        if is_near and end - before_start <= _LEAD_IN_CHARS:
            start = before_start
    return start, end


def _trimmed(context: str, start: int, end: int, answer_start: int, answer_end: int) -> tuple[int, int]:
    """Leave out a connective, the other parts of a sentence with semicolons, and the far ends of a very long one."""
    if (connective := _CONNECTIVE.match(context[start:end])) and start + connective.end() <= answer_start:
        start += connective.end()
    if end - start > _LONG_CHARS:
        before = [m.end() for m in _SEMICOLON.finditer(context, start, answer_start)]
        after = _SEMICOLON.search(context, answer_end, end)
        start, end = before[-1] if before else start, after.start() if after else end
    if end - start > 2 * _LONG_CHARS:
        low, high = max(start, answer_start - _LONG_CHARS), min(end, answer_end + _LONG_CHARS)
        start = next((m.end() for m in _COMMA.finditer(context, low, answer_start)), low) if low > start else start
        ends = [m.end() for m in _COMMA.finditer(context, answer_end, high)]
        end = (ends[-1] if ends else high) if high < end else end
    return start, end


def _is_cut(text: str, start: int, end: int) -> bool:
    spelling, name = spelling_characters(), set(text[start:end])
    if not name <= spelling | _DOTS:
        return False
    goes_back = bool(name & _DOTS) and text[max(0, start - 1) : start] in spelling | _DOTS
    return goes_back or text[end : end + 1] in spelling | _DOTS


def _occurrences(text: str, answer: str) -> tuple[tuple[int, int], ...]:
    """The places of the answer in a text, in whatever width, case or script; not inside a longer number or word."""
    folded = _folded(text)
    spans = (match.span() for match in re.finditer(re.escape(_folded(answer)), folded))
    return tuple(span for span in spans if not any(_runs_on(folded, position) for position in span))


def _runs_on(text: str, position: int) -> bool:
    """Whether a number or a Latin word goes on across a position: between 1 and 0, before and after a decimal point."""
    before, after = text[max(0, position - 2) : position], text[position : position + 2]
    if before[-1:].isascii() and after[:1].isascii() and before[-1:].isalpha() and after[:1].isalpha():
        return True
    return bool(
        (_DIGIT.match(before[-1:]) and _DIGIT.match(after[:1]))
        or _POINT.fullmatch(before[-1:] + after)
        or _POINT.fullmatch(before + after[:1])
    )


def _folded(text: str) -> str:
    """The text in Simplified characters, half width and lower case, character for character."""
    folded = (unicodedata.normalize("NFKC", character).lower() for character in to_simplified_aligned(text))
    return "".join(new if len(new) == 1 else old for new, old in zip(folded, text, strict=True))
