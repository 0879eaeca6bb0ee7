"""A BiLSTM over word vectors, siamese for pairs.

Comes in: token ids [B, L]. Goes out: logits [B, C].

A literal example: word vectors of 300, one layer of 150 in each direction, the last state of either, 200 rectified
units, C logits.

Source: Tang et al. 2019 (arXiv 1903.12136), section 3.1.
Differs: one set of word vectors, trained from the start; the paper has two of word2vec, one of them fixed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from qgkd.classification.students.word_vectors import StudentConfig, compared, texts_of

_INNER = 200  # Tang et al. 2019, section 4.3


class BiLSTMConfig(StudentConfig):
    """The sizes of a BiLSTM."""

    model_type = "qgkd-bilstm"


class BiLSTMForSequenceClassification(PreTrainedModel):
    """The student."""

    config_class = BiLSTMConfig
    config: BiLSTMConfig

    def __init__(self, config: BiLSTMConfig) -> None:
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size, padding_idx=config.pad_token_id)
        self.lstm = nn.LSTM(config.embedding_size, config.hidden_size, batch_first=True, bidirectional=True)
        self.inner = nn.Linear(2 * config.hidden_size * (4 if config.pair else 1), _INNER)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(_INNER, int(config.num_labels or 1))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: torch's own start of each module."""

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor, **unused: Any
    ) -> SequenceClassifierOutput:
        """Run it; all arguments are [B, L]."""
        texts = texts_of(self.config, input_ids, attention_mask, token_type_ids)
        features = compared([self.encoded(ids, lengths) for ids, lengths in texts])
        logits = self.classifier(self.dropout(self.inner(features).relu()))
        return SequenceClassifierOutput(logits=logits)

    def encoded(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """The last state of each direction, [B, 2 H], of ids [B, L] and their lengths [B]."""
        packed = pack_padded_sequence(
            self.embeddings(ids), lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        _, (states, _) = self.lstm(packed)  # states: [2, B, H]
        return torch.cat([states[0], states[1]], dim=1)
