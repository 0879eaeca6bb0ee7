"""The two heads on one encoder, and the network that runs them.

Comes in: a `SpanInput`. Goes out: `SpanOutput`: where the answer of each row's question starts and ends, and how likely
each candidate is to be asked about.

A literal example: 16 rows of 320 tokens with 5,000 candidates give logits [16, 320, 2] and scores [5000].

Source: the reader's head, Devlin et al. 2019 (arXiv 1810.04805), section 4.3; a span as its first token, its last one
and the content between them with an embedding of its length, Lee et al. 2017 (arXiv 1707.07045), section 4.
Differs: the content is the plain mean; beside the length stand the word's and patterns' features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from qgkd.answers.span_candidates import FEATURE_VALUES, FEATURES
from qgkd.spans.rows import SpanInput

_SPAN_WIDTH = 192


@dataclass(frozen=True, slots=True)
class SpanOutput:
    """B rows, L positions, N candidates."""

    answer_logits: torch.Tensor  # [B, L, 2]: start and end; the dtype's minimum where there is no answer to be
    span_scores: torch.Tensor  # [N], comparable within a passage


class SpanHeads(nn.Module):
    """See the module.

    Args:
        width: Of the hidden states.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reader = nn.Linear(width, 2)
        self.first = nn.Linear(width, _SPAN_WIDTH)
        self.last = nn.Linear(width, _SPAN_WIDTH)
        self.content = nn.Linear(width, _SPAN_WIDTH)
        self.features = nn.Embedding(len(FEATURES) * FEATURE_VALUES, _SPAN_WIDTH)
        self.score = nn.Linear(_SPAN_WIDTH, 1)

    def forward(self, hidden: torch.Tensor, inputs: SpanInput) -> SpanOutput:
        """Run both heads on the encoder's output [B, L, D]."""
        logits = self.reader(hidden).float()
        logits = logits.masked_fill(~inputs.may_answer()[:, :, None], torch.finfo(logits.dtype).min)
        return SpanOutput(answer_logits=logits, span_scores=self._span_scores(hidden, inputs))

    def _span_scores(self, hidden: torch.Tensor, inputs: SpanInput) -> torch.Tensor:
        row, first, last = inputs.spans.unbind(dim=1)
        sums = functional.pad(self.content(hidden).float().cumsum(dim=1), (0, 0, 1, 0))  # [B, 1 + L, W]
        content = (sums[row, last + 1] - sums[row, first]) / (last + 1 - first)[:, None]
        places = torch.arange(len(FEATURES), device=hidden.device) * FEATURE_VALUES
        named = self.features(inputs.features + places).sum(dim=1)
        joined = self.first(hidden)[row, first] + self.last(hidden)[row, last] + content + named
        scores: torch.Tensor = self.score(functional.gelu(joined))[:, 0].float()
        return scores
