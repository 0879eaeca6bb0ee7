"""The lines of a text, with what stands at their starts and ends.

Comes in: a text. Goes out: `Line`s whose kinds the later steps fill in.

A literal example: of `  （一）玉山的高度` the mark is `（一）` and the body `玉山的高度`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qgkd.text.cleaning.kinds import Kind

HAN = "\u3400-\u9fff"
NUMERALS = "一二三四五六七八九十百"
LIST_MARK = re.compile(
    rf"[ \t\u3000]*(?:>[ \t]*)*(?:#{{1,6}}[ \t]+)?(?:(?:[•●○◎■□▪▫◆◇★☆※▶►➢✓✔☑☐]|[-*+–·‧・](?=[ \t\u3000])"
    rf"|[①-⑳⑴-⒛❶-❿㈠-㈩]"
    rf"|\d{{1,3}}(?:[.．](?!\d)|[)）、](?![ ]?\d))|[(（][ ]?(?:\d{{1,3}}|[{NUMERALS}]{{1,3}}"
    rf"|[A-Za-z]|[ivx]{{1,4}})[ ]?[)）]"
    rf"|[{NUMERALS}]{{1,3}}[、.．](?![ ]?[{NUMERALS}千萬万零兩两])|[甲乙丙丁戊己庚辛][、.．](?![甲乙丙丁])"
    rf"|[A-Ja-j](?:[)）]|\.(?=[ \t]+[{HAN}「《]))(?=[ \t]))"
    rf"[ \t\u3000]*(?:\[[ xX]\][ \t]*)?)?"
)
"""Also matches nothing at all: a line without a mark."""
LETTER_MARK = re.compile(r"[A-Ja-j][.)）]")
"""Alone in a text it is the initial of a name."""
HEADING_MARK = re.compile(
    rf"[ \t\u3000]*(?:#{{1,6}}[ \t]+|第[ ]?[{NUMERALS}\d]{{1,4}}[ ]?[章節节課课篇回卷冊册編编部幕講讲]"
    rf"|第[ ]?[{NUMERALS}\d]{{1,4}}[ ]?(?:單元|单元)"
    rf"|(?:單元|单元|附錄|附录|Unit|Chapter|Lesson)[ ]?[{NUMERALS}\dIVX]{{1,4}})(?=[ \t\u3000:：、.．·]|$|(?<=[ \t]))"
)
SENTENCE_END = re.compile(
    rf"(?:[。．！？!?…；;]|(?<=[{HAN}」）)])\.|(?<=[{HAN}].{{4}}[\w》』%°])\.)[」』”’）)】》〉]*[ \t\u3000]*$"
)
_SENTENCE = re.compile(
    rf"[。！？]|(?<=[{HAN}」）)])[.．](?=[ \t]*(?:$|[{HAN}]))|(?<=[{HAN}].{{4}}[\w》』%°])\.(?=[ \t]*$)"
)
_CLAUSE_MARK = re.compile(r"[，。！？；,!?;]")


@dataclass(slots=True)
class Line:
    """One line, without its line feed."""

    start_char: int
    text: str
    kind: Kind = Kind.TEXT
    is_furniture: bool = False
    """Whether it may stand between the two halves of a sentence: page numbers, running heads, rules."""

    @property
    def end_char(self) -> int:
        """Where its line feed stands."""
        return self.start_char + len(self.text)

    @property
    def bare(self) -> str:
        """Without blanks at its ends."""
        return self.text.strip()

    @property
    def body(self) -> str:
        """Without its list mark and the blanks at its ends."""
        mark = LIST_MARK.match(self.text)
        return self.text[mark.end() :].strip() if mark else self.bare

    @property
    def has_mark(self) -> bool:
        """Whether a mark of a list or heading stands at its start."""
        return self.body != self.bare or HEADING_MARK.match(self.text) is not None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be judged."""
        return self.kind is Kind.TEXT and not self.is_furniture and bool(self.bare)

    @property
    def ends_sentence(self) -> bool:
        """Whether a sentence ends with it."""
        return SENTENCE_END.search(self.text) is not None

    @property
    def has_sentence(self) -> bool:
        """Whether a full stop, question or exclamation mark stands in it."""
        return _SENTENCE.search(self.text) is not None

    @property
    def is_label(self) -> bool:
        """Whether no mark divides or ends it: a heading, an item, a caption, a broken line."""
        return _CLAUSE_MARK.search(self.body) is None and not self.has_sentence

    @property
    def width(self) -> int:
        """In half-width characters, indentation counted."""
        return sum(1 if character < "\u0250" else 2 for character in self.text.rstrip())


def lines_of(text: str) -> list[Line]:
    """The lines of a text, empty ones too."""
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append(Line(at, line))
        at += len(line) + 1
    return lines


def han_chars(text: str) -> int:
    """How many Chinese characters there are."""
    return len(re.findall(f"[{HAN}]", text))
