"""Find the question in the passage's own words that is closest to a human-written question.

Comes in: a passage, a span, and a human-written question about it. Goes out: a question that quotes the text around the
answer, cut and with a question word chosen so that it is as close as possible.

A literal example: `燈塔建於1867年，由林文海設計，高12公尺。`, 林文海, and `這座燈塔是由誰設計的？` give `由誰設計？`.

A model learns to copy such questions from a tenth of the examples that free wording needs. They also teach it which
part of a sentence people ask about, which the rule does not know.

Source: the oracle that extractive summarisers are trained on, Nallapati et al. 2017 (arXiv 1611.04230), section 3.1;
chrF, Popović 2015 (W15-3049), as nltk has it, with characters up to 4-grams and beta 1.
Differs: we cut text at words, they choose whole sentences.
"""

from __future__ import annotations

from itertools import accumulate

from qgkd.answer import AnswerType
from qgkd.answers.classify import classify
from qgkd.rule.clauses import frame_answer
from qgkd.rule.cleaning import as_question
from qgkd.rule.composition import Draft
from qgkd.rule.moves import other_words
from qgkd.rule.variants import draft_of, variants
from qgkd.text.words import tag_words

_WINDOWS_CHARS = (14, 26, 60)
_ROUNDS = 2


def closest_question(
    context: str, start_char: int, end_char: int, question: str, *, answer_type: AnswerType | None = None
) -> tuple[str, float]:
    """Find the question closest to a human-written one, about an answer of a passage in Traditional characters.

    Returns:
        The question and its chrF, 0 to 1.
    """
    answer_type = answer_type or classify(context, start_char, end_char)
    frame = frame_answer(context, start_char, end_char)
    found = [text for chars in _WINDOWS_CHARS for text in variants(frame, answer_type, chars)]
    if answer_type is not AnswerType.CLAUSE:
        draft = draft_of(frame, answer_type, _WINDOWS_CHARS[-1])
        word = _word_of(draft, question)
        found.append(_cut(_words("".join((*draft.earlier, draft.left))), word,
                          _words("".join((draft.right, *draft.later))), question))  # fmt: skip
    closeness = {text: _closeness(text, question) for text in found}
    best = max(closeness, key=closeness.__getitem__)
    return best, closeness[best]


def _word_of(draft: Draft, question: str) -> str:
    """The question word of the human-written question if the rule has it for this answer, else the rule's own."""
    before, after = len("".join((*draft.earlier, draft.left))), len("".join((draft.right, *draft.later)))
    words = [text[before : len(text) - after] for text in other_words(draft)]
    return next((word for word in (draft.word, *words) if word in question), draft.word)


def _cut(left: list[str], word: str, right: list[str], question: str) -> str:
    """Choose the best cut between words on the left, then on the right, twice."""
    starts, ends = list(range(len(left) + 1)), list(range(len(right) + 1))
    start, end = 0, len(right)

    def text(first: int, last: int) -> str:
        return as_question("".join((*left[first:], word, *right[:last])))

    for _ in range(_ROUNDS):
        start = max(starts, key=lambda first: _closeness(text(first, end), question))
        end = max(ends, key=lambda last: _closeness(text(start, last), question))
    return text(start, end)


def _words(text: str) -> list[str]:
    words = [word.text for word in tag_words(text)]
    assert list(accumulate(words))[-1:] in ([text], [])
    return words


def _closeness(text: str, question: str) -> float:
    from nltk.translate.chrf_score import sentence_chrf

    return float(sentence_chrf(question.rstrip("？?"), text.rstrip("？?"), min_len=1, max_len=4, beta=1.0))
