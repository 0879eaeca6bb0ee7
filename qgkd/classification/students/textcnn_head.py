"""A BERT whose last hidden states a TextCNN reads, in the place of the pooled [CLS].

Comes in: token ids [B, L]. Goes out: logits [B, C].

A literal example: 12 layers of 768, 150 filters over 3, 4 and 5 hidden states, 450 values, C logits. A fine-tuned one
is a teacher for methods on logits, or on layers, as any other BERT.

Source: Kim 2014 (arXiv 1408.5882), section 2, for the filters.
Differs: hidden states of all real tokens, [CLS] and [SEP] among them, take the place of word vectors; a pair is one
row.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from transformers import BertConfig, BertModel, BertPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from qgkd.classification.students.textcnn import WIDTHS, Filters


class BertTextCNNConfig(BertConfig):
    """BERT's sizes and the head's."""

    model_type = "qgkd-bert-textcnn"

    filters: int = 150
    """Of each width."""


class BertTextCNNForSequenceClassification(BertPreTrainedModel):
    """The classifier."""

    config_class = BertTextCNNConfig
    config: BertTextCNNConfig

    def __init__(self, config: BertTextCNNConfig) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.filters = Filters(config.hidden_size, config.filters)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(len(WIDTHS) * config.filters, int(config.num_labels or 1))
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        **unused: Any,
    ) -> SequenceClassifierOutput:
        """Run it; all arguments are [B, L], padded on the right."""
        states = self.bert(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
        ).last_hidden_state
        features = self.filters(states, attention_mask.sum(dim=1))
        return SequenceClassifierOutput(logits=cast(torch.Tensor, self.classifier(self.dropout(features))))
