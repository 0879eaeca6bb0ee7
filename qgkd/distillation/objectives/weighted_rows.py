"""Another objective, its rows weighted or chosen by the student's uncertainty.

Comes in: an objective, the student's logits, one scored position per row. Goes out: its terms, one value per row,
times a weight that no gradient goes through.

A literal example: rows of entropy (1, 0) and a term of values (2, 4): `Reweighted` gives (2, 0), with `certain` (0, 4);
`SelectedRows` of ratio 0.5 gives (4, 0), whose mean over both rows is 2, the mean over the chosen one.

A term on positions becomes one on rows first: each row's mean over its own positions.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace

import torch
from torch import nn

from qgkd.checkpoints.encoder import EncoderShape
from qgkd.distillation.objectives.layer_map import LayerMap
from qgkd.distillation.objectives.objective import Objective, TwoNeeds
from qgkd.distillation.objectives.schedule import EVERYTHING, StageWeights
from qgkd.distillation.objectives.uncertainty import Uncertainty, uncertainty
from qgkd.distillation.teachers.capture import DistillCapture
from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.training.loss import LossTerm, Unit


@dataclass(frozen=True, kw_only=True)
class ByUncertainty(Objective):
    """What the objectives that wrap another by the student's uncertainty share."""

    objective: Objective
    """The one that is weighted; its own weight counts too."""
    by: Uncertainty = Uncertainty.ENTROPY
    """The measure."""
    name: str = ""
    """The wrapped one's where empty; else that takes this one's."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.objective.name)
        # One name for both: projections and terms go by it.
        object.__setattr__(self, "objective", replace(self.objective, name=self.name))
        super().__post_init__()

    @property
    def pairs(self) -> LayerMap:
        """Those of the wrapped one."""
        return self.objective.pairs

    def needs(self, stages: StageWeights = EVERYTHING) -> TwoNeeds:
        """The wrapped one's, and the student's logits."""
        student, teacher = self.objective.needs(stages)
        return replace(student, logits=True), teacher

    def check(self, student: EncoderShape, teacher: EncoderShape) -> None:
        """As the wrapped one, and classes to be unsure of."""
        self.objective.check(student, teacher)
        if student.outputs < 2:
            raise UserError(
                f"{self.name}: expected a task with classes, found a score to be predicted, which has no uncertainty: "
                "Dynamic KD is not for regression; choose kd with method.logits_loss=mse"
            )

    def projections(self, student: EncoderShape, teacher: EncoderShape) -> nn.ModuleDict | None:
        """The wrapped one's."""
        return self.objective.projections(student, teacher)


@dataclass(frozen=True, kw_only=True)
class WeightedRows(ByUncertainty):
    """An objective whose rows have weights of their own."""

    @abstractmethod
    def row_factors(self, student_logits: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        """The weight of each row.

        Args:
            student_logits: [B, C].
            counted: Bool [B], False for rows that only fill a batch up.

        Returns:
            [B], without a gradient.
        """

    def terms(
        self, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights = EVERYTHING
    ) -> list[LossTerm]:
        """The wrapped one's terms, per row, weighted."""
        inner = row_terms(self.objective, student, teacher, batch, stages)
        if not inner:
            return []
        factors = self.row_factors(scored_logits(student, batch), batch.row_weights > 0)
        return [_weighted(term, factors, self.weight) for term in inner]


@dataclass(frozen=True, kw_only=True)
class Reweighted(WeightedRows):
    """Rows count as much as the student is unsure of them, or sure.

    Source: Li et al. 2021 (arXiv 2109.11295), dynamic supervision adjustment: L = (1 - u/U) L_KL + (u/U) L_PT.
    Differs: the weight passes no gradient; in the reference code it does.
    """

    certain: bool = False
    """Weight 1 - u/U instead of u/U."""

    def row_factors(self, student_logits: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        """u/U or its complement."""
        unsure = uncertainty(student_logits, self.by)
        return 1 - unsure if self.certain else unsure


@dataclass(frozen=True, kw_only=True)
class SelectedRows(WeightedRows):
    """The rows of a micro-batch that the student is least sure of; the mean is over those alone.

    Source: Li et al. 2021 (arXiv 2109.11295), dynamic data selection.
    Differs: at least one row is taken, where the reference code takes none and gives nan. Rows are ranked within the
    micro-batch, so gradient accumulation changes the choice.
    """

    ratio: float = 0.5
    """Share of the rows, rounded down."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.ratio <= 1:
            raise UserError(f"{self.name}: expected a ratio above 0 and at most 1, found {self.ratio}; correct it")

    def selected(self, student_logits: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        """Which rows, bool [B]: the most uncertain of those that count."""
        unsure = uncertainty(student_logits, self.by).masked_fill(~counted, -1)
        most = max(1, math.floor(int(counted.sum()) * self.ratio + 1e-9))
        chosen = torch.zeros_like(counted)
        chosen[unsure.argsort(descending=True, stable=True)[:most]] = True
        return chosen

    def row_factors(self, student_logits: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        """B / k for the chosen, 0 for the others."""
        chosen = self.selected(student_logits, counted)
        return chosen * (counted.sum().clamp(min=1) / chosen.sum())

    def asked_rows(self, student: DistillCapture, batch: Batch) -> torch.Tensor | None:
        """The chosen ones: the teacher need not be asked about the others."""
        return self.selected(scored_logits(student, batch), batch.row_weights > 0)


def row_terms(
    objective: Objective, student: DistillCapture, teacher: DistillCapture, batch: Batch, stages: StageWeights
) -> list[LossTerm]:
    """An objective's terms with one value per row."""
    return [per_row(term, batch) for term in objective.terms(student, teacher, batch, stages)]


def per_row(term: LossTerm, batch: Batch) -> LossTerm:
    """A term with one value per row: of one on positions each row's mean over its own."""
    if term.unit is not Unit.POSITIONS:
        return replace(term, unit=Unit.ROWS)
    return replace(term, values=term.values / batch.inputs.real_positions().sum(dim=1).clamp(min=1), unit=Unit.ROWS)


def scored_logits(student: DistillCapture, batch: Batch) -> torch.Tensor:
    """The student's logits, [B, C].

    Raises:
        ValueError: None were captured, or rows have more than one scored position, or none.
    """
    if student.logits is None or len(student.logits) != len(batch.row_weights):
        found = "none" if student.logits is None else f"{len(student.logits)} for {len(batch['row_weights'])} rows"
        raise ValueError(f"expected one row of logits per row of the batch, found {found}")
    return student.logits


def _weighted(term: LossTerm, factors: torch.Tensor, weight: float) -> LossTerm:
    # `where` and not a product alone: a row nobody asked the teacher about holds nothing that counts.
    values = torch.where(factors > 0, term.values * factors, torch.zeros_like(term.values))
    return replace(term, values=values, weight=term.weight * weight)
