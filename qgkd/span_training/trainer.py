"""The trainer of the span model: `QGTrainer` with the losses of both heads.

Comes in: a `SpanTrainingModel`, a `SpanDataset`. Goes out: as from `QGTrainer`.

A literal example: of 1,000 candidates one was chosen; equal scores give a loss of log 1,000 = 6.9.

Source: the reader's loss, Devlin et al. 2019 (arXiv 1810.04805), section 4.3. The answers' loss is ListNet's with a
list of one, Cao et al. 2007 (ICML), section 5: cross entropy of the softmax over a passage's candidates with the even
distribution over those that people asked about. That nobody asked about a candidate does not make it a bad one: who
asks stops after three or four. Where what is asked about is a random part of the good candidates, a model of "was asked
about" ranks as one of "is good" does, and only the scale differs (Elkan & Noto 2008, KDD, lemma 1), so that the others
need no other weight; that the softmax is over one passage takes away how many people asked there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from torch.nn import functional

from qgkd.checkpoints.record import RECORD_NAME
from qgkd.files.json_files import write_json
from qgkd.span_training.dataset import SpanBatch, SpanCollator
from qgkd.spans.heads import SpanOutput
from qgkd.training.loss import LossTerm, Unit
from qgkd.training.trainer import QGTrainer


class SpanTrainer(QGTrainer):
    """Trains both heads.

    Args:
        answers_weight: Weight of the answers' loss.
        options: Of `QGTrainer`.
    """

    counted = "questions_and_passages"

    def __init__(self, *, answers_weight: float, pad_id: int, **options: Any) -> None:
        super().__init__(pad_id=pad_id, **options)
        self.collate = cast(Any, SpanCollator(pad_id))
        self._answers_weight = answers_weight

    def loss_terms(self, capture: Any, batch: Any) -> list[LossTerm]:
        """The terms of both heads; where a batch has nothing for one, its values are 0 or none.

        Every process then reduces the same terms and gradients, whatever its batch holds.
        """
        output, spans = cast(SpanOutput, capture), cast(SpanBatch, batch)
        reader = 0 * output.answer_logits.sum() + torch.zeros_like(spans.row_weights)
        if len(spans.question_rows):
            reader = reader.index_put((spans.question_rows,), reader_loss(output, spans))
        answers = (0 * output.span_scores.sum())[None][:0]
        if len(spans.passage_weights):
            answers = answers_loss(output.span_scores, spans.candidate_passages, spans.is_chosen)
        return [
            LossTerm(name="reader", values=reader, unit=Unit.ROWS),
            LossTerm(name="answers", values=answers, unit=Unit.TOKENS, weight=self._answers_weight),
        ]

    def write_record(self, folder: Path, record: dict[str, Any]) -> None:
        """Write `qgkd.json` with the span model's lengths instead of an input format."""
        write_json(folder / RECORD_NAME, record)


def reader_loss(output: SpanOutput, batch: SpanBatch) -> torch.Tensor:
    """Mean cross entropy of start and end, [Q]; [CLS] is the target of a question without an answer."""
    logits = output.answer_logits[batch.question_rows]  # [Q, L, 2]
    return functional.cross_entropy(logits, batch.targets, reduction="none").mean(dim=1)


def answers_loss(scores: torch.Tensor, passages: torch.Tensor, is_chosen: torch.Tensor) -> torch.Tensor:
    """The loss of each passage, [P].

    Args:
        scores: [N], of all candidates.
        passages: [N], which passage each belongs to, ascending from 0; every passage has a chosen one.
        is_chosen: [N].
    """
    losses = []
    for number in range(int(passages[-1]) + 1):
        own = passages == number
        losses.append(-scores[own].log_softmax(dim=0)[is_chosen[own]].mean())
    return torch.stack(losses)
