"""An objective weighted, or restricted to some scored positions, by the student's uncertainty.

Comes in: an objective, the student's logits. Goes out: its terms, times weights that no gradient goes through. A
classifier has one scored position per row, its [CLS]; a packed row of a question generator one per question token.

A literal example: entropies (1, 0) and a term of values (2, 4): `Reweighted` gives (2, 0), with `certain` (0, 4);
`SelectedRows` of ratio 0.5 gives (4, 0), whose mean over both is 2, the mean over the chosen one.

A term on the states of a row becomes the row's mean over its tokens, times the mean factor of its scored positions.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from enum import StrEnum

import torch
from torch import nn

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.layer_map import LayerMap
from qgkd.distillation.objectives.objective import Objective, TwoNeeds
from qgkd.distillation.objectives.schedule import EVERYTHING, StageWeights
from qgkd.distillation.objectives.uncertainty import Uncertainty, uncertainty
from qgkd.distillation.teachers.capture import DistillCapture, captured_logits
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm, Unit


class Order(StrEnum):
    """Which rows a selection takes."""

    UNCERTAIN = "uncertain"
    """Those that the student is least sure of: Dynamic KD."""
    CERTAIN = "certain"
    """Those that it is surest of: the reversed order, a baseline."""
    RANDOM = "random"
    """Any: a baseline."""


@dataclass(frozen=True, kw_only=True)
class ByUncertainty(Objective):
    """What the objectives that wrap another one share."""

    objective: Objective
    """The wrapped objective; its own weight counts too."""
    by: Uncertainty = Uncertainty.ENTROPY
    """The measure."""
    name: str = ""
    """Log name; empty uses the wrapped objective's."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.objective.name)
        # One name for both: it finds projections and terms.
        object.__setattr__(self, "objective", replace(self.objective, name=self.name))
        super().__post_init__()

    @property
    def pairs(self) -> LayerMap:
        """Those of the wrapped objective."""
        return self.objective.pairs

    def needs(self, stages: StageWeights = EVERYTHING) -> TwoNeeds:
        """The wrapped objective's, and the student's logits."""
        student, teacher = self.objective.needs(stages)
        return replace(student, logits=True), teacher

    def check(self, student: EncoderShape, teacher: EncoderShape) -> None:
        """As the wrapped objective, and at least two classes."""
        if student.outputs < 2:
            raise UserError(
                f"{self.name}: expected a task with classes, found a score to predict, which has no uncertainty: "
                "Dynamic KD is not for regression; choose kd with method.logits_loss=mse"
            )
        self.objective.check(student, teacher)

    def projections(self, student: EncoderShape, teacher: EncoderShape) -> nn.ModuleDict | None:
        """The wrapped objective's."""
        return self.objective.projections(student, teacher)


@dataclass(frozen=True, kw_only=True)
class WeightedRows(ByUncertainty):
    """An objective that counts some scored positions more than others."""

    @abstractmethod
    def factors(self, student_logits: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """What each scored position is multiplied by, [R] without a gradient.

        The logits are [R, C], the weights [R], 0 for positions of rows that only fill a batch up.
        """

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """The wrapped objective's terms, weighted."""
        inner = self.objective.terms(student, teacher, batch, stages)
        if not inner:
            return []
        factors = self.factors(captured_logits(student), batch.target_weights)
        return [weighted(term, factors, batch, self.weight) for term in inner]


@dataclass(frozen=True, kw_only=True)
class Reweighted(WeightedRows):
    """Rows count as much as the student is unsure of them, or sure.

    Source: Li et al. 2021 (arXiv 2109.11295), dynamic supervision adjustment: L = (1 - u/U) L_KL + (u/U) L_PT.
    Differs: the weight passes no gradient; in the reference code it does.
    """

    certain: bool = False
    """Weight 1 - u/U instead of u/U."""

    def factors(self, student_logits: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """u/U or its complement."""
        unsure = uncertainty(student_logits, self.by)
        return 1 - unsure if self.certain else unsure


@dataclass(frozen=True, kw_only=True)
class SelectedRows(WeightedRows):
    """The scored positions of a micro-batch that the student is least sure of; the mean is over those alone.

    Source: Li et al. 2021 (arXiv 2109.11295), dynamic data selection.
    Differs: at least one is taken, where the reference code takes none and gives nan. They are ranked within the
    micro-batch, so gradient accumulation changes the choice.
    """

    ratio: float = 0.5
    """Share of the positions, rounded down."""
    order: Order = Order.UNCERTAIN
    """Which are taken: the method's own choice, or a baseline's."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.ratio <= 1:
            raise UserError(f"{self.name}: expected a ratio above 0 and at most 1, found {self.ratio}; correct it")

    def selected(self, student_logits: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Which positions, bool [R]: by `order`, of those that count."""
        ranked = uncertainty(student_logits, self.by)
        if self.order is Order.CERTAIN:
            ranked = 1 - ranked
        elif self.order is Order.RANDOM:
            ranked = drawn_like(student_logits)
        unsure = ranked.masked_fill(weights <= 0, -1)
        most = max(1, math.floor(int((weights > 0).sum()) * self.ratio + 1e-9))
        chosen = torch.zeros_like(weights, dtype=torch.bool)
        chosen[unsure.argsort(descending=True, stable=True)[:most]] = True
        return chosen

    def factors(self, student_logits: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """See `over_chosen`."""
        return over_chosen(self.selected(student_logits, weights), weights)

    def teacher_rows(self, student: DistillCapture, batch: Batch) -> torch.Tensor | None:
        """The rows with a chosen position: the teacher need not run on the others."""
        chosen = self.selected(captured_logits(student), batch.target_weights)
        rows = torch.zeros_like(batch.row_weights, dtype=torch.bool)
        rows[batch.inputs.scored_positions[chosen, 0]] = True
        return rows


@torch.no_grad()
def drawn_like(student_logits: torch.Tensor) -> torch.Tensor:
    """A number from 0 to 1 for each row of logits, [R, C] to [R], the same whenever the same logits are given.

    A batch is ranked twice, for the teacher's rows and for the terms: torch's own generator would rank it differently.
    The numbers follow from the logits' last bits, so that they change with every step, as the student does, and a
    resumed run draws what an uninterrupted one does; equal rows are in the order of the batch.
    """
    bits = student_logits.detach().float().contiguous().view(torch.int32).long()
    mixed = torch.zeros_like(bits[:, 0])
    for column in bits.unbind(dim=1):
        mixed = (mixed * 1_000_003 ^ column) % 2_147_483_647
        mixed = (mixed * 48_271) % 2_147_483_647
    return mixed.double() / 2_147_483_647


def over_chosen(chosen: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Factors that turn a mean over all positions into one over the chosen: bool [R] to [R]."""
    return chosen * (weights.sum() / (weights * chosen).sum().clamp(min=1e-9))


def weighted(term: LossTerm, factors: torch.Tensor, batch: Batch, weight: float) -> LossTerm:
    """A term times one factor per scored position, [R]; a row's factor is the mean over its scored positions."""
    if term.unit is Unit.POSITIONS:  # each row's mean over its own
        values = term.values / batch.inputs.real_positions().sum(dim=1).clamp(min=1)
        term = replace(term, values=values, unit=Unit.ROWS)
    if term.unit is Unit.ROWS:
        factors = _row_means(factors, batch)
    # `where` and not a product alone: where the teacher did not run, nothing is finite for certain.
    values = torch.where(factors > 0, term.values * factors, torch.zeros_like(term.values))
    return replace(term, values=values, weight=term.weight * weight)


def _row_means(values: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The mean over each row's scored positions, [R] to [B]."""
    rows = batch.inputs.scored_positions[:, 0]
    empty = values.new_zeros(len(batch.row_weights))
    counts = empty.index_add(0, rows, torch.ones_like(values))
    return empty.index_add(0, rows, values) / counts.clamp(min=1)
