"""How the model sees an example: the window it reads, and its rows, cell by cell.

Comes in: a `QGExample`, a tokenizer and an `InputFormat`. Goes out: `Inspection`, for `qgkd inspect` to print.

A literal example, one cell of a row: `Cell(token="[MASK]", kind=Kind.MASK, token_type=0, position=12, label="誰")`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qgkd.model_input.input_format import Attention, InputFormat, Layout
from qgkd.model_input.rows import IGNORED_LABEL, Block, Row, packed_row, recurrent_row, recurrent_rows
from qgkd.model_input.source import PassageEncoder, Source, question_target
from qgkd.reading.examples import QGExample

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Kind(StrEnum):
    """What a cell is, in finer classes than `Block`, which decides what it attends to."""

    PASSAGE = "passage"
    OCCURRENCE = "occurrence"
    """A passage token of the answer; in layout `marked` it has token type 1, in the other layouts it is not marked."""
    ANSWER = "answer"
    """The answer segment."""
    TARGET = "target"
    """A question token that the model is given."""
    MASK = "mask"
    """A [MASK] that predicts one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One position of a row."""

    token: str
    kind: Kind
    token_type: int
    position: int
    label: str | None = None
    """The token to predict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One example as the model reads it."""

    example: QGExample
    window_start_char: int
    window_end_char: int
    """`context[window_start_char:window_end_char]` is read, the rest of the passage is not."""
    window_tokens: int
    passage_tokens: int
    answer_positions: tuple[int, ...]
    """Position ids of the answer segment, its [SEP] included."""
    question_was_cut: bool
    """Whether the question is longer than the cap."""
    rows: tuple[tuple[Cell, ...], ...]
    """One packed row (`prefix`), or one row per question token (`recurrent`)."""

    def to_json(self, *, with_rows: bool) -> dict[str, Any]:
        """The fields as JSON values."""
        fields = asdict(self)
        example, rows = fields.pop("example"), fields.pop("rows")
        window_text = self.example.context[self.window_start_char : self.window_end_char]
        return {**example, **fields, "window": window_text} | ({"rows": rows} if with_rows else {})


def inspect_example(tokenizer: PreTrainedTokenizerFast, input_format: InputFormat, example: QGExample) -> Inspection:
    """Build what a training step or a decoder would build.

    Raises:
        UserError: The answer is too long, or white space only.
    """
    encoder = PassageEncoder(tokenizer, input_format, example.context)
    source = encoder.source(example.answer_start_char, example.answer_end_char)
    target, was_cut = question_target(tokenizer, input_format, example.question) if example.question else ((), False)
    window = source.window
    starts, ends = encoder.tokens.start_chars, encoder.tokens.end_chars
    return Inspection(
        example=example,
        # Spaces at the very ends have no token; they do not count as cut off.
        window_start_char=0 if window.start_token == 0 else starts[window.start_token],
        window_end_char=len(example.context) if window.end_token == len(ends) else ends[window.end_token - 1],
        window_tokens=len(window),
        passage_tokens=len(encoder.tokens),
        answer_positions=source.positions[len(window) + 2 :],
        question_was_cut=was_cut,
        rows=tuple(_cells(tokenizer, source, row, example) for row in _rows(tokenizer, input_format, source, target)),
    )


def _rows(
    tokenizer: PreTrainedTokenizerFast, input_format: InputFormat, source: Source, target: Sequence[int]
) -> list[Row]:
    mask_id = int(tokenizer.mask_token_id)
    if input_format.attention is Attention.PREFIX:
        return [packed_row([source], [target], mask_id)]
    # Without a question only the first step of decoding is left.
    return recurrent_rows(source, target, mask_id) or [recurrent_row(source, (IGNORED_LABEL,), 1, mask_id)]


def _cells(tokenizer: PreTrainedTokenizerFast, source: Source, row: Row, example: QGExample) -> tuple[Cell, ...]:
    names = tokenizer.convert_ids_to_tokens(list(row.input_ids))
    return tuple(
        Cell(
            token=token,
            kind=_kind(source, row, at, example),
            token_type=row.token_types[at],
            position=row.positions[at],
            label=None if row.labels[at] == IGNORED_LABEL else str(tokenizer.convert_ids_to_tokens(row.labels[at])),
        )
        for at, token in enumerate(names)
    )


def _kind(source: Source, row: Row, at: int, example: QGExample) -> Kind:
    if row.blocks[at] == Block.PSEUDO:
        return Kind.MASK
    if at >= len(source):  # of a recurrent row the last position is the [MASK]
        return Kind.TARGET if row.blocks[at] == Block.TARGET or at + 1 < len(row) else Kind.MASK
    if at >= len(source.window) + 2:
        return Kind.ANSWER
    start, end = source.start_chars[at], source.end_chars[at]
    inside = start >= 0 and start < example.answer_end_char and end > example.answer_start_char
    return Kind.OCCURRENCE if inside else Kind.PASSAGE


def describe(input_format: InputFormat) -> str:
    """The format in words, for the head of a listing."""
    words = {
        Layout.PLAIN: "the answer segment alone",
        Layout.MARKED: "token type 1 on the occurrence",
        Layout.SHARED: "the answer segment has the occurrence's positions",
    }
    return f"attention {input_format.attention}, layout {input_format.layout} ({words[input_format.layout]})"
