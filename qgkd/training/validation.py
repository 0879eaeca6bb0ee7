"""Measures the model on the validation questions.

Comes in: a bare model, held-out questions. Goes out: figures: `loss`, and the scores of the questions it writes.

A literal example: `{"loss": 2.31, "avg_score": 0.21, "Bleu_4": 0.15, …}`.

Each process takes its share of the questions, and all end up with the same figures, since early stopping must be one
decision. Scoring needs nltk and rouge-score; the loss needs neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from qgkd.checkpoints.checkpoint import Checkpoint
from qgkd.decoding.settings import decoding_of
from qgkd.errors import UserError
from qgkd.generator import GenerationRequest
from qgkd.model_input.batch import Batch
from qgkd.model_input.input_format import Attention, InputFormat
from qgkd.reading.examples import QGExample
from qgkd.training.batches import RowCollator
from qgkd.training.config import EvaluationConfig, RowsConfig
from qgkd.training.data import PreparedData
from qgkd.training.dataset import Draw, RowDataset, Vocabulary
from qgkd.training.loss import cross_entropy_terms
from qgkd.training.model import TrainingModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_REQUESTS_PER_CALL = 256


class Validator:
    """Measures a model in training, of which `checkpoint` is all but the weights.

    Raises:
        UserError: No validation questions, or a metric whose libraries are absent.
    """

    def __init__(
        self,
        prepared: PreparedData,
        checkpoint: Checkpoint,
        settings: EvaluationConfig,
        vocabulary: Vocabulary,
        batch_items: int,
    ) -> None:
        if prepared.validation is None or not len(prepared.validation):
            raise UserError("data.validation: expected questions to validate on, found none; give another file")
        if settings.metric == "avg_score":
            _check_scoring()
        count = settings.questions or len(prepared.validation_examples)
        self._examples: list[QGExample] = list(prepared.validation_examples[:count])
        self._checkpoint, self._metric, self._batch_items = checkpoint, settings.metric, batch_items
        self._format: InputFormat = checkpoint.input_format
        self.dataset = RowDataset(prepared.validation, self._format, RowsConfig(), vocabulary, seed=0)
        self._items = np.argsort(-self.dataset.lengths[:count], kind="stable")  # similar lengths side by side
        self._collate = RowCollator(vocabulary.pad_id)

    @torch.no_grad()
    def figures(self, model: PreTrainedModel | None, *, process: int = 0, processes: int = 1) -> dict[str, float]:
        """Measure the bare model on its device; every process must call this.

        The model is None on a process without the whole of it; `process` counts, from 0, those that have it.
        """
        figures: dict[str, float] = {}
        if model is not None:
            model.eval()
        if self._metric == "loss" or self._format.attention is Attention.PREFIX:  # recurrent: 23 passes a question
            figures["loss"] = self._loss(model, process, processes)
        if self._metric == "avg_score":
            figures |= self._scores(model, process, processes)
        return figures

    def _loss(self, model: PreTrainedModel | None, process: int, processes: int) -> float:
        """Mean negative log-likelihood per token in nats, unsmoothed, every position, no noise."""
        from accelerate.utils import gather_object

        total, tokens = 0.0, 0
        for batch in [] if model is None else self._batches(process, processes):
            assert model is not None
            on_device = batch.to(model.device)
            (term,) = cross_entropy_terms(TrainingModel(model)(on_device.inputs), on_device, 0.0)
            total += float(term.values.double().sum())
            tokens += len(term.values)
        sums = gather_object([(total, tokens)])
        return sum(part for part, _ in sums) / max(1, sum(count for _, count in sums))

    def _batches(self, process: int, processes: int) -> Iterator[Batch]:
        mine = self._items[process::processes]
        for start in range(0, len(mine), self._batch_items):
            yield self._collate([self.dataset[Draw(0, int(item))] for item in mine[start : start + self._batch_items]])

    def _scores(self, model: PreTrainedModel | None, process: int, processes: int) -> dict[str, float]:
        from accelerate.utils import gather_object

        from qgkd.scoring import score

        written: list[tuple[int, str]] = []
        if model is not None:
            mine = range(process, len(self._examples), processes)
            written = list(zip(mine, self._write(model, [self._examples[place] for place in mine]), strict=True))
        questions = dict(gather_object(written))
        scores = score(
            [questions[place] for place in range(len(self._examples))],
            [[example.question] for example in self._examples],
        )
        return {name: float(value) for name, value in scores.as_json_keys().items()}

    def _write(self, model: PreTrainedModel, examples: list[QGExample]) -> list[str]:
        """Questions decoded with the record's settings; empty where an answer is refused or nothing is generated."""
        from qgkd.decoding.generator import ModelGenerator
        from qgkd.quiz.generate_each import generate_each

        checkpoint = replace(self._checkpoint, name="validation", model=model)
        search = decoding_of(checkpoint, {})
        generator = ModelGenerator(checkpoint, search, max_batch_tokens=8192 if model.device.type == "cpu" else 65_536)
        texts: list[str] = []
        for start in range(0, len(examples), _REQUESTS_PER_CALL):
            requests = [
                GenerationRequest(context=example.context, answer=example.answer)
                for example in examples[start : start + _REQUESTS_PER_CALL]
            ]
            for questions in generate_each(generator, requests):
                texts.append("" if isinstance(questions, ValueError) or not questions else questions[0].text)
        return texts


def _check_scoring() -> None:
    """Score one question now, so that a missing library stops the run before hours of training, not after."""
    try:
        from qgkd.scoring import score

        score(["這是哪裡？"], [["這是哪裡？"]])
    except ImportError as error:
        raise UserError(
            f"evaluation.metric=avg_score needs {error.name}, which is not installed here; install it or set "
            "evaluation.metric=loss"
        ) from error
