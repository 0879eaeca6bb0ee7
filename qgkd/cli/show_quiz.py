"""A quiz as text: numbered questions, each with its answer and its sentence in the passage.

Comes in: a `Quiz`. Goes out: lines for stdout, with colours on a terminal.

A literal example:

    1. 燈塔由哪位工程師設計？
       答：林文海
       文：燈塔建於1867年，由工程師【林文海】設計。
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgkd.quiz.quiz import Quiz, QuizQuestion

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN_CHARS = 100
"""Of the source sentence on either side of the answer: a text without full stops is one sentence."""


def show_quiz(quiz: Quiz, console: Console) -> str:
    """Lay out a quiz as lines for stdout; off a terminal, the answer is bracketed instead of highlighted."""
    if not console.is_terminal:
        return "".join(f"{line}\n" for number, item in enumerate(quiz.items, 1) for line in _plain_lines(number, item))
    with console.capture() as capture:
        for number, item in enumerate(quiz.items, start=1):
            _show_in_colour(number, item, console)
    return capture.get()


def _parts(item: QuizQuestion) -> tuple[str, str, str]:
    """The source sentence before, in and after the answer, line breaks taken out and its far ends left out."""
    start_char = item.answer.start_char - item.source_start_char
    end_char = start_char + len(item.answer.text)
    sentence = item.source_sentence
    before, answer, after = sentence[:start_char], sentence[start_char:end_char], sentence[end_char:]
    if len(before) > _SHOWN_CHARS:
        before = f"…{before[-_SHOWN_CHARS:]}"
    if len(after) > _SHOWN_CHARS:
        after = f"{after[:_SHOWN_CHARS]}…"
    return _one_line(before), _one_line(answer), _one_line(after)


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _plain_lines(number: int, item: QuizQuestion) -> list[str]:
    before, answer, after = _parts(item)
    return [
        f"{number}. {_one_line(item.question.text)}",
        f"   答：{_one_line(item.answer.text)}",
        f"   文：{before}【{answer}】{after}",
    ]


def _show_in_colour(number: int, item: QuizQuestion, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    before, answer, after = _parts(item)
    console.print(Text.assemble((f"{number}. ", "dim"), (_one_line(item.question.text), "bold")))
    console.print(Padding(Text.assemble(("答：", "dim"), (_one_line(item.answer.text), "green")), (0, 0, 0, 3)))
    source = Text.assemble(("文：", "dim"), (before, "dim"), (answer, "green underline"), (after, "dim"))
    console.print(Padding(source, (0, 0, 0, 3)))
