"""Why an answer got no question, and why a quiz has fewer questions than wanted.

Comes in: what `qgkd.quiz.make` found out. Goes out: `Refusal` and `Shortfall`; the command line prints their English
sentences, the page words their codes in its visitor's language.

A literal example: `str(Shortfall(found=0, wanted=3))` is
"0 of 3 questions: the passage has no stretch of text that could be an answer".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qgkd.answer import AnswerSpan
from qgkd.answers.given import LONGEST_ANSWER_TOKENS, answer_tokens
from qgkd.text.cleaning.kinds import Kind


class RefusalCode(StrEnum):
    """Why no question was written about a given answer."""

    TOO_LONG = "too_long"
    """It is longer than any system takes."""
    GENERATOR = "generator"
    """The generator refused it; `Refusal.reason` holds its sentence."""
    NO_QUESTION = "no_question"
    """The generator found no question."""
    REPEATS_ANOTHER = "repeats_another"
    """Each of its questions is a near-duplicate of one about another answer."""
    ALREADY_ASKED = "already_asked"
    """An earlier question has the same answer (`QuizOrder.earlier_questions`), and no different one was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A given answer without a question."""

    answer: AnswerSpan
    code: RefusalCode
    reason: str = ""
    """The generator's own sentence, where it refused."""

    def __str__(self) -> str:
        """The sentence that the command line prints."""
        text = self.answer.text
        if self.code is RefusalCode.GENERATOR:
            return self.reason
        if self.code is RefusalCode.TOO_LONG:
            return (
                f"answer {text[:20]!r}… is {answer_tokens(text)} characters and words long, the longest that can be "
                f"asked about has {LONGEST_ANSWER_TOKENS}; give a shorter one"
            )
        if self.code is RefusalCode.NO_QUESTION:
            return f"no question could be written about the answer {text[:40]!r}"
        return f"every question about the answer {text[:40]!r} says what another one says"


_NOTHING_TO_ASK = {
    Kind.TEXT: "the text has no sentences",
    Kind.HEADING: "the text has headings, names and page numbers only; give the sentences that belong to them",
    Kind.CONTENTS: "the text is a table of contents; give the text of a chapter",
    Kind.REFERENCE: "the text is a list of references; give a text that they belong to",
    Kind.EXERCISE: "the text is a sheet of exercises, which asks its own questions; give the lesson it is about",
    Kind.TABLE: "the text is a table; put what its rows say into sentences",
    Kind.CODE: "the text is a program; give a text about it",
    Kind.VERSE: "the text is a poem, about which no question can be written; give a text about it",
    Kind.CLASSICAL: "the text is in classical Chinese, about which no question can be written; give it in the modern "
    "language, or a text about it",
    Kind.DIALOGUE: "the text is a dialogue, about which no question can be written; give one that tells what happened",
    Kind.FOREIGN: "the text is not in Chinese; give a Chinese one",
    Kind.UNPUNCTUATED: "the text has no punctuation, so its sentences cannot be told apart; put the marks in",
}


def nothing_to_ask_sentence(kind: Kind) -> str:
    """Why a text of this kind gets no questions, and what to do."""
    return _NOTHING_TO_ASK[kind]


class ShortfallCode(StrEnum):
    """Why there are fewer questions than wanted."""

    NOTHING_TO_ASK = "nothing_to_ask"
    """The text is not made of sentences that can be asked about; `Shortfall.nothing_to_ask` says what it is."""
    NO_ANSWERS = "no_answers"
    """The passage has nothing that could be an answer."""
    USED_UP = "used_up"
    """All answers were tried and gave no more different questions that are clear (`qgkd.rule.doubtful`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Fewer questions than wanted."""

    found: int
    wanted: int
    tried_answers: int = 0
    """How many answers the generator was given."""
    answers_were_given: bool = False
    """Whether a person gave the answers; else they were proposed."""
    nothing_to_ask: Kind | None = None
    """What the text is instead of sentences; None where it has some."""

    @property
    def code(self) -> ShortfallCode:
        """The reason in one word."""
        if self.nothing_to_ask is not None and not self.found:
            return ShortfallCode.NOTHING_TO_ASK
        return ShortfallCode.USED_UP if self.tried_answers else ShortfallCode.NO_ANSWERS

    def __str__(self) -> str:
        """The sentence that the command line prints."""
        if self.code is ShortfallCode.NOTHING_TO_ASK and self.nothing_to_ask is not None:
            return f"{self.found} of {self.wanted} questions: {nothing_to_ask_sentence(self.nothing_to_ask)}"
        if self.code is ShortfallCode.NO_ANSWERS:
            return (
                f"{self.found} of {self.wanted} questions: the passage has no stretch of text that could be an answer"
            )
        source = "given" if self.answers_were_given else "found in it"
        return (
            f"{self.found} of {self.wanted} questions: {self.tried_answers} answers {source} were tried and gave no "
            "more different questions that are clear; give a longer passage or ask for fewer"
        )
