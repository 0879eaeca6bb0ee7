"""Measures the model in training; the best one is kept.

Comes in: the network, validation questions. Goes out: figures; `quality` is what models are compared by.

A literal example: exact recall .36 at twice people's number and F1 .80 are a quality of .58.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qgkd.reading.examples import QGExample
from qgkd.span_training.figures import span_figures
from qgkd.span_training.prepare import passages_of
from qgkd.spans.span_model import SpanFormat, SpanModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


class SpanValidator:
    """Measures a network.

    Args:
        examples: Validation questions.
        tokenizer: The network's.
        span_format: Its lengths.
    """

    def __init__(
        self, examples: Sequence[QGExample], tokenizer: PreTrainedTokenizerFast, span_format: SpanFormat
    ) -> None:
        self.dataset = list(examples)
        self._passages = passages_of(examples)
        self._tokenizer, self._format = tokenizer, span_format

    def figures(self, model: PreTrainedModel | None, *, process: int = 0, processes: int = 1) -> dict[str, float]:
        """Measure the bare network; every process measures all of it and finds the same."""
        network: Any = model
        network.eval()
        span_model = SpanModel(network, self._tokenizer, self._format, traditional_only=False)
        found = span_figures(span_model, self.dataset, self._passages)
        return {**found, "quality": (found["exact_at_2"] + found["reader_f1"]) / 2}
