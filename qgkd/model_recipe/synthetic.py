"""Writes synthetic questions about passages.

Comes in: passages in Traditional characters. Goes out: `QGExample`s: proposed answers with the rule's questions about
them, varied at random.

A literal example: `燈塔建於1867年，由林文海設計。` gives `燈塔建於哪一年？` and `由誰設計燈塔？`, other seeds others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random

from qgkd.errors import UserError
from qgkd.reading.examples import QGExample
from qgkd.text.characters import is_han
from qgkd.text.sentences import split_sentences

_SHORTEST_PARAGRAPH_CHARS = 40
_CHINESE_SHARE = 0.7
_SHORTEST_QUESTION_CHARS, _LONGEST_QUESTION_CHARS = 6, 60


def synthetic_examples(
    passages: Sequence[str], answers: int, seed: int, name: str, *, varied_share: float = 1.0
) -> Iterator[QGExample]:
    """Write questions.

    Args:
        passages: Traditional characters.
        answers: The most answers used in each.
        seed: Seed of every draw.
        name: Prefix of the examples' ids.
        varied_share: Share of questions varied at random; the others are the rule's own.
    """
    from qgkd.answers.propose import propose_answers
    from qgkd.rule import rule_question, synthetic_variants

    for number, passage in enumerate(passages):
        random = Random(f"{seed} {name} {number}")
        for answer in propose_answers(passage, limit=answers):
            span = (answer.start_char, answer.end_char)
            with contextlib.suppress(UserError):
                if random.random() < varied_share:
                    question = synthetic_variants(passage, *span, random, answer_type=answer.type)
                else:
                    question = rule_question(passage, *span, answer_type=answer.type)
                if _has_usual_length(question):
                    yield QGExample(
                        example_id=f"{name}-{number}-{answer.start_char}",
                        context=passage,
                        answer_text=answer.text,
                        answer_start_char=answer.start_char,
                        question=question,
                    )


def rule_examples(examples: Iterable[QGExample]) -> Iterator[QGExample]:
    """Write the rule's questions about the answers of human-written questions, in Traditional characters."""
    from qgkd.rule import rule_question

    for example in examples:
        with contextlib.suppress(UserError):
            question = rule_question(example.context, example.answer_start_char, example.answer_end_char)
            if _has_usual_length(question):
                yield replace(example, example_id=f"rule-{example.example_id}", question=question)


def closest_examples(examples: Iterable[QGExample], least: float) -> Iterator[QGExample]:
    """Replace human-written questions by the closest questions of the rule, which use the passage's words.

    Args:
        examples: Traditional characters.
        least: Questions below this chrF are left out.
    """
    from qgkd.rule.closest import closest_question

    for example in examples:
        with contextlib.suppress(UserError):
            span = (example.answer_start_char, example.answer_end_char)
            question, closeness = closest_question(example.context, *span, example.question)
            if closeness >= least and _has_usual_length(question):
                yield replace(example, example_id=f"closest-{example.example_id}", question=question)


def _has_usual_length(question: str) -> bool:
    return _SHORTEST_QUESTION_CHARS <= len(question) <= _LONGEST_QUESTION_CHARS


def askable_paragraph(paragraph: str, longest_chars: int) -> str | None:
    """Return the sentences of a paragraph that fit, or None where it is too short or not Chinese prose."""
    end = 0
    for _, sentence_end in split_sentences(paragraph):
        if sentence_end > longest_chars:
            break
        end = sentence_end
    text = paragraph[:end].strip()
    if len(text) < _SHORTEST_PARAGRAPH_CHARS or "。" not in text:
        return None
    chinese = sum(is_han(character) for character in text)
    return text if chinese >= _CHINESE_SHARE * len(text) else None
