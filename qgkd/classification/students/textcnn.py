"""A TextCNN over word vectors: filters of three widths, the largest value of each over the text.

Comes in: token ids [B, L]. Goes out: logits [B, C].

A literal example: word vectors of 256, 128 filters over 3, 4 and 5 tokens, 384 values, C logits.

Source: Kim 2014 (arXiv 1408.5882), section 2.
Differs: pairs, which the paper has none of, are two texts by the same filters, compared as in
`qgkd.classification.students.word_vectors.compared`.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from qgkd.classification.students.word_vectors import StudentConfig, compared, texts_of

WIDTHS = (3, 4, 5)
"""Tokens under a filter."""


class Filters(nn.Module):
    """Filters over vectors, [B, L, D] to [B, 3 F]: each filter's largest value, 0 where none is above."""

    def __init__(self, size: int, filters: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv1d(size, filters, width) for width in WIDTHS)

    def forward(self, vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Padding beyond the [B] lengths takes no part; a text shorter than a filter is filled up with zeros."""
        length = max(vectors.shape[1], max(WIDTHS))
        real = torch.arange(length, device=vectors.device) < lengths[:, None]  # [B, L]
        padded = F.pad(vectors, (0, 0, 0, length - vectors.shape[1])) * real[..., None]
        found = []
        for width, convolution in zip(WIDTHS, self.convolutions, strict=True):
            values = convolution(padded.transpose(1, 2)).relu()  # [B, F, L - width + 1]
            last_start = (lengths - width).clamp(min=0)
            counted = torch.arange(values.shape[2], device=values.device) <= last_start[:, None]
            found.append(values.masked_fill(~counted[:, None], 0).amax(dim=2))
        return torch.cat(found, dim=1)


class TextCNNConfig(StudentConfig):
    """The sizes of a TextCNN."""

    model_type = "qgkd-textcnn"


class TextCNNForSequenceClassification(PreTrainedModel):
    """The student."""

    config_class = TextCNNConfig
    config: TextCNNConfig

    def __init__(self, config: TextCNNConfig) -> None:
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.filters = Filters(config.embedding_size, config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)
        features = len(WIDTHS) * config.hidden_size * (4 if config.pair else 1)
        self.classifier = nn.Linear(features, int(config.num_labels or 1))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: torch's own start of each module."""

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor, **unused: Any
    ) -> SequenceClassifierOutput:
        """Run it; all arguments are [B, L]."""
        texts = texts_of(self.config, input_ids, attention_mask, token_type_ids)
        features = compared([self.filters(self.embeddings(ids), lengths) for ids, lengths in texts])
        return SequenceClassifierOutput(logits=cast(torch.Tensor, self.classifier(self.dropout(features))))
