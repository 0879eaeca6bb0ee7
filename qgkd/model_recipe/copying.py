"""Examples that teach a model from scratch to copy, before it sees questions.

Comes in: passages. Goes out: `QGExample`s whose answer is the first character of a span and whose question is the span.
A model trained from scratch on questions alone learns to copy late.

A literal example, from `燈塔建於1867年，由工程師林文海設計。`: answer 由, question `由工程師林文海設計`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING

from qgkd.errors import UserError
from qgkd.model_input.input_format import InputFormat
from qgkd.model_input.source import PassageEncoder
from qgkd.model_input.tokens import tokenize
from qgkd.model_recipe.stage_settings import CopyingSettings
from qgkd.reading.examples import QGExample
from qgkd.training.token_store import TokenStore, build_store

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def copying_examples(passages: Sequence[str], count: int, settings: CopyingSettings, seed: int) -> Iterator[QGExample]:
    """Cut windows out of passages and spans out of windows.

    Args:
        passages: Long and short; one shorter than a window is a window.
        count: How many examples.
        settings: Lengths in characters.
        seed: Seed of every draw.
    """
    random = Random(seed)
    usable = [passage for passage in passages if len(passage) > settings.longest_chars + 1]
    made = 0
    while made < count and usable:
        passage = random.choice(usable)
        first = random.randrange(max(1, len(passage) - settings.window_chars + 1))
        window = passage[first : first + settings.window_chars]
        for _ in range(min(settings.spans_per_window, count - made)):
            length = random.randint(settings.shortest_chars, settings.longest_chars)
            start = random.randrange(max(1, len(window) - length + 1))
            span = window[start : start + length]
            made += 1  # also where the span is cut, so that the loop always ends
            if _is_whole(window, start, start + len(span)):
                yield QGExample(
                    example_id=f"copy-{seed}-{made}",
                    context=window,
                    answer_text=span[0],
                    answer_start_char=start,
                    question=span,
                )


def copying_store(
    examples: Iterable[QGExample], tokenizer: PreTrainedTokenizerFast, input_format: InputFormat
) -> TokenStore:
    """Tokenise examples; the target has no [SEP], since nothing in the source shows where a span ends."""

    def pairs() -> Iterator[tuple[object, tuple[int, ...]]]:
        encoder: PassageEncoder | None = None
        for example in examples:
            if encoder is None or encoder.tokens.text != example.context:
                encoder = PassageEncoder(tokenizer, input_format, example.context)
            target = tokenize(tokenizer, example.question).ids[: input_format.max_question_tokens]
            with contextlib.suppress(UserError):  # a character the tokenizer drops
                yield encoder.source(example.answer_start_char, example.answer_end_char), target

    return build_store(pairs(), {})  # type: ignore[arg-type]


def _is_whole(window: str, start: int, end: int) -> bool:
    """Whether the span begins with a letter or digit and cuts no Latin word, whose tokens would differ."""
    if not window[start].isalnum():  # punctuation, or something invisible
        return False
    return not (_same_word(window, start) or _same_word(window, end))


def _same_word(window: str, place: int) -> bool:
    """Whether a word of a script other than Chinese continues across `place`."""
    if not 0 < place < len(window):
        return False
    pair = window[place - 1 : place + 1]
    return all(character.isalnum() and ord(character) < 0x2E80 for character in pair)
