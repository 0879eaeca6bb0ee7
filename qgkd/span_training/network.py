"""The network in training: transformers' encoder below the two heads, and where its weights come from.

Comes in: `SpanModelSettings`. Goes out: `SpanBert`, whose saved weights `qgkd.spans.network` reads.

A literal example: the lowest 6 of 12 layers of a transplanted encoder, with new heads.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from transformers import BertModel, BertPreTrainedModel

from qgkd.checkpoints.checkpoint import load_checkpoint
from qgkd.checkpoints.encoder import encoder_layers, set_dropout
from qgkd.checkpoints.masked_lm import model_inputs
from qgkd.checkpoints.read_encoder import read_source_encoder
from qgkd.checkpoints.student import Drop, kept_layers, make_student
from qgkd.checkpoints.tokenizer_folder import load_tokenizer
from qgkd.checkpoints.transplant import transplant
from qgkd.errors import UserError
from qgkd.span_training.settings import SpanSettings
from qgkd.spans.heads import SpanHeads, SpanOutput
from qgkd.spans.rows import SpanInput
from qgkd.training.main_process import say
from qgkd.training.model import TrainingModel, set_attention

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class SpanBert(BertPreTrainedModel):
    """A BERT encoder with `SpanHeads`."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.heads = SpanHeads(config.hidden_size)
        self.post_init()

    def forward(self, inputs: SpanInput) -> SpanOutput:
        """Run encoder and heads."""
        hidden = self.bert(**model_inputs(self, inputs)).last_hidden_state
        output: SpanOutput = self.heads(hidden, inputs)
        return output


class SpanTrainingModel(TrainingModel):
    """What the trainer wraps."""

    def forward(self, inputs: Any) -> Any:
        """The outputs of both heads."""
        return self.model(inputs)


def starting_network(settings: SpanSettings, tokenizer_folder: Path) -> SpanBert:
    """Build the network on pretrained weights; the heads are drawn by the seed.

    Raises:
        UserError: No such encoder, fewer layers or positions than wanted, or another architecture.
    """
    from transformers import set_seed

    model = settings.model
    source = _source(settings, tokenizer_folder)
    kept = kept_layers(len(encoder_layers(source)), model.layers, Drop.TOP)
    lower: Any = make_student(source, kept)
    if lower.config.max_position_embeddings < model.max_total_tokens:
        raise UserError(
            f"model.max_total_tokens must be at most the {lower.config.max_position_embeddings} positions of the "
            f"encoder, was {model.max_total_tokens}; lower it"
        )
    set_seed(settings.seed)
    network = SpanBert(lower.config)
    missing, unknown = network.bert.load_state_dict(lower.bert.state_dict(), strict=False)
    assert not missing, missing
    assert all(name.startswith("pooler.") for name in unknown), unknown
    network.config.architectures = ["SpanBert"]
    set_dropout(network, model.dropout)
    set_attention(network, model.attn_implementation)
    return network


def _source(settings: SpanSettings, tokenizer_folder: Path) -> PreTrainedModel:
    model = settings.model
    if model.base:
        base = load_checkpoint(model.base).model
        if base.config.model_type != "bert":
            raise UserError(f"model.base: expected a BERT, found model type {base.config.model_type!r}; take another")
        return base
    ids: dict[str, int] = load_tokenizer(tokenizer_folder).get_vocab()
    made = transplant(read_source_encoder(model.encoder), sorted(ids, key=ids.__getitem__), seed=settings.seed)
    say(f"transplanted {made.source}: {made.coverage}")
    return cast("PreTrainedModel", made.model)
