"""Training rows: where each `[MASK]` is and what it predicts.

Comes in: a `Source` and the question's tokens. Goes out: `Row`: one packed row per question (`prefix`) or one row per
question token (`recurrent`).

A literal example, question 誰？ on a source of 12 tokens, `prefix`:

    block   source ×12 | target 誰 ？ [SEP] | pseudo [MASK] [MASK] [MASK]
    step    0 …        |        1  2  3     |        1      2      3
    label   -100 …     |        -100 ×3     |        誰     ？     [SEP]

Source: UniLM v2 / s2s-ft pseudo-masked packing, Bao et al. 2020 (arXiv 2002.12804), section 3; BERT-SQG,
Chan & Fan 2019 (D19-5821), section 3.2, for the recurrent rows.
Differs: no corruption of the target block here; the trainer adds token noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from itertools import chain

from qgkd.model_input.source import Source

IGNORED_LABEL = -100


class Block(IntEnum):
    """What a position of a row is; it decides what it may attend to."""

    PADDING = 0
    PASSAGE = 1
    ANSWER = 2
    """The answer segment of layout `shared`; elsewhere it is part of the passage block."""
    TARGET = 3
    """A question token that the model is given."""
    PSEUDO = 4
    """A [MASK] that predicts one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model input; all tuples have one entry per position."""

    input_ids: tuple[int, ...]
    token_types: tuple[int, ...]
    positions: tuple[int, ...]
    blocks: tuple[int, ...]
    steps: tuple[int, ...]
    """Which question token a target or pseudo position is, counted from 1; 0 elsewhere."""
    groups: tuple[int, ...]
    """Which answer of the passage a position belongs to, from 1; 0 for the passage itself."""
    labels: tuple[int, ...]
    """The token to predict, or -100."""

    def __len__(self) -> int:
        return len(self.input_ids)


def packed_row(sources: Sequence[Source], targets: Sequence[Sequence[int]], mask_id: int) -> Row:
    """One row that trains every step of one question, or of several about the same `shared` window.

    The targets are the question tokens of each source, [SEP] at the end. S + sum(2 T) positions (plus the further
    answers' segments); the pseudo block repeats the positions of the target block.

    Raises:
        ValueError: Several sources that do not share their passage.
    """
    first = sources[0]
    passage = first.passage_length
    if any(_passage_of(source) != _passage_of(first) for source in sources[1:]):
        raise ValueError("expected sources over one shared window; found different passages: pack them apart")
    parts = [_part(*_passage_of(first), Block.PASSAGE)]
    for group, (source, target) in enumerate(zip(sources, targets, strict=True), start=1):
        answer = slice(passage, None)
        columns = (source.token_ids[answer], source.token_types[answer], source.positions[answer])
        parts.append(_part(*columns, Block.ANSWER, group))
        steps = range(1, len(target) + 1)
        positions = range(source.question_position, source.question_position + len(target))
        types = (0,) * len(target)
        parts.append(_part(target, types, positions, Block.TARGET, group, steps=steps))
        masks = (mask_id,) * len(target)
        parts.append(_part(masks, types, positions, Block.PSEUDO, group, steps=steps, labels=target))
    return _joined(parts)


def recurrent_row(source: Source, target: Sequence[int], step: int, mask_id: int) -> Row:
    """The row that predicts question token `step` (from 1) after the tokens before it, with full attention."""
    if not 1 <= step <= len(target):
        raise ValueError(f"expected a step from 1 to {len(target)}, found {step}")
    question = (*target[: step - 1], mask_id)
    positions = range(source.question_position, source.question_position + step)
    labels = (IGNORED_LABEL,) * (step - 1) + (target[step - 1],)
    given = _part(source.token_ids, source.token_types, source.positions, Block.PASSAGE)
    return _joined([given, _part(question, (0,) * step, positions, Block.PASSAGE, labels=labels)])


def recurrent_rows(source: Source, target: Sequence[int], mask_id: int) -> list[Row]:
    """All rows of a question, one per token, [SEP] included."""
    return [recurrent_row(source, target, step, mask_id) for step in range(1, len(target) + 1)]


def _passage_of(source: Source) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The passage block's content: in `marked`, two occurrences of one answer differ in their token types only."""
    passage = slice(0, source.passage_length)
    return source.token_ids[passage], source.token_types[passage], source.positions[passage]


def _part(
    ids: Sequence[int],
    types: Sequence[int],
    positions: Sequence[int],
    block: Block,
    group: int = 0,
    *,
    steps: Sequence[int] | None = None,
    labels: Sequence[int] | None = None,
) -> Row:
    """One block of a row."""
    return Row(
        input_ids=tuple(ids),
        token_types=tuple(types),
        positions=tuple(positions),
        blocks=(int(block),) * len(ids),
        steps=tuple(steps or (0,) * len(ids)),
        groups=(group,) * len(ids),
        labels=tuple(labels or (IGNORED_LABEL,) * len(ids)),
    )


def _joined(parts: Sequence[Row]) -> Row:
    names = [field.name for field in fields(Row)]
    return Row(**{name: tuple(chain.from_iterable(getattr(part, name) for part in parts)) for name in names})
