"""The stepper of attention mode `recurrent`: BERT-SQG as published, a full forward pass for every token.

Comes in: sources and any `AutoModelForMaskedLM`. Goes out: a `Stepper`. All answers and beams share one forward pass,
the head runs on the [MASK]s only, and finished requests are dropped; the results are exact.

Source: Chan & Fan 2019 (D19-5821), section 3.2: q(t) = argmax P(w | [CLS] C [SEP] A [SEP] q(1) … q(t-1) [MASK]).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from qgkd.checkpoints.masked_lm import mask_logits
from qgkd.model_input.batch import pad_rows
from qgkd.model_input.rows import recurrent_row
from qgkd.model_input.source import Source

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class RecurrentStepper:
    """Keeps each row's source, one per request and of similar length since rows are padded, and its question so far."""

    def __init__(self, model: PreTrainedModel, sources: Sequence[Source], mask_id: int, pad_id: int) -> None:
        self._model = model
        self._mask_id, self._pad_id = mask_id, pad_id
        self._sources = list(sources)
        self._questions: list[tuple[int, ...]] = [() for _ in sources]
        self._width = 1

    def next_log_probabilities(self, last_tokens: torch.Tensor | None) -> torch.Tensor:
        """See `Stepper`; one forward pass over R rows of up to S + t tokens."""
        if last_tokens is not None:
            chosen = last_tokens.tolist()
            self._questions = [(*question, token) for question, token in zip(self._questions, chosen, strict=True)]
        rows = []
        for index, question in enumerate(self._questions):
            source = self._sources[index // self._width]
            # The [MASK] is its own label here: a label only marks the position as scored.
            rows.append(recurrent_row(source, (*question, self._mask_id), len(question) + 1, self._mask_id))
        inputs = pad_rows(rows, self._pad_id).to(self._model.device)
        return torch.log_softmax(mask_logits(self._model, inputs).float(), dim=-1)

    def widen(self, width: int) -> None:
        """See `Stepper`."""
        self._width = width
        self._questions = [question for question in self._questions for _ in range(width)]

    def reorder(self, parents: torch.Tensor) -> None:
        """See `Stepper`."""
        self._questions = [self._questions[parent] for parent in parents.tolist()]

    def keep(self, wanted: torch.Tensor) -> torch.Tensor:
        """See `Stepper`; drops every finished request at once, since each row costs a full pass."""
        kept = wanted.nonzero()[:, 0].tolist()
        self._questions = [
            question for request in kept for question in self._questions[request * self._width :][: self._width]
        ]
        self._sources = [self._sources[request] for request in kept]
        return wanted
