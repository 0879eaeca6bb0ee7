"""Trains on the reward of sampled questions instead of the tokens of human-written ones.

Comes in: rows with human-written questions, and a model that can already write. Goes out: what every trainer gives. A
step draws several questions per answer and makes those likelier that overlap more than the others with the reference.

A literal example: `PolicyGradientTrainer(draws=QuestionDraws(...), model=TrainingModel(bert), ...)`

Source: see `qgkd.model_recipe.drawn_questions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch

from qgkd.errors import UserError
from qgkd.model_input.batch import Batch
from qgkd.model_recipe.drawn_questions import QuestionDraws
from qgkd.training.dataset import WeightedRow
from qgkd.training.loss import LossTerm, Unit
from qgkd.training.model import Capture
from qgkd.training.trainer import QGTrainer

if TYPE_CHECKING:
    from transformers import BertForMaskedLM

_FORBIDDEN_LOGIT = -1e9  # finite: a row of infinities has no gradient


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBatch(Batch):
    """Rows of drawn questions with what each is worth; the tensors are those of `Drawn`."""

    advantages: torch.Tensor  # [R]
    forbidden: torch.Tensor  # [R, V]
    mean_reward: torch.Tensor  # [B]


class PolicyGradientTrainer(QGTrainer):
    """Trains a `prefix` model on packed rows of one question each; `options` are those of `QGTrainer`.

    Raises:
        UserError: The model is sharded over processes.
    """

    def __init__(self, *, draws: QuestionDraws, temperature: float, **options: Any) -> None:
        super().__init__(**options)
        if self._is_sharded:
            raise UserError("[reward] draws with the whole model, found it sharded; train without FSDP and ZeRO-3")
        self._draws, self._temperature = draws, temperature

    def training_batch(self, batch: Batch) -> DrawnBatch:
        """Replace the human-written questions by drawn ones, still one row per answer."""
        drawn = self._draws.draw(cast("BertForMaskedLM", self.bare_model()), batch, self.state.global_step)
        weights = batch.row_weights.tolist()
        rows = [[WeightedRow(row, weight)] for row, weight in zip(drawn.rows, weights, strict=True)]
        collated = self.collate(rows).to(self.args.device)
        values = {name: getattr(drawn, name) for name in ("advantages", "forbidden", "mean_reward")}
        return DrawnBatch(inputs=collated.inputs, targets=collated.targets, row_weights=collated.row_weights, **values)

    def loss_terms(self, capture: Capture, batch: Batch) -> list[LossTerm]:
        """Minus advantage times log-probability, summed over each answer's drawn tokens; the reward is logged."""
        assert capture.logits is not None
        assert isinstance(batch, DrawnBatch)
        logits = capture.logits.float().masked_fill(batch.forbidden, _FORBIDDEN_LOGIT) / self._temperature
        likelihood = logits.log_softmax(dim=-1).gather(1, batch.targets[:, None])[:, 0]
        per_row = likelihood.new_zeros(len(batch.row_weights)).index_add(
            0, batch.inputs.scored_positions[:, 0], -batch.advantages * likelihood
        )
        return [
            LossTerm(name="policy_gradient", values=per_row, unit=Unit.ROWS),
            LossTerm(name="reward", values=batch.mean_reward, unit=Unit.ROWS, weight=0.0),
        ]
