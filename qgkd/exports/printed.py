"""What Word and HTML print alike: versions A and B, the heads of a sheet, how many options stand in a row.

Comes in: a quiz. Goes out: its `PrintedVersion`s, and texts around the items.

A literal example: four options of up to six Chinese characters stand in one row, longer ones in two or four.
"""

from __future__ import annotations

import dataclasses
import random
import string
import unicodedata
from dataclasses import dataclass

from qgkd.exports.clean import ExportedQuiz
from qgkd.exports.labels import label, lettered
from qgkd.question_forms import QuestionForm, QuizItem

ROOM_BEFORE_NUMBER = "（　　）"
"""Where a pupil writes a letter, or right or wrong."""
_BLANK = "＿" * 6
_LINE_CHARS = 66
"""Half-width characters in a line of options at 12 points on A4."""
_GAP_CHARS = 2
_MOST_COLUMNS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedVersion:
    """The items in the order of one version."""

    letter: str
    """A, B …; empty where there is one version only."""
    items: tuple[QuizItem, ...]


def versions_of(quiz: ExportedQuiz) -> list[PrintedVersion]:
    """Version A as the teacher arranged it, the others with questions and options in another order.

    The same quiz always gives the same versions, so that a key printed later fits.
    """
    if quiz.settings.versions == 1:
        return [PrintedVersion(letter="", items=quiz.items)]
    letters = string.ascii_uppercase[: quiz.settings.versions]
    taken = {tuple(range(len(quiz.items)))}
    versions = [PrintedVersion(letter=letters[0], items=quiz.items)]
    for letter in letters[1:]:
        rng = random.Random(letter + "".join(item.item_id for item in quiz.items))
        order = list(range(len(quiz.items)))
        for _ in range(20):  # two questions have one other order only
            rng.shuffle(order)
            if tuple(order) not in taken:
                break
        taken.add(tuple(order))
        items = tuple(_with_other_order(quiz.items[index], rng) for index in order)
        versions.append(PrintedVersion(letter=letter, items=items))
    return versions


def _with_other_order(item: QuizItem, rng: random.Random) -> QuizItem:
    """The options shuffled, the right one at another letter."""
    if item.form is not QuestionForm.MULTIPLE_CHOICE or item.correct_index is None:
        return item
    order = list(range(len(item.options)))
    while order[item.correct_index] == item.correct_index:
        rng.shuffle(order)
    options = tuple(item.options[index] for index in order)
    return dataclasses.replace(item, options=options, correct_index=order.index(item.correct_index))


def heading_of(quiz: ExportedQuiz, version: PrintedVersion, *, is_key: bool = False) -> str:
    """The heading of a sheet or its key: `燈塔 A 卷 參考答案`."""
    letter = label("version", quiz.language, letter=version.letter) if version.letter else ""
    return " ".join(filter(None, (quiz.title, letter, label("key", quiz.language) if is_key else "")))


def points_line(quiz: ExportedQuiz) -> str:
    """How many points there are; empty where none are wanted."""
    points, count = quiz.settings.points, len(quiz.items)
    if points is None:
        return ""
    values = {"count": count, "points": points, "total": count * points, "blank": _BLANK}
    return label("points", quiz.language, **{name: str(value) for name, value in values.items()})


def numbered(number: int, item: QuizItem) -> str:
    """The line of a question: `（　　）3. …` where the pupil writes a letter before it."""
    is_chosen = item.form in (QuestionForm.MULTIPLE_CHOICE, QuestionForm.TRUE_FALSE)
    return f"{ROOM_BEFORE_NUMBER if is_chosen else ''}{number}. {item.prompt}"


def paragraphs_of(passages: tuple[str, ...]) -> list[str]:
    """The lines of the texts above the questions."""
    return [line.strip() for passage in passages for line in passage.splitlines() if line.strip()]


def columns_of(item: QuizItem) -> int:
    """How many options stand side by side: all where they are short, else two, else one."""
    options = lettered(item)
    longest = max((_width_chars(option) for option in options), default=0)
    for columns in (len(options), 2):
        if columns <= _MOST_COLUMNS and longest + _GAP_CHARS <= _LINE_CHARS // max(columns, 1):
            return max(columns, 1)
    return 1


def _width_chars(text: str) -> int:
    """The width in half-width characters; a text of several lines has no place beside another."""
    if "\n" in text:
        return _LINE_CHARS
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)
