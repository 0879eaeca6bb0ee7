"""Where Chinese sentences end.

Comes in: text. Goes out: character ranges that cover it, so that windows, answers and quizzes cut at the same places.

A literal example: `split_sentences("他問：「誰？」她笑了。")` gives `[(0, 7), (7, 11)]`.
"""

from __future__ import annotations

import re

# A full stop ends a sentence only before white space or the end, so that 3.14 and example.org stay whole, and not after
# an initial or a title, so that J. Smith and Dr. Smith do.
_TITLES = ("Dr", "Mr", "Ms", "St", "Mrs", "Prof")
_NO_TITLE = "".join(rf"(?<!(?<![A-Za-z]){title})" for title in (*_TITLES, "[A-Z]"))
# A run of closing marks belongs to the sentence it closes.
_SENTENCE_END = re.compile(rf"(?:[。！？!?…]+|{_NO_TITLE}\.(?=\s|$))[」』”’）)\]】》〉]*\s*|\n+\s*")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Cut a text into sentences; line breaks end one too.

    Returns:
        (start_char, end_char) pairs in order. Together they cover the text; closing quotes and trailing white space
        belong to the sentence before them. Empty for an empty text.
    """
    sentences: list[tuple[int, int]] = []
    start_char = 0
    for match in _SENTENCE_END.finditer(text):
        if match.end() > start_char:
            sentences.append((start_char, match.end()))
            start_char = match.end()
    if start_char < len(text):
        sentences.append((start_char, len(text)))
    return sentences
