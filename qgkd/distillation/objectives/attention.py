"""The objectives on attention, layer pair by layer pair, over the cells that are not masked.

Comes in: attention [B, H, L, L] of layer pairs, recomputed from queries and keys. Goes out: one value per row, or per
counted position.

A literal example: one head, a row of two tokens, scores differing by 2 in one of four cells: 2² / 4 = 1. With one of
the cells blocked the mean is over three.

Source: Jiao et al. 2020 (TinyBERT, arXiv 1909.10351), equation 7: the mean over heads of the MSE of scores before the
softmax; Wang et al. 2020 (MiniLM, arXiv 2002.10957), equation 2: KL of attention distributions over H |x|.
Differs: masked cells and padding are left out and not counted; TinyBERT's code sets masked cells to 0 and divides by
all cells of the padded rectangle. MiniLM takes the KL of its last layer; here any pairs may be given. Both are means
within a row, then over rows, so that a long row counts no more than a short one.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum

import torch

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.layer_map import LayerPair
from qgkd.distillation.objectives.objective import OnPositions
from qgkd.distillation.objectives.positions import Positions
from qgkd.distillation.teachers.capture import DistillCapture, Needs
from qgkd.distillation.teachers.logit_pair import check_same_shape
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import Unit


class AttentionKind(StrEnum):
    """What of the attention is compared."""

    SCORES = "scores"
    """Before the softmax."""
    PROBABILITIES = "probabilities"
    """After it, before dropout."""


def attention_cell_error(student: torch.Tensor, teacher: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """The squared difference, summed over counted cells (bool [B, 1, L, L]), the mean over heads.

    [B, H, L, L] and [B, H, L, L] to [B, L], one sum per query position.
    """
    check_same_shape(student, teacher, "attention")
    difference = (student - teacher.detach()).masked_fill(~cells, 0)
    return difference.square().sum(dim=-1).mean(dim=1)


def attention_kl_divergence(student: torch.Tensor, teacher: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """KL(teacher || student) of each query's distribution over keys, the mean over heads, [B, L] in nats.

    From log-probabilities [B, H, L, L]; cells, bool, broadcast to [B, 1, L, L]: the keys a query may attend to.
    """
    check_same_shape(student, teacher, "attention")
    teacher = teacher.detach()
    return (teacher.exp() * (teacher - student)).masked_fill(~cells, 0).sum(dim=-1).mean(dim=1)


@dataclass(frozen=True, kw_only=True)
class _OnAttention(OnPositions):
    """What the objectives on attention share; their layers count from 1."""

    def captured(self, layers: frozenset[int]) -> Needs:
        """Queries and keys."""
        return Needs(attention=layers)

    def check(self, student: EncoderShape, teacher: EncoderShape) -> None:
        """As many heads on both sides, and no attention of the embeddings."""
        super().check(student, teacher)
        if student.heads != teacher.heads:
            raise UserError(
                f"{self.name}: expected a teacher with the student's {student.heads} attention heads, found "
                f"{teacher.heads}; leave the term out or take models with equally many"
            )
        if any(0 in pair for pair in self.layers):
            raise UserError(f"{self.name}: expected layers from 1, found the embeddings, layer 0; leave the pair out")


@dataclass(frozen=True, kw_only=True)
class AttentionMSE(_OnAttention):
    """Mean squared error of attention: the mean over layer pairs, heads and the allowed cells of a row, over rows."""

    on: AttentionKind = AttentionKind.SCORES
    """Scores or probabilities."""
    name: str = "attention_mse"

    def pair_error(
        self, student: DistillCapture, teacher: DistillCapture, pair: LayerPair, batch: Batch
    ) -> torch.Tensor:
        """[B, L], the sum over the cells of each query."""
        cells = _counted_cells(student, batch)
        return attention_cell_error(self._of(student, pair.student), self._of(teacher, pair.teacher), cells)

    def counted(self, errors: torch.Tensor, student: DistillCapture, batch: Batch) -> tuple[torch.Tensor, Unit]:
        """The mean over cells is each row's own, at [CLS] and the scored positions each query's own."""
        cells = _counted_cells(student, batch)[:, 0].sum(dim=-1)  # [B, L]
        if self.positions is Positions.ALL:
            return errors.sum(dim=1) / cells.sum(dim=1), Unit.ROWS
        return super().counted(errors / cells.clamp(min=1), student, batch)

    def _of(self, capture: DistillCapture, layer: int) -> torch.Tensor:
        if self.on is AttentionKind.SCORES:
            return capture.attention_scores(layer)
        return capture.attention_probabilities(layer)


@dataclass(frozen=True, kw_only=True)
class KLOverKeys(_OnAttention):
    """KL of each query's distribution over keys: the mean over pairs, heads and a row's queries, then over rows."""

    def pair_error(
        self, student: DistillCapture, teacher: DistillCapture, pair: LayerPair, batch: Batch
    ) -> torch.Tensor:
        """[B, L]."""
        mine, target = self.log_probabilities(student, pair.student), self.log_probabilities(teacher, pair.teacher)
        return attention_kl_divergence(mine, target, student.allowed_cells())

    def counted(self, errors: torch.Tensor, student: DistillCapture, batch: Batch) -> tuple[torch.Tensor, Unit]:
        """The mean over each row's own queries; at [CLS] and the scored positions each query's own value."""
        if self.positions is not Positions.ALL:
            return super().counted(errors, student, batch)
        real = batch.inputs.real_positions()
        return errors.masked_fill(~real, 0).sum(dim=1) / real.sum(dim=1), Unit.ROWS

    @abstractmethod
    def log_probabilities(self, capture: DistillCapture, layer: int) -> torch.Tensor:
        """[B, H, L, L], the logarithms of the distributions; very low where masked."""


@dataclass(frozen=True, kw_only=True)
class AttentionKL(KLOverKeys):
    """KL divergence of attention."""

    name: str = "attention_kl"

    def log_probabilities(self, capture: DistillCapture, layer: int) -> torch.Tensor:
        """Attention's own."""
        return capture.attention_log_probabilities(layer)


def _counted_cells(student: DistillCapture, batch: Batch) -> torch.Tensor:
    """The cells of real queries that are not masked, bool [B, 1, L, L]."""
    return student.allowed_cells() & batch.inputs.real_positions()[:, None, :, None]
